// The kernels of the head: what is done to a tile of products once it is there. The formula of headroom.h is here and, up to
// the logits, in logit.h, and nowhere else on this rung. No atomics: the same call gives the same bits.

namespace headroom {
namespace cuda {

// d z / d a
static __device__ __forceinline__ double slope(const Head& head, double z) {
  if (head.cap == kStableMax) return head.logit_scale * exp(-fabs(z));
  const double t = head.soft_cap == 0 ? 0.0 : z / head.soft_cap;
  return head.logit_scale * (1.0 - t * t);
}

// The logits of a row that this thread looks at: column threadIdx.x * 4 + j of each stretch of 4 * kThreads; -inf behind
// the last.
static __device__ __forceinline__ int column_of(int j) { return (j / 4) * 4 * kThreads + static_cast<int>(threadIdx.x) * 4 + j % 4; }

static __device__ __forceinline__ void load_logits(const Head& head, const Tile& tile, Int row, float (&z)[kPerThread]) {
  const float* from = tile.z + row * tile.ld;
#pragma unroll
  for (int j = 0; j < kPerThread; j += 4) {
    const int column = column_of(j);
    const float4 a = column < tile.columns ? *reinterpret_cast<const float4*>(from + column) : float4{};
    z[j] = column < tile.columns ? logit(head, a.x, tile.begin + column) : -HEADROOM_INFINITY;
    z[j + 1] = column + 1 < tile.columns ? logit(head, a.y, tile.begin + column + 1) : -HEADROOM_INFINITY;
    z[j + 2] = column + 2 < tile.columns ? logit(head, a.z, tile.begin + column + 2) : -HEADROOM_INFINITY;
    z[j + 3] = column + 3 < tile.columns ? logit(head, a.w, tile.begin + column + 3) : -HEADROOM_INFINITY;
  }
}

// The entry d loss / d a of a class that is named by the row's targets or lists, in float64, rounded once by the caller.
// With D what targets take away from it, p A - D is D (p - 1) + (A - D) p, which keeps every digit where p is near 1. `a` is
// the row's factor of p for this class.
static __device__ double named_entry(const Head& head, const Chunk& chunk, Int i, Int v, double z, double a) {
  const RowScalars& x = chunk.scalars[i];
  const Int row = row_of(chunk, i);
  const bool own = chunk.target[i] == v;
  double taken = own ? x.t : 0.0;
  for (Int j = row * head.soft_count; j < (row + 1) * head.soft_count; ++j)
    if (head.soft_ids[j] == v) taken += x.q * static_cast<double>(head.soft_weights[j]);
  const double p = exp(z - x.lse), less = own && x.miss >= 0 ? -x.miss : expm1(z - x.lse);
  double g = taken * less + (a - taken) * p;
  if (head.smooths && present(head, v)) g -= x.s * static_cast<double>(class_weight(head, v));
  if (x.b != 0 && p != 0) g += x.b * p * z;
  return g == 0 ? g : g * slope(head, z);
}

// The entry d loss / d a of any other class, in float32.
static __device__ __forceinline__ float plain_entry(const Head& head, float z, float lse, float a, float b, float smoothing) {
  const float p = expf(z - lse);
  float g = p * a;
  if (b != 0.0f) g += p == 0.0f ? 0.0f : p * z * b;
  g = (g - smoothing) * static_cast<float>(head.logit_scale);
  if (head.cap == 0.0f || g == 0.0f) return g;  // an absent class has g = 0, not 0 x -inf
  if (head.cap == kStableMax) return g * expf(-fabsf(z));
  const float t = z * (1.0f / head.cap);
  return g * (1.0f - t * t);
}

// The place of a row in the lists, or -1.
static __device__ __forceinline__ Int place_of(const Head& head, Int row) { return head.listed_count == 0 ? -1 : head.listed_places[row]; }

static __device__ __forceinline__ Int listed_id(const Head& head, Int row, Int place, Int k) {
  if (head.listed_kind == kShared) return head.listed_ids[k];
  return head.listed_kind == kByRow ? head.listed_ids[place * head.listed_count + k] : head.top_ids[row * head.top_count + k];
}

// How many classes a row's targets and lists name, besides its target: those whose entries are not of the plain formula.
static __device__ __forceinline__ Int named_classes(const Head& head, Int place) {
  return head.soft_count + (place >= 0 && (head.u_listed || head.u_rest) ? head.listed_count : 0);
}

static __device__ __forceinline__ Int named_class(const Head& head, Int row, Int place, Int j) {
  return j < head.soft_count ? head.soft_ids[row * head.soft_count + j] : listed_id(head, row, place, j - head.soft_count);
}

// The whole entry of one of them: what the row lists of its own has no part in R.
static __device__ double listed_entry(const Head& head, const Chunk& chunk, Int i, Int place, Int v, double z) {
  const Int row = row_of(chunk, i);
  double a = chunk.scalars[i].a + chunk.scalars[i].rest, u = 0;
  for (Int k = 0; k < named_classes(head, place) - head.soft_count; ++k) {
    if (listed_id(head, row, place, k) != v || z == -static_cast<double>(HEADROOM_INFINITY)) continue;
    if (head.lists_own) a = chunk.scalars[i].a;
    if (head.u_listed) u = static_cast<double>(head.u_listed[place * head.listed_count + k]) * slope(head, z);
  }
  return named_entry(head, chunk, i, v, z, a) + u;
}

static __device__ __forceinline__ double own_entry(const Head& head, const Chunk& chunk, Int i, Int v, float z) {
  return named_entry(head, chunk, i, v, static_cast<double>(z), chunk.scalars[i].a + chunk.scalars[i].rest);
}

template <class T>
static __device__ __forceinline__ void copy_rows(const RowCopy& copy) {
  const Int i = blockIdx.x;
  const bool counts = !copy.target || copy.target[i] != kLeftOut;
  const Int from = (copy.kept ? copy.kept[i] : copy.first + i) * copy.from_stride;
  T* to = static_cast<T*>(copy.to) + i * copy.to_stride;
  for (Int k = threadIdx.x; k < copy.to_stride; k += kThreads)
    to[k] = narrow(counts && k < copy.d ? element(copy.from, copy.from_type, from + k) : 0.0f, T());
}

template <class T>
struct alignas(4 * sizeof(T)) Four {
  T x[4];
};

// A block has kGradientRows rows and kGradientColumns columns; the entries of the rows' targets are formed in float64.
// Columns come in fours, those behind the last as zeros.
template <class T>
static __device__ __forceinline__ void row_gradients(const Head& head, const Chunk& chunk, const Tile& tile) {
  struct Row {
    float lse, a, b, s;
    Int target;
  };
  __shared__ Row rows[kGradientRows];
  const Int first = static_cast<Int>(blockIdx.y) * kGradientRows;
  const int count = static_cast<int>(chunk.rows - first < kGradientRows ? chunk.rows - first : kGradientRows);
  if (static_cast<int>(threadIdx.x) < count) {
    const RowScalars& x = chunk.scalars[first + threadIdx.x];
    rows[threadIdx.x] = {static_cast<float>(x.lse), static_cast<float>(x.a + x.rest), static_cast<float>(x.b), static_cast<float>(x.s),
                         chunk.target[first + threadIdx.x]};
  }
  __syncthreads();
  const int column = static_cast<int>(blockIdx.x) * kGradientColumns + static_cast<int>(threadIdx.x) * 4;
  if (column >= tile.columns) return;
  float weight[4] = {}, bias[4] = {};
  for (int j = 0; j < 4 && column + j < tile.columns; ++j) {
    const Int v = tile.begin + column + j;
    if (head.b) bias[j] = head.b[v];
    if (head.smooths && present(head, v)) weight[j] = class_weight(head, v);
  }
  for (int i = 0; i < count; ++i) {
    const Row row = rows[i];
    const float4 read = *reinterpret_cast<const float4*>(tile.z + (first + i) * tile.ld + column);
    const float a[4] = {read.x, read.y, read.z, read.w};
    Four<T> out;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const Int v = tile.begin + column + j;
      const float z = logit(head, a[j] + bias[j]);
      float g = plain_entry(head, z, row.lse, row.a, row.b, row.s * weight[j]);
      if (v == row.target) g = static_cast<float>(own_entry(head, chunk, first + i, v, z));
      out.x[j] = narrow(row.target == kLeftOut || column + j >= tile.columns ? 0.0f : g, T());
    }
    *reinterpret_cast<Four<T>*>(static_cast<T*>(tile.g) + (first + i) * tile.g_ld + column) = out;
  }
}

// A block has one row: the entries of the classes of its soft targets and lists, each whole, so that it does not matter
// which of several that name a class comes last.
template <class T>
static __device__ __forceinline__ void sparse_entries(const Head& head, const Chunk& chunk, const Tile& tile) {
  const Int i = blockIdx.x, row = row_of(chunk, i), place = place_of(head, row);
  if (chunk.target[i] == kLeftOut) return;
  for (Int j = threadIdx.x; j < named_classes(head, place); j += kThreads) {
    const Int v = named_class(head, row, place, j);
    if (v < tile.begin || v >= tile.begin + tile.columns) continue;
    const float z = logit(head, tile.z[i * tile.ld + v - tile.begin], v);
    const double g = listed_entry(head, chunk, i, place, v, static_cast<double>(z));
    static_cast<T*>(tile.g)[i * tile.g_ld + v - tile.begin] = narrow(static_cast<float>(g), T());
  }
}

// A block has kSumRows rows and kThreads columns.
template <class T>
static __device__ __forceinline__ void column_sums(const Chunk& chunk, const Tile& tile, const ColumnSums& sums) {
  const int column = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (column >= tile.columns) return;
  const Int first = static_cast<Int>(blockIdx.y) * kSumRows, end = first + kSumRows < chunk.rows ? first + kSumRows : chunk.rows;
  float sum = 0.0f;
  for (Int i = first; i < end; ++i) sum += widen(static_cast<const T*>(tile.g)[i * tile.g_ld + column]);
  sums.groups[static_cast<Int>(blockIdx.y) * chunk.tile_columns + column] = sum;
}

}  // namespace cuda
}  // namespace headroom

