// Modules, their functions and launches.
#include "fake_image.h"
#include "fake_world.h"
#include "kernels.h"

using namespace headroom::fake;
using namespace headroom::cuda;

namespace {

// Bytes of shared memory of a block: without asking, and the least that every device from 8.0 on grants.
constexpr int kUsualShared = 48 << 10, kLeastRaised = 99 << 10;

// A cubin of 8.6 runs on 8.6 to 8.x, one of 9.0a on 9.0 alone.
bool serves(const std::string& architecture, const Device& device) {
  const int number = std::atoi(architecture.c_str()), major = number / 10, minor = number % 10;
  const bool exact = !architecture.empty() && architecture.back() == 'a';
  return major == device.major && (exact ? minor == device.minor : minor <= device.minor);
}

bool names(const std::string& source, const std::string& kernel) {
  // the text of a kernel made by a macro names the part before its type: copy_rows_##name
  if (source.find(kernel) != std::string::npos) return true;
  const std::size_t suffix = kernel.rfind('_');
  return suffix != std::string::npos && source.find(kernel.substr(0, suffix) + "_##") != std::string::npos;
}

std::string text_of(unsigned x, unsigned y, unsigned z) {
  return std::to_string(x) + "x" + std::to_string(y) + "x" + std::to_string(z);
}

}  // namespace

HEADROOM_FAKE_EXPORT Status cuModuleLoadData(Module* module, const void* image) {
  const Call call("cuModuleLoadData", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  for (Stream stream : world().streams)
    if (stream->capturing == 1) {
      stream->capturing = 2;
      return call.refuse(kCaptureUnsupported, "loads a module while a stream is captured");
    }
  std::string architecture, source, wrong;
  if (!image || !read_image(static_cast<const char*>(image), &architecture, &source, &wrong)) return call.refuse(kInvalidImage, wrong);
  if (!serves(architecture, call.device())) return call.refuse(kNoBinary, "an image for sm_" + architecture);
  *module = new Module_{call.context(), source};
  world().modules.insert(*module);
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuModuleUnload(Module module) {
  const Call call("cuModuleUnload", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  World& w = world();
  if (w.modules.erase(module) == 0) return call.refuse(kInvalidHandle, "an unknown module");
  for (auto function = w.functions.begin(); function != w.functions.end();)
    function = function->second.first == module ? w.functions.erase(function) : std::next(function);
  delete module;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuModuleGetFunction(Function* function, Module module, const char* name) {
  const Call call("cuModuleGetFunction", Call::Needs::kInit);
  if (call.status() != 0) return call.status();
  World& w = world();
  if (!w.modules.count(module)) return call.refuse(kInvalidHandle, "an unknown module");
  const auto& all = headroom::emulation::kernels();
  if (!all.count(name) || !names(module->source, name)) return call.refuse(kNotFound, std::string("no kernel ") + name);
  for (const auto& known : w.functions) {
    if (known.second.first != module || known.second.second != name) continue;
    *function = known.first;
    return 0;
  }
  // an address that is nobody's, and never given twice
  static std::uintptr_t last = 0x1000;
  *function = reinterpret_cast<Function>(++last);
  w.functions[*function] = {module, name};
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuFuncSetAttribute(Function function, int attribute, int value) {
  const Call call("cuFuncSetAttribute", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  if (!world().functions.count(function)) return call.refuse(kInvalidHandle, "an unknown function");
  const int most = call.device().major == 9 ? static_cast<int>(headroom::emulation::kMostShared) : kLeastRaised;
  if (attribute != kMostSharedBytes || value < 0 || value > most) return call.refuse(kInvalidValue, "attribute " + std::to_string(attribute) + ", " + std::to_string(value));
  world().most_shared[function] = value;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuLaunchKernel(Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                                           unsigned block_y, unsigned block_z, unsigned shared_bytes, Stream stream,
                                           void** arguments, void** extra) {
  const Call call("cuLaunchKernel", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  World& w = world();
  const auto found = w.functions.find(function);
  if (found == w.functions.end()) return call.refuse(kInvalidHandle, "an unknown function");
  const auto& [module, name] = found->second;
  if (module->context != call.context()) return call.refuse(kInvalidHandle, name + " was loaded in another context");
  const auto product = static_cast<std::uint64_t>(block_x) * block_y * block_z;
  if (product < 1 || product > 1024 || block_x > 1024 || block_y > 1024 || block_z > 64)
    return call.refuse(kInvalidValue, name + ": block " + text_of(block_x, block_y, block_z) + " (1 to 1024 threads)");
  if (grid_x < 1 || grid_y < 1 || grid_z < 1 || grid_x > 0x7fffffff || grid_y > 65535 || grid_z > 65535)
    return call.refuse(kInvalidValue, name + ": grid " + text_of(grid_x, grid_y, grid_z) + " (1 to 2^31-1, 65535, 65535)");
  const int most_shared = w.most_shared.count(function) ? w.most_shared[function] : kUsualShared;
  if (shared_bytes > static_cast<unsigned>(most_shared))
    return call.refuse(kInvalidValue, name + ": " + std::to_string(shared_bytes) + " bytes of shared memory (at most " + std::to_string(most_shared) + ")");
  if (extra) return call.refuse(kInvalidValue, name + ": extra, which the fake does not read");
  ++w.counts[name];
  auto body = headroom::emulation::kernels().at(name)(arguments);
  // the name lives in the registration, as the module may be unloaded before queued work runs
  const char* lasting = headroom::emulation::kernels().find(name)->first.c_str();
  const headroom::emulation::Launch launch = {lasting, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes};
  return submit(call, stream, [launch, body] {
    const std::string failure = headroom::emulation::run(launch, world().order, body);
    if (failure.empty()) return 0;
    world().error = failure;
    if (world().verbose) std::fprintf(stderr, "%s\n", failure.c_str());
    return kLaunchFailed;
  });
}

HEADROOM_FAKE_AGREES(Driver, cu, ModuleLoadData, );
HEADROOM_FAKE_AGREES(Driver, cu, ModuleUnload, );
HEADROOM_FAKE_AGREES(Driver, cu, ModuleGetFunction, );
HEADROOM_FAKE_AGREES(Driver, cu, FuncSetAttribute, );
HEADROOM_FAKE_AGREES(Driver, cu, LaunchKernel, );
