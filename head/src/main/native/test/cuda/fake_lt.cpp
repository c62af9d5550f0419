#include "fake_lt.h"

#include <cstring>

using namespace headroom::fake;
using namespace headroom::cuda;

namespace {

template <class State>
Status destroy(const char* function, void* object, const char* kind) {
  const Call call(function, Call::Needs::kNothing);
  State* state = lt_object<State>(object, kind);
  if (!state) return call.refuse(kLtInvalidValue, "unknown, or destroyed before");
  world().lt_objects.erase(object);
  delete state;
  return call.status();
}

template <class Value>
bool take(const void* value, std::size_t bytes, Value* to) {
  if (!value || bytes != sizeof *to) return false;
  std::memcpy(to, value, sizeof *to);
  return true;
}

bool known_type(int type) { return type == kReal32 || type == kReal16 || type == kBrain16; }

}  // namespace

HEADROOM_FAKE_EXPORT std::size_t cublasLtGetVersion() { return 120800; }

HEADROOM_FAKE_EXPORT Status cublasLtCreate(LtHandle* handle) {
  const Call call("cublasLtCreate", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  world().lt_objects[*handle = new LtHandleState{call.context()}] = kHandles;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cublasLtDestroy(LtHandle handle) { return destroy<LtHandleState>("cublasLtDestroy", handle, kHandles); }

HEADROOM_FAKE_EXPORT Status cublasLtMatmulDescCreate(LtDescription* description, int compute, int scale) {
  const Call call("cublasLtMatmulDescCreate", Call::Needs::kNothing);
  if (call.status() != 0) return call.status();
  if ((compute != kCompute32 && compute != kComputeTf32) || scale != kReal32) return call.refuse(kLtInvalidValue, "compute or scale type");
  world().lt_objects[*description = new LtDescriptionState{compute, scale}] = kDescriptions;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cublasLtMatmulDescDestroy(LtDescription description) {
  return destroy<LtDescriptionState>("cublasLtMatmulDescDestroy", description, kDescriptions);
}

HEADROOM_FAKE_EXPORT Status cublasLtMatmulDescSetAttribute(LtDescription description, int attribute, const void* value, std::size_t bytes) {
  const Call call("cublasLtMatmulDescSetAttribute", Call::Needs::kNothing);
  if (call.status() != 0) return call.status();
  auto* state = lt_object<LtDescriptionState>(description, kDescriptions);
  int transpose = 0;
  if (!state || !take(value, bytes, &transpose) || (transpose != kAsIs && transpose != kTransposed) ||
      (attribute != kTransposeA && attribute != kTransposeB))
    return call.refuse(kLtInvalidValue, "attribute " + std::to_string(attribute));
  (attribute == kTransposeA ? state->transpose_a : state->transpose_b) = transpose;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cublasLtMatrixLayoutCreate(LtLayout* layout, int type, std::uint64_t rows, std::uint64_t columns, std::int64_t ld) {
  const Call call("cublasLtMatrixLayoutCreate", Call::Needs::kNothing);
  if (call.status() != 0) return call.status();
  if (!known_type(type) || rows == 0 || columns == 0 || ld < static_cast<std::int64_t>(rows))
    return call.refuse(kLtInvalidValue, std::to_string(rows) + " rows, " + std::to_string(columns) + " columns, leading dimension " + std::to_string(ld));
  world().lt_objects[*layout = new LtLayoutState{type, rows, columns, ld}] = kLayouts;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cublasLtMatrixLayoutDestroy(LtLayout layout) {
  return destroy<LtLayoutState>("cublasLtMatrixLayoutDestroy", layout, kLayouts);
}

HEADROOM_FAKE_EXPORT Status cublasLtMatmulPreferenceCreate(LtPreference* preference) {
  const Call call("cublasLtMatmulPreferenceCreate", Call::Needs::kNothing);
  if (call.status() != 0) return call.status();
  world().lt_objects[*preference = new LtPreferenceState] = kPreferences;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cublasLtMatmulPreferenceDestroy(LtPreference preference) {
  return destroy<LtPreferenceState>("cublasLtMatmulPreferenceDestroy", preference, kPreferences);
}

HEADROOM_FAKE_EXPORT Status cublasLtMatmulPreferenceSetAttribute(LtPreference preference, int attribute, const void* value, std::size_t bytes) {
  const Call call("cublasLtMatmulPreferenceSetAttribute", Call::Needs::kNothing);
  if (call.status() != 0) return call.status();
  auto* state = lt_object<LtPreferenceState>(preference, kPreferences);
  bool taken = false;
  if (state && attribute == kMostWorkspace) taken = take(value, bytes, &state->workspace);
  if (state && attribute == kReductionSchemes) taken = take(value, bytes, &state->schemes);
  if (state && attribute >= kAlignmentOfA && attribute < kAlignmentOfA + 4) taken = take(value, bytes, &state->alignment[attribute - kAlignmentOfA]);
  return taken ? 0 : call.refuse(kLtInvalidValue, "attribute " + std::to_string(attribute));
}

HEADROOM_FAKE_AGREES(CublasLt, cublasLt, GetVersion, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, Create, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, Destroy, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatmulDescCreate, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatmulDescDestroy, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatmulDescSetAttribute, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatrixLayoutCreate, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatrixLayoutDestroy, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatmulPreferenceCreate, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatmulPreferenceDestroy, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatmulPreferenceSetAttribute, );
