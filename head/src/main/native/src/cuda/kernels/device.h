// What the kernels need of the device: types of 16 bits, and sums over a block in an order that depends on nothing but its
// size. The emulation of the tests has its own narrow().

namespace headroom {
namespace cuda {

#define HEADROOM_INFINITY __int_as_float(0x7f800000)
#define HEADROOM_NAN __int_as_float(0x7fffffff)

struct Half {
  unsigned short bits;
};
struct Brain {
  unsigned short bits;
};

#ifndef HEADROOM_EMULATED
static __device__ __forceinline__ Brain narrow(float x, Brain) {
  Brain y;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
}

static __device__ __forceinline__ Half narrow(float x, Half) {
  Half y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
}

static __device__ __forceinline__ float widen(Half x) {
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
  return y;
}
#endif

static __device__ __forceinline__ float narrow(float x, float) { return x; }
static __device__ __forceinline__ float widen(Brain x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }
static __device__ __forceinline__ float widen(float x) { return x; }

// An element of an array of a headroom_dtype: 0 float32, 1 float16, 2 bfloat16.
static __device__ __forceinline__ float element(const void* array, int type, Int at) {
  if (type == 1) return widen(static_cast<const Half*>(array)[at]);
  if (type == 2) return widen(static_cast<const Brain*>(array)[at]);
  return static_cast<const float*>(array)[at];
}

constexpr unsigned kAllLanes = 0xffffffffu;

// The sum over a block of kThreads threads, in all of them; `room` holds kThreads / 32 floats.
static __device__ __forceinline__ float block_sum(float x, float* room) {
  for (int lane = 16; lane > 0; lane >>= 1) x += __shfl_xor_sync(kAllLanes, x, lane);
  __syncthreads();
  if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = x;
  __syncthreads();
  float sum = room[0];
  for (int warp = 1; warp < kThreads / 32; ++warp) sum += room[warp];
  return sum;
}

// The largest over a block; NaN is passed over.
static __device__ __forceinline__ float block_max(float x, float* room) {
  for (int lane = 16; lane > 0; lane >>= 1) {
    const float y = __shfl_xor_sync(kAllLanes, x, lane);
    x = y > x ? y : x;
  }
  __syncthreads();
  if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = x;
  __syncthreads();
  float most = room[0];
  for (int warp = 1; warp < kThreads / 32; ++warp) most = room[warp] > most ? room[warp] : most;
  return most;
}

}  // namespace cuda
}  // namespace headroom
