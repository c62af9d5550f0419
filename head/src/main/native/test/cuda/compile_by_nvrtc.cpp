// Compiles the kernels that the library carries for every architecture that is claimed, by the NVRTC that HEADROOM_NVRTC
// names and the product's own compiler; no GPU is needed. Each cubin has to hold every kernel by its name. The fused kernels
// are for one architecture.
#include <chrono>
#include <cstdio>
#include <iterator>
#include <string>

#include "../check.h"
#include "cuda/compiler.h"
#include "cuda/kernels/arguments.h"
#include "cuda/kernels/fused_arguments.h"
#include "status.h"

namespace {

using namespace headroom::cuda;

constexpr int kArchitectures[] = {80, 86, 89, 90, 100, 120};

#define HEADROOM_NAME(name, ...) #name,
constexpr const char* kKernels[] = {HEADROOM_KERNELS(HEADROOM_NAME)};
constexpr const char* kFusedKernels[] = {HEADROOM_FUSED_KERNELS(HEADROOM_NAME)};
#undef HEADROOM_NAME

// ELF names the section of a kernel's code ".text." and the kernel.
bool holds(const std::string& cubin, const std::string& kernel) { return cubin.find(".text." + kernel + '\0') != std::string::npos; }

void compile_all() {
  std::string path;
  const Nvrtc nvrtc = find_nvrtc(&path);
  int major = 0, minor = 0;
  nvrtc.Version(&major, &minor);
  std::printf("NVRTC %d.%d, %s\n", major, minor, path.c_str());
  for (const int architecture : kArchitectures) {
    const std::string target = "sm_" + std::to_string(architecture);
    const auto start = std::chrono::steady_clock::now();
    CHECK(compiled_architecture(nvrtc, architecture) == architecture, "%s is not known", target.c_str());
    const std::string cubin = compile(nvrtc, kKernelSource, target);
    CHECK(cubin.compare(0, 4, "\177ELF") == 0, "%s: no cubin", target.c_str());
    for (const char* kernel : kKernels) CHECK(holds(cubin, kernel), "%s: no %s", target.c_str(), kernel);
    CHECK(!holds(cubin, "no_such_kernel"), "%s: a name that is none", target.c_str());
    std::printf("%s: %zu kernels in %zu bytes, %.1f seconds\n", target.c_str(), std::size(kKernels), cubin.size(),
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  if (major < 12) return;
  const std::string fused = compile(nvrtc, kFusedSource, "sm_90a");
  for (const char* kernel : kFusedKernels) CHECK(holds(fused, kernel), "sm_90a: no %s", kernel);
}

}  // namespace

int main() {
  try {
    compile_all();
  } catch (const headroom::Failure& failure) {
    CHECK(false, "%s", failure.what());
  }
  return failures() == 0 ? 0 : 1;
}
