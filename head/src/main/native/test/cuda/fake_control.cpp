#include <algorithm>

#include "fake_world.h"

using namespace headroom::fake;
using Lock = std::lock_guard<std::recursive_mutex>;

void headroom_fake_reset(void) {
  const Lock lock(world().mutex);
  World& w = world();
  w.order = {};
  w.device_count = std::max(w.device_count, 1);
  w.only_known = w.queues = false;
  w.nvrtc_major = 12;
  w.nvrtc_minor = 8;
  w.newest = 120;
  for (Device& device : w.devices) {
    device.lost = 0;
    device.major = 9;
    device.minor = 0;
    device.multiprocessors = 4;
  }
  for (auto* stream : w.streams) *stream = {stream->device, {}, {}, 0};
  w.null_stream = {-1, {}, {}, 0};
  w.memory.clear();
  w.failures.clear();
  w.counts.clear();
  w.error.clear();
}

void headroom_fake_devices(int count) {
  const Lock lock(world().mutex);
  world().device_count = std::clamp(count, 0, 2);
}

void headroom_fake_device(int device, int major, int minor, int multiprocessors) {
  const Lock lock(world().mutex);
  Device& d = world().devices[device == 1 ? 1 : 0];
  d.major = major;
  d.minor = minor;
  d.multiprocessors = multiprocessors;
}

void headroom_fake_nvrtc(int major, int minor, int newest_architecture) {
  const Lock lock(world().mutex);
  world().nvrtc_major = major;
  world().nvrtc_minor = minor;
  world().newest = newest_architecture;
}

void headroom_fake_order(uint64_t seed, int os_threads, int poison) {
  const Lock lock(world().mutex);
  world().order = {seed, os_threads, poison != 0};
}

void headroom_fake_memory(const void* memory, int64_t bytes, int kind) {
  const Lock lock(world().mutex);
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  world().memory.push_back({begin, begin + static_cast<std::uintptr_t>(bytes), kind});
}

void headroom_fake_only_known(int only_known) {
  const Lock lock(world().mutex);
  world().only_known = only_known != 0;
}

void* headroom_fake_stream(int device) {
  const Lock lock(world().mutex);
  auto* stream = new headroom::cuda::Stream_{device, {}, {}, 0};
  world().streams.insert(stream);
  return stream;
}

void headroom_fake_destroy_stream(void* stream) {
  const Lock lock(world().mutex);
  auto* known = static_cast<headroom::cuda::Stream>(stream);
  if (world().streams.erase(known) != 0) delete known;
}

void headroom_fake_queue(int queues) {
  const Lock lock(world().mutex);
  world().queues = queues != 0;
}

int headroom_fake_work(void) {
  const Lock lock(world().mutex);
  Status first = run_waiting(world().null_stream);
  for (auto* stream : world().streams) {
    const Status status = run_waiting(*stream);
    if (first == 0) first = status;
  }
  return first;
}

int headroom_fake_capture(void* handle, int captures) {
  const Lock lock(world().mutex);
  auto* stream = known(static_cast<headroom::cuda::Stream>(handle));
  if (!stream || stream == &world().null_stream) return -1;
  if (captures) {
    stream->capturing = 1;
    stream->recorded.clear();
    return 0;
  }
  const bool broken = stream->capturing == 2;
  stream->capturing = 0;
  if (broken) stream->recorded.clear();
  return broken ? -1 : static_cast<int>(stream->recorded.size());
}

int headroom_fake_replay(void* handle) {
  const Lock lock(world().mutex);
  auto* stream = known(static_cast<headroom::cuda::Stream>(handle));
  if (!stream) return headroom::cuda::kInvalidHandle;
  for (const auto& work : stream->recorded) {
    const Status status = work();
    if (status != 0) return status;
  }
  return 0;
}

void headroom_fake_fail(const char* function, int call, int status) {
  const Lock lock(world().mutex);
  world().failures[function].push_back({call, status});
}

int64_t headroom_fake_count(const char* name) {
  const Lock lock(world().mutex);
  const auto found = world().counts.find(name);
  return found == world().counts.end() ? 0 : found->second;
}

const char* headroom_fake_leaks(void) {
  const Lock lock(world().mutex);
  World& w = world();
  std::map<std::string, std::size_t> held = {{"modules", w.modules.size()}, {"programs", w.programs.size()}};
  for (const auto& object : w.lt_objects) ++held[object.second];
  for (const Device& device : w.devices)
    held["retains of device " + std::to_string(device.context.device)] = static_cast<std::size_t>(device.retained);
  for (const auto& stack : w.current) held["contexts pushed"] += stack.second.size();
  for (const auto* stream : w.streams) held["work that waits"] += stream->waiting.size();
  held["work that waits"] += w.null_stream.waiting.size();
  w.leaks.clear();
  for (const auto& [what, count] : held)
    if (count != 0) w.leaks += what + ": " + std::to_string(count) + "\n";
  return w.leaks.c_str();
}

const char* headroom_fake_last_error(void) {
  const Lock lock(world().mutex);
  static auto* const text = new std::string;
  *text = world().error;
  return text->c_str();
}
