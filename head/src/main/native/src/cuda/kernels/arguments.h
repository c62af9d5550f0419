// What the host hands to the kernels: plain data, laid out alike on both sides. Letters as in headroom.h. All pointers are
// device memory. The host includes this file; on the device it comes first in one text with device.h and head.cu.
#ifndef HEADROOM_CUDA_ARGUMENTS_H
#define HEADROOM_CUDA_ARGUMENTS_H

namespace headroom {
namespace cuda {

typedef long long Int;

constexpr int kThreads = 256;        // of a block, unless a kernel says otherwise
constexpr int kPerThread = 16;       // columns of a row that one thread holds in registers
constexpr int kTileColumns = kThreads * kPerThread;  // the most columns of a tile
constexpr int kGradientRows = 16;    // rows of a block of row_gradients, of 4 columns a thread
constexpr int kGradientColumns = kThreads * 4;
constexpr int kSumRows = 64;         // rows of a block of column_sums
constexpr int kBuckets = 512;        // of the filter's pilot, kBucketsPerNat of -log p each
constexpr float kBucketsPerNat = 4.0f;
constexpr double kUnit = 1.0 / (1ll << 40);
constexpr Int kPilotStep = 16;       // of the chunk's rows, one in so many
constexpr float kMargin = 1e-5f;     // of the filter's floor, so that rounding loses nothing above tau
constexpr Int kLeftOut = -1;         // the target of a row that does not count
constexpr Int kNowhere = -2;         // a target that is no class
constexpr int kShared = 0, kByRow = 1, kTop = 2;  // headroom_listed
constexpr double kMostApart = 80;    // e^80 is a float32
constexpr float kStableMax = -1.0f;  // a cap that is none: z = sgn(s) log(1 + |s|)

// One call of the head.
struct Head {
  Int v;
  const void* t;  // int64, or int32
  Int ignore_index;
  const float* b;
  const float* class_weight;
  double label_smoothing, logit_scale, soft_cap, z_loss;
  float cap;  // 0, the soft cap, or kStableMax
  int wide_targets, smooths;

  Int soft_count;
  const Int* soft_ids;
  const float* soft_weights;
  const float *r, *r_z, *u_lse, *u_entropy, *u_log_prob;
  Int listed_count;
  int listed_kind, lists_own;  // headroom_listed; rows list classes of their own
  const Int *listed_ids, *listed_places;
  float *listed_logits, *lse_rest;
  const float *u_listed, *u_rest;
  Int top_count;

  float *nll, *lse, *entropy, *squares, *variance, *smooth, *soft;
  Int* top_ids;
  float* top_logits;
  double* class_sums;  // W and the count of present classes
};

// The scalars of a row's gradient, as in headroom.h.
struct RowScalars {
  double lse, a, b, s;
  double rest;  // joins a for the classes that the row does not list
  double t, q;  // what the target's entry loses, and a soft target's for each unit of weight
  double miss;  // 1 - p_t, or -1 where only lse tells it
};

// Some rows of the call, and what is known of them; arrays by tile are [tiles, stride].
struct Chunk {
  Int rows, stride, tiles, tile_columns;
  Int first;        // the call's row of the chunk's first, where `kept` is null
  const Int* kept;  // the call's rows of the chunk's
  Int* target;      // a class, kLeftOut or kNowhere
  RowScalars* scalars;
  float *lse, *nll, *z_target, *z_soft;  // z_soft [rows, soft_count]
  float *max, *sum, *moment, *second, *squares, *weighted;
  float* top_values;  // [tiles, stride, top_count]
  int* top_columns;
};

// The chunk's products with some classes: z of float32, before bias, scale and cap. g is their gradient, in the type of the
// products' operands.
struct Tile {
  float* z;
  Int ld;
  Int begin;
  int columns, index;
  void* g;
  Int g_ld;
};

// A copy of rows into another type: row i of `to` is row kept[i], or first + i, of `from`; zeros behind the d elements of a
// row, and throughout where target[i] is kLeftOut.
struct RowCopy {
  const void* from;
  Int from_stride;
  int from_type;  // headroom_dtype
  Int d, first;
  const Int *kept, *target;
  void* to;
  Int to_stride;
};

// The gradient filter over a chunk whose products are kept. A block of rows shares its classes; a group of a block's classes
// takes the place of a tile in the gradient pass.
struct Filter {
  Int block_rows, blocks;
  double tau, most_mass;        // as in headroom.h
  unsigned long long* buckets;  // [kBuckets] the pilot's mass of p by its size, in units of kUnit
  float* floor;                 // log tau as chosen
  float* mass;                  // [blocks, v] sum of p over the block's rows
  unsigned char* marks;         // [blocks, v] 1: the class is kept
  int* counts;                  // [blocks, tiles] of marks
  Int* ids;                     // [blocks, v] the marked classes, ascending
  float* kept;                  // [rows] the mass of p in a row's gradient
  float* dropped;               // [n] out, or null
  float* rest;                  // [blocks] sum of `mass` over classes that are not marked
};

// Some of a block's marked classes: z is that of the chunk's first tile, g and ids the group's own.
struct Group {
  Int block, count;
  const Int* ids;
  void* g;  // [block_rows, g_ld]
  Int g_ld;
};

// Rows of the classes of a group: to[ids[j]] += from[j].
struct ClassRows {
  const float* from;
  Int from_stride, d;
  const Int* ids;
  float* to;
  Int to_stride;
};

// What the filter puts back: row i of dE += scale of its p x dropped mass / rest x columns of its block.
struct PutBack {
  const float* columns;  // [blocks, d] sum of mass x c over classes that are not marked
  Int d;
  float* de;             // null: the dropped mass alone is wanted
  Int de_stride;
};

// The sums of a tile's columns by groups of kSumRows rows, and where they go.
struct ColumnSums {
  float* groups;  // [groups, tile_columns]
  float* db;      // of the tile's first class
  int adds;       // 0: db is overwritten
};

}  // namespace cuda
}  // namespace headroom

