// The threads of one block: which of them runs, what the others wait for.
//
// As on devices from compute capability 7.0 on, a thread that has returned counts as arrived at every barrier and as
// taking part in every warp-wide call that names it; to read its value there is an error. Threads of a block must meet at
// one and the same barrier (one line of the source), lanes of a warp at one and the same call with one mask.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fibers.h"
#include "hopper.h"

namespace headroom::emulation {

struct Index3 {
  unsigned x, y, z;
};

inline std::size_t count_of(const Index3& size) { return std::size_t{size.x} * size.y * size.z; }

struct Launch {
  const char* name;
  Index3 grid, block;
  std::size_t shared_bytes;
};

// Where a thread waits: the call's name and place in the source.
struct Place {
  const char* call;
  const char* file;
  int line;
};

enum class Vote { kNone, kAny, kAll, kCount };  // of a barrier

class Block {
 public:
  // Runs `body` once for each thread; the text tells of a failure, it is empty where there was none. Threads take turns in
  // ascending order, or descending where `backwards`.
  std::string run(const Launch& launch, Index3 index, bool backwards, const std::function<void()>& body);

  // Called by the running thread.
  int barrier(const Place& place, Vote vote, bool value);
  // Hands `value` to the lanes of the mask; the result is what lane `source` handed over.
  std::uint64_t exchange(const Place& place, unsigned mask, std::uint64_t value, int source);
  // The lanes of the mask whose `value` is true.
  unsigned ballot(const Place& place, unsigned mask, bool value);
  // Until the phase of this parity of a barrier in shared memory is over.
  void await(const Place& place, std::uint32_t barrier, std::uint32_t parity);
  Hopper& hopper() { return hopper_; }
  std::size_t thread() const { return running_; }
  int lane() const { return static_cast<int>(running_ % 32); }
  [[noreturn]] void trap();
  // Ends the block with the running thread's failure.
  [[noreturn]] void fail(const char* why);

 private:
  enum class State { kReady, kAtBarrier, kInWarp, kReturned, kAwaiting };
  struct Thread {
    State state;
    Place place;
    unsigned mask;
    bool ballot;
    int source;
    std::uint64_t value;
    std::uint32_t barrier, parity;
  };

  // Lanes that wait for each other, and those that have returned or never were.
  struct Warp {
    unsigned waiting, gone;
  };

  static void enter(void* block);
  [[noreturn]] void abandon();
  bool can_run(std::size_t thread);
  void go_on();  // switches to the next thread that can run, or ends the block
  void wait(State state);
  void meet_in_warp(std::size_t warp, unsigned mask);
  void finish_exchange(std::size_t warp, unsigned lanes);
  void meet_at_barrier();
  bool same_place(const Place& a, const Place& b) const;
  std::string describe(std::size_t thread) const;
  std::string stuck() const;
  void set_index();

  Stacks stacks_;
  Hopper hopper_{*this};
  Fiber home_;
  Fiber* fibers_ = nullptr;
  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  const Launch* launch_ = nullptr;
  const std::function<void()>* body_ = nullptr;
  Index3 index_ = {};
  std::size_t running_ = 0, step_ = 1, waiting_ = 0, returned_ = 0;
  Vote vote_ = Vote::kNone;
  int votes_ = 0, verdict_ = 0;
  std::string failure_;
};

}  // namespace headroom::emulation

// What kernels see, set before a thread goes on; and the block that this OS thread runs.
extern __thread headroom::emulation::Index3 threadIdx, blockIdx, blockDim, gridDim;
namespace headroom::emulation {
extern __thread Block* running_block;
}
