#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fake_image.h"
#include "fake_world.h"

using namespace headroom::fake;
using namespace headroom::cuda;

namespace headroom::fake {

namespace {

constexpr const char* kHead = "HEADROOM EMULATED IMAGE";

unsigned long long hash_of(const std::string& text) {
  unsigned long long hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace

std::string make_image(const std::string& architecture, const std::string& source) {
  char head[128];
  const std::string body = architecture + "\n" + source;
  std::snprintf(head, sizeof head, "%s %016llx %zu\n", kHead, hash_of(body), body.size());
  return head + body;
}

bool read_image(const char* image, std::string* architecture, std::string* source, std::string* wrong) {
  unsigned long long hash = 0;
  std::size_t bytes = 0;
  const std::size_t head_bytes = std::strlen(kHead);
  *wrong = "not an image of the fake's NVRTC";
  if (std::strncmp(image, kHead, head_bytes) != 0) return false;
  if (std::sscanf(image + head_bytes, "%llx %zu", &hash, &bytes) != 2) return false;
  const char* newline = std::strchr(image, '\n');
  if (!newline) return false;
  *wrong = "an image cut short";
  const std::string body(newline + 1, strnlen(newline + 1, bytes));
  if (body.size() != bytes) return false;
  *wrong = "an image that does not match its hash";
  if (hash_of(body) != hash) return false;
  *architecture = body.substr(0, body.find('\n'));
  *source = body.substr(body.find('\n') + 1);
  wrong->clear();
  return true;
}

}  // namespace headroom::fake

namespace {

constexpr int kArchitectures[] = {75, 80, 86, 87, 89, 90, 100, 103, 120, 121};
constexpr Status kInvalidInput = 3, kInvalidProgram = 4, kInvalidOption = 5, kCompilation = 6;

struct Compilation {
  std::string source, name, log, image;
};

Compilation* program_of(Program program) {
  return world().programs.count(program) ? static_cast<Compilation*>(program) : nullptr;
}

bool begins(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

// By one or two dashes, as NVRTC takes them.
bool known_option(const std::string& option) {
  for (const char* known : {"-std=", "-fmad=", "-D", "-define-macro=", "-lineinfo", "-generate-line-info", "-default-device",
                            "-maxrregcount=", "-use_fast_math", "-ftz=", "-prec-div=", "-prec-sqrt=", "-extra-device-vectorization",
                            "-w", "-disable-warnings", "-split-compile="})
    if (begins(option, known) || begins(option, (std::string("-") + known).c_str())) return true;
  return false;
}

}  // namespace

HEADROOM_FAKE_EXPORT Status nvrtcVersion(int* major, int* minor) {
  const Call call("nvrtcVersion", Call::Needs::kNothing);
  *major = world().nvrtc_major;
  *minor = world().nvrtc_minor;
  return call.status();
}

HEADROOM_FAKE_EXPORT const char* nvrtcGetErrorString(Status error) {
  static const char* const kTexts[] = {"NVRTC_SUCCESS", "NVRTC_ERROR_OUT_OF_MEMORY", "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
                                       "NVRTC_ERROR_INVALID_INPUT", "NVRTC_ERROR_INVALID_PROGRAM", "NVRTC_ERROR_INVALID_OPTION",
                                       "NVRTC_ERROR_COMPILATION"};
  return error >= 0 && error <= 6 ? kTexts[error] : "NVRTC_ERROR unknown";
}

HEADROOM_FAKE_EXPORT Status nvrtcCreateProgram(Program* program, const char* source, const char* name, int headers,
                                               const char* const*, const char* const*) {
  const Call call("nvrtcCreateProgram", Call::Needs::kNothing);
  if (call.status() != 0) return call.status();
  if (!program || !source || headers != 0) return call.refuse(kInvalidInput, "no source, or headers, which the fake does not read");
  *program = new Compilation{source, name ? name : "default_program", "", ""};
  world().programs.insert(*program);
  return 0;
}

HEADROOM_FAKE_EXPORT Status nvrtcDestroyProgram(Program* program) {
  const Call call("nvrtcDestroyProgram", Call::Needs::kNothing);
  Compilation* compilation = program ? program_of(*program) : nullptr;
  if (!compilation) return call.refuse(kInvalidProgram, "an unknown program");
  world().programs.erase(compilation);
  delete compilation;
  *program = nullptr;
  return call.status();
}

HEADROOM_FAKE_EXPORT Status nvrtcCompileProgram(Program program, int count, const char* const* options) {
  const Call call("nvrtcCompileProgram", Call::Needs::kNothing);
  Compilation* compilation = program_of(program);
  if (!compilation) return call.refuse(kInvalidProgram, "an unknown program");
  if (call.status() != 0) {
    compilation->log = compilation->name + "(1): error: injected by a test\n";
    return call.status();
  }
  std::string architecture;
  for (int i = 0; i < count; ++i) {
    const std::string option = options[i];
    const bool names = begins(option, "--gpu-architecture=sm_") || begins(option, "-arch=sm_");
    if (names) architecture = option.substr(option.find("=sm_") + 4);
    if (!names && !known_option(option)) {
      compilation->log = "nvrtc: error: invalid value for option, " + option + "\n";
      return call.refuse(kInvalidOption, option);
    }
  }
  bool served = false;
  for (const int known : kArchitectures) served |= known <= world().newest && known == std::atoi(architecture.c_str());
  if (!served) {
    compilation->log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
    return call.refuse(kInvalidOption, "architecture '" + architecture + "'");
  }
  if (compilation->source.find("__global__") == std::string::npos) {
    compilation->log = compilation->name + "(1): error: no kernel\n";
    return call.refuse(kCompilation, "a source without a kernel");
  }
  compilation->image = make_image(architecture, compilation->source);
  return 0;
}

HEADROOM_FAKE_EXPORT Status nvrtcGetProgramLogSize(Program program, std::size_t* bytes) {
  const Call call("nvrtcGetProgramLogSize", Call::Needs::kNothing);
  if (!program_of(program)) return call.refuse(kInvalidProgram, "an unknown program");
  *bytes = program_of(program)->log.size() + 1;
  return call.status();
}

HEADROOM_FAKE_EXPORT Status nvrtcGetProgramLog(Program program, char* log) {
  const Call call("nvrtcGetProgramLog", Call::Needs::kNothing);
  if (!program_of(program)) return call.refuse(kInvalidProgram, "an unknown program");
  std::strcpy(log, program_of(program)->log.c_str());
  return call.status();
}

HEADROOM_FAKE_EXPORT Status nvrtcGetCUBINSize(Program program, std::size_t* bytes) {
  const Call call("nvrtcGetCUBINSize", Call::Needs::kNothing);
  if (!program_of(program)) return call.refuse(kInvalidProgram, "an unknown program");
  *bytes = program_of(program)->image.size();
  return call.status();
}

HEADROOM_FAKE_EXPORT Status nvrtcGetCUBIN(Program program, char* image) {
  const Call call("nvrtcGetCUBIN", Call::Needs::kNothing);
  if (!program_of(program)) return call.refuse(kInvalidProgram, "an unknown program");
  std::memcpy(image, program_of(program)->image.data(), program_of(program)->image.size());
  return call.status();
}

HEADROOM_FAKE_EXPORT Status nvrtcGetNumSupportedArchs(int* count) {
  const Call call("nvrtcGetNumSupportedArchs", Call::Needs::kNothing);
  *count = 0;
  for (const int known : kArchitectures) *count += known <= world().newest ? 1 : 0;
  return call.status();
}

HEADROOM_FAKE_EXPORT Status nvrtcGetSupportedArchs(int* archs) {
  const Call call("nvrtcGetSupportedArchs", Call::Needs::kNothing);
  for (const int known : kArchitectures)
    if (known <= world().newest) *archs++ = known;
  return call.status();
}

HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, Version, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, GetErrorString, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, CreateProgram, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, DestroyProgram, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, CompileProgram, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, GetProgramLogSize, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, GetProgramLog, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, GetCUBINSize, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, GetCUBIN, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, GetNumSupportedArchs, );
HEADROOM_FAKE_AGREES(Nvrtc, nvrtc, GetSupportedArchs, );
