// A bump allocator over the caller's workspace; make_plan has counted every piece.
#pragma once

#include <cstdint>
#include <new>

#include "plan.h"

namespace headroom {

class Arena {
 public:
  Arena(void* memory, int64_t bytes) : next_(static_cast<char*>(memory)), end_(next_ + bytes) {}

  template <class T>
  T* take(int64_t count) {
    char* at = next_;
    next_ += round_up(count * static_cast<int64_t>(sizeof(T)), kLine);
    if (next_ > end_) throw std::bad_alloc();
    return reinterpret_cast<T*>(at);
  }

 private:
  char* next_;
  char* end_;
};

}  // namespace headroom
