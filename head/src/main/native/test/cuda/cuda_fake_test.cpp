// The fake driver and NVRTC: what they do, and above all what they refuse.
#include "fake.h"

#include <cstring>
#include <string>
#include <vector>

#include "check.h"
#include "fake_tables.h"

namespace {

using namespace headroom::cuda;
namespace fake = headroom::fake;

const Driver cu = fake::driver();
const Nvrtc rtc = fake::nvrtc();
const char* const kSource = "extern \"C\" __global__ void sample_scale(float*, long long, float);\n__global__ void sample_diverge(int*);\n";

#define IS(status, wanted)                                                            \
  do {                                                                                \
    const Status is_ = (status);                                                      \
    CHECK(is_ == (wanted), "%d (expected %d): %s", is_, (wanted), headroom_fake_last_error()); \
  } while (false)
#define SAYS(text) CHECK(std::strstr(headroom_fake_last_error(), text), "%s", headroom_fake_last_error())

std::string compile(const char* architecture) {
  Program program = nullptr;
  IS(rtc.CreateProgram(&program, kSource, "head.cu", 0, nullptr, nullptr), 0);
  const std::string option = std::string("--gpu-architecture=sm_") + architecture;
  const char* const options[] = {option.c_str(), "--std=c++17"};
  IS(rtc.CompileProgram(program, 2, options), 0);
  std::size_t bytes = 0;
  IS(rtc.GetCUBINSize(program, &bytes), 0);
  std::string image(bytes, '\0');
  IS(rtc.GetCUBIN(program, image.data()), 0);
  IS(rtc.DestroyProgram(&program), 0);
  return image;
}

// A device with its context current and the sample kernels loaded.
struct Loaded {
  explicit Loaded(int device_ordinal = 0) : device(device_ordinal) {
    IS(cu.Init(0), 0);
    IS(cu.DevicePrimaryCtxRetain(&context, device), 0);
    IS(cu.CtxPushCurrent(context), 0);
    IS(cu.ModuleLoadData(&module, compile("90").c_str()), 0);
    IS(cu.ModuleGetFunction(&scale, module, "sample_scale"), 0);
    IS(cu.ModuleGetFunction(&diverge, module, "sample_diverge"), 0);
  }
  ~Loaded() {
    headroom_fake_reset();
    IS(cu.ModuleUnload(module), 0);
    IS(cu.CtxPopCurrent(nullptr), 0);
    IS(cu.DevicePrimaryCtxRelease(device), 0);
  }
  Status launch(std::vector<float>* x, float by, Stream stream = nullptr) const {
    float* data = x->data();
    auto count = static_cast<long long>(x->size());
    void* arguments[] = {&data, &count, &by};
    const Status status = cu.LaunchKernel(scale, static_cast<unsigned>(x->size() + 63) / 64, 1, 1, 64, 1, 1, 0, stream, arguments, nullptr);
    data = nullptr;  // arguments are the caller's again
    by = 0;
    return status;
  }
  int device;
  Context context = nullptr;
  Module module = nullptr;
  Function scale = nullptr, diverge = nullptr;
};

DevicePointer at(const void* memory) { return reinterpret_cast<DevicePointer>(memory); }

void wants_a_context_first() {
  Context context = nullptr;
  Module module = nullptr;
  int count = 0;
  IS(cu.DeviceGetCount(&count), kNotInitialized);
  IS(cu.Init(0), 0);
  IS(cu.ModuleLoadData(&module, "x"), kInvalidContext);
  IS(cu.StreamSynchronize(nullptr), kInvalidContext);
  IS(cu.DeviceGetCount(&count), 0);
  CHECK(count == 1, "%d", count);
  IS(cu.DevicePrimaryCtxRetain(&context, 1), 101);
  IS(cu.DevicePrimaryCtxRelease(0), kInvalidContext);
  IS(cu.DevicePrimaryCtxRetain(&context, 0), 0);
  IS(cu.CtxPushCurrent(context), 0);
  CHECK(std::string(headroom_fake_leaks()) == "contexts pushed: 1\nretains of device 0: 1\n", "%s", headroom_fake_leaks());
  IS(cu.CtxPopCurrent(&context), 0);
  IS(cu.CtxPopCurrent(&context), kInvalidContext);
  IS(cu.DevicePrimaryCtxRelease(0), 0);
  headroom_fake_devices(0);
  IS(cu.Init(0), kNoDevice);
  headroom_fake_devices(1);
}

void refuses_images_that_are_not_whole() {
  const Loaded loaded;
  const std::string image = compile("90");
  Module module = nullptr;
  IS(cu.ModuleLoadData(&module, image.substr(0, image.size() - 1).c_str()), 200);
  SAYS("cut short");
  std::string changed = image;
  changed[changed.size() - 5] ^= 1;
  IS(cu.ModuleLoadData(&module, changed.c_str()), 200);
  SAYS("hash");
  IS(cu.ModuleLoadData(&module, "\177ELF"), 200);
  IS(cu.ModuleLoadData(&module, compile("80").c_str()), kNoBinary);
  headroom_fake_device(0, 9, 1, 4);
  IS(cu.ModuleLoadData(&module, compile("90a").c_str()), kNoBinary);
  headroom_fake_device(0, 8, 9, 4);
  IS(cu.ModuleLoadData(&module, compile("86").c_str()), 0);
  IS(cu.ModuleUnload(module), 0);
  IS(cu.ModuleUnload(module), kInvalidHandle);
  Function function = nullptr;
  IS(cu.ModuleGetFunction(&function, loaded.module, "sample_none"), 500);
  IS(cu.ModuleGetFunction(&function, loaded.module, "row_statistics"), 500);  // known, but not of this source
}

void compiles_what_it_knows() {
  Program program = nullptr;
  headroom_fake_nvrtc(12, 1, 90);
  int count = 0;
  IS(rtc.GetNumSupportedArchs(&count), 0);
  std::vector<int> archs(static_cast<std::size_t>(count));
  IS(rtc.GetSupportedArchs(archs.data()), 0);
  CHECK(archs.back() == 90, "%d", archs.back());
  IS(rtc.CreateProgram(&program, kSource, "head.cu", 0, nullptr, nullptr), 0);
  const char *newer[] = {"--gpu-architecture=sm_100"}, *unknown[] = {"--gpu-architecture=sm_90", "--faster"}, *good[] = {"--gpu-architecture=sm_90"};
  IS(rtc.CompileProgram(program, 1, newer), 5);
  IS(rtc.CompileProgram(program, 2, unknown), 5);
  headroom_fake_fail("nvrtcCompileProgram", 1, 6);
  IS(rtc.CompileProgram(program, 1, good), 6);
  std::size_t bytes = 0;
  IS(rtc.GetProgramLogSize(program, &bytes), 0);
  std::string log(bytes, '\0');
  IS(rtc.GetProgramLog(program, log.data()), 0);
  CHECK(log.find("head.cu(1): error: injected") == 0, "%s", log.c_str());
  CHECK(std::string(headroom_fake_leaks()) == "programs: 1\n", "%s", headroom_fake_leaks());
  IS(rtc.DestroyProgram(&program), 0);
  headroom_fake_reset();
}

void launches_within_limits_alone() {
  const Loaded loaded;
  std::vector<float> x(1000, 1.0f);
  IS(loaded.launch(&x, 3.0f), 0);
  for (const float value : x) CHECK(value == 3.0f, "%g", static_cast<double>(value));
  CHECK(headroom_fake_count("sample_scale") == 1, "%ld", static_cast<long>(headroom_fake_count("sample_scale")));
  const auto launch = [&](unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned shared) {
    void* arguments[] = {nullptr, nullptr, nullptr};
    return cu.LaunchKernel(loaded.scale, gx, gy, gz, bx, by, 1, shared, nullptr, arguments, nullptr);
  };
  IS(launch(1, 1, 1, 1025, 1, 0), 1);
  IS(launch(1, 1, 1, 64, 17, 0), 1);
  IS(launch(1, 1, 1, 0, 1, 0), 1);
  IS(launch(0, 1, 1, 64, 1, 0), 1);
  IS(launch(1, 65536, 1, 64, 1, 0), 1);
  IS(launch(1, 1, 65536, 64, 1, 0), 1);
  IS(launch(1, 1, 1, 64, 1, 49153), 1);
  IS(loaded.launch(&x, 3.0f, reinterpret_cast<Stream>(&x)), kInvalidHandle);
}

void tells_of_divergence_and_loses_the_device() {
  const Loaded loaded;
  int* unused = nullptr;
  void* arguments[] = {&unused};
  std::vector<float> x(10, 1.0f);
  IS(cu.LaunchKernel(loaded.diverge, 2, 1, 1, 64, 1, 1, 0, nullptr, arguments, nullptr), kLaunchFailed);
  SAYS("sample_diverge: block (");
  SAYS("thread 7 waits in __shfl_xor_sync (sample_kernels.cpp:");
  IS(loaded.launch(&x, 2.0f), kLaunchFailed);
  IS(cu.StreamSynchronize(nullptr), kLaunchFailed);
  CHECK(x[0] == 1.0f, "a lost device works");
  headroom_fake_reset();
  IS(loaded.launch(&x, 2.0f), 0);
}

void does_queued_work_when_asked() {
  const Loaded loaded;
  auto* stream = static_cast<Stream>(headroom_fake_stream(0));
  std::vector<float> x(100, 1.0f), read(100, -1.0f);
  headroom_fake_queue(1);
  IS(loaded.launch(&x, 2.0f, stream), 0);
  IS(cu.MemcpyDtoHAsync(read.data(), at(x.data()), 400, stream), 0);
  IS(cu.MemsetD8Async(at(x.data()), 0, 4, stream), 0);
  CHECK(x[0] == 1.0f && read[0] == -1.0f, "done before anybody waited");
  IS(cu.StreamSynchronize(nullptr), 0);
  CHECK(x[0] == 1.0f, "done for another stream");
  CHECK(std::strstr(headroom_fake_leaks(), "work that waits: 3"), "%s", headroom_fake_leaks());
  IS(cu.StreamSynchronize(stream), 0);
  CHECK(x[0] == 0.0f && x[1] == 2.0f && read[0] == 2.0f, "%g %g %g", static_cast<double>(x[0]), static_cast<double>(x[1]), static_cast<double>(read[0]));
  IS(loaded.launch(&x, 2.0f, stream), 0);
  IS(headroom_fake_work(), 0);
  CHECK(x[1] == 4.0f, "%g", static_cast<double>(x[1]));
  headroom_fake_destroy_stream(stream);
  IS(loaded.launch(&x, 2.0f, stream), kInvalidHandle);
}

void records_a_capture_and_breaks_it() {
  const Loaded loaded;
  auto* stream = static_cast<Stream>(headroom_fake_stream(0));
  std::vector<float> x(100, 1.0f);
  int capturing = -1;
  headroom_fake_capture(stream, 1);
  IS(cu.StreamIsCapturing(stream, &capturing), 0);
  CHECK(capturing == 1, "%d", capturing);
  IS(loaded.launch(&x, 2.0f, stream), 0);
  IS(loaded.launch(&x, 2.0f), 906);
  CHECK(headroom_fake_capture(stream, 0) == 1 && x[0] == 1.0f, "not recorded");
  IS(headroom_fake_replay(stream), 0);
  IS(headroom_fake_replay(stream), 0);
  CHECK(x[0] == 4.0f, "%g", static_cast<double>(x[0]));
  headroom_fake_capture(stream, 1);
  IS(cu.StreamSynchronize(stream), 900);
  IS(loaded.launch(&x, 2.0f, stream), 901);
  CHECK(headroom_fake_capture(stream, 0) == -1, "a broken capture ends well");
  headroom_fake_capture(stream, 1);
  Module module = nullptr;
  IS(cu.ModuleLoadData(&module, compile("90").c_str()), 900);
  headroom_fake_capture(stream, 0);
  headroom_fake_destroy_stream(stream);
}

void reads_pageable_memory_at_once_and_pinned_memory_late() {
  const Loaded loaded;
  float from[2] = {1.0f, 2.0f}, to[2] = {};
  headroom_fake_queue(1);
  headroom_fake_memory(&from[1], 4, HEADROOM_FAKE_PINNED);
  for (int i = 0; i < 2; ++i) IS(cu.MemcpyHtoDAsync(at(&to[i]), &from[i], 4, nullptr), 0);
  from[0] = from[1] = 3.0f;
  IS(cu.StreamSynchronize(nullptr), 0);
  CHECK(to[0] == 1.0f && to[1] == 3.0f, "%g %g", static_cast<double>(to[0]), static_cast<double>(to[1]));
}

void knows_whose_memory_it_is() {
  const Loaded loaded;
  std::vector<float> x(100, 1.0f);
  unsigned type = 0;
  int device = -1;
  IS(cu.PointerGetAttribute(&type, kMemoryType, at(&x[0])), 0);
  CHECK(type == kOnDevice, "%u", type);
  headroom_fake_memory(x.data(), 400, 1);
  headroom_fake_memory(&x[10], 40, HEADROOM_FAKE_PINNED);
  headroom_fake_memory(&x[20], 40, HEADROOM_FAKE_PAGEABLE);
  IS(cu.PointerGetAttribute(&device, kDeviceOrdinal, at(&x[0])), 0);
  CHECK(device == 1, "%d", device);
  IS(cu.PointerGetAttribute(&type, kMemoryType, at(&x[10])), 0);
  CHECK(type == kOnHost, "%u", type);
  IS(cu.PointerGetAttribute(&type, kMemoryType, at(&x[20])), 1);
  headroom_fake_only_known(1);
  IS(cu.PointerGetAttribute(&type, kMemoryType, at(&type)), 1);
  headroom_fake_memory(x.data(), 400, 0);
  IS(cu.MemsetD8Async(at(x.data()), 0, 400, nullptr), 0);
  IS(cu.MemsetD8Async(at(x.data()), 0, 401, nullptr), kIllegalAddress);
  IS(cu.StreamSynchronize(nullptr), kIllegalAddress);
}

void fills_rows_of_a_pitch() {
  const Loaded loaded;
  std::vector<unsigned char> x(12, 7);
  IS(cu.MemsetD2D8Async(at(x.data()), 4, 0, 3, 3, nullptr), 0);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(x[i] == (i % 4 == 3 ? 7 : 0), "%zu: %d", i, x[i]);
  IS(cu.MemsetD2D8Async(at(x.data()), 2, 0, 3, 3, nullptr), 1);
}

void fails_when_told_to() {
  const Loaded loaded;
  std::vector<float> x(100, 1.0f);
  headroom_fake_fail("cuLaunchKernel", 2, kOutOfMemory);
  headroom_fake_fail("cuLaunchKernel", 4, kIllegalAddress);
  IS(loaded.launch(&x, 2.0f), 0);
  IS(loaded.launch(&x, 2.0f), kOutOfMemory);
  IS(loaded.launch(&x, 2.0f), 0);
  IS(loaded.launch(&x, 2.0f), kIllegalAddress);
  IS(loaded.launch(&x, 2.0f), kIllegalAddress);
  IS(cu.StreamSynchronize(nullptr), kIllegalAddress);
  CHECK(x[0] == 4.0f && headroom_fake_count("cuLaunchKernel") == 5, "%g", static_cast<double>(x[0]));
}

void keeps_two_devices_apart() {
  headroom_fake_devices(2);
  const Loaded first;
  std::vector<float> x(10, 1.0f);
  auto* stream = static_cast<Stream>(headroom_fake_stream(0));
  {
    const Loaded second(1);
    int device = -1;
    IS(cu.CtxGetDevice(&device), 0);
    CHECK(device == 1, "%d", device);
    IS(second.launch(&x, 2.0f), 0);
    IS(first.launch(&x, 2.0f), kInvalidHandle);
    IS(second.launch(&x, 2.0f, stream), kInvalidHandle);
    headroom_fake_memory(x.data(), 40, 0);
    IS(cu.MemsetD8Async(at(x.data()), 0, 4, nullptr), kIllegalAddress);
    IS(cu.StreamSynchronize(nullptr), kIllegalAddress);
    IS(cu.CtxPushCurrent(first.context), 0);
    IS(cu.StreamSynchronize(nullptr), 0);  // the other device goes on
    IS(cu.CtxPopCurrent(nullptr), 0);
  }
  CHECK(std::string(headroom_fake_leaks()) == "contexts pushed: 1\nmodules: 1\nretains of device 0: 1\n", "%s", headroom_fake_leaks());
  headroom_fake_destroy_stream(stream);
  headroom_fake_devices(1);
}

}  // namespace

int main() {
  wants_a_context_first();
  refuses_images_that_are_not_whole();
  compiles_what_it_knows();
  launches_within_limits_alone();
  tells_of_divergence_and_loses_the_device();
  does_queued_work_when_asked();
  records_a_capture_and_breaks_it();
  reads_pageable_memory_at_once_and_pinned_memory_late();
  knows_whose_memory_it_is();
  fills_rows_of_a_pitch();
  fails_when_told_to();
  keeps_two_devices_apart();
  CHECK(*headroom_fake_leaks() == '\0', "%s", headroom_fake_leaks());
  return failures() == 0 ? 0 : 1;
}