#define HEADROOM_TYPED(name, T)                                                                                        \
  extern "C" __global__ void __launch_bounds__(headroom::cuda::kThreads) copy_rows_##name(headroom::cuda::RowCopy copy) { \
    headroom::cuda::copy_rows<T>(copy);                                                                                \
  }                                                                                                                    \
  extern "C" __global__ void __launch_bounds__(headroom::cuda::kThreads)                                               \
      row_gradients_##name(headroom::cuda::Head head, headroom::cuda::Chunk chunk, headroom::cuda::Tile tile) {        \
    headroom::cuda::row_gradients<T>(head, chunk, tile);                                                               \
  }                                                                                                                    \
  extern "C" __global__ void __launch_bounds__(headroom::cuda::kThreads)                                               \
      sparse_entries_##name(headroom::cuda::Head head, headroom::cuda::Chunk chunk, headroom::cuda::Tile tile) {       \
    headroom::cuda::sparse_entries<T>(head, chunk, tile);                                                              \
  }                                                                                                                    \
  extern "C" __global__ void __launch_bounds__(headroom::cuda::kThreads)                                               \
      column_sums_##name(headroom::cuda::Chunk chunk, headroom::cuda::Tile tile, headroom::cuda::ColumnSums sums) {    \
    headroom::cuda::column_sums<T>(chunk, tile, sums);                                                                 \
  }

