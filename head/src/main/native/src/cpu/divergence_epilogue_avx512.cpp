#define HEADROOM_LANES 16
#define HEADROOM_TABLE divergence_epilogues_avx512
#include "divergence_epilogue.inc"
