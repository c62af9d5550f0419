// The three libraries of NVIDIA's that the CUDA rung calls, found at run time: the driver, NVRTC and cuBLASLt. Nothing of
// CUDA is needed to build. Types and numbers are those of their C interfaces (CUDA 11.8 to 13), declared here by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace headroom::cuda {

using Status = int;                  // CUresult, nvrtcResult or cublasStatus_t: 0 is success
using DevicePointer = std::uint64_t; // CUdeviceptr
struct Context_;
struct Module_;
struct Function_;
struct Stream_;
using Context = Context_*;
using Module = Module_*;
using Function = Function_*;
using Stream = Stream_*;

// The driver's functions, by their names without "cu"; versioned symbols where the driver has them.
struct Driver {
  Status (*Init)(unsigned flags);
  Status (*DriverGetVersion)(int* version);
  Status (*GetErrorName)(Status error, const char** name);
  Status (*GetErrorString)(Status error, const char** text);
  Status (*DeviceGetCount)(int* count);
  Status (*DeviceGet)(int* device, int ordinal);
  Status (*DeviceGetName)(char* name, int length, int device);
  Status (*DeviceGetAttribute)(int* value, int attribute, int device);
  Status (*DevicePrimaryCtxRetain)(Context* context, int device);
  Status (*DevicePrimaryCtxRelease)(int device);           // _v2
  Status (*CtxGetCurrent)(Context* context);
  Status (*CtxPushCurrent)(Context context);               // _v2
  Status (*CtxPopCurrent)(Context* context);               // _v2
  Status (*CtxGetDevice)(int* device);
  Status (*PointerGetAttribute)(void* value, int attribute, DevicePointer pointer);
  Status (*ModuleLoadData)(Module* module, const void* image);
  Status (*ModuleUnload)(Module module);
  Status (*ModuleGetFunction)(Function* function, Module module, const char* name);
  Status (*FuncSetAttribute)(Function function, int attribute, int value);
  Status (*LaunchKernel)(Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                         unsigned block_z, unsigned shared_bytes, Stream stream, void** arguments, void** extra);
  Status (*MemsetD8Async)(DevicePointer to, unsigned char value, std::size_t bytes, Stream stream);
  Status (*MemsetD2D8Async)(DevicePointer to, std::size_t pitch, unsigned char value, std::size_t width, std::size_t height, Stream stream);
  Status (*MemcpyHtoDAsync)(DevicePointer to, const void* from, std::size_t bytes, Stream stream);  // _v2
  Status (*MemcpyDtoHAsync)(void* to, DevicePointer from, std::size_t bytes, Stream stream);  // _v2
  Status (*StreamSynchronize)(Stream stream);
  Status (*StreamIsCapturing)(Stream stream, int* capturing);
  // From CUDA 12 on; null before. Strides are those of all dimensions but the first, in bytes.
  Status (*TensorMapEncodeTiled)(void* map, int type, std::uint32_t dimensions, void* address, const std::uint64_t* sizes, const std::uint64_t* strides,
                                 const std::uint32_t* box, const std::uint32_t* element_strides, int interleave, int swizzle, int promotion, int fill);
};

// Numbers of the driver's interface.
constexpr Status kInvalidValue = 1, kOutOfMemory = 2, kNotInitialized = 3, kDeinitialized = 4, kStubLibrary = 34, kNoDevice = 100,
                 kInvalidContext = 201, kNoBinary = 209, kUncorrectable = 214, kLinkUncorrectable = 220, kContained = 226,
                 kInvalidHandle = 400, kIllegalAddress = 700, kLaunchTimeout = 702, kAssert = 710, kHardwareStackError = 714, kLaunchFailed = 719;
constexpr int kMemoryType = 2, kDeviceOrdinal = 9;               // CU_POINTER_ATTRIBUTE_*
constexpr int kOnHost = 1, kOnDevice = 2;                        // CU_MEMORYTYPE_*
constexpr int kMultiprocessors = 16, kMajor = 75, kMinor = 76;   // CU_DEVICE_ATTRIBUTE_*
constexpr int kMostSharedBytes = 8;                              // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
constexpr int kMapBrain16 = 9, kMapPlain = 0, kMapSwizzle128 = 3, kMapPromote256 = 3, kMapZeros = 0;  // CU_TENSOR_MAP_*

using Program = void*;  // nvrtcProgram

struct Nvrtc {
  Status (*Version)(int* major, int* minor);
  const char* (*GetErrorString)(Status error);
  Status (*CreateProgram)(Program* program, const char* source, const char* name, int headers, const char* const* header_sources,
                          const char* const* header_names);
  Status (*DestroyProgram)(Program* program);
  Status (*CompileProgram)(Program program, int count, const char* const* options);
  Status (*GetProgramLogSize)(Program program, std::size_t* bytes);
  Status (*GetProgramLog)(Program program, char* log);
  Status (*GetCUBINSize)(Program program, std::size_t* bytes);
  Status (*GetCUBIN)(Program program, char* image);
  Status (*GetNumSupportedArchs)(int* count);
  Status (*GetSupportedArchs)(int* archs);
};

