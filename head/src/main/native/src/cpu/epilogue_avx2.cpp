#define HEADROOM_LANES 8
#define HEADROOM_ISA "avx2"
#define HEADROOM_TABLE epilogues_avx2
#include "epilogue.inc"
