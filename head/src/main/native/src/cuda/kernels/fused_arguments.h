// What the host hands to the kernel of fused.cu beside what arguments.h has, which comes before.
#ifndef HEADROOM_CUDA_FUSED_ARGUMENTS_H
#define HEADROOM_CUDA_FUSED_ARGUMENTS_H

namespace headroom {
namespace cuda {

// A tile, the stages of its copies, a block and what it holds in shared memory.
constexpr int kFusedRows = 128, kFusedColumns = 256, kStages = 4, kFusedThreads = 384;
constexpr int kFusedSharedBytes = 1024 + kStages * ((kFusedRows + kFusedColumns) * 128 + 16);

// What the unit that copies tiles knows of an operand (CUtensorMap, aligned as from CUDA 13 on; before, by 64): boxes of 64
// elements x a tile's rows.
struct alignas(128) TensorMap {
  unsigned long long words[16];
};

// The chunk's products with some classes, whose statistics go to the chunk's tiles from `index` on.
struct FusedProducts {
  TensorMap e, c;
  Int d, begin, columns, index;
};

}  // namespace cuda
}  // namespace headroom

#define HEADROOM_FUSED_KERNELS(X) X(fused_statistics, headroom::cuda::Head, headroom::cuda::Chunk, headroom::cuda::FusedProducts)

#endif