HEADROOM_TYPED(f32, float)
HEADROOM_TYPED(f16, headroom::cuda::Half)
HEADROOM_TYPED(bf16, headroom::cuda::Brain)

namespace headroom {
namespace cuda {

// One block: W = sum of weights and count of the present classes, for the smoothing.
extern "C" __global__ void __launch_bounds__(kThreads) class_sums(Head head) {
  __shared__ double weights[kThreads], counts[kThreads];
  double weight = 0, count = 0;
  for (Int v = threadIdx.x; v < head.v; v += kThreads) {
    if (!present(head, v)) continue;
    weight += static_cast<double>(class_weight(head, v));
    count += 1;
  }
  weights[threadIdx.x] = weight;
  counts[threadIdx.x] = count;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int i = 1; i < kThreads; ++i) {
    weight += weights[i];
    count += counts[i];
  }
  head.class_sums[0] = weight;
  head.class_sums[1] = count;
}

// One thread a row. A target that no tile holds leaves the row's logit NaN, and so its loss.
extern "C" __global__ void __launch_bounds__(kThreads) load_targets(Head head, Chunk chunk) {
  const Int i = static_cast<Int>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= chunk.rows) return;
  const Int row = row_of(chunk, i);
  const Int t = head.wide_targets ? static_cast<const Int*>(head.t)[row] : static_cast<const int*>(head.t)[row];
  chunk.target[i] = t == head.ignore_index ? kLeftOut : t >= 0 && t < head.v ? t : kNowhere;
  chunk.z_target[i] = HEADROOM_NAN;
  for (Int j = 0; j < head.soft_count; ++j) chunk.z_soft[i * head.soft_count + j] = HEADROOM_NAN;
}

