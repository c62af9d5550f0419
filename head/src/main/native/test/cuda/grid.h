// Runs a kernel's blocks: over two OS threads, in an order that a seed gives, on shared memory full of NaN.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "block.h"

namespace headroom::emulation {

constexpr std::size_t kMostShared = 227 << 10;  // bytes of shared memory of a block

struct Order {
  std::uint64_t seed = 1;  // 0: blocks and threads in ascending order
  int os_threads = 2;      // 1 or 2
  bool poison = true;      // fill shared memory with 0xff bytes at the start of a block
};

// Returns what went wrong, with the kernel, block and thread, or nothing. One grid runs at a time.
std::string run(const Launch& launch, const Order& order, const std::function<void()>& body);

}  // namespace headroom::emulation
