// Tuning numbers of the CPU head, in one printable place. The machine they were chosen on and the runs that chose
// them are in dev/README.md.
#pragma once

#include <cstdint>

namespace headroom {

// Columns of a logits tile: with 256 rows a tile of 1 MiB stays in a second-level cache between GEMM and epilogue.
constexpr int64_t kTileColumns = 1024;
// Rows of one GEMM call. Fewer than 16 rows change the bits of a row's result in some BLAS, so 16 is the least.
constexpr int64_t kBlockRows = 256;
constexpr int64_t kLeastRows = 16;
// dE is summed in this many fixed parts, each a run of tiles, so that its bits do not depend on the threads.
constexpr int64_t kMostParts = 16;
constexpr int64_t kLeastParts = 4;
// Rows of a chunk when logits are recomputed: beyond this the traffic of c is already hidden.
constexpr int64_t kRecomputedRows = 4096;
// What one byte from memory costs in floating-point operations, for the choice between the engines.
constexpr double kFlopsPerByte = 10.0;

}  // namespace headroom
