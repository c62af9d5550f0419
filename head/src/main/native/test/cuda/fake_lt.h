// The objects of the fake's cuBLASLt.
#pragma once

#include "fake_world.h"

namespace headroom::fake {

using cuda::kLtExecutionFailed;
using cuda::kLtNotSupported;
constexpr Status kLtInvalidValue = 7;
// Kinds of objects, told apart by their addresses.
inline constexpr char kHandles[] = "cublasLt handles", kDescriptions[] = "cublasLt descriptions", kLayouts[] = "cublasLt layouts",
                      kPreferences[] = "cublasLt preferences";

struct LtHandleState {
  cuda::Context context;
};
struct LtDescriptionState {
  int compute, scale, transpose_a = cuda::kAsIs, transpose_b = cuda::kAsIs;
};
struct LtLayoutState {
  int type;
  std::uint64_t rows, columns;
  std::int64_t ld;
};
struct LtPreferenceState {
  std::uint64_t workspace = 0;
  std::uint32_t schemes = 0xffffffffu;
  std::uint32_t alignment[4] = {256, 256, 256, 256};  // of A, B, C, D, as cuBLASLt has it from the start
};

// Null where the object is not of this kind, or was destroyed.
template <class State>
State* lt_object(void* object, const char* kind) {
  const auto found = world().lt_objects.find(object);
  return found != world().lt_objects.end() && found->second == kind ? static_cast<State*>(object) : nullptr;
}

inline std::int64_t bytes_of(int type) { return type == cuda::kReal32 ? 4 : 2; }

}  // namespace headroom::fake
