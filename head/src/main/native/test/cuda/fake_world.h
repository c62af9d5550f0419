// What the fake keeps: devices, streams, books, failures to come. One mutex for all of it: one call runs at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cuda/libraries.h"
#include "fake.h"
#include "grid.h"

#define HEADROOM_FAKE_EXPORT extern "C" __attribute__((visibility("default")))
// The fake's function has the type that the product calls it by.
#define HEADROOM_FAKE_AGREES(table, prefix, name, suffix) \
  static_assert(std::is_same_v<decltype(&prefix##name##suffix), decltype(headroom::cuda::table::name)>)

namespace headroom::cuda {

struct Context_ {
  int device;
};
struct Module_ {
  Context context;
  std::string source;
};
struct Stream_ {
  int device;  // -1: of the context that is current
  std::vector<std::function<Status()>> waiting, recorded;
  int capturing = 0;  // CUstreamCaptureStatus: 1 while it goes on, 2 once broken
};

}  // namespace headroom::cuda

namespace headroom::fake {

using cuda::kInvalidValue;
using cuda::Status;

constexpr Status kInvalidDevice = 101, kInvalidImage = 200, kNotFound = 500, kCaptureUnsupported = 900,
                 kCaptureInvalidated = 901, kCaptureImplicit = 906;

struct Device {
  int major = 9, minor = 0, multiprocessors = 4, retained = 0;
  Status lost = 0;
  cuda::Context_ context = {0};
};

struct Memory {
  std::uintptr_t begin, end;
  int kind;
};

struct Failure {
  int calls;
  Status status;
};

struct World {
  std::recursive_mutex mutex;
  bool initialised = false, verbose = false, only_known = false, queues = false;
  int device_count = 1, nvrtc_major = 12, nvrtc_minor = 8, newest = 120;
  Device devices[2];
  emulation::Order order;
  std::map<std::thread::id, std::vector<cuda::Context>> current;
  std::set<cuda::Module> modules;
  std::map<cuda::Function, std::pair<cuda::Module, std::string>> functions;
  std::map<cuda::Function, int> most_shared;  // bytes, where they were raised
  std::set<void*> programs;
  std::map<void*, const char*> lt_objects;  // handles, descriptions, layouts, preferences
  std::set<cuda::Stream> streams;
  cuda::Stream_ null_stream = {-1, {}, {}, 0};
  std::vector<Memory> memory;
  std::map<std::string, std::vector<Failure>> failures;
  std::map<std::string, std::int64_t> counts;
  std::string error, leaks;
};

World& world();

// One call of a function of the fake's: holds the mutex, counts, and knows the status to return before anything is done.
class Call {
 public:
  enum class Needs { kNothing, kInit, kContext };
  Call(const char* function, Needs needs);
  Status status() const { return status_; }
  Device& device() const { return world().devices[context_->device]; }
  cuda::Context context() const { return context_; }
  // Keeps why the call fails.
  Status refuse(Status status, const std::string& why) const;

 private:
  std::lock_guard<std::recursive_mutex> lock_;
  const char* function_;
  cuda::Context context_ = nullptr;
  Status status_ = 0;
};

bool loses_device(Status status);
// HEADROOM_FAKE_* or the device.
int kind_of(const void* memory);
// The whole range is memory of the device, as far as only_known asks.
bool on_device(const void* memory, std::int64_t bytes, int device);

// Does the work, or queues or records it; refuses unknown streams and those of another device.
Status submit(const Call& call, cuda::Stream stream, std::function<Status()> work);
Status run_waiting(cuda::Stream_& stream);
// The stream behind a handle, or null where it is unknown.
cuda::Stream_* known(cuda::Stream stream);
bool any_capture();

}  // namespace headroom::fake
