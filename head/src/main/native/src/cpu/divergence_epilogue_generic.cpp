#define HEADROOM_LANES 4
#define HEADROOM_TABLE divergence_epilogues_generic
#include "divergence_epilogue.inc"
