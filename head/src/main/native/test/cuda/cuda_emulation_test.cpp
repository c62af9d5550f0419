// The emulation itself, with kernels of its own: what threads of a block share, and what it refuses.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "check.h"
#include "emulation.h"
#include "grid.h"

extern __shared__ unsigned char dynamic_shared[];

namespace {

using headroom::emulation::Launch;
using headroom::emulation::Order;
using headroom::emulation::run;

constexpr unsigned kAll = 0xffffffffu;

__global__ void __launch_bounds__(256) reverse_kernel(const float* from, float* to) {
  __shared__ float room[256];
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  room[threadIdx.x] = from[i];
  __syncthreads();
  to[i] = room[blockDim.x - 1 - threadIdx.x];
}

__global__ void sum_kernel(const int* x, int* sums, int count) {
  __shared__ int room[32];
  int sum = 0;
#pragma unroll
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) sum += x[i];
  for (int lane = 16; lane > 0; lane >>= 1) sum += __shfl_xor_sync(kAll, sum, lane);
  if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x >= 32) return;  // a thread that has returned counts as arrived
  sum = threadIdx.x < blockDim.x / 32 ? room[threadIdx.x] : 0;
  for (unsigned lane = 16; lane > 0; lane >>= 1) sum += __shfl_down_sync(kAll, sum, lane);
  __syncthreads();
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

struct Lanes {
  int at[32], down[32], up[32], other[32], group[32];
  double wide[32];
  unsigned odd[32];
  int any[32], none[32], half[32];
};

__global__ void lanes_kernel(Lanes* lanes) {
  const int lane = static_cast<int>(threadIdx.x);
  lanes->at[lane] = __shfl_sync(kAll, 10 * lane, 5);
  lanes->down[lane] = __shfl_down_sync(kAll, lane, 3);
  lanes->up[lane] = __shfl_up_sync(kAll, lane, 3);
  lanes->other[lane] = __shfl_xor_sync(kAll, lane, 1);
  lanes->group[lane] = __shfl_down_sync(kAll, lane, 2, 8);
  lanes->wide[lane] = __shfl_sync(kAll, 0.1 * lane, 31);
  lanes->odd[lane] = __ballot_sync(kAll, lane % 2);
  lanes->any[lane] = __any_sync(kAll, lane == 9);
  lanes->none[lane] = __any_sync(kAll, 0) + __all_sync(kAll, lane != 9);
  if (lane < 16) {
    lanes->half[lane] = __shfl_xor_sync(0x0000ffffu, lane, 15);
  } else {
    lanes->half[lane] = __shfl_xor_sync(0xffff0000u, lane, 15);
  }
  __syncwarp();
}

__global__ void index_kernel(unsigned* at, unsigned long long* count) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
  at[block * threads + thread] = block * threads + thread;
  atomicAdd(count, 1ull);
}

// The last block to run leaves its mark.
__global__ void mark_kernel(unsigned* order, unsigned* ticket) { order[atomicAdd(ticket, 1u)] = blockIdx.x; }

__global__ void unwritten_kernel(float* to) {
  __shared__ float room[32];
  to[blockIdx.x * blockDim.x + threadIdx.x] = room[threadIdx.x];
  room[threadIdx.x] = 1.0f;
}

// A race: a barrier is missing, so that the result depends on which thread runs first.
__global__ void race_kernel(int* to) {
  __shared__ int room[2];
  room[threadIdx.x] = static_cast<int>(threadIdx.x);
  to[blockIdx.x * 2 + threadIdx.x] = room[1 - threadIdx.x];
}

__global__ void dynamic_kernel(unsigned char* to) {
  dynamic_shared[threadIdx.x] = static_cast<unsigned char>(threadIdx.x);
  __syncthreads();
  to[threadIdx.x] = dynamic_shared[blockDim.x - 1 - threadIdx.x];
}

__global__ void vote_kernel(int* to) {
  const int x = threadIdx.x == 3 || threadIdx.x == 40;
  const int count = __syncthreads_count(x), any = __syncthreads_or(x), all = __syncthreads_and(x);
  to[threadIdx.x] = count * 100 + any * 10 + all;
}

