// The first pass over a chunk by one kernel of compute capability 9.0, whose products never reach device memory. It has not
// been timed, and is taken where HEADROOM_CUDA_FUSED=1 asks for it, in the environment of the first call.
#pragma once

#include "call.h"

namespace headroom::cuda {

// Whether this call's statistics are to come from the kernel: not those of options that look at more than each row's
// maximum, sum and mean, nor of kept products. Throws UNSUPPORTED where it is asked for and cannot be had. Loads the kernel.
bool fuses(const Call& call, bool captures);

// The chunk with the statistics by tile, for merge_rows. They lie where its products would.
Chunk take_fused_statistics(const Call& call);

}  // namespace headroom::cuda