using LtHandle = void*;
using LtDescription = void*;  // cublasLtMatmulDesc_t
using LtLayout = void*;       // cublasLtMatrixLayout_t
using LtPreference = void*;   // cublasLtMatmulPreference_t
struct LtAlgorithm {
  std::uint64_t data[8];
};
struct LtHeuristic {  // cublasLtMatmulHeuristicResult_t
  LtAlgorithm algorithm;
  std::size_t workspace_bytes;
  Status state;
  float waves;
  int reserved[4];
};

struct CublasLt {
  std::size_t (*GetVersion)();
  Status (*Create)(LtHandle* handle);
  Status (*Destroy)(LtHandle handle);
  Status (*MatmulDescCreate)(LtDescription* description, int compute, int scale);
  Status (*MatmulDescDestroy)(LtDescription description);
  Status (*MatmulDescSetAttribute)(LtDescription description, int attribute, const void* value, std::size_t bytes);
  Status (*MatrixLayoutCreate)(LtLayout* layout, int type, std::uint64_t rows, std::uint64_t columns, std::int64_t ld);
  Status (*MatrixLayoutDestroy)(LtLayout layout);
  Status (*MatmulPreferenceCreate)(LtPreference* preference);
  Status (*MatmulPreferenceDestroy)(LtPreference preference);
  Status (*MatmulPreferenceSetAttribute)(LtPreference preference, int attribute, const void* value, std::size_t bytes);
  Status (*MatmulAlgoGetHeuristic)(LtHandle handle, LtDescription description, LtLayout a, LtLayout b, LtLayout c, LtLayout d,
                                   LtPreference preference, int wanted, LtHeuristic* results, int* found);
  Status (*MatmulAlgoCheck)(LtHandle handle, LtDescription description, LtLayout a, LtLayout b, LtLayout c, LtLayout d,
                            const LtAlgorithm* algorithm, LtHeuristic* result);
  Status (*Matmul)(LtHandle handle, LtDescription description, const void* alpha, const void* a, LtLayout a_layout, const void* b,
                   LtLayout b_layout, const void* beta, const void* c, LtLayout c_layout, void* d, LtLayout d_layout,
                   const LtAlgorithm* algorithm, void* workspace, std::size_t workspace_bytes, Stream stream);
};

// Numbers of cuBLASLt's interface.
constexpr int kReal32 = 0, kReal16 = 2, kBrain16 = 14;                      // CUDA_R_32F, CUDA_R_16F, CUDA_R_16BF
constexpr int kCompute32 = 68, kComputeTf32 = 77;                           // CUBLAS_COMPUTE_32F, ..._32F_FAST_TF32
constexpr int kTransposeA = 3, kTransposeB = 4;                             // CUBLASLT_MATMUL_DESC_TRANSA, TRANSB
constexpr int kAsIs = 0, kTransposed = 1;                                   // CUBLAS_OP_N, CUBLAS_OP_T
constexpr int kMostWorkspace = 1, kReductionSchemes = 3, kAlignmentOfA = 5; // CUBLASLT_MATMUL_PREF_*; B, C, D follow A
constexpr Status kLtNoMemory = 3, kLtExecutionFailed = 13, kLtInternal = 14, kLtNotSupported = 15;  // CUBLAS_STATUS_*
constexpr std::uint32_t kNoSplit = 0, kSplitOutOfPlace = 6;                 // CUBLASLT_REDUCTION_SCHEME_*: never in place

// The libraries of this process, found once: what is loaded already (as PyTorch's are), then beside those, then the
// system's; HEADROOM_CUDA_DRIVER, HEADROOM_NVRTC and HEADROOM_CUBLASLT name others. A failure is not remembered: a later
// call may find what was loaded meanwhile.
struct Libraries {
  Driver driver;
  Nvrtc nvrtc;
  CublasLt lt;
  std::string driver_path, nvrtc_path, lt_path;
};

// Throws UNSUPPORTED with what is missing and how to get it: a library, a device, or a driver as new as NVRTC and cuBLASLt.
const Libraries& libraries();

// What libraries() is made of, each looked up anew; the last two need neither a device nor the driver.
Driver find_driver(std::string* path);
Nvrtc find_nvrtc(std::string* path);
CublasLt find_lt(std::string* path);
Libraries find_libraries();

// Throws where a call failed: OUT_OF_MEMORY, or INTERNAL with the driver's own words; a lost device says that the process
// must be started again.
void check_driver(Status status, const char* what);
void check_lt(Status status, const char* what);

}  // namespace headroom::cuda
