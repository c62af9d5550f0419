// What goes wrong on a device: each has its status and its words, leaves nothing behind, and the next call is good where
// the device lives.
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "cuda/libraries.h"
#include "expect.h"
#include "fake_tables.h"
#include "step.h"

namespace {

using headroom::fake::Case;
using headroom::fake::Memory;
using headroom::fake::Step;
namespace cuda = headroom::cuda;
using Bits = std::map<std::string, std::string>;

Case small(bool filters) {
  Case sizes;
  sizes.n = 5, sizes.d = 3, sizes.v = 20, sizes.all = true, sizes.filters = filters, sizes.engine = filters ? HEADROOM_AUTO : HEADROOM_RECOMPUTED;
  return sizes;
}

int32_t run(const Step& step) { return headroom_head_forward_backward(&step.head); }

std::unique_ptr<Scratch> cache;

// Kernels are compiled anew where nothing of an earlier test is kept.
void forget() {
  GOOD(headroom_cuda_release());
  cache = std::make_unique<Scratch>();
  setenv("HEADROOM_CACHE_DIR", cache->path().c_str(), 1);
}

void leaves_nothing(const std::string& after) {
  GOOD(headroom_cuda_release());
  CHECK(*headroom_fake_leaks() == '\0', "%s: %s", after.c_str(), headroom_fake_leaks());
}

// Before the first call that finds its libraries: what it found is kept.
void says_what_is_missing() {
  const Step step(small(false));
  char text[1000];
  const auto without = [&](const char* variable, const std::string& wanted) {
    setenv(variable, "/nowhere/lib.so", 1);
    REFUSED(run(step), HEADROOM_UNSUPPORTED, std::string(variable) + ": /nowhere/lib.so (expected: a library that loads; ");
    REFUSED(headroom_cuda_describe(text, sizeof text), HEADROOM_UNSUPPORTED, wanted);
    take_the_fake();
  };
  without("HEADROOM_CUDA_DRIVER", "HEADROOM_CUDA_DRIVER");
  without("HEADROOM_NVRTC", "HEADROOM_NVRTC");
  without("HEADROOM_CUBLASLT", "HEADROOM_CUBLASLT");
  headroom_fake_devices(0);
  REFUSED(run(step), HEADROOM_UNSUPPORTED, "CUDA devices: none (expected: one that the driver shows, see nvidia-smi");
  headroom_fake_devices(1);
  headroom_fake_nvrtc(13, 0, 120);
  REFUSED(run(step), HEADROOM_UNSUPPORTED, "CUDA driver: of CUDA 12.8 (expected: at least 13.0, for ");
  headroom_fake_nvrtc(12, 8, 120);
  headroom_fake_fail("cuInit", 1, 3);
  REFUSED(run(step), HEADROOM_UNSUPPORTED, "start of the CUDA driver: CUDA_ERROR_NOT_INITIALIZED");
  leaves_nothing("nothing");
  GOOD(headroom_cuda_describe(text, sizeof text));
  for (const char* part : {"driver for CUDA 12.8 (", "NVRTC 12.8 (", "cuBLASLt ", "device 0: Emulated device 0, compute capability 9.0, 4 multiprocessors"})
    CHECK(has(text, part), "%s (expected: %s)", text, part);
}

void knows_devices_that_it_cannot_serve() {
  const Stream stream;
  const Step step(small(false));
  forget();
  headroom_fake_device(0, 7, 5, 4);
  REFUSED(run(step), HEADROOM_UNSUPPORTED, "compute capability: 7.5 (expected: at least 8.0");
  headroom_fake_device(0, 13, 0, 4);
  REFUSED(run(step), HEADROOM_UNSUPPORTED, "compute capability: 13.0 (expected: one that NVRTC 12.8 compiles for");
  leaves_nothing("an architecture");
  headroom_fake_device(0, 8, 0, 4);
  GOOD(run(step));
}

void repeats_the_compiler() {
  const Step step(small(false));
  forget();
  headroom_fake_fail("nvrtcCompileProgram", 1, 6);
  REFUSED(run(step), HEADROOM_INTERNAL, "kernels for -arch=sm_90:\nheadroom.cu(1): error: injected by a test");
  CHECK(has(headroom_last_error(), "nvrtcCompileProgram: NVRTC_ERROR_COMPILATION (expected: success)"), "%s", headroom_last_error());
  leaves_nothing("a compilation");
  GOOD(run(step));
  headroom_fake_reset();
}

void says_which_product_has_no_algorithm() {
  const Step step(small(false));
  forget();
  GOOD(run(step));
  const Bits wanted = step.outputs();
  GOOD(headroom_cuda_release());
  for (const int call : {1, 2}) headroom_fake_fail("cublasLtMatmulAlgoGetHeuristic", call, 15);
  REFUSED(run(step), HEADROOM_UNSUPPORTED, "matrix product of float32: [20,3] [3,5], strides 8, 8, 64, ");
  CHECK(has(headroom_last_error(), "(expected: one that cuBLASLt"), "%s", headroom_last_error());
  GOOD(run(step));
  leaves_nothing("an algorithm");
  GOOD(run(step));
  CHECK(step.outputs() == wanted, "other bits afterwards");
  headroom_fake_reset();
}

struct Fault {
  const char* function;
  int status;
  int32_t wanted;
  const char* part;
  bool of_filter = false;
};

constexpr Fault kFaults[] = {
    {"cuPointerGetAttribute", 2, HEADROOM_OUT_OF_MEMORY, ": CUDA_ERROR_OUT_OF_MEMORY, out of memory (expected: free memory on the device)"},
    {"cuCtxGetCurrent", 2, HEADROOM_OUT_OF_MEMORY, "the current context: "},
    {"cuDevicePrimaryCtxRetain", 2, HEADROOM_OUT_OF_MEMORY, "a device's primary context: "},
    {"cuCtxPushCurrent", 2, HEADROOM_OUT_OF_MEMORY, "the device's context: "},
    {"cuStreamIsCapturing", 2, HEADROOM_OUT_OF_MEMORY, "stream: "},
    {"cuDeviceGetAttribute", 2, HEADROOM_OUT_OF_MEMORY, "a device's attribute: "},
    {"cuModuleLoadData", 2, HEADROOM_OUT_OF_MEMORY, "the kernels' module: CUDA_ERROR_OUT_OF_MEMORY, out of memory (expected: free memory on the device)"},
    {"cuModuleLoadData", 209, HEADROOM_INTERNAL, "the kernels' module: CUDA_ERROR_NO_BINARY_FOR_GPU"},
    {"cuModuleGetFunction", 500, HEADROOM_INTERNAL, "kernel "},
    {"cuLaunchKernel", 2, HEADROOM_OUT_OF_MEMORY, "a kernel's launch: CUDA_ERROR_OUT_OF_MEMORY"},
    {"cuLaunchKernel", 701, HEADROOM_INTERNAL, "a kernel's launch: error 701"},
    {"cuMemsetD8Async", 2, HEADROOM_OUT_OF_MEMORY, "clearing memory: "},
    {"cuMemsetD2D8Async", 2, HEADROOM_OUT_OF_MEMORY, "clearing memory: ", true},
    {"cuMemcpyDtoHAsync", 2, HEADROOM_OUT_OF_MEMORY, "reading counts: ", true},
    {"cuStreamSynchronize", 2, HEADROOM_OUT_OF_MEMORY, "waiting for the classes that are kept: ", true},
    {"nvrtcVersion", 1, HEADROOM_OUT_OF_MEMORY, "nvrtcVersion: "},
    {"nvrtcGetNumSupportedArchs", 1, HEADROOM_OUT_OF_MEMORY, "nvrtcGetNumSupportedArchs: "},
    {"nvrtcGetSupportedArchs", 1, HEADROOM_OUT_OF_MEMORY, "nvrtcGetSupportedArchs: "},
    {"nvrtcCreateProgram", 1, HEADROOM_OUT_OF_MEMORY, "nvrtcCreateProgram: "},
    {"nvrtcCompileProgram", 1, HEADROOM_OUT_OF_MEMORY, "nvrtcCompileProgram: NVRTC_ERROR_OUT_OF_MEMORY (expected: free memory on the host)"},
    {"nvrtcGetCUBINSize", 1, HEADROOM_OUT_OF_MEMORY, "nvrtcGetCUBINSize: "},
    {"nvrtcGetCUBIN", 1, HEADROOM_OUT_OF_MEMORY, "nvrtcGetCUBIN: "},
    {"cublasLtCreate", 3, HEADROOM_OUT_OF_MEMORY, "cublasLtCreate: CUBLAS_STATUS_ALLOC_FAILED"},
    {"cublasLtMatmulDescCreate", 3, HEADROOM_OUT_OF_MEMORY, "cublasLtMatmulDescCreate: "},
    {"cublasLtMatmulDescSetAttribute", 3, HEADROOM_OUT_OF_MEMORY, "cublasLtMatmulDescSetAttribute: "},
    {"cublasLtMatrixLayoutCreate", 3, HEADROOM_OUT_OF_MEMORY, "cublasLtMatrixLayoutCreate: "},
    {"cublasLtMatmulPreferenceCreate", 3, HEADROOM_OUT_OF_MEMORY, "cublasLtMatmulPreferenceCreate: "},
    {"cublasLtMatmulPreferenceSetAttribute", 3, HEADROOM_OUT_OF_MEMORY, "cublasLtMatmulPreferenceSetAttribute: "},
    {"cublasLtMatmulAlgoGetHeuristic", 3, HEADROOM_OUT_OF_MEMORY, "cublasLtMatmulAlgoGetHeuristic: "},
    {"cublasLtMatmul", 3, HEADROOM_OUT_OF_MEMORY, "cublasLtMatmul: "},
    {"cublasLtMatmul", 14, HEADROOM_INTERNAL, "the device is lost to this process, start it again"},
};

// Each call of each function that a first call makes fails once; of those that it makes often, some.
void survives_every_failure(bool filters) {
  const Step step(small(filters));
  forget();
  step.renew();
  headroom_fake_reset();
  step.place(0);
  GOOD(run(step));
  const Bits wanted = step.outputs();
  std::map<std::string, int> calls;
  for (const Fault& fault : kFaults) calls[fault.function] = static_cast<int>(headroom_fake_count(fault.function));
  for (const Fault& fault : kFaults) {
    const int count = calls.at(fault.function);
    CHECK((count > 0) == (filters || !fault.of_filter), "%s: %d calls", fault.function, count);
    const bool compiles = std::strncmp(fault.function, "nvrtc", 5) == 0;
    for (int call = 1; call <= count; call += count > 50 ? 9 : 1) {  // look-ups of pointers are many and alike
      const std::string of = std::string(fault.function) + " " + std::to_string(call);
      if (compiles) forget();
      GOOD(headroom_cuda_release());
      headroom_fake_fail(fault.function, call, fault.status);
      const int32_t status = run(step);
      CHECK(status == fault.wanted && has(headroom_last_error(), fault.part), "%s: status %d: %s", of.c_str(), status, headroom_last_error());
      if (call % 2 == 1) leaves_nothing(of);
      step.renew();
      GOOD(run(step));
      CHECK(step.outputs() == wanted, "%s: other bits afterwards", of.c_str());
      CHECK(step.intact(), "%s: a guard is touched", of.c_str());
    }
  }
  headroom_fake_reset();
  leaves_nothing("all failures");
}

// A device that is lost stays so; what the process holds of it is let go once it is back, as the fake's comes.
void tells_to_start_again_where_the_device_is_lost() {
  const Step step(small(false));
  GOOD(run(step));
  const auto before = static_cast<int>(headroom_fake_count("cuLaunchKernel"));
  GOOD(run(step));
  const int launches = static_cast<int>(headroom_fake_count("cuLaunchKernel")) - before;
  const char* const again = "(expected: success; the device is lost to this process, start it again)";
  for (int call = 1; call <= launches; ++call) {
    headroom_fake_fail("cuLaunchKernel", call, 719);
    REFUSED(run(step), HEADROOM_INTERNAL, std::string("a kernel's launch: CUDA_ERROR_LAUNCH_FAILED, unspecified launch failure ") + again);
    REFUSED(run(step), HEADROOM_INTERNAL, again);
    char byte = 0;
    REFUSED(headroom_cuda_read(&byte, step.head.c, 1, nullptr), HEADROOM_INTERNAL, again);
    headroom_fake_reset();
    GOOD(run(step));
  }
  // a kernel that fails after the call has returned: here a product that reads past what is the device's
  step.place(0);
  headroom_fake_memory(step.head.c, 4, HEADROOM_FAKE_PINNED);
  headroom_fake_memory(step.head.c, 1, 0);
  headroom_fake_memory(step.head.workspace, step.head.workspace_bytes, HEADROOM_FAKE_PINNED);
  headroom_fake_memory(step.head.workspace, 1, 0);
  headroom_fake_queue(1);
  GOOD(run(step));
  CHECK(headroom_fake_work() == cuda::kIllegalAddress, "%s", headroom_fake_last_error());
  REFUSED(run(step), HEADROOM_INTERNAL, std::string("CUDA_ERROR_ILLEGAL_ADDRESS, an illegal memory access was encountered ") + again);
  headroom_fake_reset();
  leaves_nothing("a lost device");
}

void names_each_array_of_the_host() {
  for (const bool filters : {false, true}) {
    Case sizes = small(filters);
    sizes.knows_rows = true;
    Step step(sizes);
    step.place(0);
    for (const std::string& name : step.names())
      for (const int kind : {HEADROOM_FAKE_PAGEABLE, HEADROOM_FAKE_PINNED}) {
        step.renew();
        headroom_fake_memory(step.at(name).data(), step.at(name).bytes(), kind);
        const std::string wanted = name + ": memory of the host (expected: memory of a CUDA device, as of all arrays of the call)";
        REFUSED(run(step), HEADROOM_INVALID, wanted);
        CHECK(std::string(headroom_last_error()) == wanted && step.is_new(), "%s", headroom_last_error());
        headroom_fake_memory(step.at(name).data(), step.at(name).bytes(), 0);
      }
    GOOD(run(step));
    step.head.workspace = step.at("workspace").data() + 64;
    REFUSED(run(step), HEADROOM_INVALID, "workspace: 64 bytes past a multiple of 256 (expected: at one, on a CUDA device)");
    headroom_fake_reset();
  }
}

void knows_a_stream_that_is_gone() {
  Step step(small(false));
  GOOD(run(step));
  {
    const Stream stream;
    step.head.stream = stream.handle;
    GOOD(run(step));
  }
  step.renew();
  REFUSED(run(step), HEADROOM_INVALID, "stream: CUDA_ERROR_INVALID_HANDLE, invalid resource handle (expected: a stream of the arrays' device that has not been destroyed)");
  CHECK(step.is_new(), "something is done");
  step.head.stream = nullptr;
  GOOD(run(step));
}

void copies_both_ways() {
  const Stream stream;
  const Memory memory(100, headroom::fake::kOld);
  std::vector<char> to(100, 1), from(100, 2);
  headroom_fake_only_known(1);
  headroom_fake_memory(memory.data(), memory.bytes(), 0);
  headroom_fake_queue(1);
  GOOD(headroom_cuda_write(memory.data(), from.data(), 100, stream.handle));
  std::fill(from.begin(), from.end(), '\3');
  CHECK(memory.data()[0] == headroom::fake::kOld, "it waits");
  GOOD(headroom_cuda_read(to.data(), memory.data() + 50, 50, stream.handle));
  CHECK(to[0] == 2 && to[49] == 2 && to[50] == 1 && memory.intact(), "%d %d %d", to[0], to[49], to[50]);
  GOOD(headroom_cuda_read(to.data(), memory.data(), 0, stream.handle));
  REFUSED(headroom_cuda_read(to.data(), from.data(), 1, stream.handle), HEADROOM_INVALID, "device: memory of the host");
  REFUSED(headroom_cuda_write(nullptr, from.data(), 1, stream.handle), HEADROOM_INVALID, "device: memory of the host");
  REFUSED(headroom_cuda_write(memory.data(), nullptr, 1, stream.handle), HEADROOM_INVALID, "host: null (expected: a pointer)");
  REFUSED(headroom_cuda_write(memory.data(), from.data(), -1, stream.handle), HEADROOM_INVALID, "bytes: -1 (expected: at least 0)");
  REFUSED(headroom_cuda_read(to.data(), memory.data(), -1, stream.handle), HEADROOM_INVALID, "bytes: -1 (expected: at least 0)");
  headroom_fake_fail("cuStreamSynchronize", 1, 2);
  headroom_fake_queue(0);
  REFUSED(headroom_cuda_read(to.data(), memory.data(), 1, stream.handle), HEADROOM_OUT_OF_MEMORY, "waiting for the device: ");
}

// What the library did not retain is not released: PyTorch's hold on the device is its own.
void releases_its_own_hold_alone() {
  const Step step(small(false));
  const cuda::Driver driver = headroom::fake::driver();
  cuda::Context context = nullptr;
  leaves_nothing("the tests before");
  CHECK(driver.DevicePrimaryCtxRetain(&context, 0) == 0, "%s", headroom_fake_last_error());
  headroom_fake_fail("cuDevicePrimaryCtxRetain", 1, 2);
  REFUSED(run(step), HEADROOM_OUT_OF_MEMORY, "a device's primary context: ");
  GOOD(headroom_cuda_release());
  CHECK(std::string(headroom_fake_leaks()) == "retains of device 0: 1\n", "%s", headroom_fake_leaks());
  CHECK(driver.DevicePrimaryCtxRelease(0) == 0, "%s", headroom_fake_last_error());
}

// A context of the caller's that is gone took the kernels along: to unload them from it would be an error. Comes last, as
// the fake keeps what nobody unloads.
void leaves_a_context_alone_that_is_gone() {
  const Step step(small(false));
  leaves_nothing("the tests before");
  const cuda::Driver driver = headroom::fake::driver();
  cuda::Context context = nullptr;
  CHECK(driver.DevicePrimaryCtxRetain(&context, 0) == 0 && driver.CtxPushCurrent(context) == 0, "%s", headroom_fake_last_error());
  GOOD(run(step));
  CHECK(has(headroom_fake_leaks(), "retains of device 0: 1\n"), "%s", headroom_fake_leaks());
  CHECK(driver.CtxPopCurrent(nullptr) == 0 && driver.DevicePrimaryCtxRelease(0) == 0, "%s", headroom_fake_last_error());
  const int64_t unloaded = headroom_fake_count("cuModuleUnload"), destroyed = headroom_fake_count("cublasLtDestroy");
  GOOD(headroom_cuda_release());
  CHECK(headroom_fake_count("cuModuleUnload") == unloaded && headroom_fake_count("cublasLtDestroy") == destroyed, "unloaded from a context that is gone");
  GOOD(run(step));
  GOOD(headroom_cuda_release());
  CHECK(headroom_fake_count("cuModuleUnload") == unloaded + 1, "the new ones are kept");
}

}  // namespace

int main() {
  cache = std::make_unique<Scratch>();
  setenv("HEADROOM_CACHE_DIR", cache->path().c_str(), 1);
  take_the_fake();
  says_what_is_missing();
  knows_devices_that_it_cannot_serve();
  repeats_the_compiler();
  says_which_product_has_no_algorithm();
  for (const bool filters : {false, true}) survives_every_failure(filters);
  tells_to_start_again_where_the_device_is_lost();
  names_each_array_of_the_host();
  knows_a_stream_that_is_gone();
  copies_both_ways();
  releases_its_own_hold_alone();
  leaves_a_context_alone_that_is_gone();
  cache.reset();
  return failures() == 0 ? 0 : 1;
}
