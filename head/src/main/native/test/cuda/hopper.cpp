#include "hopper.h"

#include <cmath>
#include <cstring>

#include "block.h"

namespace headroom::emulation {

namespace {

constexpr std::uint32_t kOrigin = 0x480;  // of shared memory: no more aligned than what the kernel may count on
constexpr std::size_t kBoxRow = 128;
constexpr int kRowsOfA = 64, kRowsOfB = 256, kDepth = 16;
constexpr std::int64_t kMostBytes = (1 << 20) - 1;  // that a barrier counts

// The pieces of 16 bytes change places within each 8 rows of 128 bytes: bits 4 to 6 of the address by bits 7 to 9.
std::uint32_t swizzled(std::uint32_t address) { return address ^ (address >> 3 & 0x70); }

std::uint32_t field(std::uint64_t matrix, int bit) { return static_cast<std::uint32_t>(matrix >> bit & 0x3fff) << 4; }

float widen(std::uint16_t bits) {
  const std::uint32_t wide = static_cast<std::uint32_t>(bits) << 16;
  float x;
  std::memcpy(&x, &wide, sizeof x);
  return x;
}

}  // namespace

void Hopper::start(std::size_t threads, unsigned char* shared, std::size_t bytes, bool backwards) {
  shared_ = shared;
  bytes_ = bytes;
  backwards_ = backwards;
  barriers_.clear();
  copies_.clear();
  threads_.clear();
  threads_.resize(threads);
  said_.assign((threads + 127) / 128, {});
}

const char* Hopper::left_over() const {
  if (!copies_.empty()) return "a copy is under way when the last thread returns";
  for (const Thread& thread : threads_)
    if (!thread.open.empty() || !thread.groups.empty()) return "products are under way when the last thread returns";
  return nullptr;
}

unsigned char* Hopper::at(std::uint32_t address, std::size_t bytes) {
  if (address < kOrigin || address - kOrigin + bytes > bytes_) block_.fail("an address outside of shared memory");
  return shared_ + (address - kOrigin);
}

std::uint32_t Hopper::address_of(const void* memory) const { return kOrigin + static_cast<std::uint32_t>(static_cast<const unsigned char*>(memory) - shared_); }

void Hopper::make_barrier(std::uint32_t address, std::uint32_t arrivals) {
  at(address, 8);
  if (address % 8 != 0 || arrivals < 1 || arrivals > kMostBytes) block_.fail("mbarrier.init: alignment or count");
  barriers_[address] = {arrivals, arrivals, 0, 0, false};
}

void Hopper::publish_barriers() {
  for (auto& [address, barrier] : barriers_) barrier.published = true;
}

Hopper::Barrier& Hopper::barrier(std::uint32_t address) {
  const auto found = barriers_.find(address);
  if (found == barriers_.end()) block_.fail("no barrier is at this address yet");
  if (!found->second.published) block_.fail("the barrier is used before fence.mbarrier_init");
  return found->second;
}

void Hopper::turn(Barrier& barrier) {
  if (barrier.pending != 0 || barrier.bytes != 0) return;
  barrier.phase ^= 1;
  barrier.pending = barrier.arrivals;
}

void Hopper::arrive(std::uint32_t address, std::uint32_t expecting) {
  Barrier& b = barrier(address);
  b.bytes += expecting;
  if (b.pending == 0 || b.bytes > kMostBytes) block_.fail("a barrier has more arrivals or bytes than its phase takes");
  --b.pending;
  turn(b);
}

bool Hopper::over(std::uint32_t address, std::uint32_t parity) { return barrier(address).phase != parity; }

void Hopper::copy_box(std::uint32_t to, const void* map, int column, int row, std::uint32_t barrier_at) {
  Copy copy = {{}, to, barrier_at, column, row};
  std::memcpy(&copy.map, map, sizeof copy.map);
  if (copy.map.magic != EncodedMap::kMagic || reinterpret_cast<std::uintptr_t>(map) % 128 != 0) block_.fail("no tensor map is there");
  const std::size_t bytes = copy.map.box_rows * kBoxRow;
  if (to % 128 != 0) block_.fail("a copy to an address that is no multiple of 128");
  for (const auto& [address, unused] : barriers_)
    if (address + 8 > to && address < to + bytes) block_.fail("a copy onto a barrier");
  barrier(barrier_at);
  std::memset(at(to, bytes), 0xff, bytes);
  copies_.push_back(copy);
}

// The whole box counts, what lies outside of the tensor as zeros.
bool Hopper::deliver() {
  if (copies_.empty()) return false;
  const auto next = backwards_ ? copies_.end() - 1 : copies_.begin();
  const Copy copy = *next;
  copies_.erase(next);
  for (std::uint32_t i = 0; i < copy.map.box_rows; ++i) {
    for (std::uint32_t k = 0; k < copy.map.box_columns; ++k) {
      const std::int64_t row = copy.row + std::int64_t{i}, column = copy.column + std::int64_t{k};
      const bool inside = row >= 0 && column >= 0 && row < static_cast<std::int64_t>(copy.map.rows) && column < static_cast<std::int64_t>(copy.map.columns);
      std::uint16_t x = 0;
      if (inside) std::memcpy(&x, reinterpret_cast<const char*>(copy.map.address) + static_cast<std::uint64_t>(row) * copy.map.stride_bytes + column * 2, 2);
      std::memcpy(at(swizzled(copy.to + i * static_cast<std::uint32_t>(kBoxRow) + k * 2), 2), &x, 2);
    }
  }
  Barrier& b = barriers_.at(copy.barrier);
  b.bytes -= static_cast<std::int64_t>(copy.map.box_rows) * copy.map.box_columns * 2;
  if (b.bytes < -kMostBytes) block_.fail("a barrier has more bytes than its phase takes");
  turn(b);
  return true;
}

// K-major: rows of 128 bytes, groups of 8 of them the stride apart.
void Hopper::check_matrix(std::uint64_t matrix) {
  if (matrix >> 62 != 1) block_.fail("a matrix descriptor without the 128-byte swizzle");
  if ((matrix >> 49 & 7) != 0 || (field(matrix, 0) >> 7 & 7) != 0) block_.fail("a matrix descriptor whose pattern does not start at a multiple of 1024");
}

float Hopper::element(std::uint64_t matrix, std::uint32_t row, std::uint32_t k) {
  const std::uint32_t address = field(matrix, 0) + row / 8 * field(matrix, 32) + row % 8 * static_cast<std::uint32_t>(kBoxRow) + k * 2;
  std::uint16_t bits;
  std::memcpy(&bits, at(swizzled(address), 2), 2);
  return widen(bits);
}

std::uint64_t Hopper::contents(std::uint64_t matrix, std::uint32_t rows) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::uint32_t row = 0; row < rows; ++row)
    for (std::uint32_t k = 0; k < kDepth; k += 4) {
      std::uint64_t bits;
      const std::uint32_t address = field(matrix, 0) + row / 8 * field(matrix, 32) + row % 8 * static_cast<std::uint32_t>(kBoxRow) + k * 2;
      std::memcpy(&bits, at(swizzled(address), 8), 8);
      hash = (hash ^ bits) * 0x100000001b3u;
    }
  return hash;
}

