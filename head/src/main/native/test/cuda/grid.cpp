#include "grid.h"

#include <cxxabi.h>
#include <link.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

// `extern __shared__ unsigned char dynamic_shared[];` in a kernel's source.
alignas(128) thread_local unsigned char dynamic_shared[headroom::emulation::kMostShared];

namespace headroom::emulation {

namespace {

// Shared memory is this module's thread-local storage, which holds nothing else that lives from block to block: the
// emulation and the fake keep no thread-local state of their own.
struct SharedMemory {
  void* begin;
  std::size_t bytes;
};

int find_module(dl_phdr_info* info, std::size_t, void* result) {
  const auto here = reinterpret_cast<std::uintptr_t>(&find_module);
  bool ours = false;
  std::size_t bytes = 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD && here >= begin && here < begin + header.p_memsz) ours = true;
    if (header.p_type == PT_TLS) bytes = header.p_memsz;
  }
  if (!ours) return 0;
  *static_cast<SharedMemory*>(result) = {info->dlpi_tls_data, bytes};
  return 1;
}

SharedMemory shared_memory() {
  dynamic_shared[0] = 0;  // the storage exists from the first use on
  SharedMemory result = {nullptr, 0};
  dl_iterate_phdr(find_module, &result);
  return result;
}

struct Work {
  const Launch* launch;
  const Order* order;
  const std::function<void()>* body;
  std::vector<std::size_t> blocks;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::string failure;
};

// All of it but what the launch has no part in: most have none of the dynamic memory.
void poison(const SharedMemory& shared, std::size_t dynamic_bytes) {
  // the exceptions of this thread are here too where the C++ library is linked in
  void* exceptions = abi::__cxa_get_globals();
  unsigned char kept[2 * sizeof(void*)];
  std::memcpy(kept, exceptions, sizeof kept);
  auto* const begin = static_cast<unsigned char*>(shared.begin);
  unsigned char *const used = dynamic_shared + dynamic_bytes, *const rest = dynamic_shared + kMostShared;
  std::memset(begin, 0xff, static_cast<std::size_t>(used - begin));
  std::memset(rest, 0xff, static_cast<std::size_t>(begin + shared.bytes - rest));
  std::memcpy(exceptions, kept, sizeof kept);
}

std::string place_of(const Launch& launch, const Index3& index) {
  return std::string(launch.name) + ": block (" + std::to_string(index.x) + "," + std::to_string(index.y) + "," +
         std::to_string(index.z) + "): ";
}

void run_block(Work& work, Block& block, const SharedMemory& shared, std::size_t number) {
  const Launch& launch = *work.launch;
  const unsigned n = static_cast<unsigned>(number);
  const Index3 index = {n % launch.grid.x, n / launch.grid.x % launch.grid.y, n / launch.grid.x / launch.grid.y};
  if (work.order->poison && shared.begin) poison(shared, launch.shared_bytes);
#ifdef __SANITIZE_ADDRESS__
  __asan_poison_memory_region(dynamic_shared + launch.shared_bytes, kMostShared - launch.shared_bytes);
#endif
  const bool backwards = work.order->seed != 0 && ((work.order->seed + number) * 0x9e3779b97f4a7c15u >> 63) != 0;
  const std::string failure = block.run(launch, index, backwards, *work.body);
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(dynamic_shared, kMostShared);
#endif
  if (failure.empty()) return;
  const std::lock_guard<std::mutex> lock(work.mutex);
  if (work.failure.empty()) work.failure = place_of(launch, index) + failure;
}

// `stop` is asked between blocks: a failure ends the grid.
void run_blocks(Work& work, Block& block) {
  const SharedMemory shared = shared_memory();
  for (std::size_t i = work.next++; i < work.blocks.size(); i = work.next++) {
    run_block(work, block, shared, work.blocks[i]);
    const std::lock_guard<std::mutex> lock(work.mutex);
    if (!work.failure.empty()) return;
  }
}

// The caller's thread and one more, which lives as long as the process.
class Processor {
 public:
  void run(Work& work) {
    if (work.order->os_threads < 2 || work.blocks.size() < 2) return run_blocks(work, mine_);
    if (!helper_.joinable()) helper_ = std::thread([this] { help(); });
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      work_ = &work;
    }
    changed_.notify_all();
    run_blocks(work, mine_);
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return work_ == nullptr; });
  }

  ~Processor() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    if (helper_.joinable()) helper_.join();
  }

  std::mutex one_grid;

 private:
  void help() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return ends_ || work_ != nullptr; });
      if (ends_) return;
      lock.unlock();
      run_blocks(*work_, its_);
      lock.lock();
      work_ = nullptr;
      changed_.notify_all();
    }
  }

  Block mine_, its_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread helper_;
  Work* work_ = nullptr;
  bool ends_ = false;
};

}  // namespace

std::string run(const Launch& launch, const Order& order, const std::function<void()>& body) {
  static Processor processor;
  const std::lock_guard<std::mutex> one_grid(processor.one_grid);
  Work work;
  work.launch = &launch;
  work.order = &order;
  work.body = &body;
  work.blocks.resize(count_of(launch.grid));
  std::iota(work.blocks.begin(), work.blocks.end(), std::size_t{0});
  if (order.seed != 0) std::shuffle(work.blocks.begin(), work.blocks.end(), std::mt19937_64(order.seed));
  processor.run(work);
  return work.failure;
}

}  // namespace headroom::emulation
