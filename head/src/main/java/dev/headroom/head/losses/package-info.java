/**
 * Losses in place of the cross-entropy, or beside it, for {@link
 * dev.headroom.head.HeadOptions#withRowLosses}.
 *
 * <p>With nll = -log p of a row's target, S the sum of nll over a sequence, H a row's entropy, g =
 * log(exp(nll) - 1) the gap between the target's logit and all others. In place of the
 * cross-entropy, as functions of nll ({@link dev.headroom.head.losses.NllLoss}) or S ({@link
 * dev.headroom.head.losses.SequenceLoss}):
 *
 * <table>
 * <caption>Values, and slopes that the gradient p - onehot is multiplied by</caption>
 * <tr><th>loss</th><th>value</th><th>slope</th><th>slope as p goes to 1</th><th>as p goes to 0</th></tr>
 * <tr><td>cross-entropy</td><td>nll</td><td>1</td><td>1</td><td>1</td></tr>
 * <tr><td>{@link dev.headroom.head.losses.GeneralizedCrossEntropy}</td>
 *     <td>(1 - p^q) / q</td><td>p^q</td><td>1</td><td>0; q &lt; 0: e^40</td></tr>
 * <tr><td>{@link dev.headroom.head.losses.FocalLoss}</td>
 *     <td>(1 - p)^gamma nll</td><td>(1 - p)^gamma (1 + gamma nll p / (1 - p))</td>
 *     <td>0</td><td>1</td></tr>
 * <tr><td>{@link dev.headroom.head.losses.DynamicFineTuning}</td>
 *     <td>p nll, p held constant</td><td>p</td><td>1</td><td>0</td></tr>
 * <tr><td>{@link dev.headroom.head.losses.MarginLoss}</td>
 *     <td>lambda log(1 + exp(g + c / lambda))</td>
 *     <td>lambda sigmoid(g + c / lambda) / (1 - p)</td>
 *     <td>lambda exp(c / lambda)</td><td>lambda</td></tr>
 * <tr><td>{@link dev.headroom.head.losses.AdaptiveMarginLoss}</td>
 *     <td>the same, lambda of the row</td><td>the same</td><td>the same</td><td>lambda</td></tr>
 * <tr><td>{@link dev.headroom.head.losses.PassAtN}</td>
 *     <td>-log(1 - (1 - P)^N), P = exp(-S)</td><td>N P (1 - P)^(N-1) / (1 - (1 - P)^N)</td>
 *     <td>0 for N &gt; 1</td><td>1</td></tr>
 * <tr><td>{@link dev.headroom.head.losses.NegativePreference}</td>
 *     <td>(2 / beta) log(1 + exp(beta (-S - r)))</td><td>-2 sigmoid(beta (-S - r))</td>
 *     <td>-2 sigmoid(-beta r)</td><td>0</td></tr>
 * <tr><td>{@link dev.headroom.head.losses.Unlikelihood}</td>
 *     <td>-log(1 - p)</td><td>-p / (1 - p)</td><td>-1 / nll</td><td>0</td></tr>
 * <tr><td>{@link dev.headroom.head.losses.MaskedDiffusion}</td>
 *     <td>w nll</td><td>w of the sequence</td><td>w</td><td>w</td></tr>
 * </table>
 *
 * <p>By logits that rows list: {@link dev.headroom.head.losses.DecoupledSoftmax} takes several
 * right classes a row, {@link dev.headroom.head.losses.TruncatedTopK} leaves out the strongest
 * others, {@link dev.headroom.head.losses.PairwiseSoftmax} compares with a sample of negatives by
 * another function than the exponential, {@link dev.headroom.head.losses.EditInvariant} lets each
 * n-gram of a sequence come anywhere in it.
 *
 * <p>Beside it: {@link dev.headroom.head.losses.EntropyRegularizer} adds a multiple of H, {@link
 * dev.headroom.head.losses.NumberTokenLoss} and {@link dev.headroom.head.losses.WholeNumberLoss}
 * the distance of numbers, with targets from {@link dev.headroom.head.losses.NumberTargets}. {@link
 * dev.headroom.head.losses.OneVsEach} and {@link dev.headroom.head.losses.AugmentAndReduce} bound
 * the cross-entropy from a sample of the classes, to compare with. {@link
 * dev.headroom.head.losses.LabelSmoothing} converts conventions; rows of outlying losses are masked
 * by {@link dev.headroom.head.Reweighting#maskOutliers}.
 */
package dev.headroom.head.losses;
