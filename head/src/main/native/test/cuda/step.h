// A call of the head with every array between guards, on the fake device or on the CPU.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "headroom.h"

namespace headroom::fake {

// Memory between guards: who touches them is caught by AddressSanitizer, or where it does not look by their bytes.
class Memory {
 public:
  // Starts `shift` bytes behind a multiple of 256; every byte is `fill`.
  Memory(std::int64_t bytes, unsigned char fill, std::int64_t shift = 0);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  unsigned char* data() const { return data_; }
  std::int64_t bytes() const { return bytes_; }
  bool intact() const;
  std::string copy() const { return std::string(data_, data_ + bytes_); }

 private:
  void guard(bool poisons) const;

  std::vector<unsigned char> all_;
  unsigned char* data_;
  std::int64_t bytes_;
};

constexpr unsigned char kOld = 0x3e;  // every byte of an output before a call; as float32 0.186

struct Case {
  std::int64_t n = 37, d = 19, v = 100;
  std::int32_t engine = HEADROOM_RECOMPUTED, compute = HEADROOM_FLOAT32, e_dtype = HEADROOM_FLOAT32, c_dtype = HEADROOM_FLOAT32;
  std::int64_t pad = 0;    // elements between rows that are nobody's
  std::int64_t shift = 0;  // bytes that e and c lie off a multiple of 256
  bool knows_rows = false; // which rows count
  bool all = false;        // every array that a call may have
  bool adds = false;       // to dC and dB
  bool filters = false;
};

class Step {
 public:
  // Inputs are the same for the same sizes, and exact in every dtype.
  explicit Step(const Case& sizes);

  // The same call on the CPU, with inputs of float32.
  static Step on_cpu(Case sizes);

  // All arrays are known as memory of the device, and nothing else is.
  void place(int device) const;
  // A workspace of so many bytes in place of the last.
  void give_workspace(std::int64_t bytes);
  headroom_plan plan() const;
  // As much workspace as the plan uses of 64 MiB, or the least.
  void give_useful_workspace();
  void give_least_workspace();

  // Every output as before a call.
  void renew() const;
  bool is_new() const;
  std::map<std::string, std::string> outputs() const;
  bool intact() const;

  Memory& at(const std::string& name) { return arrays_.at(name); }
  std::vector<std::string> names() const;
  // What the device's outputs differ from the CPU's in by more than `bound` of their size, or "".
  static std::string difference(const Step& device, const Step& cpu, double bound);

  const Case sizes;
  headroom_head head{};

 private:
  void* make(const std::string& name, std::int64_t count, std::int64_t bytes_of_each, bool is_output);
  template <class Value, class Make>
  Value* input(const std::string& name, std::int64_t count, const Make& value);
  template <class Value>
  Value* output(const std::string& name, std::int64_t count) {
    return static_cast<Value*>(make(name, count, sizeof(Value), true));
  }
  const void* operands(const std::string& name, std::int64_t rows, std::int32_t dtype, unsigned seed);
  void add_inputs();
  void add_outputs();

  std::map<std::string, Memory> arrays_;
  std::vector<std::string> outputs_;
};

// The functions of the C interface by what they do.
using Work = std::int32_t (*)(const headroom_head* head);
// forward and then backward
std::int32_t forward_then_backward(const headroom_head* head);

}  // namespace headroom::fake
