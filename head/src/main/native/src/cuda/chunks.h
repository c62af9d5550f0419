// The passes of a call over its chunks of rows, on a device: everything is put on the caller's stream, and nothing waits
// for it but a call with `between`.
#pragma once

#include "headroom.h"
#include "work.h"

namespace headroom::cuda {

// The arguments are checked, as far as the host can: what device memory holds is looked at on the device, where a target
// outside [0,v) makes its row's loss NaN.
void run_chunks(const headroom_head& head, Work work, const LogitsOut& logits);

// Every array that the work may touch is memory of the device of c; throws INVALID with the name of one that is not.
void check_memory(const headroom_head& head, Work work, const LogitsOut& logits);

}  // namespace headroom::cuda
