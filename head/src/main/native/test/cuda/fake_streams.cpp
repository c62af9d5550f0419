// Streams: work done at once, queued or recorded.
#include <algorithm>

#include "fake_world.h"

namespace headroom::fake {

cuda::Stream_* known(cuda::Stream stream) {
  World& w = world();
  if (reinterpret_cast<std::uintptr_t>(stream) <= 2) return &w.null_stream;
  return w.streams.count(stream) ? stream : nullptr;
}

bool any_capture() {
  const World& w = world();
  return std::any_of(w.streams.begin(), w.streams.end(), [](const cuda::Stream_* stream) { return stream->capturing == 1; });
}

Status submit(const Call& call, cuda::Stream handle, std::function<Status()> work) {
  World& w = world();
  cuda::Stream_* stream = known(handle);
  if (!stream) return call.refuse(cuda::kInvalidHandle, "an unknown stream");
  if (stream->device >= 0 && stream->device != call.context()->device)
    return call.refuse(cuda::kInvalidHandle, "a stream of another device than the current context's");
  if (stream == &w.null_stream && any_capture()) return call.refuse(kCaptureImplicit, "the null stream beside one that is captured");
  if (stream->capturing == 2) return call.refuse(kCaptureInvalidated, "the capture was broken");
  // what a launch says of itself is kept under the device that was current when it was submitted
  Device* device = &call.device();
  const auto done = [device, work = std::move(work)] {
    if (device->lost != 0) return device->lost;
    const Status status = work();
    if (loses_device(status)) device->lost = status;
    return status;
  };
  if (stream->capturing == 1) {
    stream->recorded.push_back(done);
  } else if (w.queues) {
    stream->waiting.push_back(done);
  } else {
    return done();
  }
  return 0;
}

Status run_waiting(cuda::Stream_& stream) {
  const auto waiting = std::move(stream.waiting);
  stream.waiting.clear();
  Status first = 0;
  for (const auto& work : waiting) {
    const Status status = work();
    if (first == 0) first = status;
  }
  return first;
}

}  // namespace headroom::fake

using namespace headroom::fake;
using headroom::cuda::DevicePointer;
using headroom::cuda::Stream;

HEADROOM_FAKE_EXPORT Status cuStreamSynchronize(Stream handle) {
  const Call call("cuStreamSynchronize", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  auto* stream = known(handle);
  if (!stream) return call.refuse(headroom::cuda::kInvalidHandle, "an unknown stream");
  if (stream->capturing != 0) {
    stream->capturing = 2;
    return call.refuse(kCaptureUnsupported, "waits for a stream that is captured");
  }
  const Status status = run_waiting(*stream);
  return status == 0 ? call.device().lost : status;
}

HEADROOM_FAKE_EXPORT Status cuStreamIsCapturing(Stream handle, int* capturing) {
  const Call call("cuStreamIsCapturing", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  const auto* stream = known(handle);
  if (!stream || !capturing) return call.refuse(headroom::cuda::kInvalidHandle, "an unknown stream");
  if (stream == &world().null_stream && any_capture()) return call.refuse(kCaptureImplicit, "the null stream beside one that is captured");
  *capturing = stream->capturing;
  return 0;
}

HEADROOM_FAKE_EXPORT Status cuMemsetD2D8Async(DevicePointer to, std::size_t pitch, unsigned char value, std::size_t width,
                                              std::size_t height, Stream stream) {
  const Call call("cuMemsetD2D8Async", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  if (height > 1 && pitch < width) return call.refuse(kInvalidValue, "a pitch below the width");
  const int device = call.context()->device;
  return submit(call, stream, [=] {
    auto* row = reinterpret_cast<unsigned char*>(to);
    for (std::size_t i = 0; i < height; ++i, row += pitch) {
      if (!on_device(row, static_cast<std::int64_t>(width), device)) return headroom::cuda::kIllegalAddress;
      std::fill(row, row + width, value);
    }
    return 0;
  });
}

HEADROOM_FAKE_EXPORT Status cuMemsetD8Async(DevicePointer to, unsigned char value, std::size_t bytes, Stream stream) {
  const Call call("cuMemsetD8Async", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  const int device = call.context()->device;
  return submit(call, stream, [=] {
    auto* bytes_of = reinterpret_cast<unsigned char*>(to);
    if (!on_device(bytes_of, static_cast<std::int64_t>(bytes), device)) return headroom::cuda::kIllegalAddress;
    std::fill(bytes_of, bytes_of + bytes, value);
    return 0;
  });
}

// Pageable memory is read before the call returns, unless the copy is recorded; pinned memory when the copy is done.
HEADROOM_FAKE_EXPORT Status cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, std::size_t bytes, Stream stream) {
  const Call call("cuMemcpyHtoDAsync", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  const int device = call.context()->device;
  const auto* source = static_cast<const unsigned char*>(from);
  const auto* handle = known(stream);
  const bool staged = kind_of(from) != HEADROOM_FAKE_PINNED && handle && handle->capturing == 0;
  const std::vector<unsigned char> copy(source, source + (staged ? bytes : 0));
  return submit(call, stream, [=] {
    auto* bytes_of = reinterpret_cast<unsigned char*>(to);
    if (!on_device(bytes_of, static_cast<std::int64_t>(bytes), device)) return headroom::cuda::kIllegalAddress;
    const unsigned char* read = staged ? copy.data() : source;
    std::copy(read, read + bytes, bytes_of);
    return 0;
  });
}

HEADROOM_FAKE_EXPORT Status cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, std::size_t bytes, Stream stream) {
  const Call call("cuMemcpyDtoHAsync", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  const int device = call.context()->device;
  return submit(call, stream, [=] {
    const auto* bytes_of = reinterpret_cast<const unsigned char*>(from);
    if (!on_device(bytes_of, static_cast<std::int64_t>(bytes), device)) return headroom::cuda::kIllegalAddress;
    std::copy(bytes_of, bytes_of + bytes, static_cast<unsigned char*>(to));
    return 0;
  });
}

HEADROOM_FAKE_AGREES(Driver, cu, StreamSynchronize, );
HEADROOM_FAKE_AGREES(Driver, cu, StreamIsCapturing, );
HEADROOM_FAKE_AGREES(Driver, cu, MemsetD8Async, );
HEADROOM_FAKE_AGREES(Driver, cu, MemsetD2D8Async, );
HEADROOM_FAKE_AGREES(Driver, cu, MemcpyHtoDAsync, _v2);
HEADROOM_FAKE_AGREES(Driver, cu, MemcpyDtoHAsync, _v2);
