// Where NVIDIA's libraries are looked for, and what is said of those that are missing, broken or too new. Every case runs
// in a process of its own, for what is loaded stays loaded.
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "check.h"
#include "cuda/libraries.h"
#include "cuda/search.h"
#include "scratch.h"

namespace {

using namespace headroom::cuda;
namespace fs = std::filesystem;

constexpr char kSymbols[] = SYMBOLS_FILE;

template <class Body>
void in_own_process(const char* name, const Body& body) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    std::fflush(stdout);
    ::_exit(failures() == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %d", name, status);
}

void set(const char* variable, const std::string& value) { ::setenv(variable, value.c_str(), 1); }

void name_all() {
  for (const char* variable : {"HEADROOM_CUDA_DRIVER", "HEADROOM_NVRTC", "HEADROOM_CUBLASLT"}) set(variable, kSymbols);
}

void refuses(const std::vector<std::string>& parts) {
  const auto [status, text] = thrown([] { libraries(); });
  CHECK(status == HEADROOM_UNSUPPORTED, "status %d: %s", status, text.c_str());
  for (const std::string& part : parts) CHECK(has(text, part), "\"%s\" lacks \"%s\"", text.c_str(), part.c_str());
}

void knows_the_names_of_files() {
  for (const char* file : {"libnvrtc.so", "libnvrtc.so.12", "libnvrtc-1a2b3c4d.so.11.2"}) CHECK(is_file_of(file, "libnvrtc"), "%s", file);
  for (const char* file : {"libnvrtc-builtins.so.12.8", "libnvrtc-builtins-1a2b.so.12", "libnvrtc.alt.so.13", "libnvrtc-.so.12", "libnvrtc.a", "libcublasLt.so.12", "xlibnvrtc.so"})
    CHECK(!is_file_of(file, "libnvrtc"), "%s", file);
  CHECK(!is_file_of("libcublas.so.12", "libcublasLt"), "the other cuBLAS");
}

void takes_what_the_variables_name() {
  name_all();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([] { libraries(); });
  for (std::thread& thread : threads) thread.join();
  const Libraries& all = libraries();
  CHECK(all.driver_path == kSymbols && all.nvrtc_path == kSymbols && all.lt_path == kSymbols, "%s", all.nvrtc_path.c_str());
  int version = 0;
  CHECK(all.driver.DriverGetVersion(&version) == 0 && version == 12080, "%d", version);
  set("HEADROOM_NVRTC", "/nowhere");
  CHECK(&libraries() == &all, "found once");
}

void refuses_a_name_that_does_not_load() {
  name_all();
  Scratch scratch;
  const std::string text_file = scratch / "libnvrtc.so.12";
  std::ofstream(text_file) << "no library";
  set("HEADROOM_NVRTC", text_file);
  CHECK(::dlopen(kSymbols, RTLD_NOW) != nullptr, "%s", ::dlerror());
  refuses({"HEADROOM_NVRTC: " + text_file, "expected: a library that loads"});
  set("HEADROOM_NVRTC", "/nowhere/libnvrtc.so.12");
  refuses({"HEADROOM_NVRTC: /nowhere/libnvrtc.so.12", "No such file"});
  set("HEADROOM_NVRTC", kSymbols);
  CHECK(libraries().nvrtc_path == kSymbols, "a failure is not remembered");
}

void refuses_a_library_without_the_symbols() {
  name_all();
  set("HEADROOM_CUBLASLT", "libm.so.6");
  refuses({"libm.so.6: no cublasLtGetVersion (expected: a library of CUDA 11.8 or later)"});
}

void tells_why_the_driver_does_not_start() {
  name_all();
  set("FAKE_CUINIT", "100"), set("CUDA_VISIBLE_DEVICES", "none");
  refuses({"CUDA devices: none (expected:", "CUDA_VISIBLE_DEVICES is \"none\""});
  set("FAKE_CUINIT", "34");
  refuses({"stub", "LD_LIBRARY_PATH"});
  set("FAKE_CUINIT", "803");
  refuses({"CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, words of the driver (expected: success"});
  set("FAKE_CUINIT", "0"), set("FAKE_DEVICES", "0");
  refuses({"CUDA devices: none"});
}

void refuses_libraries_newer_than_the_driver() {
  name_all();
  set("FAKE_NVRTC", "13");
  refuses({"CUDA driver: of CUDA 12.8 (expected: at least 13.0, for ", "HEADROOM_NVRTC"});
  set("FAKE_NVRTC", "12"), set("FAKE_LT", "130100");
  refuses({"CUDA driver: of CUDA 12.8 (expected: at least 13.0, for ", "HEADROOM_CUBLASLT"});
  set("FAKE_CUDA", "13000");
  CHECK(libraries().lt_path == kSymbols, "a newer driver serves");
}

// Wheels rename the libraries; their file is in the list of what is loaded.
void finds_what_is_loaded_under_another_name() {
  Scratch scratch;
  for (const char* file : {"libnvrtc-builtins.so.12.8", "libcublasLt-0a1b2c3d.so.12", "libnvrtc-99aa88bb.so.12"}) {
    fs::copy_file(kSymbols, scratch / file);
    CHECK(::dlopen((scratch / file).c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr, "%s", ::dlerror());
  }
  std::string path;
  find_nvrtc(&path);
  CHECK(path == scratch / "libnvrtc-99aa88bb.so.12", "%s", path.c_str());
  find_lt(&path);
  CHECK(path == scratch / "libcublasLt-0a1b2c3d.so.12", "%s", path.c_str());
  set("HEADROOM_NVRTC", kSymbols);
  find_nvrtc(&path);
  CHECK(path == kSymbols, "%s", path.c_str());
}

// A file that does not load is passed over; the next one serves.
void finds_what_lies_beside_pytorch() {
  Scratch scratch;
  fs::create_directories(scratch / "torch/lib"), fs::create_directories(scratch / "nvidia/cublas/lib");
  fs::copy_file(kSymbols, scratch / "torch/lib/libtorch_cuda.so");
  fs::copy_file(kSymbols, scratch / "torch/lib/libnvrtc-1a2b3c4d.so.12");
  std::ofstream(scratch / "torch/lib/libnvrtc-0a2b3c4d.so.12") << "no library";
  fs::copy_file(kSymbols, scratch / "nvidia/cublas/lib/libcublasLt.so.12");
  CHECK(::dlopen((scratch / "torch/lib/libtorch_cuda.so").c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr, "%s", ::dlerror());
  std::string path;
  find_nvrtc(&path);
  CHECK(path == scratch / "torch/lib/libnvrtc-1a2b3c4d.so.12", "%s", path.c_str());
  find_lt(&path);
  CHECK(fs::equivalent(path, scratch / "nvidia/cublas/lib/libcublasLt.so.12"), "%s", path.c_str());
}

void tells_what_is_missing() {
  const Sought sought = {"libheadroom_nowhere", {"libheadroom_nowhere.so.1"}, "nowhere", "HEADROOM_NOWHERE", "a library that no one has"};
  const auto [status, text] = thrown([&] { Library library(sought); });
  CHECK(status == HEADROOM_UNSUPPORTED, "status %d", status);
  for (const char* part : {"libheadroom_nowhere: not found (expected: a library that no one has, or its file named in HEADROOM_NOWHERE", "libheadroom_nowhere.so.1: cannot open"})
    CHECK(has(text, part), "\"%s\" lacks \"%s\"", text.c_str(), part);
}

void tells_of_failed_calls() {
  name_all();
  CHECK(thrown([] { check_driver(0, "cuX"); }).first == HEADROOM_OK && thrown([] { check_lt(0, "ltX"); }).first == HEADROOM_OK, "success");
  CHECK(has(thrown([] { check_driver(1, "cuX"); }).second, "cuX: error 1 (expected: success)"), "before the driver is found");
  libraries();
  const auto memory = thrown([] { check_driver(kOutOfMemory, "cuX"); }), lost = thrown([] { check_driver(kIllegalAddress, "cuLaunchKernel"); });
  CHECK(memory.first == HEADROOM_OUT_OF_MEMORY, "%s", memory.second.c_str());
  CHECK(lost.first == HEADROOM_INTERNAL && has(lost.second, "cuLaunchKernel: CUDA_ERROR_ILLEGAL_ADDRESS, words of the driver") && has(lost.second, "start it again"),
        "%s", lost.second.c_str());
  CHECK(!has(thrown([] { check_driver(kInvalidHandle, "cuX"); }).second, "start it again"), "not every failure loses the device");
  CHECK(thrown([] { check_lt(kLtNoMemory, "ltX"); }).first == HEADROOM_OUT_OF_MEMORY, "no memory");
  const auto failed = thrown([] { check_lt(kLtExecutionFailed, "cublasLtMatmul"); });
  CHECK(failed.first == HEADROOM_INTERNAL && has(failed.second, "cublasLtMatmul: CUBLAS_STATUS_EXECUTION_FAILED, code 13") && has(failed.second, "start it again"), "%s",
        failed.second.c_str());
}

}  // namespace

int main() {
  for (const char* variable : {"HEADROOM_CUDA_DRIVER", "HEADROOM_NVRTC", "HEADROOM_CUBLASLT"}) ::unsetenv(variable);
  knows_the_names_of_files();
  in_own_process("takes_what_the_variables_name", takes_what_the_variables_name);
  in_own_process("refuses_a_name_that_does_not_load", refuses_a_name_that_does_not_load);
  in_own_process("refuses_a_library_without_the_symbols", refuses_a_library_without_the_symbols);
  in_own_process("tells_why_the_driver_does_not_start", tells_why_the_driver_does_not_start);
  in_own_process("refuses_libraries_newer_than_the_driver", refuses_libraries_newer_than_the_driver);
  in_own_process("finds_what_is_loaded_under_another_name", finds_what_is_loaded_under_another_name);
  in_own_process("finds_what_lies_beside_pytorch", finds_what_lies_beside_pytorch);
  in_own_process("tells_what_is_missing", tells_what_is_missing);
  in_own_process("tells_of_failed_calls", tells_of_failed_calls);
  return failures() == 0 ? 0 : 1;
}
