#include "block.h"

#include <cstring>

extern thread_local unsigned char dynamic_shared[];
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
  threads_.assign(count, Thread{State::kReady, {}, 0, false, 0, 0, 0, 0});
  warps_.assign((count + 31) / 32, Warp{0, 0});
  if (count % 32 != 0) warps_.back().gone = 0xffffffffu << count % 32;
  fibers_ = stacks_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) prepare(fibers_[i], enter, this);
  hopper_.start(count, dynamic_shared, launch.shared_bytes, backwards);
  running_block = this;
  blockIdx = index;
  blockDim = launch.block;
  gridDim = launch.grid;
  running_ = backwards ? count - 1 : 0;
  set_index();
  switch_to(home_, fibers_[running_]);
  running_block = nullptr;
  if (failure_.empty() && hopper_.left_over()) failure_ = hopper_.left_over();
  if (!failure_.empty()) stacks_.clear();
  return failure_;
}

void Block::enter(void* argument) {
  Block* block = static_cast<Block*>(argument);
  entered(block->fibers_[block->running_]);
  (*block->body_)();
  block->threads_[block->running_].state = State::kReturned;
  ++block->returned_;
  const std::size_t warp = block->running_ / 32;
  block->warps_[warp].gone |= 1u << block->lane();
  // the lanes that wait may have waited for this one alone
  for (unsigned lane = 0; lane < 32; ++lane)
    if (block->warps_[warp].waiting >> lane & 1) block->meet_in_warp(warp, block->threads_[warp * 32 + lane].mask);
  block->meet_at_barrier();
  block->go_on();
}

void Block::set_index() {
  const unsigned i = static_cast<unsigned>(running_), x = launch_->block.x, y = launch_->block.y;
  threadIdx = {i % x, i / x % y, i / x / y};
}

bool Block::can_run(std::size_t i) {
  Thread& thread = threads_[i];
  if (thread.state == State::kAwaiting && hopper_.over(thread.barrier, thread.parity)) thread.state = State::kReady;
  return thread.state == State::kReady;
}

void Block::go_on() {
  const std::size_t from = running_, count = threads_.size();
  const bool returned = threads_[from].state == State::kReturned;
  std::size_t next = from, tried = 0;
  while (tried < count && !can_run(next)) {
    next = next + step_ < count ? next + step_ : next + step_ - count;
    ++tried;
    if (tried == count && hopper_.deliver()) tried = 0;  // (after the last thread that could go on)
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
    warps_[running_ / 32].waiting |= 1u << lane();
    meet_in_warp(running_ / 32, threads_[running_].mask);
  }
  if (threads_[running_].state != State::kReady) go_on();
}

void Block::await(const Place& place, std::uint32_t barrier, std::uint32_t parity) {
  Thread& self = threads_[running_];
  self.place = place;
  self.barrier = barrier;
  self.parity = parity;
  if (hopper_.over(barrier, parity)) return;
  self.state = State::kAwaiting;
  go_on();
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

// Goes on once all lanes of the mask, but those that returned, wait in the warp.
void Block::meet_in_warp(std::size_t warp, unsigned mask) {
  const Warp& lanes = warps_[warp];
  if ((mask & ~lanes.gone & ~lanes.waiting) == 0) finish_exchange(warp, mask & ~lanes.gone);
}

// Lanes read before any of them runs on, so that none writes its next value too early.
void Block::finish_exchange(std::size_t warp, unsigned lanes) {
  const std::size_t first = warp * 32;
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
  warps_[warp].waiting &= ~lanes;
}

bool Block::same_place(const Place& a, const Place& b) const {
  if (a.line != b.line) return false;
  return (a.call == b.call || std::strcmp(a.call, b.call) == 0) && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

std::string Block::describe(std::size_t i) const {
  static const char* const kStates[] = {"runs", "waits at ", "waits in ", "has returned", "waits for "};
  const Thread& thread = threads_[i];
  std::string text = "thread " + std::to_string(i) + " " + kStates[static_cast<int>(thread.state)];
  if (thread.state == State::kReady || thread.state == State::kReturned) return text;
  const char* slash = std::strrchr(thread.place.file, '/');
  text += std::string(thread.place.call) + " (" + (slash ? slash + 1 : thread.place.file) + ":" + std::to_string(thread.place.line);
  char mask[32];
  std::snprintf(mask, sizeof mask, ", mask %08x)", thread.mask);
  return text + (thread.state == State::kInWarp ? mask : ")");
}

// The first thread that waits, and the first that does something else.
std::string Block::stuck() const {
  std::size_t first = 0;
  while (first + 1 < threads_.size() && (threads_[first].state == State::kReady || threads_[first].state == State::kReturned)) ++first;
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    const bool alike = threads_[i].state == threads_[first].state && same_place(threads_[i].place, threads_[first].place);
    if (threads_[i].state != State::kReturned && !alike) return describe(first) + ", " + describe(i);
  }
  return describe(first) + (threads_[first].state == State::kAwaiting ? ", whose phase never ends" : ", which its mask's lanes never reach together");
}

void Block::trap() { fail("calls __trap"); }

void Block::fail(const char* why) {
  failure_ = "thread " + std::to_string(running_) + " " + why;
  abandon();
}

// Leaves every thread of the block where it stands. Nothing is unwound: what called this holds no memory of its own.
void Block::abandon() {
  leave_for(fibers_[running_], home_);
  __builtin_unreachable();
}

}  // namespace headroom::emulation
