/**
 * A large-vocabulary classifier head for DJL: loss and exact gradients without ever holding the N x
 * V logits.
 *
 * <p>{@link dev.headroom.head.VocabularyHead} takes the place of the last {@code Linear} layer and
 * {@link dev.headroom.head.HeadLoss} that of the softmax cross-entropy loss; {@link
 * dev.headroom.head.HeadOptions} says what they compute; {@link dev.headroom.head.RowTemperature}
 * gives each row a temperature of its own, made of its hidden state. {@link
 * dev.headroom.head.Reduction}, {@link dev.headroom.head.ComputeType}, {@link
 * dev.headroom.head.Engine}, {@link dev.headroom.head.Delivery}, {@link
 * dev.headroom.head.Reweighting} and {@link dev.headroom.head.GradientFilter} are its choices,
 * {@link dev.headroom.head.HeadRows} are outputs to build other losses from, {@link
 * dev.headroom.head.RowLoss} is a loss made of the statistics in a {@link
 * dev.headroom.head.RowBatch} (many are in {@code losses}), {@link dev.headroom.head.HeadOutput} is
 * what may be logged, {@link dev.headroom.head.Backend} names who computes, {@link
 * dev.headroom.head.HeadException} tells that a kernel failed. {@link
 * dev.headroom.head.HeadAccuracy} and {@link dev.headroom.head.HeadPerplexity} measure where DJL
 * would need logits. {@link dev.headroom.head.Sampling} says from which classes a prediction is
 * drawn, {@link dev.headroom.head.Mirostat} keeps how surprising the drawn ones may be, {@link
 * dev.headroom.head.TopK} holds the most probable ones. {@link dev.headroom.head.NumberTokens}
 * tells which classes of a vocabulary are numbers, and their values. {@link
 * dev.headroom.head.DistillationLoss} compares a head with that of a teacher, whose logits it does
 * not hold either, as {@link dev.headroom.head.Distillation} says, by a {@link
 * dev.headroom.head.Divergence}; {@link dev.headroom.head.NormalizedDistillationLoss} weighs the
 * target by what the teacher gives it. {@link dev.headroom.head.PredictedUnigram} is the mean of
 * the probabilities over the rows of a batch, which {@link dev.headroom.head.PriorLoss} draws to a
 * given distribution. {@link dev.headroom.head.SphericalHead}, {@link
 * dev.headroom.head.SphericalLoss} and {@link dev.headroom.head.SphericalFunction} take the place
 * of head and loss where the loss may be another than softmax cross-entropy, at a cost that does
 * not grow with N x V.
 */
package dev.headroom.head;
