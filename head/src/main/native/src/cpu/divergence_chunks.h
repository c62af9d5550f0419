// A divergence on CPU: loops over (chunk of rows, tile of columns) of both heads at once.
#pragma once

#include "headroom.h"

namespace headroom {

// Runs a checked call. Rows of the ignore index are left out before any product is formed.
void run_divergence(const headroom_divergence& divergence, bool gradients);

}  // namespace headroom
