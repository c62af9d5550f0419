// Devices, contexts and what the driver says of memory.
#include <cstring>

#include "fake_world.h"

using namespace headroom::fake;
using namespace headroom::cuda;

namespace {

struct Name {
  Status status;
  const char *name, *text;
};
constexpr Name kNames[] = {{0, "CUDA_SUCCESS", "no error"},
                           {kInvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
                           {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
                           {kNotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
                           {kDeinitialized, "CUDA_ERROR_DEINITIALIZED", "driver shutting down"},
                           {kNoDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
                           {kInvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
                           {kInvalidImage, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
                           {kInvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
                           {kNoBinary, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
                           {kInvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
                           {kNotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
                           {kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
                           {kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
                           {kCaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
                           {kCaptureInvalidated, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
                           {kCaptureImplicit, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing blocking stream"}};

const Name* name_of(Status status) {
  for (const Name& name : kNames)
    if (name.status == status) return &name;
  return nullptr;
}

bool has(int device) { return device >= 0 && device < world().device_count; }

}  // namespace

HEADROOM_FAKE_EXPORT Status cuInit(unsigned flags) {
  const Call call("cuInit", Call::Needs::kNothing);
  if (call.status() != 0) return call.status();
  if (flags != 0) return call.refuse(kInvalidValue, "flags");
  if (world().device_count == 0) return call.refuse(kNoDevice, "no device");
  world().initialised = true;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuDriverGetVersion(int* version) {
  const Call call("cuDriverGetVersion", Call::Needs::kNothing);
  if (call.status() == 0) *version = 12080;
  return call.status();
}

HEADROOM_FAKE_EXPORT Status cuGetErrorName(Status error, const char** name) {
  const Name* found = name_of(error);
  *name = found ? found->name : nullptr;
  return found ? 0 : kInvalidValue;
}

HEADROOM_FAKE_EXPORT Status cuGetErrorString(Status error, const char** text) {
  const Name* found = name_of(error);
  *text = found ? found->text : nullptr;
  return found ? 0 : kInvalidValue;
}

HEADROOM_FAKE_EXPORT Status cuDeviceGetCount(int* count) {
  const Call call("cuDeviceGetCount", Call::Needs::kInit);
  if (call.status() == 0) *count = world().device_count;
  return call.status();
}

HEADROOM_FAKE_EXPORT Status cuDeviceGet(int* device, int ordinal) {
  const Call call("cuDeviceGet", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  if (!has(ordinal)) return call.refuse(kInvalidDevice, "device " + std::to_string(ordinal));
  *device = ordinal;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuDeviceGetName(char* name, int length, int device) {
  const Call call("cuDeviceGetName", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  if (!has(device) || length < 1) return call.refuse(kInvalidDevice, "device " + std::to_string(device));
  const std::string text = "Emulated device " + std::to_string(device);
  std::strncpy(name, text.c_str(), static_cast<std::size_t>(length) - 1);
  name[length - 1] = '\0';
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuDeviceGetAttribute(int* value, int attribute, int device) {
  const Call call("cuDeviceGetAttribute", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  if (!has(device)) return call.refuse(kInvalidDevice, "device " + std::to_string(device));
  const Device& d = world().devices[device];
  if (attribute == kMultiprocessors) {
    *value = d.multiprocessors;
  } else if (attribute == kMajor) {
    *value = d.major;
  } else if (attribute == kMinor) {
    *value = d.minor;
  } else {
    return call.refuse(kInvalidValue, "the fake does not know attribute " + std::to_string(attribute));
  }
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuDevicePrimaryCtxRetain(Context* context, int device) {
  const Call call("cuDevicePrimaryCtxRetain", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  if (!has(device)) return call.refuse(kInvalidDevice, "device " + std::to_string(device));
  Device& d = world().devices[device];
  if (d.lost != 0) return call.refuse(d.lost, "the device is lost");
  ++d.retained;
  *context = &d.context;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuDevicePrimaryCtxRelease_v2(int device) {
  const Call call("cuDevicePrimaryCtxRelease", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  if (!has(device) || world().devices[device].retained == 0) return call.refuse(kInvalidContext, "released more often than retained");
  --world().devices[device].retained;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuCtxGetCurrent(Context* context) {
  const Call call("cuCtxGetCurrent", Call::Needs::kInit);
  if (call.status() == 0) *context = call.context();
  return call.status();
}

HEADROOM_FAKE_EXPORT Status cuCtxPushCurrent_v2(Context context) {
  const Call call("cuCtxPushCurrent", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  World& w = world();
  if (context != &w.devices[0].context && context != &w.devices[1].context) return call.refuse(kInvalidContext, "an unknown context");
  if (w.devices[context->device].retained == 0) return call.refuse(kInvalidContext, "a context that nobody retains");
  w.current[std::this_thread::get_id()].push_back(context);
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuCtxPopCurrent_v2(Context* context) {
  const Call call("cuCtxPopCurrent", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  if (!call.context()) return call.refuse(kInvalidContext, "no context is current");
  if (context) *context = call.context();
  world().current[std::this_thread::get_id()].pop_back();
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuCtxGetDevice(int* device) {
  const Call call("cuCtxGetDevice", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  if (!call.context()) return call.refuse(kInvalidContext, "no context is current");
  *device = call.context()->device;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuPointerGetAttribute(void* value, int attribute, DevicePointer pointer) {
  const Call call("cuPointerGetAttribute", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  const int kind = kind_of(reinterpret_cast<const void*>(pointer));
  if (pointer == 0 || kind == HEADROOM_FAKE_PAGEABLE) return call.refuse(kInvalidValue, "memory that the driver does not know");
  if (attribute == kMemoryType) {
    *static_cast<unsigned*>(value) = static_cast<unsigned>(kind == HEADROOM_FAKE_PINNED ? kOnHost : kOnDevice);
  } else if (attribute == kDeviceOrdinal) {
    *static_cast<int*>(value) = kind == HEADROOM_FAKE_PINNED ? 0 : kind;
  } else {
    return call.refuse(kInvalidValue, "the fake does not know attribute " + std::to_string(attribute));
  }
  return 0;
}

HEADROOM_FAKE_AGREES(Driver, cu, Init, );
HEADROOM_FAKE_AGREES(Driver, cu, DriverGetVersion, );
HEADROOM_FAKE_AGREES(Driver, cu, GetErrorName, );
HEADROOM_FAKE_AGREES(Driver, cu, GetErrorString, );
HEADROOM_FAKE_AGREES(Driver, cu, DeviceGetCount, );
HEADROOM_FAKE_AGREES(Driver, cu, DeviceGet, );
HEADROOM_FAKE_AGREES(Driver, cu, DeviceGetName, );
HEADROOM_FAKE_AGREES(Driver, cu, DeviceGetAttribute, );
HEADROOM_FAKE_AGREES(Driver, cu, DevicePrimaryCtxRetain, );
HEADROOM_FAKE_AGREES(Driver, cu, DevicePrimaryCtxRelease, _v2);
HEADROOM_FAKE_AGREES(Driver, cu, CtxGetCurrent, );
HEADROOM_FAKE_AGREES(Driver, cu, CtxPushCurrent, _v2);
HEADROOM_FAKE_AGREES(Driver, cu, CtxPopCurrent, _v2);
HEADROOM_FAKE_AGREES(Driver, cu, CtxGetDevice, );
HEADROOM_FAKE_AGREES(Driver, cu, PointerGetAttribute, );
