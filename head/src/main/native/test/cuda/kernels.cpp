// The product's kernels, compiled for the CPU, in the order in which they make one text.
#include "kernels.h"

#include "emulation.h"

namespace headroom::cuda {

struct Half;
struct Brain;
static Half narrow(float x, Half);
static Brain narrow(float x, Brain);
static float widen(Half x);

}  // namespace headroom::cuda

#include "kernels_in_order.inc"

namespace headroom::cuda {

// Both round to the nearest, ties to even, as cvt.rn does; NaN becomes the device's NaN.
static Brain narrow(float x, Brain) {
  const unsigned bits = __float_as_uint(x);
  if (x != x) return {0x7fff};
  return {static_cast<unsigned short>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}

static Half narrow(float x, Half) {
  const unsigned bits = __float_as_uint(x), sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) return {0x7fff};
  if (size >= 0x477ff000u) return {static_cast<unsigned short>(sign | 0x7c00u)};
  if (size < 0x38800000u) {  // below 2^-14, steps of 2^-24: the sum's own rounding
    const unsigned low = __float_as_uint(__uint_as_float(size) + 0.5f) - __float_as_uint(0.5f);
    return {static_cast<unsigned short>(sign | low)};
  }
  return {static_cast<unsigned short>(sign | ((size - 0x38000000u + 0xfffu + (size >> 13 & 1u)) >> 13))};
}

static float widen(Half x) {
  const unsigned sign = (x.bits & 0x8000u) << 16, exponent = x.bits >> 10 & 31u, fraction = x.bits & 0x3ffu;
  if (exponent == 31) return __uint_as_float(sign | 0x7f800000u | fraction << 13);
  if (exponent != 0) return __uint_as_float(sign | (exponent + 112) << 23 | fraction << 13);
  const float small = static_cast<float>(fraction) * 0x1p-24f;
  return sign ? -small : small;
}

static void add_kernels(std::map<std::string, emulation::Bind>* kernels) {
#define HEADROOM_ADD(name, ...) (*kernels)[#name] = emulation::bind_kernel<__VA_ARGS__>(&name);
  HEADROOM_KERNELS(HEADROOM_ADD)
  HEADROOM_FUSED_KERNELS(HEADROOM_ADD)
#undef HEADROOM_ADD
}

}  // namespace headroom::cuda

namespace headroom::emulation {

const std::map<std::string, Bind>& kernels() {
  static const auto* const all = [] {
    auto* kernels = new std::map<std::string, Bind>;
    cuda::add_kernels(kernels);
    add_sample_kernels(kernels);
    return kernels;
  }();
  return *all;
}

}  // namespace headroom::emulation
