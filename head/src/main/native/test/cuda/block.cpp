#include "block.h"

#include <cstring>

__thread headroom::emulation::Index3 threadIdx, blockIdx, blockDim, gridDim;

namespace headroom::emulation {

__thread Block* running_block;

std::string Block::run(const Launch& launch, Index3 index, bool backwards, const std::function<void()>& body) {
  const std::size_t count = count_of(launch.block);
  launch_ = &launch;
  body_ = &body;
  index_ = index;
  step_ = backwards ? count - 1 : 1;
  waiting_ = returned_ = 0;
  vote_ = Vote::kNone;
  votes_ = 0;
  failure_.clear();
  threads_.assign(count, Thread{State::kReady, {}, 0, false, 0, 0});
  fibers_ = stacks_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) prepare(fibers_[i], enter, this);
  running_block = this;
  blockIdx = index;
  blockDim = launch.block;
  gridDim = launch.grid;
  running_ = backwards ? count - 1 : 0;
  set_index();
  switch_to(home_, fibers_[running_]);
  running_block = nullptr;
  if (!failure_.empty()) stacks_.clear();
  return failure_;
}

void Block::enter(void* argument) {
  Block* block = static_cast<Block*>(argument);
  entered(block->fibers_[block->running_]);
  (*block->body_)();
  block->threads_[block->running_].state = State::kReturned;
  ++block->returned_;
  block->meet_in_warp(block->running_ / 32 * 32);
  block->meet_at_barrier();
  block->go_on();
}

void Block::set_index() {
  const unsigned i = static_cast<unsigned>(running_), x = launch_->block.x, y = launch_->block.y;
  threadIdx = {i % x, i / x % y, i / x / y};
}

void Block::go_on() {
  const std::size_t from = running_, count = threads_.size();
  const bool returned = threads_[from].state == State::kReturned;
  std::size_t next = from, tried = 0;
  while (tried < count && threads_[next].state != State::kReady) {
    next = next + step_ < count ? next + step_ : next + step_ - count;
    ++tried;
  }
  if (tried == count) {
    if (returned_ < count) failure_ = stuck();
    leave_for(fibers_[from], home_);
  }
  running_ = next;
  set_index();
  if (next == from) return;
  if (returned) leave_for(fibers_[from], fibers_[next]);
  switch_to(fibers_[from], fibers_[next]);
}

void Block::wait(State state) {
  threads_[running_].state = state;
  if (state == State::kAtBarrier) {
    meet_at_barrier();
  } else {
    meet_in_warp(running_ / 32 * 32);
  }
  if (threads_[running_].state != State::kReady) go_on();
}

int Block::barrier(const Place& place, Vote vote, bool value) {
  threads_[running_].place = place;
  ++waiting_;
  vote_ = vote;
  votes_ += value ? 1 : 0;
  wait(State::kAtBarrier);
  return verdict_;
}

// The last thread to arrive, or to return, frees the others.
void Block::meet_at_barrier() {
  if (waiting_ == 0 || waiting_ + returned_ < threads_.size()) return;
  const Thread* first = nullptr;
  for (Thread& thread : threads_) {
    if (thread.state != State::kAtBarrier) continue;
    if (first == nullptr) first = &thread;
    if (!same_place(first->place, thread.place)) {
      failure_ = "threads meet at different barriers: " + stuck();
      abandon();
    }
    thread.state = State::kReady;
  }
  verdict_ = vote_ == Vote::kCount ? votes_ : vote_ == Vote::kAny ? votes_ > 0 : votes_ == static_cast<int>(waiting_);
  waiting_ = 0;
  votes_ = 0;
}

std::uint64_t Block::exchange(const Place& place, unsigned mask, std::uint64_t value, int source) {
  Thread& self = threads_[running_];
  if ((mask >> lane() & 1) == 0) {
    failure_ = "thread " + std::to_string(running_) + " calls " + place.call + " with a mask that leaves it out";
    abandon();
  }
  self.place = place;
  self.mask = mask;
  self.ballot = false;
  self.source = source;
  self.value = value;
  wait(State::kInWarp);
  return self.value;
}

