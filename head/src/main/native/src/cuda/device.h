// A device that was met: its context, the kernels compiled for it, and its matrix products.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "kernels/arguments.h"
#include "kernels/fused_arguments.h"
#include "libraries.h"
#include "products.h"

namespace headroom::cuda {

// A kernel with the arguments it takes, so that a wrong list does not compile.
template <class... Arguments>
struct Kernel {
  Function function = nullptr;

  void operator()(Stream stream, std::int64_t grid_x, std::int64_t grid_y, const Arguments&... arguments) const {
    launch(stream, grid_x, grid_y, kThreads, 0, arguments...);
  }

  void launch(Stream stream, std::int64_t grid_x, std::int64_t grid_y, unsigned threads, unsigned shared_bytes, const Arguments&... arguments) const {
    if (grid_x == 0 || grid_y == 0) return;
    void* list[] = {const_cast<void*>(static_cast<const void*>(&arguments))...};
    check_driver(libraries().driver.LaunchKernel(function, static_cast<unsigned>(grid_x), static_cast<unsigned>(grid_y), 1, threads, 1, 1, shared_bytes, stream, list, nullptr),
                 "a kernel's launch");
  }
};

struct Kernels {
#define HEADROOM_MEMBER(name, ...) Kernel<__VA_ARGS__> name;
  HEADROOM_KERNELS(HEADROOM_MEMBER)
  HEADROOM_FUSED_KERNELS(HEADROOM_MEMBER)  // null until load_fused()
#undef HEADROOM_MEMBER
};

// The kernels of one type of operands.
struct TypedKernels {
  Kernel<RowCopy> copy_rows;
  Kernel<Head, Chunk, Tile> row_gradients, sparse_entries;
  Kernel<Chunk, Tile, ColumnSums> column_sums;
  Kernel<Head, Chunk, Tile, Filter, Group> group_gradients;
  Kernel<Head, Tile, Filter> unmarked_weights;
};

class Device {
 public:
  // Compiles or loads the kernels; the context is current.
  Device(int ordinal, Context context);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const Kernels& kernels() const { return kernels_; }
  // type: kReal32, kReal16 or kBrain16.
  TypedKernels kernels_of(int type) const;
  Products& products() { return products_; }
  // Compiles or loads kernels().fused_statistics at its first call; not while the caller's stream captures.
  void load_fused(bool captures);
  int architecture() const { return architecture_; }
  int multiprocessors() const { return multiprocessors_; }

 private:
  Module module_ = nullptr, fused_module_ = nullptr;
  std::mutex fused_lock_;
  Kernels kernels_;
  Products products_;
  int architecture_ = 0, multiprocessors_ = 0;
};

// Makes a device's context current for the length of a call: the caller's, where that is of this device, else the
// device's primary one, which is what PyTorch works in.
class Current {
 public:
  // Of the device that holds `memory`, which a failure calls by `name`.
  Current(const char* name, const void* memory);
  ~Current();
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

  int ordinal() const { return ordinal_; }
  // Made at the first call for a context; not while the caller's stream captures.
  Device& device(bool captures) const;

 private:
  int ordinal_;
  Context context_;
  bool pushed_ = false;
};

// Which device holds this memory; throws INVALID for the host's, "name: ... (expected: ...)".
int ordinal_of(const char* name, const void* memory);

// Whether the stream is recording a graph, or has failed to; a stream that is none fails. Of the current context.
bool capturing(Stream stream);

// Copies between the host's memory and a device's; from the device it waits.
void write(void* device, const void* host, std::int64_t bytes, Stream stream);
void read(void* host, const void* device, std::int64_t bytes, Stream stream);

// What is here, in words and one line each, for doctor; throws what a call would.
std::string describe_devices();

// Unloads the kernels of every device and releases their contexts. No call may be under way.
void release_devices();

}  // namespace headroom::cuda