__global__ void two_barriers_kernel() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

__global__ void barrier_in_half_a_warp_kernel() {
  if (threadIdx.x < 16) __syncthreads();
  __shfl_xor_sync(kAll, 1, 1);
  if (threadIdx.x >= 16) __syncthreads();
}

__global__ void lane_left_out_kernel() {
  if (threadIdx.x != 0) __shfl_xor_sync(kAll, 1, 1);
  __syncthreads();
}

__global__ void reads_a_returned_lane_kernel() {
  if (threadIdx.x == 31) return;
  __shfl_xor_sync(kAll, 1, 1);
}

__global__ void mask_without_the_caller_kernel() { __shfl_sync(0x7fffffffu, 1, 0); }

__global__ void masks_differ_kernel() { __shfl_sync(threadIdx.x % 32 < 31 ? kAll : 0xfffffffeu, 1, 5); }

__global__ void calls_differ_kernel() {
  if (threadIdx.x < 16) {
    __ballot_sync(kAll, 1);
  } else {
    __syncwarp();
  }
}

Launch shape(const char* name, unsigned blocks, unsigned threads, std::size_t shared = 0) { return {name, {blocks, 1, 1}, {threads, 1, 1}, shared}; }

void carries_values_across_a_barrier() {
  constexpr unsigned kBlocks = 50;
  for (const unsigned threads : {1u, 31u, 33u, 256u}) {
    std::vector<float> from(kBlocks * threads), to(from.size());
    std::iota(from.begin(), from.end(), 0.0f);
    const std::string failure = run(shape("reverse", kBlocks, threads), Order{}, [&] { reverse_kernel(from.data(), to.data()); });
    CHECK(failure.empty(), "%s", failure.c_str());
    for (unsigned i = 0; i < kBlocks * threads; ++i)
      CHECK(to[i] == from[i / threads * threads + threads - 1 - i % threads], "%u threads, element %u: %g", threads, i, static_cast<double>(to[i]));
  }
}

void reduces_over_a_block() {
  std::vector<int> x(5000), sums(7);
  std::iota(x.begin(), x.end(), 1);
  for (const unsigned threads : {32u, 64u, 256u, 1024u}) {
    const std::string failure = run(shape("sum", 7, threads), Order{}, [&] { sum_kernel(x.data(), sums.data(), 5000); });
    CHECK(failure.empty(), "%s", failure.c_str());
    for (const int sum : sums) CHECK(sum == 5000 * 5001 / 2, "%u threads: %d", threads, sum);
  }
}

void exchanges_between_lanes() {
  Lanes lanes = {};
  const std::string failure = run(shape("lanes", 1, 32), Order{}, [&] { lanes_kernel(&lanes); });
  CHECK(failure.empty(), "%s", failure.c_str());
  for (int i = 0; i < 32; ++i) {
    CHECK(lanes.at[i] == 50 && lanes.other[i] == (i ^ 1) && lanes.half[i] == (i ^ 15), "lane %d", i);
    CHECK(lanes.down[i] == (i + 3 < 32 ? i + 3 : i) && lanes.up[i] == (i >= 3 ? i - 3 : i), "lane %d", i);
    CHECK(lanes.group[i] == (i % 8 < 6 ? i + 2 : i), "lane %d: %d", i, lanes.group[i]);
    CHECK(lanes.wide[i] == 0.1 * 31 && lanes.odd[i] == 0xaaaaaaaau, "lane %d", i);
    CHECK(lanes.any[i] == 1 && lanes.none[i] == 0, "lane %d", i);
  }
}

void numbers_every_thread_once() {
  const Launch launch = {"index", {3, 4, 5}, {6, 2, 3}, 0};
  std::vector<unsigned> at(3 * 4 * 5 * 6 * 2 * 3, ~0u);
  unsigned long long count = 0;
  const std::string failure = run(launch, Order{}, [&] { index_kernel(at.data(), &count); });
  CHECK(failure.empty(), "%s", failure.c_str());
  CHECK(count == at.size(), "%llu", count);
  for (unsigned i = 0; i < at.size(); ++i) CHECK(at[i] == i, "%u at %u", at[i], i);
}