unsigned Block::ballot(const Place& place, unsigned mask, bool value) {
  Thread& self = threads_[running_];
  if ((mask >> lane() & 1) == 0) {
    failure_ = "thread " + std::to_string(running_) + " calls " + place.call + " with a mask that leaves it out";
    abandon();
  }
  self.place = place;
  self.mask = mask;
  self.ballot = true;
  self.value = value ? 1 : 0;
  wait(State::kInWarp);
  return static_cast<unsigned>(self.value);
}

// Looks for a mask all of whose lanes, but those that returned, wait in the warp.
void Block::meet_in_warp(std::size_t first) {
  const std::size_t end = first + 32 < threads_.size() ? first + 32 : threads_.size();
  unsigned waiting = 0, gone = 0xffffffffu;
  for (std::size_t i = first; i < end; ++i) {
    const unsigned bit = 1u << (i - first);
    if (threads_[i].state != State::kReturned) gone &= ~bit;
    if (threads_[i].state == State::kInWarp) waiting |= bit;
  }
  for (std::size_t i = first; i < end && waiting != 0; ++i) {
    const Thread& thread = threads_[i];
    if (thread.state != State::kInWarp || (thread.mask & ~gone & ~waiting) != 0) continue;
    finish_exchange(first, thread.mask & ~gone);
    waiting &= ~thread.mask;
  }
}

// Lanes read before any of them runs on, so that none writes its next value too early.
void Block::finish_exchange(std::size_t first, unsigned lanes) {
  std::uint64_t results[32];
  const Thread* leader = nullptr;
  std::uint64_t votes = 0;
  for (unsigned lane = 0; lane < 32; ++lane)
    if (lanes >> lane & 1 && threads_[first + lane].value != 0) votes |= std::uint64_t{1} << lane;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((lanes >> lane & 1) == 0) continue;
    const Thread& thread = threads_[first + lane];
    if (leader == nullptr) leader = &thread;
    if (thread.mask != leader->mask || !same_place(thread.place, leader->place)) {
      failure_ = "lanes of a warp meet in different calls or with different masks: " + stuck();
    } else if (!thread.ballot && (lanes >> thread.source & 1) == 0) {
      failure_ = describe(first + lane) + " reads lane " + std::to_string(thread.source) + ", which does not take part";
    }
    if (!failure_.empty()) abandon();
    results[lane] = thread.ballot ? votes : threads_[first + static_cast<unsigned>(thread.source)].value;
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((lanes >> lane & 1) == 0) continue;
    threads_[first + lane].value = results[lane];
    threads_[first + lane].state = State::kReady;
  }
}

bool Block::same_place(const Place& a, const Place& b) const {
  return a.line == b.line && std::strcmp(a.call, b.call) == 0 && std::strcmp(a.file, b.file) == 0;
}

std::string Block::describe(std::size_t i) const {
  static const char* const kStates[] = {"runs", "waits at ", "waits in ", "has returned"};
  const Thread& thread = threads_[i];
  std::string text = "thread " + std::to_string(i) + " " + kStates[static_cast<int>(thread.state)];
  if (thread.state != State::kAtBarrier && thread.state != State::kInWarp) return text;
  const char* slash = std::strrchr(thread.place.file, '/');
  text += std::string(thread.place.call) + " (" + (slash ? slash + 1 : thread.place.file) + ":" + std::to_string(thread.place.line);
  char mask[32];
  std::snprintf(mask, sizeof mask, ", mask %08x)", thread.mask);
  return text + (thread.state == State::kInWarp ? mask : ")");
}

// The first thread that waits, and the first that does something else.
std::string Block::stuck() const {
  std::size_t first = 0;
  while (first + 1 < threads_.size() && threads_[first].state != State::kAtBarrier && threads_[first].state != State::kInWarp) ++first;
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    const bool alike = threads_[i].state == threads_[first].state && same_place(threads_[i].place, threads_[first].place);
    if (threads_[i].state != State::kReturned && !alike) return describe(first) + ", " + describe(i);
  }
  return describe(first) + ", which its mask's lanes never reach together";
}

void Block::trap() {
  failure_ = "thread " + std::to_string(running_) + " calls __trap";
  abandon();
}

// Leaves every thread of the block where it stands. Nothing is unwound: what called this holds no memory of its own.
void Block::abandon() {
  leave_for(fibers_[running_], home_);
  __builtin_unreachable();
}

}  // namespace headroom::emulation
