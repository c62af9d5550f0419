// What CUDA C++ has and C++17 lacks, for kernels that are compiled by g++ and run by block.h. To be included before a
// kernel's source; NVRTC's and nvcc's meaning of each name, nothing else.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <math.h>
#include <type_traits>

#include "block.h"

#define HEADROOM_EMULATED 1
#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
// Of the OS thread that runs the block, which runs one block at a time.
#define __shared__ thread_local

#define HEADROOM_HERE const char *file = __builtin_FILE(), int line = __builtin_LINE()

struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct alignas(16) double2 { double x, y; };

inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline int2 make_int2(int x, int y) { return {x, y}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }

namespace headroom::emulation {

template <class To, class From>
inline To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From) && std::is_trivially_copyable_v<From>);
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

template <class T>
inline T shuffle(const Place& place, unsigned mask, T value, int source) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = running_block->exchange(place, mask, bits, source);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace headroom::emulation

inline void __syncthreads(HEADROOM_HERE) {
  headroom::emulation::running_block->barrier({"__syncthreads", file, line}, headroom::emulation::Vote::kNone, false);
}
inline int __syncthreads_or(int x, HEADROOM_HERE) {
  return headroom::emulation::running_block->barrier({"__syncthreads_or", file, line}, headroom::emulation::Vote::kAny, x != 0);
}
inline int __syncthreads_and(int x, HEADROOM_HERE) {
  return headroom::emulation::running_block->barrier({"__syncthreads_and", file, line}, headroom::emulation::Vote::kAll, x != 0);
}
inline int __syncthreads_count(int x, HEADROOM_HERE) {
  return headroom::emulation::running_block->barrier({"__syncthreads_count", file, line}, headroom::emulation::Vote::kCount, x != 0);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, HEADROOM_HERE) {
  headroom::emulation::running_block->ballot({"__syncwarp", file, line}, mask, false);
}
inline unsigned __ballot_sync(unsigned mask, int x, HEADROOM_HERE) {
  return headroom::emulation::running_block->ballot({"__ballot_sync", file, line}, mask, x != 0);
}
inline int __any_sync(unsigned mask, int x, HEADROOM_HERE) {
  return headroom::emulation::running_block->ballot({"__any_sync", file, line}, mask, x != 0) != 0;
}
inline int __all_sync(unsigned mask, int x, HEADROOM_HERE) {
  return headroom::emulation::running_block->ballot({"__all_sync", file, line}, mask, x == 0) == 0;
}

// A shuffle works within groups of `width` lanes; a source outside of the group is the lane itself.
template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32, HEADROOM_HERE) {
  const int lane = headroom::emulation::running_block->lane(), first = lane & ~(width - 1);
  return headroom::emulation::shuffle({"__shfl_sync", file, line}, mask, value, first | (source & (width - 1)));
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int other, int width = 32, HEADROOM_HERE) {
  const int lane = headroom::emulation::running_block->lane(), last = lane | (width - 1);
  return headroom::emulation::shuffle({"__shfl_xor_sync", file, line}, mask, value, (lane ^ other) > last ? lane : lane ^ other);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32, HEADROOM_HERE) {
  const int lane = headroom::emulation::running_block->lane(), source = lane + static_cast<int>(by);
  return headroom::emulation::shuffle({"__shfl_down_sync", file, line}, mask, value, source > (lane | (width - 1)) ? lane : source);
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, HEADROOM_HERE) {
  const int lane = headroom::emulation::running_block->lane(), source = lane - static_cast<int>(by);
  return headroom::emulation::shuffle({"__shfl_up_sync", file, line}, mask, value, source < (lane & ~(width - 1)) ? lane : source);
}

// Whole numbers only: a sum of floats by atomics has no order.
inline int atomicAdd(int* to, int x) { return __atomic_fetch_add(to, x, __ATOMIC_RELAXED); }
inline unsigned atomicAdd(unsigned* to, unsigned x) { return __atomic_fetch_add(to, x, __ATOMIC_RELAXED); }
inline unsigned long long atomicAdd(unsigned long long* to, unsigned long long x) { return __atomic_fetch_add(to, x, __ATOMIC_RELAXED); }
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
[[noreturn]] inline void __trap() { headroom::emulation::running_block->trap(); }

template <class T>
inline T __ldg(const T* from) { return *from; }
template <class T>
inline T __ldcs(const T* from) { return *from; }
template <class T>
inline void __stcs(T* to, T x) { *to = x; }

inline unsigned __float_as_uint(float x) { return headroom::emulation::bits_as<unsigned>(x); }
inline int __float_as_int(float x) { return headroom::emulation::bits_as<int>(x); }
inline float __uint_as_float(unsigned x) { return headroom::emulation::bits_as<float>(x); }
inline float __int_as_float(int x) { return headroom::emulation::bits_as<float>(x); }
inline long long __double_as_longlong(double x) { return headroom::emulation::bits_as<long long>(x); }
inline double __longlong_as_double(long long x) { return headroom::emulation::bits_as<double>(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
