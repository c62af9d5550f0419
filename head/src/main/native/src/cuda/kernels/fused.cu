// The statistics of rows straight from hidden states and classifier on compute capability 9.0: products of tiles in
// registers, of which only each row's maximum and sums go to memory, laid out by tile as row_statistics leaves them.
//
// A block has one warpgroup that copies and two that multiply, and takes the tiles of kFusedRows rows x kFusedColumns
// classes that are its own until none is left. Copies run kStages steps of the depth ahead: a stage is `full` when its
// bytes are there, `empty` when all warps have multiplied by it. The same call gives the same bits: each tile's sums have
// one order.

extern __shared__ unsigned char dynamic_shared[];

namespace headroom {
namespace cuda {

constexpr int kWarpgroup = 128, kMultiplying = 2;  // threads; warpgroups that multiply
constexpr int kDepth = kSwizzleBytes / 2;          // elements of a stage's rows
constexpr unsigned kBytesOfE = kFusedRows * kSwizzleBytes, kBytesOfC = kFusedColumns * kSwizzleBytes, kStageBytes = kBytesOfE + kBytesOfC;
constexpr Int kRowTilesTogether = 16;  // whose hidden states stay in the second-level cache, as classes pass by
constexpr int kRegistersToCopy = 24, kRegistersToMultiply = 240;

static_assert(kFusedRows == kMultiplying * kProductRows && kFusedColumns == kProductColumns, "a warpgroup's product is half a tile");
static_assert(kFusedThreads == (kMultiplying + 1) * kWarpgroup, "one warpgroup copies");
static_assert(kWarpgroup * (kRegistersToCopy + kMultiplying * kRegistersToMultiply) <= 65536, "registers of a block");
static_assert(kFusedSharedBytes >= 1024 + kStages * (kStageBytes + 2 * 8), "what the swizzle may skip, stages, barriers");

// Where the stages and their barriers lie in shared memory.
struct Ring {
  unsigned stages, barriers;

  __device__ unsigned e(int stage) const { return stages + static_cast<unsigned>(stage) * kStageBytes; }
  __device__ unsigned c(int stage) const { return e(stage) + kBytesOfE; }
  __device__ unsigned full(int stage) const { return barriers + static_cast<unsigned>(stage) * 16; }
  __device__ unsigned empty(int stage) const { return full(stage) + 8; }
};

// A place in the ring; the parity of its round.
struct Step {
  int stage;
  unsigned parity;

