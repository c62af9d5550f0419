// The compiler's cache with an NVRTC that the test itself is: what is kept, what is trusted, what is compiled again.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "check.h"
#include "cuda/compiler.h"
#include "cuda/sha256.h"
#include "scratch.h"

namespace {

using namespace headroom::cuda;
namespace fs = std::filesystem;

std::atomic<int> compiled{0}, programs{0};
int version_minor = 8;
Status result = 0;
std::string last_options;

// Its code is its target and 100 kB more.
std::string image_for(const std::string& options) { return options.substr(0, options.find(' ')) + std::string(100000, '\1'); }

Nvrtc fake() {
  Nvrtc n{};
  n.Version = [](int* major, int* minor) { return *major = 12, *minor = version_minor, 0; };
  n.GetErrorString = [](Status error) { return error == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR_OTHER"; };
  n.CreateProgram = [](Program* program, const char*, const char*, int, const char* const*, const char* const*) {
    *program = new std::string;
    return ++programs, 0;
  };
  n.DestroyProgram = [](Program* program) {
    delete static_cast<std::string*>(*program);
    return --programs, 0;
  };
  n.CompileProgram = [](Program program, int count, const char* const* options) {
    std::string& all = *static_cast<std::string*>(program);
    for (int i = 0; i < count; ++i) all += (i ? " " : "") + std::string(options[i]);
    last_options = all;
    return ++compiled, result;
  };
  n.GetProgramLogSize = [](Program, std::size_t* bytes) { return *bytes = 18, 0; };
  n.GetProgramLog = [](Program, char* log) { return std::memcpy(log, "head.cu(7): error", 18), 0; };
  n.GetCUBINSize = [](Program program, std::size_t* bytes) { return *bytes = image_for(*static_cast<std::string*>(program)).size(), 0; };
  n.GetCUBIN = [](Program program, char* to) {
    const std::string image = image_for(*static_cast<std::string*>(program));
    return std::memcpy(to, image.data(), image.size()), 0;
  };
  n.GetNumSupportedArchs = [](int* count) { return *count = 4, 0; };
  n.GetSupportedArchs = [](int* archs) {
    const int known[] = {75, 80, 86, 90};
    return std::memcpy(archs, known, sizeof known), 0;
  };
  return n;
}

const Libraries& with_fake() {
  static Libraries all{{}, fake(), {}, "", "", ""};
  return all;
}

struct Taken {
  std::string image, log;
  int compilations;
};

Taken take(const std::string& base, int architecture = 90) {
  ::setenv("HEADROOM_CACHE_DIR", base.c_str(), 1);
  const int before = compiled;
  Taken taken;
  taken.image = kernels_for(with_fake(), architecture, &taken.log);
  taken.compilations = compiled - before;
  CHECK(taken.image == image_for("-arch=sm_" + std::to_string(architecture)), "%zu bytes", taken.image.size());
  return taken;
}

std::vector<std::string> files_below(const std::string& base) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(base + "/headroom/kernels")) files.push_back(entry.path());
  return files;
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// FIPS 180-4's own examples, and every length around the edge of a block against itself one byte off.
void hashes_as_the_standard_does() {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "%s", sha256("").c_str());
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "%s", sha256("abc").c_str());
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", "two blocks");
  CHECK(sha256(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "a million");
  CHECK(sha256(std::string(64, '\0')) == "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b", "a block of zeros");
  CHECK(sha256(std::string(55, 'x')) != sha256(std::string(56, 'x')), "lengths count");
}

void keeps_what_it_compiled() {
  Scratch scratch;
  const Taken first = take(scratch / "new"), second = take(scratch / "new");
  CHECK(first.compilations == 1 && has(first.log, "kernels for sm_90: compiled by NVRTC 12.8 in ") && has(first.log, "kept in " + (scratch / "new/headroom/kernels/")),
        "%s", first.log.c_str());
  CHECK(second.compilations == 0 && has(second.log, "read from " + (scratch / "new/headroom/kernels/")), "%s", second.log.c_str());
  const auto files = files_below(scratch / "new");
  CHECK(files.size() == 1, "%zu files", files.size());
  struct stat about;
  CHECK(::stat((scratch / "new/headroom/kernels").c_str(), &about) == 0 && (about.st_mode & 07777) == 0700, "%o", about.st_mode);
  CHECK(::stat(files[0].c_str(), &about) == 0 && (about.st_mode & 07777) == 0600, "%o", about.st_mode);
  CHECK(has(last_options, "-std=c++17") && !has(last_options, "fast"), "%s", last_options.c_str());
}

