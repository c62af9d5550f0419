// Tuning numbers of the CPU head, in one printable place. The machines they were chosen on and the runs that chose
// them are in dev/README.md.
#pragma once

#include <cstdint>

namespace headroom {

// The tile and the block of rows are cut to the caches of the machine by tile.cpp; these are its numbers. Columns of a
// tile are a multiple of the kernels' 14 rows and 32 columns: kTileColumns, and kNarrowColumns where the second-level
// cache is smaller than kWideCache.
constexpr int64_t kTileColumns = 448;
constexpr int64_t kNarrowColumns = 224;
constexpr int64_t kWideCache = 512 << 10;
// The share of the second-level cache that a block of gradients takes, and the share of the third-level cache that the
// copy of a tile of c takes, at most kTileBytes.
constexpr double kBlockShare = 0.48;
constexpr double kTileShare = 0.125;
constexpr int64_t kTileBytes = 4 << 20;
// What the caches are taken to be where the system does not tell.
constexpr int64_t kUnknownSecond = 1 << 20;
constexpr int64_t kUnknownThird = 32 << 20;
// Floats between the rows of a tile, beyond its columns: rows a power of two apart would fall into the same sets of the
// caches.
constexpr int64_t kTilePadding = 16;
// Rows of a block: with our own products a block of gradients stays in the second-level cache for both of them, within
// these bounds; the BLAS packs c again for every block, so its blocks are long. Fewer than 16 rows change the bits of a
// row's result in some BLAS, so 16 is the least.
constexpr int64_t kLeastBlockRows = 56;
constexpr int64_t kMostBlockRows = 532;
constexpr int64_t kBlasBlockRows = 1024;
constexpr int64_t kLeastRows = 16;
// Words of a sum that our own products form in a register before they add to memory.
constexpr int64_t kMostStep = 272;
// dE is summed in this many fixed parts, each a run of tiles, so that its bits do not depend on the threads.
constexpr int64_t kMostParts = 16;
constexpr int64_t kLeastParts = 4;
// Rows of a chunk when logits are recomputed: beyond this the traffic of c is already hidden.
constexpr int64_t kRecomputedRows = 4096;
// The gradient filter: units of rows in its pilot, and the tiles whose statistics come first: until they hold this share
// of the pilot's mass, at most one in so many tiles.
constexpr int64_t kPilotUnits = 4;
constexpr double kHotMass = 0.7;
constexpr int64_t kHotShare = 8;
// What one byte from memory costs in floating-point operations, for the choice between the engines.
constexpr double kFlopsPerByte = 10.0;

}  // namespace headroom