void Hopper::begin_products(std::size_t thread) { threads_[thread].begun = true; }

// The values are known here and shown when they are waited for.
void Hopper::multiply(std::size_t thread, float* z, std::uint64_t a, std::uint64_t b, bool adds) {
  Thread& t = threads_[thread];
  const bool under_way = !t.open.empty() || !t.groups.empty();
  check_matrix(a);
  check_matrix(b);
  if (!t.begun) block_.fail("wgmma without wgmma.fence since accumulators were free to change");
  if (under_way && t.z != z) block_.fail("the emulation knows one set of accumulators");
  auto& said = said_[thread / 128];
  if (t.products == said.size()) said.push_back({a, b, adds, 0});
  const Operands& others = said[t.products++];
  if (others.a != a || others.b != b || others.adds != adds) block_.fail("threads of a warpgroup multiply by different operands");
  for (int i = 0; i < kHeld; ++i) {
    if (under_way && !std::isnan(z[i])) block_.fail("accumulators were written while products were under way");
    if (!under_way) t.sums[i] = z[i];
    z[i] = std::nanf("");
  }
  t.z = z;
  const std::size_t lane = thread % 32, first = thread % 128 / 32 * 16 + lane / 4;
  for (std::uint32_t half = 0; half < 2; ++half) {
    float row[kDepth];
    for (std::uint32_t k = 0; k < kDepth; ++k) row[k] = element(a, static_cast<std::uint32_t>(first) + 8 * half, k);
    for (std::uint32_t j = 0; j < kHeld / 2; ++j) {
      const std::uint32_t column = j / 2 * 8 + static_cast<std::uint32_t>(lane % 4) * 2 + j % 2;
      float& sum = t.sums[j / 2 * 4 + half * 2 + j % 2];
      if (!adds) sum = 0.0f;
      for (std::uint32_t k = 0; k < kDepth; ++k) sum = std::fma(row[k], element(b, column, k), sum);
    }
  }
  t.open.push_back({a, b, adds, lane == 0 ? contents(a, kRowsOfA) ^ contents(b, kRowsOfB) * 3 : 0});
}

void Hopper::commit_products(std::size_t thread) {
  Thread& t = threads_[thread];
  t.groups.push_back(t.open);
  t.open.clear();
}

void Hopper::wait_products(std::size_t thread, std::size_t groups) {
  Thread& t = threads_[thread];
  while (t.groups.size() > groups) {
    for (const Operands& operands : t.groups.front())
      if (thread % 32 == 0 && operands.contents != (contents(operands.a, kRowsOfA) ^ contents(operands.b, kRowsOfB) * 3))
        block_.fail("operands changed while a product read them");
    t.groups.erase(t.groups.begin());
  }
  if (!t.groups.empty() || !t.open.empty() || !t.z) return;
  std::memcpy(t.z, t.sums, sizeof t.sums);
  t.z = nullptr;
  t.begun = false;
}

}  // namespace headroom::emulation