// Every kernel and its arguments; X(name, arguments...).
#define HEADROOM_KERNELS_OF_TYPE(X, type)                                                 \
  X(copy_rows_##type, headroom::cuda::RowCopy)                                            \
  X(row_gradients_##type, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile)  \
  X(sparse_entries_##type, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile) \
  X(column_sums_##type, headroom::cuda::Chunk, headroom::cuda::Tile, headroom::cuda::ColumnSums)                     \
  X(group_gradients_##type, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile, headroom::cuda::Filter, headroom::cuda::Group) \
  X(unmarked_weights_##type, headroom::cuda::Head, headroom::cuda::Tile, headroom::cuda::Filter)
#define HEADROOM_KERNELS(X)                                                               \
  HEADROOM_KERNELS_OF_TYPE(X, f32)                                                        \
  HEADROOM_KERNELS_OF_TYPE(X, f16)                                                        \
  HEADROOM_KERNELS_OF_TYPE(X, bf16)                                                       \
  X(class_sums, headroom::cuda::Head)                                                     \
  X(load_targets, headroom::cuda::Head, headroom::cuda::Chunk)                            \
  X(row_statistics, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile)    \
  X(row_top, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile)           \
  X(sparse_logits, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile)     \
  X(copy_logits, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile)       \
  X(merge_rows, headroom::cuda::Head, headroom::cuda::Chunk)                              \
  X(load_statistics, headroom::cuda::Head, headroom::cuda::Chunk)                         \
  X(scale_rows, headroom::cuda::Head, headroom::cuda::Chunk)                              \
  X(store_rows, headroom::cuda::RowCopy, headroom::cuda::Chunk)                           \
  X(add_column_sums, headroom::cuda::Chunk, headroom::cuda::Tile, headroom::cuda::ColumnSums)   \
  X(bucket_mass, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile, headroom::cuda::Filter)  \
  X(choose_tau, headroom::cuda::Chunk, headroom::cuda::Filter)                                \
  X(mark_classes, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile, headroom::cuda::Filter) \
  X(mark_named, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Filter)          \
  X(count_marks, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Filter)         \
  X(list_marks, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Filter)          \
  X(group_mass, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Tile, headroom::cuda::Filter, headroom::cuda::Group) \
  X(sum_unmarked, headroom::cuda::Head, headroom::cuda::Filter)                               \
  X(add_class_rows, headroom::cuda::ClassRows)                                                \
  X(put_back, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::Filter, headroom::cuda::PutBack)

#endif
