package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import dev.headroom.head.Divergence;

/** Probabilities of both sides on a tile, and what the divergence makes of them, in float32. */
final class PortableEntries {
  private final PortableSums sums;
  private final float beta;
  private final NDArray y;
  private final NDArray logP;
  private final NDArray logQ;
  private final NDArray p;
  private final NDArray q;

  /**
   * @param x logits of the student
   * @param y logits of the teacher
   */
  PortableEntries(NDArray x, NDArray y, PortableSums sums) {
    this.sums = sums;
    beta = (float) sums.how.beta();
    this.y = y;
    logP = sums.logP(x);
    logQ = sums.logQ(y);
    p = logP.exp();
    q = logQ.exp();
  }

  /** Returns the terms of KL(q,p), KL(p,q), KL(q,m), -sum p y or -sum q log p. */
  NDArray firstTerms() {
    return switch (divergence()) {
      case FORWARD_KL -> terms(q, p, logQ.sub(logP));
      case REVERSE_KL -> terms(p, q, logP.sub(logQ));
      case JENSEN_SHANNON -> terms(q, mixture(), logOfMixture()[1]);
      case EXPECTED_LOGIT -> weighted(p, y).neg();
      default -> weighted(q, logP).neg();
    };
  }

  private Divergence divergence() {
    return sums.how.divergence();
  }

  /** Returns whether {@link #secondTerms} are part of the value. */
  boolean hasSecond() {
    return divergence() == Divergence.JENSEN_SHANNON
        || divergence() == Divergence.SYMMETRIC_CROSS_ENTROPY;
  }

  /** Returns the terms of KL(p,m) or -sum p log q. */
  NDArray secondTerms() {
    return divergence() == Divergence.JENSEN_SHANNON
        ? terms(p, mixture(), logOfMixture()[0])
        : weighted(p, logQ).neg();
  }

  /** Returns log p q. */
  NDArray logProducts() {
    return logP.add(logQ);
  }

  /** Returns d value / d x. */
  NDArray gradient() {
    NDArray centers = sums.centers(p.getManager());
    return switch (divergence()) {
      case FORWARD_KL -> p.sub(q);
      case REVERSE_KL -> weighted(p, logP.sub(logQ).sub(centers));
      case JENSEN_SHANNON -> weighted(p, logOfMixture()[0].sub(centers)).mul(1 - beta);
      case SYMMETRIC_CROSS_ENTROPY -> p.sub(q).sub(weighted(p, logQ.sub(centers)));
      case EXPECTED_LOGIT -> weighted(p, y.add(centers)).neg();
      case INNER_PRODUCT -> p.sub(logP.add(logQ).sub(centers).exp());
    };
  }

  /** Returns a log, 0 where a is 0. */
  private static NDArray weighted(NDArray a, NDArray log) {
    return NDArrays.where(a.eq(0f), a, a.mul(log));
  }

  /** Returns a log(a/b) - a + b, which is never negative. */
  private static NDArray terms(NDArray a, NDArray b, NDArray log) {
    return weighted(a, log).sub(a).add(b);
  }

  private NDArray mixture() {
    return q.mul(beta).add(p.mul(1 - beta));
  }

  /** Returns log(p/m) and log(q/m), by the ratio of the smaller to the larger of p and q. */
  private NDArray[] logOfMixture() {
    NDArray d = logQ.sub(logP);
    NDArray below = d.lt(0f);
    NDArray ratio = d.abs().neg().exp().sub(1f);
    NDArray larger =
        NDArrays.where(below, ratio.mul(beta).add(1f).log(), ratio.mul(1 - beta).add(1f).log())
            .neg();
    return new NDArray[] {
      NDArrays.where(below, larger, larger.sub(d)), NDArrays.where(below, larger.add(d), larger)
    };
  }
}
