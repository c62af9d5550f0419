// The head on CPU: loops over (chunk of rows, tile of columns), GEMM, epilogue.
#pragma once

#include "headroom.h"
#include "work.h"

namespace headroom {

// Runs a checked call. Rows whose target is the ignore index are left out before any product is formed.
void run_chunks(const headroom_head& head, Work work, const LogitsOut& logits = {nullptr, 0});

// Row i's target, whatever its dtype.
int64_t target_at(const headroom_head& head, int64_t row);

}  // namespace headroom