// Hands out the logits of the ids that a row lists itself, and takes them out of its sums.
static __device__ __forceinline__ void take_out_listed(const Head& head, const Tile& tile, Int row, float (&z)[kPerThread]) {
  const Int place = head.listed_kind == kByRow ? place_of(head, row) : -1;
  for (Int k = 0; place >= 0 && k < head.listed_count; ++k) {
    const Int column = listed_id(head, row, place, k) - tile.begin;
    if (column < 0 || column >= tile.columns) continue;
#pragma unroll
    for (int j = 0; j < kPerThread; ++j) {
      if (column_of(j) != column) continue;
      head.listed_logits[place * head.listed_count + k] = z[j];
      z[j] = -HEADROOM_INFINITY;
    }
  }
}

// One block a row. The target and the ids of a row's own list join in merge_rows, so that their share of p keeps every digit
// near 1.
extern "C" __global__ void __launch_bounds__(kThreads, 2) row_statistics(Head head, Chunk chunk, Tile tile) {
  __shared__ float room[kThreads / 32];
  const Int i = blockIdx.x, target = chunk.target[i];
  if (target == kLeftOut) return;
  float z[kPerThread];
  load_logits(head, tile, i, z);
  float weighted = 0.0f, most = -HEADROOM_INFINITY;
#pragma unroll
  for (int j = 0; j < kPerThread; ++j) {
    const int column = column_of(j);
    const Int v = tile.begin + column;
    if (column < tile.columns && head.smooths) {
      const float weight = present(head, v) ? class_weight(head, v) : 0.0f;
      weighted += weight == 0.0f ? 0.0f : weight * z[j];
    }
    if (column < tile.columns && v == target) chunk.z_target[i] = z[j];
  }
  take_out_listed(head, tile, row_of(chunk, i), z);
#pragma unroll
  for (int j = 0; j < kPerThread; ++j) {
    if (column_of(j) < tile.columns && tile.begin + column_of(j) == target) z[j] = -HEADROOM_INFINITY;
    most = z[j] > most ? z[j] : most;  // NaN is passed over here and caught by the sum
  }
  most = block_max(most, room);
  const float origin = most == -HEADROOM_INFINITY ? 0.0f : most;  // exp(-inf - -inf) would be NaN: the classes are absent
  RowSums sums = {};
#pragma unroll
  for (int j = 0; j < kPerThread; ++j) add_entry(sums, z[j], origin);
  const Int at = tile.index * chunk.stride + i;
  const float sum = block_sum(sums.sum, room);
  if (threadIdx.x == 0) {
    chunk.max[at] = most;
    chunk.sum[at] = sum;
  }
  if (chunk.moment) {
    const float moment = block_sum(sums.moment, room);
    if (threadIdx.x == 0) chunk.moment[at] = moment;
  }
  if (chunk.second) {
    const float second = block_sum(sums.second, room), squares = block_sum(sums.squares, room);
    if (threadIdx.x == 0) {
      chunk.second[at] = second;
      chunk.squares[at] = squares;
    }
  }
  if (chunk.weighted) {
    weighted = block_sum(weighted, room);
    if (threadIdx.x == 0) chunk.weighted[at] = weighted;
  }
}

// One block a row: the largest logits of the tile, largest first, ties to the lower column; -inf and -1 where fewer are
// above -inf.
extern "C" __global__ void __launch_bounds__(kThreads) row_top(Head head, Chunk chunk, Tile tile) {
  __shared__ float values[kThreads / 32];
  __shared__ int columns[kThreads / 32];
  const Int i = blockIdx.x;
  if (chunk.target[i] == kLeftOut) return;
  float z[kPerThread];
  load_logits(head, tile, i, z);
  const Int at = (tile.index * chunk.stride + i) * head.top_count;
  for (Int rank = 0; rank < head.top_count; ++rank) {
    float best = -HEADROOM_INFINITY;
    int column = kTileColumns;
#pragma unroll
    for (int j = 0; j < kPerThread; ++j) {
      if (!(z[j] > best)) continue;  // columns of a thread ascend
      best = z[j];
      column = column_of(j);
    }
    for (int lane = 16; lane > 0; lane >>= 1) {
      const float other = __shfl_xor_sync(kAllLanes, best, lane);
      const int behind = __shfl_xor_sync(kAllLanes, column, lane);
      if (other > best || (other == best && behind < column)) {
        best = other;
        column = behind;
      }
    }
    __syncthreads();
    if (threadIdx.x % 32 == 0) {
      values[threadIdx.x / 32] = best;
      columns[threadIdx.x / 32] = column;
    }
    __syncthreads();
    best = values[0];
    column = columns[0];
    for (int warp = 1; warp < kThreads / 32; ++warp) {
      if (values[warp] > best || (values[warp] == best && columns[warp] < column)) {
        best = values[warp];
        column = columns[warp];
      }
    }
    if (threadIdx.x == 0) {
      chunk.top_values[at + rank] = best;
      chunk.top_columns[at + rank] = best == -HEADROOM_INFINITY ? -1 : column;
    }
#pragma unroll
    for (int j = 0; j < kPerThread; ++j)
      if (column_of(j) == column) z[j] = -HEADROOM_INFINITY;
  }
}

