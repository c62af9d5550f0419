// The emulation of barriers, copies of boxes and products of warpgroups: a kernel of one product, right and with one defect
// each, which must show.
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "check.h"
#include "emulation.h"
#include "fake.h"
#include "fake_tables.h"
#include "grid.h"

namespace headroom::cuda {
struct Half;
static float widen(Half x);
}  // namespace headroom::cuda
#include "cuda/kernels/arguments.h"
#include "cuda/kernels/fused_arguments.h"
#include "cuda/kernels/device.h"
#include "cuda/kernels/hopper.h"
#include "hopper_emulated.h"
static float headroom::cuda::widen(Half x) { return static_cast<float>(x.bits); }

extern thread_local unsigned char dynamic_shared[];

namespace {

using namespace headroom::cuda;
using headroom::emulation::Order;

enum class Defect {
  kNone, kNoPublish, kNoWait, kWrongParity, kTooFewBytes, kTooManyBytes, kNoFence, kNoCommit, kNoWaitForProducts, kCopyTooEarly, kUnaligned, kNoSwizzle, kWrongStep
};

constexpr unsigned kRowsA = 64, kRowsB = 256, kBytesA = kRowsA * 128, kBytesB = kRowsB * 128;

// out[64, 256] = the sum over both steps of 64 of the depth; one stage, one warpgroup, whose first thread copies too.
void product_kernel(TensorMap a, TensorMap b, float* out, Defect defect) {
  const unsigned start = ((shared_address(dynamic_shared) + 1023u) & ~1023u) + (defect == Defect::kUnaligned ? 128 : 0), full = start + kBytesA + kBytesB;
  if (threadIdx.x == 0) {
    make_barrier(full, 1);
    if (defect != Defect::kNoPublish) publish_barriers();
  }
  __syncthreads();
  float z[kHeld] = {};
  for (unsigned step = 0; step < 2; ++step) {
    if (threadIdx.x == 0) {
      arrive_expecting(full, kBytesA + kBytesB + (defect == Defect::kTooManyBytes ? 16 : 0) - (defect == Defect::kTooFewBytes ? kBytesB : 0));
      copy_box(start, a, static_cast<int>(step) * 64, 0, full);
      copy_box(start + kBytesA, b, static_cast<int>(step) * 64, 0, full);
    }
    if (defect != Defect::kNoWait) wait_for(full, defect == Defect::kWrongParity ? step ^ 1 : step);
    if (defect != Defect::kNoFence) begin_products();
    for (unsigned k = 0; k < 128; k += 32) {
      const unsigned long long swizzle = defect == Defect::kNoSwizzle ? 1ull << 62 : 0;
      const unsigned at = defect == Defect::kWrongStep ? 0 : k;
      multiply(z, describe(start + at) ^ swizzle, describe(start + kBytesA + at), step > 0 || k > 0);
    }
    if (defect != Defect::kNoCommit) commit_products();
    if (defect != Defect::kCopyTooEarly && defect != Defect::kNoWaitForProducts) wait_products(z);
    __syncthreads();
  }
  if (defect == Defect::kCopyTooEarly) wait_products(z);
  const unsigned lane = threadIdx.x % 32;
  for (unsigned i = 0; i < kHeld; ++i) out[(threadIdx.x / 32 * 16 + lane / 4 + i % 4 / 2 * 8) * kRowsB + i / 4 * 8 + lane % 4 * 2 + i % 2] = z[i];
}

struct Operand {
  std::vector<unsigned short> bits;
  TensorMap map{};

