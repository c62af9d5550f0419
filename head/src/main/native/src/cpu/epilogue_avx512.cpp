#define HEADROOM_LANES 16
#define HEADROOM_ISA "avx512"
#define HEADROOM_TABLE epilogues_avx512
#include "epilogue.inc"
