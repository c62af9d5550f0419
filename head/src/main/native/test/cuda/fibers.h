// Fibers: stacks of their own that are switched by hand, one of them at a time on an OS thread.
#pragma once

#include <cstddef>
#include <vector>

#if !defined(__x86_64__) || defined(HEADROOM_PLAIN_FIBERS)
#define HEADROOM_UCONTEXT_FIBERS 1
#include <ucontext.h>
#endif

namespace headroom::emulation {

// A place where execution stopped. AddressSanitizer wants to know each stack's bounds and who was left.
struct Fiber {
  void* stack_pointer = nullptr;
  void* bottom = nullptr;
  std::size_t bytes = 0;
  void* fake_stack = nullptr;
  Fiber* left = nullptr;  // whom the last switch to this fiber left
#ifdef HEADROOM_UCONTEXT_FIBERS
  ucontext_t context = {};
#endif
};

// Stacks for fibers, each above a page that may not be touched; kept from use to use.
class Stacks {
 public:
  Stacks() = default;
  ~Stacks();
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  // The first `count` fibers; a pointer to one holds until the next call.
  Fiber* reserve(std::size_t count);
  // Forgets what abandoned fibers had on their stacks.
  void clear();

 private:
  std::vector<Fiber> fibers_;
  std::vector<void*> mappings_;
};

// The next switch to `fiber` calls entry(argument), which must call entered() first and never return.
void prepare(Fiber& fiber, void (*entry)(void*), void* argument);
void entered(Fiber& fiber);
void switch_to(Fiber& from, Fiber& to);
// As switch_to, from a fiber that will not be entered again where it is.
void leave_for(Fiber& from, Fiber& to);

}  // namespace headroom::emulation
