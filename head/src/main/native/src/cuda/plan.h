// How a call on a device is cut into chunks of rows and tiles of classes, and where its pieces lie in the workspace.
#pragma once

#include <cstdint>

#include "headroom.h"
#include "kernels/arguments.h"
#include "work.h"

namespace headroom::cuda {

constexpr int64_t kFilterRows = 512;  // of a block of the gradient filter
constexpr int64_t kLine = 256;        // every piece of the workspace starts at a multiple of it

struct Plan {
  bool kept;         // engine KEPT: a chunk's products stay in the workspace
  bool gathered;     // only some rows count, and which ones is known
  bool copies_e;     // hidden states are copied: into another type, other strides, or with zeros for rows that do not count
  bool copies_c;     // classifier likewise, a tile at a time
  bool whole_c;      // or all of it, once a call
  int operand, compute;           // of the products: cuBLASLt's numbers
  int64_t operand_bytes;
  int64_t operand_columns;        // elements between the rows of copied operands
  int64_t tile_columns, tiles;
  int64_t rows, chunk_rows;       // that count, or might; of a chunk
  int64_t products_bytes;         // cuBLASLt's own workspace
  int64_t bytes;                  // of the workspace that the call will use
};

// The pieces of the workspace.
struct Layout {
  Chunk chunk;        // its arrays
  double* class_sums;
  void *e, *c;        // copied operands
  float* z;           // products of a tile, or of all of the chunk's
  void* g;            // gradient of a tile
  float* de;          // of the chunk's rows, where they are gathered
  float* sums;        // of columns
  Filter filter;      // its arrays
  void* group_c;      // operands of a group of classes
  float *group_dc, *group_db;
  float* columns;     // that stand for what the filter drops, of each block
  char* products;     // cuBLASLt's
};

// What this work needs of the call: no gradients for statistics, no kept products where they are not used twice.
headroom_head asked(headroom_head head, Work work);

// The plan of a call that forms gradients, or statistics alone. Throws INVALID with the least useful size where the
// workspace is too small. Looks at sizes and at which pointers are null, and at how e and c are aligned.
Plan make_plan(const headroom_head& head, bool gradients);

// The same for a caller, who may not have the pointers yet.
headroom_plan answer_plan(const headroom_head& head);

// The bytes that the call can do with, and not with one less.
int64_t least_workspace(const headroom_head& head, bool gradients);

Layout lay_out(const headroom_head& head, const Plan& plan, bool gradients, char* workspace);

}  // namespace headroom::cuda
