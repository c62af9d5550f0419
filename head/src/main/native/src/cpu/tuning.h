// Tuning numbers of the CPU head, in one printable place. The machine they were chosen on and the runs that chose
// them are in dev/README.md.
#pragma once

#include <cstdint>

namespace headroom {

// Columns of a logits tile. The BLAS packs e again for every tile and c for every block of rows: a tile of 512 columns
// and blocks of up to 1024 rows keep that small while tile and operands stay in the caches.
constexpr int64_t kTileColumns = 512;
// Rows of one GEMM call. Fewer than 16 rows change the bits of a row's result in some BLAS, so 16 is the least.
constexpr int64_t kBlockRows = 1024;
constexpr int64_t kLeastRows = 16;
// dE is summed in this many fixed parts, each a run of tiles, so that its bits do not depend on the threads.
constexpr int64_t kMostParts = 16;
constexpr int64_t kLeastParts = 4;
// Rows of a chunk when logits are recomputed: beyond this the traffic of c is already hidden.
constexpr int64_t kRecomputedRows = 4096;
// What one byte from memory costs in floating-point operations, for the choice between the engines.
constexpr double kFlopsPerByte = 10.0;

}  // namespace headroom