void tells_architectures_and_versions_apart() {
  Scratch scratch;
  take(scratch.path());
  CHECK(take(scratch.path(), 80).compilations == 1, "another architecture");
  version_minor = 9;
  CHECK(take(scratch.path()).compilations == 1, "another compiler");
  version_minor = 8;
  CHECK(take(scratch.path()).compilations == 0 && files_below(scratch.path()).size() == 3, "all are kept");
  // A file under another's name is not taken for it.
  const std::string before = contents_of(files_below(scratch.path())[0]);
  for (const std::string& file : files_below(scratch.path())) std::ofstream(file, std::ios::binary) << before;
  CHECK(take(scratch.path(), 80).compilations + take(scratch.path(), 90).compilations >= 1, "the key is in the file");
}

void compiles_again_what_does_not_hold() {
  Scratch scratch;
  take(scratch.path());
  const std::string file = files_below(scratch.path())[0], good = contents_of(file);
  std::string bad[] = {"", good.substr(0, 40), good.substr(0, 150), good.substr(0, good.size() - 1), good + "x", good};
  bad[5][5000] ^= 1;
  for (const std::string& contents : bad) {
    std::ofstream(file, std::ios::binary) << contents;
    CHECK(take(scratch.path()).compilations == 1, "%zu of %zu bytes", contents.size(), good.size());
    CHECK(contents_of(file) == good, "it is mended");
  }
  ::chmod(file.c_str(), 0666);
  CHECK(take(scratch.path()).compilations == 1, "a file that others may write");
  fs::rename(file, scratch / "elsewhere"), fs::create_symlink(scratch / "elsewhere", file);
  CHECK(take(scratch.path()).compilations == 1 && !fs::is_symlink(file), "a link");
  fs::remove(file), ::mkfifo(file.c_str(), 0600);
  CHECK(take(scratch.path()).compilations == 1, "a pipe");
  CHECK(take(scratch.path()).compilations == 0 && files_below(scratch.path()).size() == 1, "nothing is left over");
}

// In a process of its own, where nothing is kept yet; each compiles once and leaves the directory as it was.
void leaves_alone(const char* what, const std::string& base, const char* reason) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    const Taken first = take(base), second = take(base);
    CHECK(first.compilations == 1 && has(first.log, "kept by this process alone; cache ") && has(first.log, reason), "%s: %s", what, first.log.c_str());
    CHECK(second.compilations == 0 && has(second.log, "kept by this process\n"), "%s: %s", what, second.log.c_str());
    std::fflush(stdout);
    ::_exit(failures() == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %d", what, status);
}

void trusts_its_own_directory_alone() {
  Scratch scratch;
  leaves_alone("relative", "relative", "an absolute path");
  std::ofstream(scratch / "file") << "a file";
  leaves_alone("a file", scratch / "file", "Not a directory");
  leaves_alone("no parent", scratch / "no/parent", "No such file");
  fs::create_directories(scratch / "open/headroom/kernels"), ::chmod((scratch / "open/headroom/kernels").c_str(), 0750);
  leaves_alone("others may read", scratch / "open", "of mode 0750 (expected: 0700)");
  fs::create_directories(scratch / "wide/headroom"), ::chmod((scratch / "wide/headroom").c_str(), 0777);
  leaves_alone("others may write above", scratch / "wide", "/headroom of mode 0777 (expected: 0700)");
  fs::create_directories(scratch / "linked"), fs::create_directories(scratch / "target"), ::chmod((scratch / "target").c_str(), 0700);
  fs::create_directory_symlink(scratch / "target", scratch / "linked/headroom");
  leaves_alone("a link", scratch / "linked", "no link");
  CHECK(fs::is_empty(scratch / "target"), "nothing was written through the link");
  if (::geteuid() == 0) {
    fs::create_directories(scratch / "foreign/headroom/kernels"), ::chmod((scratch / "foreign/headroom/kernels").c_str(), 0700);
    CHECK(::chown((scratch / "foreign/headroom/kernels").c_str(), 65534, 65534) == 0, "chown");
    leaves_alone("foreign", scratch / "foreign", "of user 65534 (expected: of user 0)");
  } else {
    fs::create_directories(scratch / "fixed/headroom/kernels");
    ::chmod((scratch / "fixed/headroom").c_str(), 0700), ::chmod((scratch / "fixed/headroom/kernels").c_str(), 0500);
    leaves_alone("read only", scratch / "fixed", "cache file: ");
    std::printf("a foreign directory: not tested, only root can make one\n");
  }
}

void finds_its_place() {
  Scratch scratch;
  const auto taken_with = [&](const char* own, const std::string& xdg, const std::string& home) {
    ::setenv("HEADROOM_CACHE_DIR", own, 1), ::setenv("XDG_CACHE_HOME", xdg.c_str(), 1), ::setenv("HOME", home.c_str(), 1);
    std::string log;
    kernels_for(with_fake(), 86, &log);
    return log;
  };
  CHECK(has(taken_with("", scratch / "xdg", scratch / "home"), "kept in " + (scratch / "xdg/headroom/kernels/")), "XDG_CACHE_HOME");
  fs::create_directory(scratch / "home");
  CHECK(has(taken_with("", "", scratch / "home"), "kept in " + (scratch / "home/.cache/headroom/kernels/")), "HOME");
  CHECK(has(taken_with("", "relative", scratch / "home"), "read from " + (scratch / "home/.cache/headroom/kernels/")), "a relative one does not count");
}

