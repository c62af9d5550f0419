// The tile for caches of several sizes, and the tile of a plan.
#include "tile.h"

#include <initializer_list>

#include "check.h"
#include "headroom.h"
#include "naive_blas.h"

namespace {

constexpr int64_t kKiB = 1 << 10, kMiB = 1 << 20;

struct Case {
  int64_t second, third, block_rows, columns, bytes;
};

void cuts_the_tile_to_the_caches() {
  const Case cases[] = {
      {0, 0, 266, 448, 4 * kMiB},  // not told: as 1 MiB and 32 MiB
      {kMiB, 32 * kMiB, 266, 448, 4 * kMiB},
      {kMiB, 384 * kMiB, 266, 448, 4 * kMiB},
      {kMiB, 8 * kMiB, 266, 448, kMiB},
      {128 * kKiB, 4 * kMiB, 56, 224, 512 * kKiB},
      {256 * kKiB, 8 * kMiB, 126, 224, kMiB},
      {512 * kKiB, 16 * kMiB, 126, 448, 2 * kMiB},
      {1280 * kKiB, 30 * kMiB, 336, 448, 30 * kMiB / 8},
      {2 * kMiB, 0, 532, 448, 4 * kMiB},
      {2 * kMiB, 8 * kMiB, 532, 448, 2 * kMiB},
      {64 * kMiB, 1024 * kMiB, 532, 448, 4 * kMiB},
      {1, 1, 56, 224, 1},
  };
  for (const Case& c : cases) {
    const headroom::TileSize tile = headroom::tile_size({c.second, c.third});
    CHECK(tile.block_rows == c.block_rows && tile.columns == c.columns && tile.bytes == c.bytes, "L2 %ld L3 %ld: %ld x %ld, %ld",
          static_cast<long>(c.second), static_cast<long>(c.third), static_cast<long>(tile.block_rows),
          static_cast<long>(tile.columns), static_cast<long>(tile.bytes));
  }
}

void stays_within_bounds_for_every_size() {
  int64_t rows = 0, columns = 0;
  for (int64_t second = 1; second < 256 * kMiB; second += 1 + second / 50) {
    const headroom::TileSize tile = headroom::tile_size({second, 4 * second});
    CHECK(tile.block_rows % 14 == 0 && tile.columns % 224 == 0, "L2 %ld", static_cast<long>(second));
    CHECK(tile.columns > columns || tile.block_rows >= rows, "L2 %ld: fewer rows in a larger cache", static_cast<long>(second));
    const bool fits = tile.block_rows * (tile.columns + 16) * 4 <= second / 2;
    CHECK(fits || second < 112 * kKiB, "L2 %ld: a block of %ld rows", static_cast<long>(second), static_cast<long>(tile.block_rows));
    rows = tile.block_rows, columns = tile.columns;
  }
}

// What the plan tells is what tile_size says of the caches it tells.
void tells_the_tile_in_the_plan() {
  const headroom_blas blas = naive::blas();
  for (int64_t d : {8, 100000}) {
    headroom_head head{};
    head.abi = HEADROOM_ABI, head.blas = &blas, head.n = 5000, head.d = d, head.v = 5000, head.e_stride = d, head.c_stride = d;
    head.t_dtype = HEADROOM_INT64, head.logit_scale = 1, head.threads = 2, head.workspace_bytes = int64_t{8} << 30;
    head.gemm = HEADROOM_GEMM_OWN;
    headroom_plan plan{};
    if (headroom_head_plan(&head, &plan) == HEADROOM_UNSUPPORTED) return;
    const headroom::Caches& found = headroom::caches();
    const headroom::TileSize tile = headroom::tile_size(found);
    CHECK(plan.second_cache_bytes == found.second && plan.third_cache_bytes == found.third, "caches of the plan");
    CHECK(plan.block_rows == tile.block_rows, "block_rows: %ld", static_cast<long>(plan.block_rows));
    CHECK(plan.tile_columns == (d == 8 ? tile.columns : 224), "tile_columns: %ld", static_cast<long>(plan.tile_columns));
    CHECK(plan.sum_step > 0, "sum_step: %ld", static_cast<long>(plan.sum_step));
    head.gemm = HEADROOM_GEMM_BLAS;
    CHECK(headroom_head_plan(&head, &plan) == HEADROOM_OK, "%s", headroom_last_error());
    CHECK(plan.tile_columns == 448 && plan.block_rows == 1024 && plan.sum_step == 0, "the tile of the BLAS");
  }
}

}  // namespace

int main() {
  cuts_the_tile_to_the_caches();
  stays_within_bounds_for_every_size();
  tells_the_tile_in_the_plan();
  std::printf("tile_test: %d failures\n", failures());
  return failures() ? 1 : 0;
}
