// Checks of a call's status and text, and the fake as the product's libraries.
#pragma once

#include <cstdlib>
#include <string>

#include "check.h"
#include "fake.h"
#include "headroom.h"
#include "scratch.h"

#define GOOD(status)                                                                                            \
  do {                                                                                                          \
    const int32_t good_ = (status);                                                                             \
    CHECK(good_ == HEADROOM_OK, "status %d: %s; %s", good_, headroom_last_error(), headroom_fake_last_error()); \
  } while (false)
#define REFUSED(status, wanted, part)                                                                                              \
  do {                                                                                                                             \
    const int32_t refused_ = (status);                                                                                             \
    const std::string part_ = (part);                                                                                              \
    CHECK(refused_ == (wanted) && has(headroom_last_error(), part_), "status %d: %s; expected: %d, %s", refused_, headroom_last_error(), \
          static_cast<int>(wanted), part_.c_str());                                                                                \
  } while (false)

// A stream of the fake's, and the fake as it was before when the test ends.
struct Stream {
  explicit Stream(int device = 0) : handle(headroom_fake_stream(device)) {}
  ~Stream() {
    headroom_fake_reset();
    headroom_fake_destroy_stream(handle);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  void* handle;
};

inline void take_the_fake() {
  for (const char* name : {"HEADROOM_CUDA_DRIVER", "HEADROOM_NVRTC", "HEADROOM_CUBLASLT"}) setenv(name, FAKE_FILE, 1);
}