// Whoever comes reads whole files only, while others write and tear them.
void serves_processes_at_once() {
  Scratch scratch;
  take(scratch.path());
  const std::string file = files_below(scratch.path())[0];
  std::vector<pid_t> children;
  std::fflush(stdout);
  for (int i = 0; i < 6; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int j = 0; j < 20; ++j) {
        take(scratch.path());
        if (i % 2) fs::remove(file);
        else if (j % 3 == 0 && ::truncate(file.c_str(), 5000) != 0 && errno != ENOENT) CHECK(false, "truncate");
      }
      ::_exit(failures() == 0 ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child: %d", status);
  }
  take(scratch.path());
  CHECK(files_below(scratch.path()).size() == 1, "nothing is left over");
}

void serves_threads_at_once() {
  Scratch scratch;
  ::setenv("HEADROOM_CACHE_DIR", scratch.path().c_str(), 1);
  const int before = compiled;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([] { kernels_for(with_fake(), 80, nullptr); });
  for (std::thread& thread : threads) thread.join();
  CHECK(compiled - before == 1, "%d compilations", compiled - before);
}

void chooses_an_architecture_whose_code_runs() {
  CHECK(compiled_architecture(fake(), 90) == 90 && compiled_architecture(fake(), 89) == 86 && compiled_architecture(fake(), 80) == 80, "known, and lower ones");
  for (const int unknown : {100, 120}) {
    const auto [status, text] = thrown([&] { compiled_architecture(fake(), unknown); });
    CHECK(status == HEADROOM_UNSUPPORTED && has(text, "compute capability: " + std::to_string(unknown / 10) + ".0 (expected: one that NVRTC 12.8 compiles for, 7.5, 8.0, 8.6, 9.0;"),
          "%s", text.c_str());
  }
  const auto old = thrown([] { compiled_architecture(fake(), 75); });
  CHECK(old.first == HEADROOM_UNSUPPORTED && has(old.second, "compute capability: 7.5 (expected: at least 8.0"), "%s", old.second.c_str());
}

// Beside the others, under a key of its own.
void compiles_fused_kernels_for_one_architecture() {
  Scratch scratch;
  take(scratch.path());
  std::string log;
  const int before = compiled;
  CHECK(fused_kernels_for(with_fake(), &log) == image_for("-arch=sm_90a") && compiled == before + 1, "%s", log.c_str());
  CHECK(fused_kernels_for(with_fake(), &log) == image_for("-arch=sm_90a") && compiled == before + 1, "%s", log.c_str());
  CHECK(files_below(scratch.path()).size() == 2, "%zu files", files_below(scratch.path()).size());
  Libraries older{{}, fake(), {}, "", "", ""};
  older.nvrtc.Version = [](int* major, int* minor) { return *major = 11, *minor = 8, 0; };
  const auto old = thrown([&] { fused_kernels_for(older, nullptr); });
  CHECK(old.first == HEADROOM_UNSUPPORTED && has(old.second, "HEADROOM_CUDA_FUSED: NVRTC 11.8 (expected: 12.0 or later"), "%s", old.second.c_str());
}

void shows_the_compilers_words() {
  Scratch scratch;
  ::setenv("HEADROOM_CACHE_DIR", scratch.path().c_str(), 1);
  result = 6;
  const auto broken = thrown([] { kernels_for(with_fake(), 90, nullptr); });
  CHECK(broken.first == HEADROOM_INTERNAL && has(broken.second, "-arch=sm_90") && has(broken.second, "head.cu(7): error") && has(broken.second, "NVRTC_ERROR_COMPILATION"),
        "%s", broken.second.c_str());
  result = 7;
  const auto builtins = thrown([] { kernels_for(with_fake(), 90, nullptr); });
  CHECK(builtins.first == HEADROOM_UNSUPPORTED && has(builtins.second, "libnvrtc-builtins"), "%s", builtins.second.c_str());
  result = 1;
  CHECK(thrown([] { kernels_for(with_fake(), 90, nullptr); }).first == HEADROOM_OUT_OF_MEMORY, "memory");
  result = 0;
  CHECK(fs::is_empty(scratch / "headroom/kernels"), "nothing broken is kept");
}

}  // namespace

int main() {
  hashes_as_the_standard_does();
  trusts_its_own_directory_alone();
  keeps_what_it_compiled();
  tells_architectures_and_versions_apart();
  compiles_again_what_does_not_hold();
  finds_its_place();
  serves_processes_at_once();
  serves_threads_at_once();
  chooses_an_architecture_whose_code_runs();
  compiles_fused_kernels_for_one_architecture();
  shows_the_compilers_words();
  CHECK(programs == 0, "%d programs are left", programs.load());
  return failures() == 0 ? 0 : 1;
}
