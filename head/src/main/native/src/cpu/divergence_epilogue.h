// What is done to a tile of the student's logits and the teacher's of the same classes. Compiled once per instruction set,
// as epilogue.h is.
#pragma once

#include <cstdint>

namespace headroom {

// Logits x of the student and y of the teacher, [rows, cols] with `ld` floats between rows.
struct TilePair {
  float *x, *y;
  int64_t ld, rows, cols;
};

// Normalisers of the rows, each [rows]: log p = (x - x_max) - x_log, log q = (y - y_max) - y_log. Taken apart so that
// logits of any size leave log p its digits.
struct Normalisers {
  const float *x_max, *x_log, *y_max, *y_log;
};

// Of d value / d x, each [rows]: what a row's entries lose (the sum that the formula of headroom.h subtracts; log sum p q
// for INNER_PRODUCT) and what they are multiplied by. The factor scale (1 - (x/cap)^2) follows, cap 0 for none.
struct DivergenceScalars {
  const float *center, *r;
  float scale, cap;
};

struct DivergenceEpilogues {
  // Takes classes out that one side lacks: y is -inf where x is and, for kinds that need it, x where y is.
  void (*restrict_classes)(const TilePair& tiles, int32_t kind);
  // The sums that a row's value is made of. KL sums are sums of a log(a/b) - a + b, which is never negative and small
  // where a and b are alike, so that nothing cancels.
  //   FORWARD_KL  first: KL(q,p)      REVERSE_KL  first: KL(p,q)      JENSEN_SHANNON  first: KL(q,m), second: KL(p,m)
  //   SYMMETRIC_CE  first: -sum q log p, second: -sum p log q
  //   EXPECTED_LOGIT  first: -sum p y
  //   INNER_PRODUCT  first: max log(p q), second: sum exp(log(p q) - first)
  void (*sums)(const TilePair& tiles, const Normalisers& rows, int32_t kind, float beta, float* first, float* second);
  // x becomes d value / d a times r, in place.
  void (*gradient)(const TilePair& tiles, const Normalisers& rows, int32_t kind, float beta, const DivergenceScalars& scalars);
};

extern const DivergenceEpilogues divergence_epilogues_generic;
extern const DivergenceEpilogues divergence_epilogues_avx2;
extern const DivergenceEpilogues divergence_epilogues_avx512;

// The set of the instruction set that epilogues() has chosen.
const DivergenceEpilogues& divergence_epilogues();

}  // namespace headroom
