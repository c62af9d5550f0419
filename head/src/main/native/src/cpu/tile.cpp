#include "tile.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "tuning.h"

namespace headroom {
namespace {

constexpr int64_t kRowsOfKernel = 14;

int64_t from_system(int name) { return std::max<int64_t>(0, sysconf(name)); }

// The size of processor 0's cache of a level, by the files of Linux ("1024K"); 0 where there are none.
int64_t from_files(int level) {
  for (int index = 0; index < 8; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    std::ifstream level_file(folder + "level"), size_file(folder + "size");
    int found = 0;
    int64_t size = 0;
    char unit = 0;
    if (!(level_file >> found) || found != level || !(size_file >> size)) continue;
    size_file >> unit;
    return std::max<int64_t>(0, size) << (unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0);
  }
  return 0;
}

int64_t find(int name, int level) {
  const int64_t told = from_system(name);
  return told > 0 ? told : from_files(level);
}

}  // namespace

const Caches& caches() {
  static const Caches found{find(_SC_LEVEL2_CACHE_SIZE, 2), find(_SC_LEVEL3_CACHE_SIZE, 3)};
  return found;
}

// columns    = 448, or 224 where L2 < 512 KiB: a block is then no flatter than it is wide
// block_rows = the most multiple of 14 with  block_rows x 4 (columns + 16) <= 0.48 L2,  between 56 and 532
// bytes      = L3 / 8, at least L2, at most 4 MiB: virtual machines tell of more third-level cache than a core can reach
//
// The block of gradients [block_rows, columns] is read once for every 32 columns of dE and of dC; the other half of L2 is
// for the panels that pass by and for the lines of dE and dC. 1 MiB gives 266 x 448.
TileSize tile_size(const Caches& found) {
  const int64_t second = found.second > 0 ? found.second : kUnknownSecond, third = found.third > 0 ? found.third : kUnknownThird;
  const int64_t columns = second < kWideCache ? kNarrowColumns : kTileColumns;
  const auto fitting = static_cast<int64_t>(kBlockShare * static_cast<double>(second)) / (4 * (columns + kTilePadding));
  const int64_t rows = std::clamp(fitting / kRowsOfKernel * kRowsOfKernel, kLeastBlockRows, kMostBlockRows);
  const int64_t bytes = std::min(std::max(static_cast<int64_t>(kTileShare * static_cast<double>(third)), second), kTileBytes);
  return {rows, columns, bytes};
}

}  // namespace headroom
