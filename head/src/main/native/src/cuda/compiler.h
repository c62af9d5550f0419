// Compiles the kernels for the device that is met, by NVRTC, and keeps what came of it in a private directory.
#pragma once

#include <string>

#include "libraries.h"

namespace headroom::cuda {

// The sources that the library carries, concatenated at build time from kernels/*: those of every device, and those of
// compute capability 9.0 alone.
extern const char *const kKernelSource, *const kFusedSource;

constexpr int kLeastArchitecture = 80;  // the first with bfloat16

// The compiled kernels for an architecture such as 90: read from the cache, where its hash over sources, architecture,
// options and compiler version holds, else compiled and put there. The directory is HEADROOM_CACHE_DIR, or XDG_CACHE_HOME,
// or ~/.cache, with "headroom/kernels" below; mode 0700, the user's own, else it is left alone. A file carries the SHA-256
// of its contents, is written beside and renamed; one that does not match is compiled again. Where nothing can be kept the
// kernels are compiled for the process. `log` takes a line on what was done, for doctor; it may be null. Of `libraries`
// NVRTC alone is used. Safe for several threads, of which one compiles.
std::string kernels_for(const Libraries& libraries, int architecture, std::string* log);

// The same for the kernels of compute capability 9.0 alone, which take a compiler of CUDA 12 or later.
std::string fused_kernels_for(const Libraries& libraries, std::string* log);

// The number that kernels are compiled for: the architecture, or where this NVRTC does not know it the nearest lower one
// of the same major version, whose code it runs. Throws UNSUPPORTED where there is none, and below kLeastArchitecture.
int compiled_architecture(const Nvrtc& nvrtc, int architecture);

// Compiles a source to a CUBIN for a target such as "sm_90" or "sm_90a". Throws UNSUPPORTED, OUT_OF_MEMORY or, with the
// compiler's own words, INTERNAL.
std::string compile(const Nvrtc& nvrtc, const char* source, const std::string& target);

}  // namespace headroom::cuda