// One block a row: the logits of its soft targets and of a list for all rows that lie in the tile.
extern "C" __global__ void __launch_bounds__(kThreads) sparse_logits(Head head, Chunk chunk, Tile tile) {
  const Int i = blockIdx.x, row = row_of(chunk, i), place = head.listed_kind == kShared ? place_of(head, row) : -1;
  if (chunk.target[i] == kLeftOut) return;
  for (Int j = threadIdx.x; j < head.soft_count + (place < 0 ? 0 : head.listed_count); j += kThreads) {
    const Int v = named_class(head, row, place, j);
    if (v < tile.begin || v >= tile.begin + tile.columns) continue;
    const float z = logit(head, tile.z[i * tile.ld + v - tile.begin], v);
    if (j < head.soft_count) {
      chunk.z_soft[i * head.soft_count + j] = z;
    } else {
      head.listed_logits[place * head.listed_count + j - head.soft_count] = z;
    }
  }
}

// One block a row: the products become logits where they lie.
extern "C" __global__ void __launch_bounds__(kThreads) copy_logits(Head head, Chunk chunk, Tile tile) {
  const Int i = blockIdx.x;
  if (chunk.target[i] == kLeftOut) return;
  float* to = static_cast<float*>(tile.g) + row_of(chunk, i) * tile.g_ld + tile.begin;
  for (int column = static_cast<int>(threadIdx.x); column < tile.columns; column += kThreads)
    to[column] = logit(head, tile.z[i * tile.ld + column], tile.begin + column);
}

// sum_k q_k (L - z_k)
static __device__ double soft_loss(const Head& head, const Chunk& chunk, Int i, double lse) {
  double loss = 0;
  const Int row = row_of(chunk, i);
  for (Int j = 0; j < head.soft_count; ++j) {
    const Int at = row * head.soft_count + j;
    if (head.soft_ids[at] == head.ignore_index || head.soft_weights[at] == 0.0f) continue;
    loss += static_cast<double>(head.soft_weights[at]) * (lse - static_cast<double>(chunk.z_soft[i * head.soft_count + j]));
  }
  return loss;
}

// Tiles come in the order of ids, so an equal logit of a later tile goes behind.
static __device__ void merge_top(const Head& head, const Chunk& chunk, Int i, bool finite) {
  const Int k = head.top_count;
  Int* ids = head.top_ids + row_of(chunk, i) * k;
  float* logits = head.top_logits + row_of(chunk, i) * k;
  for (Int j = 0; j < k; ++j) {
    ids[j] = -1;
    logits[j] = -HEADROOM_INFINITY;
  }
  for (Int tile = 0; finite && tile < chunk.tiles; ++tile) {
    const Int begin = (tile * chunk.stride + i) * k;
    for (Int from = begin; from < begin + k && chunk.top_values[from] > logits[k - 1]; ++from) {
      Int at = k - 1;
      for (; at > 0 && chunk.top_values[from] > logits[at - 1]; --at) {
        logits[at] = logits[at - 1];
        ids[at] = ids[at - 1];
      }
      logits[at] = chunk.top_values[from];
      ids[at] = tile * chunk.tile_columns + chunk.top_columns[from];
    }
  }
}

