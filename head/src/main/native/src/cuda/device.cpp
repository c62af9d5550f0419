#include "device.h"

#include <map>
#include <vector>

#include "compiler.h"
#include "status.h"

namespace headroom::cuda {
namespace {

// What is kept between calls. A context that its owner destroys takes its modules along; its entry stays, unused.
struct Known {
  std::mutex lock;
  std::map<Context, std::unique_ptr<Device>> devices;
  std::map<int, Context> primary;
  std::vector<std::unique_ptr<Device>> gone;  // whose context was destroyed, kernels and all: there is nothing to unload from
};

Known& known() {
  static Known* all = new Known;  // never destroyed: the driver may be gone before static destructors run
  return *all;
}

int attribute(int name, int ordinal) {
  int value = 0;
  check_driver(libraries().driver.DeviceGetAttribute(&value, name, ordinal), "a device's attribute");
  return value;
}

int architecture(int ordinal) { return attribute(kMajor, ordinal) * 10 + attribute(kMinor, ordinal); }

Context primary(int ordinal) {
  Known& all = known();
  const std::lock_guard<std::mutex> hold(all.lock);
  if (const auto retained = all.primary.find(ordinal); retained != all.primary.end()) return retained->second;
  Context context = nullptr;
  check_driver(libraries().driver.DevicePrimaryCtxRetain(&context, ordinal), "a device's primary context");
  return all.primary[ordinal] = context;  // what was not retained is not released
}

void refuse_capture(bool captures) {
  if (captures)
    throw Failure(HEADROOM_UNSUPPORTED, "stream: capturing a graph before the first call on its device (expected: a call outside a capture "
                                        "first, which compiles and loads the kernels)");
}

}  // namespace

Device::Device(int ordinal, Context) : products_(libraries().lt), architecture_(headroom::cuda::architecture(ordinal)) {
  const Libraries& lib = libraries();
  const std::string image = kernels_for(lib, architecture_, nullptr);
  check_driver(lib.driver.ModuleLoadData(&module_, image.data()), "the kernels' module");
  try {
#define HEADROOM_LOOK_UP(name, ...) check_driver(lib.driver.ModuleGetFunction(&kernels_.name.function, module_, #name), "kernel " #name);
    HEADROOM_KERNELS(HEADROOM_LOOK_UP)
#undef HEADROOM_LOOK_UP
    multiprocessors_ = attribute(kMultiprocessors, ordinal);
  } catch (...) {
    lib.driver.ModuleUnload(module_);
    throw;
  }
}

Device::~Device() {
  libraries().driver.ModuleUnload(module_);
  if (fused_module_) libraries().driver.ModuleUnload(fused_module_);
}

void Device::load_fused(bool captures) {
  const std::lock_guard<std::mutex> hold(fused_lock_);
  Function& function = kernels_.fused_statistics.function;
  if (function) return;
  refuse_capture(captures);
  const Driver& driver = libraries().driver;
  if (!fused_module_) check_driver(driver.ModuleLoadData(&fused_module_, fused_kernels_for(libraries(), nullptr).data()), "the fused kernels' module");
  Function found = nullptr;
  check_driver(driver.ModuleGetFunction(&found, fused_module_, "fused_statistics"), "kernel fused_statistics");
  check_driver(driver.FuncSetAttribute(found, kMostSharedBytes, kFusedSharedBytes), "shared memory of fused_statistics");
  function = found;
}

TypedKernels Device::kernels_of(int type) const {
#define HEADROOM_OF_TYPE(type) \
  {kernels_.copy_rows_##type, kernels_.row_gradients_##type, kernels_.sparse_entries_##type, kernels_.column_sums_##type, kernels_.group_gradients_##type, kernels_.unmarked_weights_##type}
  if (type == kReal16) return HEADROOM_OF_TYPE(f16);
  if (type == kBrain16) return HEADROOM_OF_TYPE(bf16);
  return HEADROOM_OF_TYPE(f32);
#undef HEADROOM_OF_TYPE
}

bool capturing(Stream stream) {
  int state = 0;
  check_driver(libraries().driver.StreamIsCapturing(stream, &state), "stream");
  return state != 0;
}

int ordinal_of(const char* name, const void* memory) {
  const Driver& driver = libraries().driver;
  const auto pointer = reinterpret_cast<DevicePointer>(memory);
  int kind = 0, ordinal = 0;
  // memory that the driver does not know is the host's
  const Status status = driver.PointerGetAttribute(&kind, kMemoryType, pointer);
  if (status == kInvalidValue || (status == 0 && kind != kOnDevice)) invalid(name, "memory of the host", "memory of a CUDA device, as of all arrays of the call");
  check_driver(status, name);
  check_driver(driver.PointerGetAttribute(&ordinal, kDeviceOrdinal, pointer), name);
  return ordinal;
}

Current::Current(const char* name, const void* memory) : ordinal_(ordinal_of(name, memory)), context_(nullptr) {
  const Driver& driver = libraries().driver;
  check_driver(driver.CtxGetCurrent(&context_), "the current context");
  int current = -1;
  if (context_) check_driver(driver.CtxGetDevice(&current), "the current context");
  if (current == ordinal_) return;
  context_ = primary(ordinal_);
  check_driver(driver.CtxPushCurrent(context_), "the device's context");
  pushed_ = true;
}

Current::~Current() {
  Context popped = nullptr;
  if (pushed_) libraries().driver.CtxPopCurrent(&popped);
}

Device& Current::device(bool captures) const {
  Known& all = known();
  const std::lock_guard<std::mutex> hold(all.lock);
  std::unique_ptr<Device>& device = all.devices[context_];
  if (!device) {
    refuse_capture(captures);
    device = std::make_unique<Device>(ordinal_, context_);
  }
  return *device;
}

void write(void* device, const void* host, std::int64_t bytes, Stream stream) {
  const Current current("device", device);
  check_driver(libraries().driver.MemcpyHtoDAsync(reinterpret_cast<DevicePointer>(device), host, static_cast<std::size_t>(bytes), stream), "writing to the device");
}

void read(void* host, const void* device, std::int64_t bytes, Stream stream) {
  const Current current("device", device);
  check_driver(libraries().driver.MemcpyDtoHAsync(host, reinterpret_cast<DevicePointer>(device), static_cast<std::size_t>(bytes), stream), "reading from the device");
  check_driver(libraries().driver.StreamSynchronize(stream), "waiting for the device");
}

std::string describe_devices() {
  const Libraries& lib = libraries();
  int count = 0, version = 0, major = 0, minor = 0;
  check_driver(lib.driver.DriverGetVersion(&version), "the driver's version");
  check_driver(lib.driver.DeviceGetCount(&count), "the devices");
  lib.nvrtc.Version(&major, &minor);
  std::string text = "driver for CUDA " + std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10) + " (" + lib.driver_path + ")\n";
  text += "NVRTC " + std::to_string(major) + "." + std::to_string(minor) + " (" + lib.nvrtc_path + ")\n";
  text += "cuBLASLt " + std::to_string(lib.lt.GetVersion()) + " (" + lib.lt_path + ")\n";
  for (int i = 0; i < count; ++i) {
    char name[256] = {};
    check_driver(lib.driver.DeviceGetName(name, sizeof name - 1, i), "a device's name");
    text += "device " + std::to_string(i) + ": " + name + ", compute capability " + std::to_string(architecture(i) / 10) + "." +
            std::to_string(architecture(i) % 10) + ", " + std::to_string(attribute(kMultiprocessors, i)) + " multiprocessors\n";
  }
  return text;
}

void release_devices() {
  Known& all = known();
  const std::lock_guard<std::mutex> hold(all.lock);
  if (all.devices.empty() && all.primary.empty()) return;
  const Driver& driver = libraries().driver;
  for (auto& [context, device] : all.devices) {
    Context popped = nullptr;
    if (driver.CtxPushCurrent(context) != 0) {
      all.gone.push_back(std::move(device));
      continue;
    }
    device.reset();
    driver.CtxPopCurrent(&popped);
  }
  all.devices.clear();
  for (const auto& [ordinal, context] : all.primary) driver.DevicePrimaryCtxRelease(ordinal);
  all.primary.clear();
}

}  // namespace headroom::cuda
