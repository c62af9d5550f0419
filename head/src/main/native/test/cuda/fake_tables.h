// The fake's functions under the names by which the product calls them.
#pragma once

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "cuda/libraries.h"

namespace headroom::fake {

template <class Function>
void find(const char* name, Function* function) {
  void* address = dlsym(RTLD_DEFAULT, name);
  if (!address) {
    std::printf("not exported: %s\n", name);
    std::exit(1);
  }
  *function = reinterpret_cast<Function>(address);
}

#define HEADROOM_FIND(table, prefix, name, suffix) find(#prefix #name #suffix, &table.name)

inline cuda::Driver driver() {
  cuda::Driver table;
  HEADROOM_FIND(table, cu, Init, );
  HEADROOM_FIND(table, cu, DriverGetVersion, );
  HEADROOM_FIND(table, cu, GetErrorName, );
  HEADROOM_FIND(table, cu, GetErrorString, );
  HEADROOM_FIND(table, cu, DeviceGetCount, );
  HEADROOM_FIND(table, cu, DeviceGet, );
  HEADROOM_FIND(table, cu, DeviceGetName, );
  HEADROOM_FIND(table, cu, DeviceGetAttribute, );
  HEADROOM_FIND(table, cu, DevicePrimaryCtxRetain, );
  HEADROOM_FIND(table, cu, DevicePrimaryCtxRelease, _v2);
  HEADROOM_FIND(table, cu, CtxGetCurrent, );
  HEADROOM_FIND(table, cu, CtxPushCurrent, _v2);
  HEADROOM_FIND(table, cu, CtxPopCurrent, _v2);
  HEADROOM_FIND(table, cu, CtxGetDevice, );
  HEADROOM_FIND(table, cu, PointerGetAttribute, );
  HEADROOM_FIND(table, cu, ModuleLoadData, );
  HEADROOM_FIND(table, cu, ModuleUnload, );
  HEADROOM_FIND(table, cu, ModuleGetFunction, );
  HEADROOM_FIND(table, cu, FuncSetAttribute, );
  HEADROOM_FIND(table, cu, LaunchKernel, );
  HEADROOM_FIND(table, cu, MemsetD8Async, );
  HEADROOM_FIND(table, cu, MemsetD2D8Async, );
  HEADROOM_FIND(table, cu, MemcpyHtoDAsync, _v2);
  HEADROOM_FIND(table, cu, MemcpyDtoHAsync, _v2);
  HEADROOM_FIND(table, cu, StreamSynchronize, );
  HEADROOM_FIND(table, cu, StreamIsCapturing, );
  HEADROOM_FIND(table, cu, TensorMapEncodeTiled, );
  return table;
}

inline cuda::Nvrtc nvrtc() {
  cuda::Nvrtc table;
  HEADROOM_FIND(table, nvrtc, Version, );
  HEADROOM_FIND(table, nvrtc, GetErrorString, );
  HEADROOM_FIND(table, nvrtc, CreateProgram, );
  HEADROOM_FIND(table, nvrtc, DestroyProgram, );
  HEADROOM_FIND(table, nvrtc, CompileProgram, );
  HEADROOM_FIND(table, nvrtc, GetProgramLogSize, );
  HEADROOM_FIND(table, nvrtc, GetProgramLog, );
  HEADROOM_FIND(table, nvrtc, GetCUBINSize, );
  HEADROOM_FIND(table, nvrtc, GetCUBIN, );
  HEADROOM_FIND(table, nvrtc, GetNumSupportedArchs, );
  HEADROOM_FIND(table, nvrtc, GetSupportedArchs, );
  return table;
}

inline cuda::CublasLt cublas_lt() {
  cuda::CublasLt table;
  HEADROOM_FIND(table, cublasLt, GetVersion, );
  HEADROOM_FIND(table, cublasLt, Create, );
  HEADROOM_FIND(table, cublasLt, Destroy, );
  HEADROOM_FIND(table, cublasLt, MatmulDescCreate, );
  HEADROOM_FIND(table, cublasLt, MatmulDescDestroy, );
  HEADROOM_FIND(table, cublasLt, MatmulDescSetAttribute, );
  HEADROOM_FIND(table, cublasLt, MatrixLayoutCreate, );
  HEADROOM_FIND(table, cublasLt, MatrixLayoutDestroy, );
  HEADROOM_FIND(table, cublasLt, MatmulPreferenceCreate, );
  HEADROOM_FIND(table, cublasLt, MatmulPreferenceDestroy, );
  HEADROOM_FIND(table, cublasLt, MatmulPreferenceSetAttribute, );
  HEADROOM_FIND(table, cublasLt, MatmulAlgoGetHeuristic, );
  HEADROOM_FIND(table, cublasLt, MatmulAlgoCheck, );
  HEADROOM_FIND(table, cublasLt, Matmul, );
  return table;
}

}  // namespace headroom::fake
