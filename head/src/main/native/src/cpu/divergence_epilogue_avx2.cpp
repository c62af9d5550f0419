#define HEADROOM_LANES 8
#define HEADROOM_TABLE divergence_epilogues_avx2
#include "divergence_epilogue.inc"
