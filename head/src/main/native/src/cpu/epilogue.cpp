#include "epilogue.h"

namespace headroom {

const Epilogues& epilogues() {
  static const Epilogues& best = []() -> const Epilogues& {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
      return epilogues_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return epilogues_avx2;
    return epilogues_generic;
  }();
  return best;
}

}  // namespace headroom
