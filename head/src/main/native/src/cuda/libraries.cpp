#include "libraries.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

#include "search.h"

namespace headroom::cuda {
namespace {

const Sought kDriver = {"libcuda", {"libcuda.so.1"}, nullptr, "HEADROOM_CUDA_DRIVER", "NVIDIA's driver, which the system's packages bring"};
const Sought kNvrtc = {"libnvrtc",
                       {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"},
                       "cuda_nvrtc",
                       "HEADROOM_NVRTC",
                       "the compiler library of CUDA 11.8 to 13, which PyTorch for CUDA, the CUDA toolkit or pip install nvidia-cuda-nvrtc brings"};
const Sought kLt = {"libcublasLt",
                    {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11"},
                    "cublas",
                    "HEADROOM_CUBLASLT",
                    "cuBLAS of CUDA 11.8 to 13, which PyTorch for CUDA, the CUDA toolkit or pip install nvidia-cublas brings"};

std::mutex libraries_lock;
std::atomic<const Libraries*> found{nullptr};

std::string words(const Driver& driver, Status status) {
  const char *name = nullptr, *text = nullptr;
  driver.GetErrorName(status, &name);
  driver.GetErrorString(status, &text);
  return (name ? name : "error " + std::to_string(status)) + std::string(", ") + (text ? text : "which the driver does not know");
}

std::string release(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

void start(const Driver& driver, const std::string& path) {
  const Status status = driver.Init(0);
  int devices = 0;
  if (status == kStubLibrary)
    unsupported(path + ": the toolkit's stub (expected: NVIDIA's driver; take the folder of stubs out of LD_LIBRARY_PATH)");
  if (status == kNoDevice || (status == 0 && (driver.DeviceGetCount(&devices) != 0 || devices < 1))) {
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    unsupported(std::string("CUDA devices: none (expected: one that the driver shows, see nvidia-smi; CUDA_VISIBLE_DEVICES is ") +
                (visible ? "\"" + std::string(visible) + "\"" : "not set") + ")");
  }
  if (status != 0) unsupported("start of the CUDA driver: " + words(driver, status) + " (expected: success; nvidia-smi tells more)");
}

// A driver runs what the toolkits of its own major version made, and of earlier ones.
void check_age(const Libraries& all) {
  int driver = 0, major = 0, minor = 0;
  check_driver(all.driver.DriverGetVersion(&driver), "cuDriverGetVersion");
  all.nvrtc.Version(&major, &minor);
  const int lt = static_cast<int>(all.lt.GetVersion() / 10000);
  const std::string has = "CUDA driver: of CUDA " + release(driver) + " (expected: at least ";
  if (driver / 1000 < major)
    unsupported(has + std::to_string(major) + ".0, for " + all.nvrtc_path + "; update the driver or name an older library in HEADROOM_NVRTC)");
  if (driver / 1000 < lt)
    unsupported(has + std::to_string(lt) + ".0, for " + all.lt_path + "; update the driver or name an older library in HEADROOM_CUBLASLT)");
}

// NVRTC looks for its built-in functions by bare name, where the loader may not find them; it takes what is loaded.
void load_builtins(const Nvrtc& nvrtc, const std::string& path) {
  int major = 0, minor = 0;
  if (nvrtc.Version(&major, &minor) != 0) return;
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return;
  dlopen((path.substr(0, slash) + "/libnvrtc-builtins.so." + std::to_string(major) + "." + std::to_string(minor)).c_str(), RTLD_NOW | RTLD_LOCAL);
}

const char* lt_words(Status status) {
  switch (status) {
    case 1: return "CUBLAS_STATUS_NOT_INITIALIZED, the device has no context or no memory for one";
    case 3: return "CUBLAS_STATUS_ALLOC_FAILED";
    case 7: return "CUBLAS_STATUS_INVALID_VALUE";
    case 8: return "CUBLAS_STATUS_ARCH_MISMATCH, the device is older than the library";
    case 11: return "CUBLAS_STATUS_MAPPING_ERROR";
    case 13: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 14: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case 15: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "a status of its own";
  }
}

// After these the context serves no call any more.
bool is_lost(Status status) {
  return status == kDeinitialized || status == kUncorrectable || status == kLinkUncorrectable || status == kContained ||
         status == kIllegalAddress || status == kLaunchTimeout || status == kAssert || (status >= kHardwareStackError && status <= kLaunchFailed);
}

}  // namespace

Driver find_driver(std::string* path) {
  const Library library(kDriver);
  Driver driver;
  library.get("cuInit", driver.Init);
  library.get("cuDriverGetVersion", driver.DriverGetVersion);
  library.get("cuGetErrorName", driver.GetErrorName);
  library.get("cuGetErrorString", driver.GetErrorString);
  library.get("cuDeviceGetCount", driver.DeviceGetCount);
  library.get("cuDeviceGet", driver.DeviceGet);
  library.get("cuDeviceGetName", driver.DeviceGetName);
  library.get("cuDeviceGetAttribute", driver.DeviceGetAttribute);
  library.get("cuDevicePrimaryCtxRetain", driver.DevicePrimaryCtxRetain);
  library.get("cuDevicePrimaryCtxRelease_v2", driver.DevicePrimaryCtxRelease);
  library.get("cuCtxGetCurrent", driver.CtxGetCurrent);
  library.get("cuCtxPushCurrent_v2", driver.CtxPushCurrent);
  library.get("cuCtxPopCurrent_v2", driver.CtxPopCurrent);
  library.get("cuCtxGetDevice", driver.CtxGetDevice);
  library.get("cuPointerGetAttribute", driver.PointerGetAttribute);
  library.get("cuModuleLoadData", driver.ModuleLoadData);
  library.get("cuModuleUnload", driver.ModuleUnload);
  library.get("cuModuleGetFunction", driver.ModuleGetFunction);
  library.get("cuFuncSetAttribute", driver.FuncSetAttribute);
  library.get("cuLaunchKernel", driver.LaunchKernel);
  library.get("cuMemsetD8Async", driver.MemsetD8Async);
  library.get("cuMemsetD2D8Async", driver.MemsetD2D8Async);
  library.get("cuMemcpyHtoDAsync_v2", driver.MemcpyHtoDAsync);
  library.get("cuMemcpyDtoHAsync_v2", driver.MemcpyDtoHAsync);
  library.get("cuStreamSynchronize", driver.StreamSynchronize);
  library.get("cuStreamIsCapturing", driver.StreamIsCapturing);
  library.get_if_there("cuTensorMapEncodeTiled", driver.TensorMapEncodeTiled);
  *path = library.path();
  return driver;
}

Nvrtc find_nvrtc(std::string* path) {
  const Library library(kNvrtc);
  Nvrtc nvrtc;
  library.get("nvrtcVersion", nvrtc.Version);
  library.get("nvrtcGetErrorString", nvrtc.GetErrorString);
  library.get("nvrtcCreateProgram", nvrtc.CreateProgram);
  library.get("nvrtcDestroyProgram", nvrtc.DestroyProgram);
  library.get("nvrtcCompileProgram", nvrtc.CompileProgram);
  library.get("nvrtcGetProgramLogSize", nvrtc.GetProgramLogSize);
  library.get("nvrtcGetProgramLog", nvrtc.GetProgramLog);
  library.get("nvrtcGetCUBINSize", nvrtc.GetCUBINSize);
  library.get("nvrtcGetCUBIN", nvrtc.GetCUBIN);
  library.get("nvrtcGetNumSupportedArchs", nvrtc.GetNumSupportedArchs);
  library.get("nvrtcGetSupportedArchs", nvrtc.GetSupportedArchs);
  load_builtins(nvrtc, library.path());
  *path = library.path();
  return nvrtc;
}

CublasLt find_lt(std::string* path) {
  const Library library(kLt);
  CublasLt lt;
  library.get("cublasLtGetVersion", lt.GetVersion);
  library.get("cublasLtCreate", lt.Create);
  library.get("cublasLtDestroy", lt.Destroy);
  library.get("cublasLtMatmulDescCreate", lt.MatmulDescCreate);
  library.get("cublasLtMatmulDescDestroy", lt.MatmulDescDestroy);
  library.get("cublasLtMatmulDescSetAttribute", lt.MatmulDescSetAttribute);
  library.get("cublasLtMatrixLayoutCreate", lt.MatrixLayoutCreate);
  library.get("cublasLtMatrixLayoutDestroy", lt.MatrixLayoutDestroy);
  library.get("cublasLtMatmulPreferenceCreate", lt.MatmulPreferenceCreate);
  library.get("cublasLtMatmulPreferenceDestroy", lt.MatmulPreferenceDestroy);
  library.get("cublasLtMatmulPreferenceSetAttribute", lt.MatmulPreferenceSetAttribute);
  library.get("cublasLtMatmulAlgoGetHeuristic", lt.MatmulAlgoGetHeuristic);
  library.get("cublasLtMatmulAlgoCheck", lt.MatmulAlgoCheck);
  library.get("cublasLtMatmul", lt.Matmul);
  *path = library.path();
  return lt;
}

Libraries find_libraries() {
  Libraries all;
  all.driver = find_driver(&all.driver_path);
  start(all.driver, all.driver_path);  // before the large ones are loaded for nothing
  all.nvrtc = find_nvrtc(&all.nvrtc_path);
  all.lt = find_lt(&all.lt_path);
  check_age(all);
  return all;
}

const Libraries& libraries() {
  if (const Libraries* all = found.load(std::memory_order_acquire)) return *all;
  const std::lock_guard<std::mutex> guard(libraries_lock);
  if (!found.load(std::memory_order_relaxed)) {
    static Libraries kept;
    kept = find_libraries();
    found.store(&kept, std::memory_order_release);
  }
  return *found.load(std::memory_order_relaxed);
}

void check_driver(Status status, const char* what) {
  if (status == 0) return;
  const Libraries* all = found.load(std::memory_order_acquire);
  const std::string text = std::string(what) + ": " + (all ? words(all->driver, status) : "error " + std::to_string(status));
  if (status == kOutOfMemory) throw Failure(HEADROOM_OUT_OF_MEMORY, text + " (expected: free memory on the device)");
  if (status == kNotInitialized)
    throw Failure(HEADROOM_INTERNAL, text + " (expected: a process that started CUDA itself; one forked from such a process cannot use it)");
  if (is_lost(status)) throw Failure(HEADROOM_INTERNAL, text + " (expected: success; the device is lost to this process, start it again)");
  if (status == kInvalidHandle) throw Failure(HEADROOM_INVALID, text + " (expected: a stream of the arrays' device that has not been destroyed)");
  throw Failure(HEADROOM_INTERNAL, text + " (expected: success)");
}

void check_lt(Status status, const char* what) {
  if (status == 0) return;
  const std::string text = std::string(what) + ": " + lt_words(status) + ", code " + std::to_string(status);
  if (status == kLtNoMemory) throw Failure(HEADROOM_OUT_OF_MEMORY, text + " (expected: free memory on the host and the device)");
  if (status == kLtExecutionFailed || status == kLtInternal)
    throw Failure(HEADROOM_INTERNAL, text + " (expected: success; an earlier kernel may have failed: the device is lost to this process, start it again)");
  throw Failure(HEADROOM_INTERNAL, text + " (expected: success)");
}

}  // namespace headroom::cuda
