// The kernels of the gradient filter: which classes of a block of rows are kept, and the gradient of those alone. The
// products of the whole chunk are there, and so is lse. Integer atomics only: the same call gives the same bits.

namespace headroom {
namespace cuda {

static __device__ __forceinline__ const float* products_of(const Tile& first, const Chunk& chunk, Int i, Int v) {
  const Int tile = v / chunk.tile_columns;
  return first.z + (tile * chunk.stride + i) * first.ld + (v - tile * chunk.tile_columns);
}

static __device__ __forceinline__ Int rows_of_block(const Chunk& chunk, const Filter& filter, Int block) {
  const Int left = chunk.rows - block * filter.block_rows;
  return left < filter.block_rows ? left : filter.block_rows;
}

static __device__ __forceinline__ bool takes_part(const Chunk& chunk, Int i) { return chunk.target[i] != kLeftOut; }

// Where a class stands among the group's, or -1.
static __device__ __forceinline__ Int find(const Group& group, Int v) {
  Int low = 0, high = group.count;
  while (low < high) {
    const Int middle = (low + high) / 2;
    if (group.ids[middle] < v) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < group.count && group.ids[low] == v ? low : -1;
}

// A block has kGradientRows rows of the group's block and kGradientColumns of its classes.
template <class T>
static __device__ __forceinline__ void group_gradients(const Head& head, const Chunk& chunk, const Tile& tile, const Filter& filter, const Group& group) {
  const Int begin = group.block * filter.block_rows, from = static_cast<Int>(blockIdx.y) * kGradientRows;
  const Int rows = rows_of_block(chunk, filter, group.block), end = from + kGradientRows < rows ? from + kGradientRows : rows;
  const Int column = static_cast<Int>(blockIdx.x) * kGradientColumns + threadIdx.x;
  for (Int j = column; j < group.count && j < column + kGradientColumns; j += kThreads) {
    const Int v = group.ids[j];
    for (Int i = from; i < end; ++i) {
      const Int row = begin + i;
      const RowScalars& x = chunk.scalars[row];
      const float z = logit(head, *products_of(tile, chunk, row, v), v);
      float g = plain_entry(head, z, static_cast<float>(x.lse), static_cast<float>(x.a + x.rest), static_cast<float>(x.b), 0.0f);
      if (v == chunk.target[row]) g = static_cast<float>(own_entry(head, chunk, row, v, z));
      static_cast<T*>(group.g)[i * group.g_ld + j] = narrow(takes_part(chunk, row) ? g : 0.0f, T());
    }
  }
  // the entries of soft targets and lists, whole, by the threads that have the same entries above
  for (Int i = from; i < end; ++i) {
    const Int row = begin + i, of = row_of(chunk, row), place = place_of(head, of);
    if (!takes_part(chunk, row)) continue;
    for (Int k = 0; k < named_classes(head, place); ++k) {
      const Int v = named_class(head, of, place, k), j = find(group, v);
      if (j < column - threadIdx.x || j >= column - threadIdx.x + kGradientColumns || j % kThreads != threadIdx.x) continue;
      const float z = logit(head, *products_of(tile, chunk, row, v), v);
      static_cast<T*>(group.g)[i * group.g_ld + j] = narrow(static_cast<float>(listed_entry(head, chunk, row, place, v, static_cast<double>(z))), T());
    }
  }
}

// g of a tile becomes, for each block of rows, the mass of the classes that are not marked: [blocks, g_ld].
template <class T>
static __device__ __forceinline__ void unmarked_weights(const Head& head, const Tile& tile, const Filter& filter) {
  const int column = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (column >= tile.columns) return;
  const Int at = static_cast<Int>(blockIdx.y) * head.v + tile.begin + column;
  static_cast<T*>(tile.g)[static_cast<Int>(blockIdx.y) * tile.g_ld + column] = narrow(filter.marks[at] ? 0.0f : filter.mass[at], T());
}

}  // namespace cuda
}  // namespace headroom

#define HEADROOM_TYPED_FILTER(name, T)                                                                                    \
  extern "C" __global__ void __launch_bounds__(headroom::cuda::kThreads, 2)                                               \
      group_gradients_##name(headroom::cuda::Head head, headroom::cuda::Chunk chunk, headroom::cuda::Tile tile,           \
                             headroom::cuda::Filter filter, headroom::cuda::Group group) {                                \
    headroom::cuda::group_gradients<T>(head, chunk, tile, filter, group);                                                 \
  }                                                                                                                       \
  extern "C" __global__ void __launch_bounds__(headroom::cuda::kThreads)                                                  \
      unmarked_weights_##name(headroom::cuda::Head head, headroom::cuda::Tile tile, headroom::cuda::Filter filter) {      \
    headroom::cuda::unmarked_weights<T>(head, tile, filter);                                                              \
  }

