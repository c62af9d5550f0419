#define HEADROOM_LANES 4
#define HEADROOM_ISA "generic"
#define HEADROOM_TABLE epilogues_generic
#include "epilogue.inc"
