// How a call is cut into chunks of rows, blocks of rows, tiles of columns and parts of dE, and what each piece needs of
// the workspace.
#pragma once

#include <cstdint>

#include "headroom.h"

namespace headroom {

constexpr int64_t kLine = 64;  // every piece of the workspace starts on its own cache line

struct Plan {
  bool kept;      // engine KEPT: a chunk's logits stay in the workspace
  bool gathered;  // rows are left out, so that a chunk's rows need not follow each other
  int64_t tile_columns, tiles;
  int64_t logit_stride;  // floats between rows of a tile of logits
  int64_t block_rows;    // the most rows of a block
  int64_t sum_step;      // the most elements of a sum before it is added to memory; 0: the BLAS's own affair
  int64_t row_unit;      // blocks and chunks are cut between multiples of this many rows
  int64_t parts;         // of dE
  int64_t chunk_rows;    // a multiple of row_unit
  int64_t bytes;         // of the workspace that the call will use
};

inline int64_t round_up(int64_t x, int64_t to) { return (x + to - 1) / to * to; }

// The plan for `rows` kept rows; `gathered` tells that rows are left out, so that e is copied chunk by chunk.
// Throws INVALID with the least useful size where the workspace is too small.
Plan make_plan(const headroom_head& head, int64_t rows, bool gathered);

// The least workspace that any plan of this call can use.
int64_t least_workspace(const headroom_head& head, int64_t rows, bool gathered);

}  // namespace headroom
