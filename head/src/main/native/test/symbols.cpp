// One library with the names of all three of NVIDIA's, to be found under any of their file names. The environment variable
// FAKE_CUINIT is what cuInit returns, FAKE_CUDA the version of the driver, FAKE_NVRTC that of NVRTC.
#include <cstddef>
#include <cstdlib>

#define EXPORTED extern "C" __attribute__((visibility("default")))
#define NAMED(name) \
  EXPORTED int name() { return 0; }

namespace {
int number(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::atoi(text) : otherwise;
}
}  // namespace

EXPORTED int cuInit(unsigned) { return number("FAKE_CUINIT", 0); }
EXPORTED int cuDriverGetVersion(int* version) { return *version = number("FAKE_CUDA", 12080), 0; }
EXPORTED int cuGetErrorName(int error, const char** name) { return *name = error == 803 ? "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH" : "CUDA_ERROR_ILLEGAL_ADDRESS", 0; }
EXPORTED int cuGetErrorString(int, const char** text) { return *text = "words of the driver", 0; }
EXPORTED int cuDeviceGetCount(int* count) { return *count = number("FAKE_DEVICES", 1), 0; }
NAMED(cuDeviceGet) NAMED(cuDeviceGetName) NAMED(cuDeviceGetAttribute) NAMED(cuDevicePrimaryCtxRetain) NAMED(cuDevicePrimaryCtxRelease_v2)
NAMED(cuCtxGetCurrent) NAMED(cuCtxPushCurrent_v2) NAMED(cuCtxPopCurrent_v2) NAMED(cuCtxGetDevice) NAMED(cuPointerGetAttribute)
NAMED(cuModuleLoadData) NAMED(cuModuleUnload) NAMED(cuModuleGetFunction) NAMED(cuFuncSetAttribute) NAMED(cuLaunchKernel) NAMED(cuMemsetD8Async)
NAMED(cuMemsetD2D8Async) NAMED(cuMemcpyHtoDAsync_v2) NAMED(cuMemcpyDtoHAsync_v2) NAMED(cuStreamSynchronize) NAMED(cuStreamIsCapturing)

EXPORTED int nvrtcVersion(int* major, int* minor) { return *major = number("FAKE_NVRTC", 12), *minor = 8, 0; }
NAMED(nvrtcGetErrorString) NAMED(nvrtcCreateProgram) NAMED(nvrtcDestroyProgram) NAMED(nvrtcCompileProgram) NAMED(nvrtcGetProgramLogSize)
NAMED(nvrtcGetProgramLog) NAMED(nvrtcGetCUBINSize) NAMED(nvrtcGetCUBIN) NAMED(nvrtcGetNumSupportedArchs) NAMED(nvrtcGetSupportedArchs)

EXPORTED std::size_t cublasLtGetVersion() { return static_cast<std::size_t>(number("FAKE_LT", 120800)); }
NAMED(cublasLtCreate) NAMED(cublasLtDestroy) NAMED(cublasLtMatmulDescCreate) NAMED(cublasLtMatmulDescDestroy)
NAMED(cublasLtMatmulDescSetAttribute) NAMED(cublasLtMatrixLayoutCreate) NAMED(cublasLtMatrixLayoutDestroy)
NAMED(cublasLtMatmulPreferenceCreate) NAMED(cublasLtMatmulPreferenceDestroy) NAMED(cublasLtMatmulPreferenceSetAttribute)
NAMED(cublasLtMatmulAlgoGetHeuristic) NAMED(cublasLtMatmulAlgoCheck) NAMED(cublasLtMatmul)
