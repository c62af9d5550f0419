#include "fake_world.h"

#include <cstdio>
#include <cstdlib>

namespace headroom::fake {

World& world() {
  static World* const the = [] {
    auto* made = new World;
    made->devices[1].context.device = 1;
    const char *devices = std::getenv("HEADROOM_FAKE_DEVICES"), *verbose = std::getenv("HEADROOM_FAKE_VERBOSE");
    if (devices && *devices == '2') made->device_count = 2;
    made->verbose = verbose && *verbose == '1';
    return made;
  }();
  return *the;
}

bool loses_device(Status status) {
  return status == cuda::kIllegalAddress || status == cuda::kLaunchTimeout || status == cuda::kAssert ||
         (status >= cuda::kHardwareStackError && status <= cuda::kLaunchFailed);
}

Call::Call(const char* function, Needs needs) : lock_(world().mutex), function_(function) {
  World& w = world();
  ++w.counts[function];
  const auto stack = w.current.find(std::this_thread::get_id());
  if (stack != w.current.end() && !stack->second.empty()) context_ = stack->second.back();
  for (Failure& failure : w.failures[function])
    if (--failure.calls == 0) status_ = refuse(failure.status, "injected");
  const bool of_driver = std::string(function).rfind("cu", 0) == 0 && std::string(function).rfind("cublas", 0) != 0;
  if (context_ && of_driver && loses_device(status_)) device().lost = status_;
  if (status_ != 0 || needs == Needs::kNothing) return;
  if (of_driver && !w.initialised) {
    status_ = refuse(cuda::kNotInitialized, "before cuInit");
  } else if (needs == Needs::kContext && !context_) {
    status_ = refuse(of_driver ? cuda::kInvalidContext : 1, "no context is current");
  } else if (needs == Needs::kContext && device().lost != 0) {
    status_ = refuse(of_driver ? device().lost : 14, "the device is lost");
  }
}

Status Call::refuse(Status status, const std::string& why) const {
  World& w = world();
  w.error = std::string(function_) + ": " + std::to_string(status) + ": " + why;
  if (w.verbose) std::fprintf(stderr, "%s\n", w.error.c_str());
  return status;
}

int kind_of(const void* memory) {
  const World& w = world();
  const auto at = reinterpret_cast<std::uintptr_t>(memory);
  for (auto range = w.memory.rbegin(); range != w.memory.rend(); ++range)
    if (at >= range->begin && at < range->end) return range->kind;
  return w.only_known ? HEADROOM_FAKE_PAGEABLE : 0;
}

bool on_device(const void* memory, std::int64_t bytes, int device) {
  const World& w = world();
  if (bytes == 0) return true;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory), end = begin + static_cast<std::uintptr_t>(bytes);
  for (auto range = w.memory.rbegin(); range != w.memory.rend(); ++range)
    if (begin < range->end && end > range->begin) return range->kind == device && begin >= range->begin && end <= range->end;
  return !w.only_known;
}

}  // namespace headroom::fake