std::vector<unsigned> block_order(std::uint64_t seed) {
  std::vector<unsigned> order(64);
  unsigned ticket = 0;
  run(shape("mark", 64, 1), Order{seed, 1, true}, [&] { mark_kernel(order.data(), &ticket); });
  return order;
}

void runs_blocks_in_the_order_of_the_seed() {
  std::vector<unsigned> ascending(64);
  std::iota(ascending.begin(), ascending.end(), 0u);
  const auto first = block_order(1), second = block_order(2);
  CHECK(block_order(0) == ascending, "seed 0 does not ascend");
  CHECK(first != ascending && second != ascending && first != second && block_order(1) == first, "seeds give no order of their own");
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == ascending, "a block is missing");
}

void shows_a_missing_barrier() {
  std::vector<int> to(2 * 64);
  run(shape("race", 64, 2), Order{}, [&] { race_kernel(to.data()); });
  int wrong[2] = {};
  for (std::size_t i = 0; i < to.size(); ++i) wrong[i % 2] += to[i] != 1 - static_cast<int>(i % 2);
  CHECK(wrong[0] > 0 && wrong[1] > 0, "%d and %d wrong: threads always run in one order", wrong[0], wrong[1]);
}

void fills_shared_memory_with_nan() {
  std::vector<float> to(32 * 8);
  run(shape("unwritten", 8, 32), Order{}, [&] { unwritten_kernel(to.data()); });
  for (const float x : to) CHECK(x != x, "%g", static_cast<double>(x));
  run(shape("unwritten", 8, 32), Order{0, 1, false}, [&] { unwritten_kernel(to.data()); });
  CHECK(to[40] == 1.0f, "poisoned all the same: %g", static_cast<double>(to[40]));
}

void lends_dynamic_shared_memory() {
  std::vector<unsigned char> to(48);
  const std::string failure = run(shape("dynamic", 1, 48, 48), Order{}, [&] { dynamic_kernel(to.data()); });
  CHECK(failure.empty() && to[0] == 47 && to[47] == 0, "%s %d", failure.c_str(), to[0]);
}

void counts_votes_at_a_barrier() {
  std::vector<int> to(64);
  const std::string failure = run(shape("vote", 1, 64), Order{}, [&] { vote_kernel(to.data()); });
  CHECK(failure.empty(), "%s", failure.c_str());
  for (const int x : to) CHECK(x == 210, "%d", x);
}

struct Wrong {
  const char *name, *says;
  void (*kernel)();
};

void refuses_divergence() {
  const Wrong wrongs[] = {
      {"two_barriers", "threads meet at different barriers", two_barriers_kernel},
      {"half_a_warp", "waits at __syncthreads", barrier_in_half_a_warp_kernel},
      {"left_out", "waits in __shfl_xor_sync", lane_left_out_kernel},
      {"returned", "reads lane 31, which does not take part", reads_a_returned_lane_kernel},
      {"without", "with a mask that leaves it out", mask_without_the_caller_kernel},
      {"masks", "with different masks", masks_differ_kernel},
      {"calls", "in different calls", calls_differ_kernel},
      {"trap", "thread 20 calls __trap", [] { if (threadIdx.x == 20) __trap(); }},
  };
  for (const Wrong& wrong : wrongs) {
    for (const std::uint64_t seed : {0, 1, 2, 3}) {
      const std::string failure = run(shape(wrong.name, 3, 64), Order{seed, 2, true}, wrong.kernel);
      CHECK(failure.find(wrong.says) != std::string::npos && failure.rfind(std::string(wrong.name) + ": block (", 0) == 0, "%s: %s",
            wrong.name, failure.c_str());
    }
  }
  // a failure leaves nothing behind
  carries_values_across_a_barrier();
}

}  // namespace

int main() {
  carries_values_across_a_barrier();
  reduces_over_a_block();
  exchanges_between_lanes();
  numbers_every_thread_once();
  runs_blocks_in_the_order_of_the_seed();
  shows_a_missing_barrier();
  fills_shared_memory_with_nan();
  lends_dynamic_shared_memory();
  counts_votes_at_a_barrier();
  refuses_divergence();
  return failures() == 0 ? 0 : 1;
}