// What the lists of a row's own are still to say; `mass` is that of all classes for kTop, of those not listed for kByRow.
static __device__ void merge_listed(const Head& head, const Chunk& chunk, Int i, double origin, double mass, double target) {
  const Int row = row_of(chunk, i), place = place_of(head, row), count = head.listed_count;
  if (place < 0) return;
  bool lists_target = false, lists_all = false;
  for (Int k = 0; k < count; ++k) {
    const Int v = listed_id(head, row, place, k);
    lists_all = lists_all || v < 0;
    lists_target = lists_target || v == chunk.target[i];
    if (head.listed_kind == kByRow && v < 0) head.listed_logits[place * count + k] = -HEADROOM_INFINITY;
    if (head.listed_kind == kTop) mass -= exp(static_cast<double>(head.top_logits[row * head.top_count + k]) - origin);
  }
  if (head.listed_kind == kTop) {
    const double least = lists_target ? 0.0 : target;
    mass = mass < least || (lists_all && mass < static_cast<double>(HEADROOM_INFINITY)) ? least : mass;  // NaN stays NaN
  }
  if (head.lse_rest) head.lse_rest[place] = static_cast<float>(origin + log(mass));
}

// One thread a row: joins the tiles' statistics in the order of ids, in float64, and writes the row's outputs.
extern "C" __global__ void __launch_bounds__(kThreads, 1) merge_rows(Head head, Chunk chunk) {
  const Int i = static_cast<Int>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= chunk.rows || chunk.target[i] == kLeftOut) return;
  const double infinity = static_cast<double>(HEADROOM_INFINITY), target = static_cast<double>(chunk.z_target[i]);
  float top = -HEADROOM_INFINITY;
  for (Int tile = 0; tile < chunk.tiles; ++tile) top = chunk.max[tile * chunk.stride + i] > top ? chunk.max[tile * chunk.stride + i] : top;
  const Int row = row_of(chunk, i), place = head.listed_kind == kByRow ? place_of(head, row) : -1, listed = place < 0 ? 0 : head.listed_count;
  for (Int k = 0; k < listed; ++k) {
    const float z = head.listed_logits[place * listed + k];
    if (listed_id(head, row, place, k) >= 0) top = z > top ? z : top;
  }
  const double most = static_cast<double>(top) > target || target != target ? static_cast<double>(top) : target;
  const double origin = most == -infinity ? 0.0 : most;
  double rest = 0, moment = 0, second = 0, squares = 0, weighted = 0;
  for (Int tile = 0; tile < chunk.tiles; ++tile) {
    const Int at = tile * chunk.stride + i;
    const double shift = static_cast<double>(chunk.max[at]) - origin, part = exp(shift), sum = static_cast<double>(chunk.sum[at]);
    rest += sum * part;
    if (chunk.weighted) weighted += static_cast<double>(chunk.weighted[at]);
    if (part == 0) continue;  // a tile of absent classes: nothing, not 0 x -inf
    const double first = chunk.moment ? static_cast<double>(chunk.moment[at]) : 0.0;
    moment += part * (first + shift * sum);
    if (!chunk.second) continue;
    second += part * (static_cast<double>(chunk.second[at]) + shift * (2.0 * first + shift * sum));
    squares += part * part * static_cast<double>(chunk.squares[at]);
  }
  const auto join = [&](double z) {
    const double shift = z - origin, part = exp(shift);
    if (part == 0) return part;
    moment += part * shift;
    second += part * shift * shift;
    squares += part * part;
    return part;
  };
  double others = rest;  // all but the target; what a row lists of its own joins here
  bool lists_target = false;
  for (Int k = 0; k < listed; ++k) {
    const Int v = listed_id(head, row, place, k);
    lists_target = lists_target || v == chunk.target[i];
    if (v >= 0 && v != chunk.target[i]) others += join(static_cast<double>(head.listed_logits[place * listed + k]));
  }
  const double part = join(target), total = others + part;
  // log(1 + exp(gap)) keeps every digit where the target takes all but a trace of the mass
  const double lse = origin + log(total), gap = origin + log(others) - target;
  const double nll = gap > 40 ? gap : log1p(exp(gap)), mean = moment / total;
  chunk.lse[i] = head.lse[row] = static_cast<float>(lse);
  chunk.nll[i] = head.nll[row] = static_cast<float>(nll);
  if (head.entropy) head.entropy[row] = static_cast<float>(log(total) - mean);
  if (head.squares) head.squares[row] = static_cast<float>(squares / total / total);
  const double variance = second / total - mean * mean;
  if (head.variance) head.variance[row] = static_cast<float>(variance < 0 ? 0.0 : variance);
  if (head.smooth && head.smooths) head.smooth[row] = static_cast<float>((head.class_sums[0] * lse - weighted) / head.class_sums[1]);
  if (head.soft) head.soft[row] = static_cast<float>(soft_loss(head, chunk, i, lse));
  if (head.top_count > 0) merge_top(head, chunk, i, total == total && total < infinity);
  if (head.lists_own) merge_listed(head, chunk, i, origin, head.listed_kind == kTop ? total : rest + (lists_target ? 0.0 : part), part);
}

