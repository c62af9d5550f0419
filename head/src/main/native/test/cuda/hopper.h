// What a block of compute capability 9.0 has besides its threads, after the PTX ISA's words: memory barriers, the unit that
// copies boxes of tensors, and products of warpgroups that read shared memory by themselves. Whatever is under way is made
// to show: a copy fills its place with NaN at once and brings the bytes when no thread can go on; accumulators are NaN until
// they are waited for, and operands that change meanwhile are an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace headroom::emulation {

class Block;

// What cuTensorMapEncodeTiled of the fake writes, and the unit reads: two dimensions of 16-bit elements, swizzled by 128 bytes.
struct EncodedMap {
  static constexpr std::uint64_t kMagic = 0x70616d726f736e65;
  std::uint64_t magic, address, columns, rows, stride_bytes;
  std::uint32_t box_columns, box_rows;
};
static_assert(sizeof(EncodedMap) <= 128, "CUtensorMap");

class Hopper {
 public:
  explicit Hopper(Block& block) : block_(block) {}
  // A block of so many threads starts; its shared memory.
  void start(std::size_t threads, unsigned char* shared, std::size_t bytes, bool backwards);
  // Brings the bytes of one copy; false where none is under way.
  bool deliver();
  // What is left when the threads have returned, or null.
  const char* left_over() const;

  std::uint32_t address_of(const void* memory) const;
  void make_barrier(std::uint32_t address, std::uint32_t arrivals);
  void publish_barriers();
  void arrive(std::uint32_t address, std::uint32_t expecting);
  bool over(std::uint32_t address, std::uint32_t parity);
  void copy_box(std::uint32_t to, const void* map, int column, int row, std::uint32_t barrier);

  static constexpr int kHeld = 128;  // accumulators of a thread: m64n256
  void begin_products(std::size_t thread);
  void multiply(std::size_t thread, float* z, std::uint64_t a, std::uint64_t b, bool adds);
  void commit_products(std::size_t thread);
  // At most so many groups stay under way.
  void wait_products(std::size_t thread, std::size_t groups);

 private:
  struct Barrier {
    std::uint32_t arrivals, pending, phase;
    std::int64_t bytes;
    bool published;
  };
  struct Copy {
    EncodedMap map;
    std::uint32_t to, barrier;
    int column, row;
  };
  struct Operands {
    std::uint64_t a, b;
    bool adds;
    std::uint64_t contents;  // hash, of the first lanes of warps
  };
  struct Thread {
    bool begun = false;
    float* z = nullptr;
    float sums[kHeld];
    std::size_t products = 0;                   // of this thread so far
    std::vector<Operands> open;                 // not committed
    std::vector<std::vector<Operands>> groups;  // under way, oldest first
  };

  Barrier& barrier(std::uint32_t address);
  unsigned char* at(std::uint32_t address, std::size_t bytes);
  void turn(Barrier& barrier);
  float element(std::uint64_t matrix, std::uint32_t row, std::uint32_t k);
  std::uint64_t contents(std::uint64_t matrix, std::uint32_t rows);
  void check_matrix(std::uint64_t matrix);

  Block& block_;
  unsigned char* shared_ = nullptr;
  std::size_t bytes_ = 0;
  bool backwards_ = false;
  std::map<std::uint32_t, Barrier> barriers_;
  std::vector<Copy> copies_;
  std::vector<Thread> threads_;
  std::vector<std::vector<Operands>> said_;  // what the first thread of each warpgroup to come by has multiplied
};

}  // namespace headroom::emulation
