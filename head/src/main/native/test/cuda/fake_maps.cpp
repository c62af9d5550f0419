// Tensor maps: the limits that the driver's documentation gives, for what the emulation's copies can do.
#include "fake_world.h"
#include "hopper.h"

#include <cstring>

using namespace headroom::fake;
using namespace headroom::cuda;

HEADROOM_FAKE_EXPORT Status cuTensorMapEncodeTiled(void* map, int type, std::uint32_t dimensions, void* address, const std::uint64_t* sizes,
                                                   const std::uint64_t* strides, const std::uint32_t* box, const std::uint32_t* element_strides, int interleave,
                                                   int swizzle, int promotion, int fill) {
  const Call call("cuTensorMapEncodeTiled", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (type != kMapBrain16 || dimensions != 2 || interleave != kMapPlain || swizzle != kMapSwizzle128 || promotion < 0 || promotion > 3 || fill != kMapZeros)
    return call.refuse(kInvalidValue, "a sort of map that the fake does not know");
  if (reinterpret_cast<std::uintptr_t>(map) % 128 != 0) return call.refuse(kInvalidValue, "a map at no multiple of 128");
  if (at == 0 || at % 16 != 0) return call.refuse(kInvalidValue, "a tensor at no multiple of 16");
  for (int i = 0; i < 2; ++i) {
    if (sizes[i] < 1 || sizes[i] > 1ull << 32) return call.refuse(kInvalidValue, "size " + std::to_string(sizes[i]));
    if (box[i] < 1 || box[i] > 256 || element_strides[i] != 1) return call.refuse(kInvalidValue, "box " + std::to_string(box[i]));
  }
  if (strides[0] % 16 != 0 || strides[0] >= 1ull << 40 || strides[0] < sizes[0] * 2) return call.refuse(kInvalidValue, "stride " + std::to_string(strides[0]));
  if (box[0] * 2 != 128) return call.refuse(kInvalidValue, "rows of a box of " + std::to_string(box[0] * 2) + " bytes (the emulation: 128)");
  const headroom::emulation::EncodedMap encoded = {headroom::emulation::EncodedMap::kMagic, at, sizes[0], sizes[1], strides[0], box[0], box[1]};
  std::memset(map, 0, 128);
  std::memcpy(map, &encoded, sizeof encoded);
  return 0;
}

HEADROOM_FAKE_AGREES(Driver, cu, TensorMapEncodeTiled, );
