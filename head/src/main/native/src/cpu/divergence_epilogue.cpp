#include "divergence_epilogue.h"

#include "epilogue.h"

namespace headroom {

const DivergenceEpilogues& divergence_epilogues() {
  if (&epilogues() == &epilogues_avx512) return divergence_epilogues_avx512;
  if (&epilogues() == &epilogues_avx2) return divergence_epilogues_avx2;
  return divergence_epilogues_generic;
}

}  // namespace headroom