  // Small whole numbers in `rows` rows of `columns`: sums are exact.
  Operand(unsigned rows, unsigned columns, unsigned box_rows, unsigned by) : bits(rows * 128, 0x7fff) {
    for (unsigned i = 0; i < rows; ++i)
      for (unsigned k = 0; k < columns; ++k) {
        const float x = static_cast<float>((i * 7 + k * by) % 9) - 4.0f;
        bits[i * 128 + k] = static_cast<unsigned short>(__float_as_uint(x) >> 16);
      }
    const std::uint64_t sizes[] = {columns, rows}, stride = 256;
    const std::uint32_t box[] = {64, box_rows}, steps[] = {1, 1};
    const auto status = headroom::fake::driver().TensorMapEncodeTiled(&map, kMapBrain16, 2, bits.data(), sizes, &stride, box, steps, kMapPlain, kMapSwizzle128,
                                                                      kMapPromote256, kMapZeros);
    CHECK(status == 0, "%s", headroom_fake_last_error());
  }
  float at(unsigned i, unsigned k) const { return __uint_as_float(static_cast<unsigned>(bits[i * 128 + k]) << 16); }
};

// Rows, classes and depth are ragged: behind them are zeros.
std::string run_product(Defect defect, std::uint64_t seed, bool* right) {
  const unsigned m = 61, n = 250, d = 100;
  const Operand a(m, d, kRowsA, 5), b(n, d, kRowsB, 3);
  std::vector<float> out(kRowsA * kRowsB, -1.0f);
  const std::string failure = headroom::emulation::run({"product_kernel", {1, 1, 1}, {128, 1, 1}, kBytesA + kBytesB + 2048}, Order{seed, 1, true},
                                                       [&] { product_kernel(a.map, b.map, out.data(), defect); });
  *right = true;
  for (unsigned i = 0; i < kRowsA; ++i)
    for (unsigned j = 0; j < kRowsB; ++j) {
      float sum = 0.0f;
      for (unsigned k = 0; k < d && i < m && j < n; ++k) sum += a.at(i, k) * b.at(j, k);
      *right = *right && out[i * kRowsB + j] == sum;
    }
  return failure;
}

void multiplies() {
  bool right = false;
  for (const std::uint64_t seed : {0, 1, 2, 3}) {
    const std::string failure = run_product(Defect::kNone, seed, &right);
    CHECK(failure.empty() && right, "seed %lu: %s", static_cast<unsigned long>(seed), failure.c_str());
  }
}

// Where the text is empty the numbers are wrong instead.
void shows_a_defect() {
  const struct {
    Defect defect;
    const char* text;
  } cases[] = {{Defect::kNoPublish, "before fence.mbarrier_init"},
               {Defect::kNoWait, ""},
               {Defect::kWrongParity, ""},
               {Defect::kTooFewBytes, ""},
               {Defect::kTooManyBytes, "whose phase never ends"},
               {Defect::kNoFence, "without wgmma.fence"},
               {Defect::kNoCommit, ""},
               {Defect::kNoWaitForProducts, ""},
               {Defect::kCopyTooEarly, "operands changed"},
               {Defect::kUnaligned, "multiple of 1024"},
               {Defect::kNoSwizzle, "without the 128-byte swizzle"},
               {Defect::kWrongStep, ""}};
  for (const auto& each : cases)
    for (const std::uint64_t seed : {0, 3}) {
      bool right = true;
      const std::string failure = run_product(each.defect, seed, &right);
      const bool shows = *each.text ? failure.find(each.text) != std::string::npos : !failure.empty() || !right;
      CHECK(shows, "defect %d, seed %lu: %s", static_cast<int>(each.defect), static_cast<unsigned long>(seed), failure.c_str());
    }
}

// One refusal for each rule that a map may break.
void refuses_maps() {
  const Driver cu = headroom::fake::driver();
  std::vector<unsigned short> memory(4096);
  TensorMap map{};
  const auto encode = [&](void* at, std::uint64_t columns, std::uint64_t stride, std::uint32_t box_rows) {
    const std::uint64_t sizes[] = {columns, 16};
    const std::uint32_t box[] = {64, box_rows}, steps[] = {1, 1};
    return cu.TensorMapEncodeTiled(&map, kMapBrain16, 2, at, sizes, &stride, box, steps, kMapPlain, kMapSwizzle128, kMapPromote256, kMapZeros);
  };
  const auto at = reinterpret_cast<std::uintptr_t>(memory.data()) + 15;
  auto* aligned = reinterpret_cast<char*>(at - at % 16);
  CHECK(encode(aligned, 64, 128, 16) == 0, "%s", headroom_fake_last_error());
  const Status wrong[] = {encode(aligned + 8, 64, 128, 16), encode(aligned, 64, 136, 16), encode(aligned, 64, 112, 16), encode(aligned, 64, 128, 257),
                          encode(aligned, 0, 128, 16)};
  for (const Status status : wrong)
    CHECK(status == kInvalidValue, "%d", status);
}

}  // namespace

int main() {
  CHECK(headroom::fake::driver().Init(0) == 0, "no fake");
  multiplies();
  shows_a_defect();
  refuses_maps();
  return failures() == 0 ? 0 : 1;
}