HEADROOM_TYPED_FILTER(f32, float)
HEADROOM_TYPED_FILTER(f16, headroom::cuda::Half)
HEADROOM_TYPED_FILTER(bf16, headroom::cuda::Brain)

namespace headroom {
namespace cuda {

// One block a row of the pilot: its mass of p by size, counted in whole units.
extern "C" __global__ void __launch_bounds__(kThreads) bucket_mass(Head head, Chunk chunk, Tile tile, Filter filter) {
  __shared__ unsigned long long buckets[kBuckets];
  const Int i = static_cast<Int>(blockIdx.x) * kPilotStep;
  if (!takes_part(chunk, i)) return;
  for (int bucket = static_cast<int>(threadIdx.x); bucket < kBuckets; bucket += kThreads) buckets[bucket] = 0;
  __syncthreads();
  float z[kPerThread];
  load_logits(head, tile, i, z);
  const float lse = chunk.lse[i];
#pragma unroll
  for (int j = 0; j < kPerThread; ++j) {
    const float p = expf(z[j] - lse), at = (lse - z[j]) * kBucketsPerNat;
    if (!(p > 0.0f)) continue;  // an absent class, or NaN
    const int bucket = at < static_cast<float>(kBuckets - 1) ? static_cast<int>(at > 0.0f ? at : 0.0f) : kBuckets - 1;
    atomicAdd(&buckets[bucket], static_cast<unsigned long long>(static_cast<double>(p) / kUnit));
  }
  __syncthreads();
  for (int bucket = static_cast<int>(threadIdx.x); bucket < kBuckets; bucket += kThreads)
    if (buckets[bucket] != 0) atomicAdd(&filter.buckets[bucket], buckets[bucket]);
}

// One thread: the largest tau of which the pilot's rows lose no more than the given mass, entry by entry: whole classes are
// kept later, so that less is lost.
extern "C" __global__ void __launch_bounds__(kThreads) choose_tau(Chunk chunk, Filter filter) {
  if (threadIdx.x != 0) return;
  double floor = filter.tau > 0 ? log(filter.tau) : 0.0;
  if (filter.most_mass > 0) {
    double taken = 0;
    for (Int i = 0; i < chunk.rows; i += kPilotStep) taken += takes_part(chunk, i) ? 1.0 : 0.0;
    unsigned long long lost = 0;
    int bucket = kBuckets;
    while (bucket > 0 && static_cast<double>(lost + filter.buckets[bucket - 1]) * kUnit <= filter.most_mass * taken) lost += filter.buckets[--bucket];
    const double chosen = -static_cast<double>(bucket) / static_cast<double>(kBucketsPerNat);
    floor = chosen < floor ? chosen : floor;
  }
  *filter.floor = static_cast<float>(floor);
}

// A block has kThreads columns of one block of rows: p summed over the rows, and a mark where one reaches the floor.
extern "C" __global__ void __launch_bounds__(kThreads) mark_classes(Head head, Chunk chunk, Tile tile, Filter filter) {
  const int column = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (column >= tile.columns) return;
  const Int block = blockIdx.y, v = tile.begin + column, begin = block * filter.block_rows, end = begin + rows_of_block(chunk, filter, block);
  const float floor = *filter.floor - kMargin;
  float mass = 0.0f;
  bool marked = false;
  for (Int i = begin; i < end; ++i) {
    if (!takes_part(chunk, i)) continue;
    const float below = logit(head, tile.z[i * tile.ld + column], v) - chunk.lse[i];
    mass += expf(below);
    marked = marked || below >= floor;
  }
  filter.mass[block * head.v + v] = mass;
  filter.marks[block * head.v + v] = marked ? 1 : 0;
}

// One block a row: the classes that its targets and lists name are kept. Several may write the same 1.
extern "C" __global__ void __launch_bounds__(kThreads) mark_named(Head head, Chunk chunk, Filter filter) {
  const Int i = blockIdx.x, row = row_of(chunk, i);
  if (!takes_part(chunk, i)) return;
  unsigned char* marks = filter.marks + i / filter.block_rows * head.v;
  const Int place = place_of(head, row);
  for (Int k = threadIdx.x; k <= named_classes(head, place); k += kThreads) {
    const Int v = k == 0 ? chunk.target[i] : named_class(head, row, place, k - 1);
    if (v >= 0 && v < head.v) marks[v] = 1;
  }
}

// The marks of a tile before this thread's columns, which are kPerThread of one stretch; `total` is that of the tile.
static __device__ __forceinline__ int marks_before(const unsigned char* marks, int columns, int* room, int& total) {
  int own = 0;
  for (int j = 0; j < kPerThread; ++j) {
    const int column = static_cast<int>(threadIdx.x) * kPerThread + j;
    own += column < columns && marks[column] ? 1 : 0;
  }
  room[threadIdx.x] = own;
  __syncthreads();
  int before = 0;
  total = 0;
  for (int i = 0; i < kThreads; ++i) {
    before += i < static_cast<int>(threadIdx.x) ? room[i] : 0;
    total += room[i];
  }
  return before;
}

// One block a tile of one block of rows.
extern "C" __global__ void __launch_bounds__(kThreads) count_marks(Head head, Chunk chunk, Filter filter) {
  __shared__ int room[kThreads];
  const Int tile = blockIdx.x, begin = tile * chunk.tile_columns;
  const int columns = static_cast<int>(head.v - begin < chunk.tile_columns ? head.v - begin : chunk.tile_columns);
  int total = 0;
  marks_before(filter.marks + static_cast<Int>(blockIdx.y) * head.v + begin, columns, room, total);
  if (threadIdx.x == 0) filter.counts[static_cast<Int>(blockIdx.y) * chunk.tiles + tile] = total;
}

extern "C" __global__ void __launch_bounds__(kThreads) list_marks(Head head, Chunk chunk, Filter filter) {
  __shared__ int room[kThreads];
  const Int tile = blockIdx.x, begin = tile * chunk.tile_columns, block = blockIdx.y;
  const int columns = static_cast<int>(head.v - begin < chunk.tile_columns ? head.v - begin : chunk.tile_columns);
  const unsigned char* marks = filter.marks + block * head.v + begin;
  int total = 0;
  Int at = block * head.v + marks_before(marks, columns, room, total);
  for (Int before = 0; before < tile; ++before) at += filter.counts[block * chunk.tiles + before];
  for (int j = 0; j < kPerThread; ++j) {
    const int column = static_cast<int>(threadIdx.x) * kPerThread + j;
    if (column < columns && marks[column]) filter.ids[at++] = begin + column;
  }
}

// One block a row: the mass of p that the group's classes hold joins what the row's gradient has.
extern "C" __global__ void __launch_bounds__(kThreads) group_mass(Head head, Chunk chunk, Tile tile, Filter filter, Group group) {
  __shared__ float room[kThreads / 32];
  const Int i = group.block * filter.block_rows + blockIdx.x;
  if (!takes_part(chunk, i)) return;
  const float lse = chunk.lse[i];
  float mass = 0.0f;
  for (Int j = threadIdx.x; j < group.count; j += kThreads) mass += expf(logit(head, *products_of(tile, chunk, i, group.ids[j]), group.ids[j]) - lse);
  mass = block_sum(mass, room);
  if (threadIdx.x == 0) filter.kept[i] += mass;
}

// One block a block of rows: the mass of all classes that are not marked.
extern "C" __global__ void __launch_bounds__(kThreads) sum_unmarked(Head head, Filter filter) {
  __shared__ float room[kThreads / 32];
  const Int begin = static_cast<Int>(blockIdx.x) * head.v;
  float mass = 0.0f;
  for (Int v = threadIdx.x; v < head.v; v += kThreads) mass += filter.marks[begin + v] ? 0.0f : filter.mass[begin + v];
  mass = block_sum(mass, room);
  if (threadIdx.x == 0) filter.rest[blockIdx.x] = mass;
}

// One block a class.
extern "C" __global__ void __launch_bounds__(kThreads) add_class_rows(ClassRows rows) {
  const float* from = rows.from + static_cast<Int>(blockIdx.x) * rows.from_stride;
  float* to = rows.to + rows.ids[blockIdx.x] * rows.to_stride;
  for (Int k = threadIdx.x; k < rows.d; k += kThreads) to[k] += from[k];
}

// One block a row: what it lost, and its share of the column that stands for it.
extern "C" __global__ void __launch_bounds__(kThreads) put_back(Head head, Chunk chunk, Filter filter, PutBack put) {
  const Int i = blockIdx.x, block = i / filter.block_rows;
  if (!takes_part(chunk, i)) return;
  const double kept = static_cast<double>(filter.kept[i]), dropped = kept <= 1 ? 1 - kept : kept > 1 ? 0 : kept;  // NaN stays NaN
  if (threadIdx.x == 0 && filter.dropped) filter.dropped[row_of(chunk, i)] = static_cast<float>(dropped);
  if (!put.de || !(filter.rest[block] > 0.0f)) return;
  const float scale = static_cast<float>((chunk.scalars[i].a + chunk.scalars[i].rest) * head.logit_scale * dropped / static_cast<double>(filter.rest[block]));
  for (Int k = threadIdx.x; k < put.d; k += kThreads) put.de[i * put.de_stride + k] += scale * put.columns[block * put.d + k];
}

}  // namespace cuda
}  // namespace headroom