  __device__ void advance() {
    if (++stage < kStages) return;
    stage = 0;
    parity ^= 1;
  }
};

struct FusedTile {
  Int row, column;  // the first of each, in tiles
};

// Row tiles run fastest, so many of them together: blocks that run at one time share both operands.
static __device__ __forceinline__ FusedTile fused_tile(Int index, Int row_tiles, Int column_tiles) {
  const Int together = index / (kRowTilesTogether * column_tiles), first = together * kRowTilesTogether;
  const Int rows = row_tiles - first < kRowTilesTogether ? row_tiles - first : kRowTilesTogether;
  const Int within = index - first * column_tiles;
  return {first + within % rows, within / rows};
}

// One row of the thread's two (half 0 or 1), of which each of 4 lanes has every fourth pair of columns.
template <int half>
static __device__ __forceinline__ void write_row(const Chunk& chunk, const FusedProducts& products, float (&z)[kHeld], Int i, FusedTile tile, int columns) {
  const Int column = tile.column * kFusedColumns, begin = products.begin + column, at = (products.index + tile.column) * chunk.stride + i;
  const int lane = static_cast<int>(threadIdx.x) % 4;
  const Int own = i < chunk.rows ? chunk.target[i] - begin : -1;
  const int target = own >= 0 && own < columns ? static_cast<int>(own) : -1;
  float most = -HEADROOM_INFINITY, taken = 0.0f;
#pragma unroll
  for (int j = 0; j < kHeld / 2; ++j) {
    float& x = z[j / 2 * 4 + half * 2 + j % 2];
    if (j / 2 * 8 + lane * 2 + j % 2 == target) {  // it joins in merge_rows
      taken = x;
      x = -HEADROOM_INFINITY;
    }
    most = x > most ? x : most;  // NaN is passed over here and caught by the sum
  }
  for (int other = 1; other < 4; other *= 2) {
    const float y = __shfl_xor_sync(kAllLanes, most, other);
    most = y > most ? y : most;
  }
  const float origin = most == -HEADROOM_INFINITY ? 0.0f : most;  // exp(-inf - -inf) would be NaN: the classes are absent
  RowSums sums = {};
#pragma unroll
  for (int j = 0; j < kHeld / 2; ++j) add_entry(sums, z[j / 2 * 4 + half * 2 + j % 2], origin);
  for (int other = 1; other < 4; other *= 2) {
    sums.sum += __shfl_xor_sync(kAllLanes, sums.sum, other);
    sums.moment += __shfl_xor_sync(kAllLanes, sums.moment, other);
  }
  if (i >= chunk.rows) return;
  if (target >= 0 && target % 8 / 2 == lane) chunk.z_target[i] = taken;
  if (lane != 0) return;
  chunk.max[at] = most;
  chunk.sum[at] = sums.sum;
  if (chunk.moment) chunk.moment[at] = sums.moment;
}

// Products become logits in their registers; classes behind the last are absent.
static __device__ __forceinline__ void write_statistics(const Head& head, const Chunk& chunk, const FusedProducts& products, float (&z)[kHeld], Int i, FusedTile tile) {
  const Int column = tile.column * kFusedColumns, left = products.columns - column;
  const int columns = static_cast<int>(left < kFusedColumns ? left : kFusedColumns);
  const float* bias = head.b ? head.b + products.begin + column : nullptr;
#pragma unroll
  for (int j = 0; j < kHeld / 2; ++j) {
    const int k = j / 2 * 8 + static_cast<int>(threadIdx.x) % 4 * 2 + j % 2;
    const bool there = k < columns;
    const float b = there && bias ? bias[k] : 0.0f;
    float &x = z[j / 2 * 4 + j % 2], &y = z[j / 2 * 4 + 2 + j % 2];
    x = there ? logit(head, x + b) : -HEADROOM_INFINITY;
    y = there ? logit(head, y + b) : -HEADROOM_INFINITY;
  }
  write_row<0>(chunk, products, z, i, tile, columns);
  write_row<1>(chunk, products, z, i + 8, tile, columns);
}

static __device__ __forceinline__ void copy_tile(const Ring& ring, const FusedProducts& products, FusedTile tile, int steps, Step& step) {
  for (int k = 0; k < steps; ++k, step.advance()) {
    wait_for(ring.empty(step.stage), step.parity ^ 1);
    arrive_expecting(ring.full(step.stage), kStageBytes);
    copy_box(ring.e(step.stage), products.e, k * kDepth, static_cast<int>(tile.row) * kFusedRows, ring.full(step.stage));
    copy_box(ring.c(step.stage), products.c, k * kDepth, static_cast<int>(tile.column) * kFusedColumns, ring.full(step.stage));
  }
}

// The warpgroup's half of a tile. One group of products stays under way: the stage before it is free for copies.
static __device__ __forceinline__ void multiply_tile(const Ring& ring, float (&z)[kHeld], unsigned half, int steps, Step& step) {
  const bool speaks = threadIdx.x % 32 == 0;
  int before = 0;
  for (int k = 0; k < steps; ++k, step.advance()) {
    wait_for(ring.full(step.stage), step.parity);
    const unsigned e = ring.e(step.stage) + half * kProductRows * kSwizzleBytes, c = ring.c(step.stage);
    begin_products();
#pragma unroll
    for (unsigned at = 0; at < kDepth; at += kProductDepth) multiply(z, describe(e + at * 2), describe(c + at * 2), k > 0 || at > 0);
    commit_products();
    wait_earlier_products();
    if (k > 0 && speaks) arrive(ring.empty(before));
    before = step.stage;
  }
  wait_products(z);
  if (speaks) arrive(ring.empty(before));
}

extern "C" __global__ void __launch_bounds__(kFusedThreads, 1)
    fused_statistics(const __grid_constant__ Head head, const __grid_constant__ Chunk chunk, const __grid_constant__ FusedProducts products) {
  const unsigned group = threadIdx.x / kWarpgroup;
  const unsigned start = (shared_address(dynamic_shared) + 1023u) & ~1023u;
  const Ring ring = {start, start + kStages * kStageBytes};
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < kStages; ++stage) {
      make_barrier(ring.full(stage), 1);
      make_barrier(ring.empty(stage), kMultiplying * kWarpgroup / 32);
    }
    publish_barriers();
  }
  __syncthreads();
  const Int row_tiles = (chunk.rows + kFusedRows - 1) / kFusedRows, column_tiles = (products.columns + kFusedColumns - 1) / kFusedColumns;
  const int steps = static_cast<int>((products.d + kDepth - 1) / kDepth);
  Step step = {0, 0};
  if (group == 0) {
    give_registers<kRegistersToCopy>();
    if (threadIdx.x != 0) return;
    for (Int index = blockIdx.x; index < row_tiles * column_tiles; index += gridDim.x)
      copy_tile(ring, products, fused_tile(index, row_tiles, column_tiles), steps, step);
  } else {
    take_registers<kRegistersToMultiply>();
    const unsigned half = group - 1, thread = threadIdx.x % kWarpgroup;
    const Int row = half * kProductRows + thread / 32 * 16 + thread % 32 / 4;
    float z[kHeld] = {};
    for (Int index = blockIdx.x; index < row_tiles * column_tiles; index += gridDim.x) {
      const FusedTile tile = fused_tile(index, row_tiles, column_tiles);
      multiply_tile(ring, z, half, steps, step);
      write_statistics(head, chunk, products, z, tile.row * kFusedRows + row, tile);
    }
  }
}

}  // namespace cuda
}  // namespace headroom
