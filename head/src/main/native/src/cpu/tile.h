// The tile of our own products, cut to the caches of this machine.
#pragma once

#include <cstdint>

namespace headroom {

// Bytes of a core's second-level cache and of the third-level cache around it; 0 where the system does not tell.
struct Caches {
  int64_t second, third;
};

struct TileSize {
  int64_t block_rows;  // a multiple of 14
  int64_t columns;     // a multiple of 14 and of 32
  int64_t bytes;       // the most that the packed copy of a tile of c may take
};

// What the C library tells (sysconf), else what Linux tells (sysfs of processor 0); looked up once a process.
const Caches& caches();

// A pure function of the caches: calls on one machine are cut alike, whatever their threads and workspace.
TileSize tile_size(const Caches& found);

}  // namespace headroom