// One thread a row: the statistics of an earlier call in place of merge_rows.
extern "C" __global__ void __launch_bounds__(kThreads) load_statistics(Head head, Chunk chunk) {
  const Int i = static_cast<Int>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= chunk.rows) return;
  chunk.lse[i] = head.lse[row_of(chunk, i)];
  chunk.nll[i] = head.nll ? head.nll[row_of(chunk, i)] : -1.0f;
}

static __device__ __forceinline__ double at_or_zero(const float* values, Int row) { return values ? static_cast<double>(values[row]) : 0.0; }

// One thread a row: the row scalars, once lse is known.
extern "C" __global__ void __launch_bounds__(kThreads) scale_rows(Head head, Chunk chunk) {
  const Int i = static_cast<Int>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= chunk.rows) return;
  RowScalars x = {};
  const Int row = row_of(chunk, i), target = chunk.target[i], k = head.soft_count;
  if (target == kLeftOut) {
    chunk.scalars[i] = x;
    return;
  }
  x.lse = static_cast<double>(chunk.lse[i]);
  x.miss = chunk.nll[i] < 0.0f ? -1.0 : -expm1(-static_cast<double>(chunk.nll[i]));
  const double r = static_cast<double>(head.r[row]), u_h = at_or_zero(head.u_entropy, row), u_p = at_or_zero(head.u_log_prob, row);
  const double sharp = r * (1.0 - head.label_smoothing);
  const double per_class = head.smooths ? r * head.label_smoothing / head.class_sums[1] : 0.0;
  double mass = k > 0 || target == kNowhere ? 0.0 : static_cast<double>(class_weight(head, target));
  for (Int j = row * k; j < (row + 1) * k; ++j)
    if (head.soft_ids[j] != head.ignore_index) mass += static_cast<double>(head.soft_weights[j]);
  x.b = -u_h;
  x.s = per_class;
  x.q = sharp;
  x.t = (k > 0 ? 0.0 : sharp * mass) - u_p;
  x.a = sharp * mass + (head.smooths ? per_class * head.class_sums[0] : 0.0) - u_p + at_or_zero(head.u_lse, row) +
        2.0 * head.z_loss * x.lse * at_or_zero(head.r_z, row);
  if (head.u_entropy) x.a += u_h * (x.lse - static_cast<double>(head.entropy[row]));
  const Int place = place_of(head, row);
  if (place >= 0 && at_or_zero(head.u_rest, place) != 0) {
    // (where R lies this far below L, p of its classes is 0 in float32)
    const double apart = x.lse - static_cast<double>(head.lse_rest[place]);
    x.rest = static_cast<double>(head.u_rest[place]) * exp(apart > kMostApart ? kMostApart : apart);
  }
  chunk.scalars[i] = x;
}

// One block a row: a row of the chunk's dE goes to its place among the call's.
extern "C" __global__ void __launch_bounds__(kThreads) store_rows(RowCopy copy, Chunk chunk) {
  const Int i = blockIdx.x;
  const float* from = static_cast<const float*>(copy.from) + i * copy.from_stride;
  float* to = static_cast<float*>(copy.to) + row_of(chunk, i) * copy.to_stride;
  for (Int k = threadIdx.x; k < copy.d; k += kThreads) to[k] = from[k];
}

// One thread a column: the groups of rows in their order.
extern "C" __global__ void __launch_bounds__(kThreads) add_column_sums(Chunk chunk, Tile tile, ColumnSums sums) {
  const int column = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (column >= tile.columns) return;
  float sum = sums.adds ? sums.db[column] : 0.0f;
  const Int groups = (chunk.rows + kSumRows - 1) / kSumRows;
  for (Int group = 0; group < groups; ++group) sum += sums.groups[group * chunk.tile_columns + column];
  sums.db[column] = sum;
}

}  // namespace cuda
}  // namespace headroom
