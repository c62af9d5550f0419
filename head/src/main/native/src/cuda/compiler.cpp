#include "compiler.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <vector>

#include "cache.h"
#include "search.h"
#include "sha256.h"

namespace headroom::cuda {
namespace {

// Division and square root are rounded correctly and small numbers kept: NVRTC's defaults, said here so that they are
// part of a cached file's key.
std::vector<std::string> options_for(const std::string& target) {
  return {"-arch=" + target, "-std=c++17", "-ftz=false", "-prec-div=true", "-prec-sqrt=true", "-fmad=true"};
}

constexpr Status kNvrtcNoMemory = 1, kNvrtcBuiltins = 7;
constexpr std::size_t kMostOfLog = 8000;

void check_nvrtc(const Nvrtc& nvrtc, Status status, const char* what) {
  if (status == 0) return;
  const std::string text = std::string(what) + ": " + nvrtc.GetErrorString(status);
  if (status == kNvrtcNoMemory) throw Failure(HEADROOM_OUT_OF_MEMORY, text + " (expected: free memory on the host)");
  if (status == kNvrtcBuiltins) unsupported(text + " (expected: libnvrtc-builtins of the same version beside libnvrtc, or in LD_LIBRARY_PATH)");
  throw Failure(HEADROOM_INTERNAL, text + " (expected: success)");
}

class Compilation {
 public:
  Compilation(const Nvrtc& nvrtc, const char* source) : nvrtc_(nvrtc) {
    check_nvrtc(nvrtc, nvrtc.CreateProgram(&program_, source, "headroom.cu", 0, nullptr, nullptr), "nvrtcCreateProgram");
  }
  ~Compilation() { nvrtc_.DestroyProgram(&program_); }
  Compilation(const Compilation&) = delete;
  Compilation& operator=(const Compilation&) = delete;

  std::string run(const std::vector<std::string>& options) {
    std::vector<const char*> list;
    for (const std::string& option : options) list.push_back(option.c_str());
    const Status status = nvrtc_.CompileProgram(program_, static_cast<int>(list.size()), list.data());
    if (status != 0) check_nvrtc(nvrtc_, status, ("kernels for " + options[0] + ":\n" + log() + "\nnvrtcCompileProgram").c_str());
    std::size_t bytes = 0;
    check_nvrtc(nvrtc_, nvrtc_.GetCUBINSize(program_, &bytes), "nvrtcGetCUBINSize");
    if (bytes == 0) throw Failure(HEADROOM_INTERNAL, "nvrtcGetCUBINSize: 0 (expected: code for " + options[0] + ")");
    std::string image(bytes, '\0');
    check_nvrtc(nvrtc_, nvrtc_.GetCUBIN(program_, image.data()), "nvrtcGetCUBIN");
    return image;
  }

 private:
  std::string log() const {
    std::size_t bytes = 0;
    if (nvrtc_.GetProgramLogSize(program_, &bytes) != 0 || bytes < 2) return "no log";
    std::string text(bytes, '\0');
    if (nvrtc_.GetProgramLog(program_, text.data()) != 0) return "no log";
    text.resize(std::min({text.find('\0'), text.size(), kMostOfLog}));
    return text;
  }

  const Nvrtc& nvrtc_;
  Program program_ = nullptr;
};

std::string version_of(const Nvrtc& nvrtc) {
  int major = 0, minor = 0;
  check_nvrtc(nvrtc, nvrtc.Version(&major, &minor), "nvrtcVersion");
  return std::to_string(major) + "." + std::to_string(minor);
}

std::string key_of(const std::string& version, const std::string& target, const char* source) {
  std::string all = "NVRTC " + version + "\n";
  for (const std::string& option : options_for(target)) all += option + "\n";
  return sha256(all + source);
}

std::string seconds_since(std::chrono::steady_clock::time_point start) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return text;
}

std::string capability(int architecture) { return std::to_string(architecture / 10) + "." + std::to_string(architecture % 10); }

std::mutex kernels_lock;
// What no directory would keep, by key.
std::map<std::string, std::string>& kept_in_process() {
  static std::map<std::string, std::string> images;
  return images;
}

}  // namespace

int compiled_architecture(const Nvrtc& nvrtc, int architecture) {
  if (architecture < kLeastArchitecture)
    unsupported("compute capability: " + capability(architecture) + " (expected: at least " + capability(kLeastArchitecture) +
                ", which the kernels' bfloat16 needs; the CPU serves without it)");
  int count = 0;
  check_nvrtc(nvrtc, nvrtc.GetNumSupportedArchs(&count), "nvrtcGetNumSupportedArchs");
  std::vector<int> known(static_cast<std::size_t>(std::max(count, 1)));
  check_nvrtc(nvrtc, nvrtc.GetSupportedArchs(known.data()), "nvrtcGetSupportedArchs");
  known.resize(static_cast<std::size_t>(count));
  int best = 0;
  std::string list;
  for (const int each : known) {
    if (each / 10 == architecture / 10 && each <= architecture) best = std::max(best, each);
    list += (list.empty() ? "" : ", ") + capability(each);
  }
  if (best == 0)
    unsupported("compute capability: " + capability(architecture) + " (expected: one that NVRTC " + version_of(nvrtc) + " compiles for, " + list +
                "; PyTorch of another CUDA version, or another library in HEADROOM_NVRTC, may serve this device)");
  return best;
}

std::string compile(const Nvrtc& nvrtc, const char* source, const std::string& target) {
  return Compilation(nvrtc, source).run(options_for(target));
}

namespace {

std::string image_of(const Nvrtc& nvrtc, const char* source, const std::string& target, std::string* log) {
  const std::string version = version_of(nvrtc), key = key_of(version, target, source);
  const auto note = [&](const std::string& text) {
    if (log) *log += "kernels for " + target + ": " + text + "\n";
  };

  const std::lock_guard<std::mutex> guard(kernels_lock);
  if (const auto kept = kept_in_process().find(key); kept != kept_in_process().end()) {
    note("kept by this process");
    return kept->second;
  }
  KernelCache cache;
  if (std::string image = cache.read(key); !image.empty()) {
    note("read from " + cache.path() + "/" + key);
    return image;
  }
  const auto start = std::chrono::steady_clock::now();
  const std::string image = compile(nvrtc, source, target);
  const std::string made = "compiled by NVRTC " + version + " in " + seconds_since(start) + " seconds, ";
  if (cache.write(key, image)) {
    note(made + "kept in " + cache.path() + "/" + key);
  } else {
    kept_in_process()[key] = image;
    note(made + "kept by this process alone; " + cache.refusal());
  }
  return image;
}

}  // namespace

std::string kernels_for(const Libraries& libraries, int architecture, std::string* log) {
  return image_of(libraries.nvrtc, kKernelSource, "sm_" + std::to_string(compiled_architecture(libraries.nvrtc, architecture)), log);
}

std::string fused_kernels_for(const Libraries& libraries, std::string* log) {
  int major = 0, minor = 0;
  check_nvrtc(libraries.nvrtc, libraries.nvrtc.Version(&major, &minor), "nvrtcVersion");
  if (major < 12) unsupported("HEADROOM_CUDA_FUSED: NVRTC " + version_of(libraries.nvrtc) + " (expected: 12.0 or later, or the variable not set)");
  compiled_architecture(libraries.nvrtc, 90);
  return image_of(libraries.nvrtc, kFusedSource, "sm_90a", log);
}

}  // namespace headroom::cuda
