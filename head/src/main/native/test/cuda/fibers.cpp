#include "fibers.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace headroom::emulation {

namespace {

constexpr std::size_t kStackBytes = 128 << 10;

std::size_t page_bytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

void announce_switch(void** fake_stack, const Fiber& to) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(fake_stack, to.bottom, to.bytes);
#else
  static_cast<void>(fake_stack);
  static_cast<void>(to);
#endif
}

void announce_arrival(Fiber& fiber) {
#ifdef __SANITIZE_ADDRESS__
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(fiber.fake_stack, &bottom, &bytes);
  fiber.left->bottom = const_cast<void*>(bottom);
  fiber.left->bytes = bytes;
#else
  static_cast<void>(fiber);
#endif
}

}  // namespace

Stacks::~Stacks() {
  for (void* mapping : mappings_) munmap(mapping, kStackBytes + page_bytes());
}

Fiber* Stacks::reserve(std::size_t count) {
  while (fibers_.size() < count) {
    void* mapping = mmap(nullptr, kStackBytes + page_bytes(), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED || mprotect(mapping, page_bytes(), PROT_NONE) != 0) {
      std::perror("emulation: no memory for a fiber's stack");
      std::abort();
    }
    mappings_.push_back(mapping);
    Fiber fiber;
    fiber.bottom = static_cast<char*>(mapping) + page_bytes();
    fiber.bytes = kStackBytes;
    fibers_.push_back(fiber);
  }
  return fibers_.data();
}

void Stacks::clear() {
#ifdef __SANITIZE_ADDRESS__
  for (const Fiber& fiber : fibers_) __asan_unpoison_memory_region(fiber.bottom, fiber.bytes);
#endif
}

void entered(Fiber& fiber) { announce_arrival(fiber); }

#ifdef HEADROOM_UCONTEXT_FIBERS

namespace {

// makecontext hands over ints only.
void start(unsigned entry_high, unsigned entry_low, unsigned argument_high, unsigned argument_low) {
  const std::uint64_t entry = std::uint64_t{entry_high} << 32 | entry_low, argument = std::uint64_t{argument_high} << 32 | argument_low;
  reinterpret_cast<void (*)(void*)>(entry)(reinterpret_cast<void*>(argument));
}

}  // namespace

void prepare(Fiber& fiber, void (*entry)(void*), void* argument) {
  getcontext(&fiber.context);
  fiber.fake_stack = nullptr;
  fiber.context.uc_link = nullptr;
  fiber.context.uc_stack.ss_sp = fiber.bottom;
  fiber.context.uc_stack.ss_size = fiber.bytes;
  const std::uint64_t e = reinterpret_cast<std::uint64_t>(entry), a = reinterpret_cast<std::uint64_t>(argument);
  makecontext(&fiber.context, reinterpret_cast<void (*)()>(start), 4, static_cast<unsigned>(e >> 32), static_cast<unsigned>(e),
              static_cast<unsigned>(a >> 32), static_cast<unsigned>(a));
}

void switch_to(Fiber& from, Fiber& to) {
  to.left = &from;
  announce_switch(&from.fake_stack, to);
  swapcontext(&from.context, &to.context);
  announce_arrival(from);
}

void leave_for(Fiber& from, Fiber& to) {
  to.left = &from;
  announce_switch(nullptr, to);
  setcontext(&to.context);
}

#else

// Saves what a call must keep, stores the stack pointer through the first argument and goes on at the second, in six
// pushes and pops and no system call. A new fiber starts at headroom_start_fiber with its entry in r13.
extern "C" void headroom_switch_stacks(void** from, void* to);
extern "C" void headroom_start_fiber();
asm(R"(
  .text
  .hidden headroom_switch_stacks
  .globl headroom_switch_stacks
  .type headroom_switch_stacks, @function
headroom_switch_stacks:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size headroom_switch_stacks, .-headroom_switch_stacks
  .hidden headroom_start_fiber
  .globl headroom_start_fiber
  .type headroom_start_fiber, @function
headroom_start_fiber:
  .cfi_startproc
  .cfi_undefined rip
  movq %r12, %rdi
  callq *%r13
  ud2
  .cfi_endproc
  .size headroom_start_fiber, .-headroom_start_fiber
)");

void prepare(Fiber& fiber, void (*entry)(void*), void* argument) {
  // from below: r15, r14, r13, r12, rbx, rbp, the address to return to; 16 bytes above it for the alignment of a call
  void** top = reinterpret_cast<void**>(static_cast<char*>(fiber.bottom) + fiber.bytes) - 2;
  void** registers = top - 7;
  for (int i = 0; i < 7; ++i) registers[i] = nullptr;
  registers[2] = reinterpret_cast<void*>(entry);
  registers[3] = argument;
  registers[6] = reinterpret_cast<void*>(headroom_start_fiber);
  fiber.stack_pointer = registers;
  fiber.fake_stack = nullptr;
}

void switch_to(Fiber& from, Fiber& to) {
  to.left = &from;
  announce_switch(&from.fake_stack, to);
  headroom_switch_stacks(&from.stack_pointer, to.stack_pointer);
  announce_arrival(from);
}

void leave_for(Fiber& from, Fiber& to) {
  to.left = &from;
  announce_switch(nullptr, to);
  headroom_switch_stacks(&from.stack_pointer, to.stack_pointer);
}

#endif

}  // namespace headroom::emulation
