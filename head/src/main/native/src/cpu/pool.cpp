#include "pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace headroom {
namespace {

struct Job {
  int64_t count;
  SetThreads set_threads;
  const Task& task;
  std::atomic<int64_t> next{0};
  std::mutex mutex{};
  std::exception_ptr failure{};
};

// The BLAS thread count of the calling thread, which may be one of the caller's: it gets its own back.
class OneBlasThread {
 public:
  explicit OneBlasThread(SetThreads set) : set_(set), before_(set ? set(1) : 0) {}
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;
  ~OneBlasThread() {
    if (set_) set_(before_);
  }

 private:
  const SetThreads set_;
  const int32_t before_;
};

void drain(Job& job, int32_t worker) {
  const OneBlasThread one(job.set_threads);
  try {
    for (int64_t i = job.next++; i < job.count; i = job.next++) job.task(i, worker);
  } catch (...) {
    std::lock_guard<std::mutex> lock(job.mutex);
    if (!job.failure) job.failure = std::current_exception();
    job.next = job.count;
  }
}

class Pool {
 public:
  void run(Job& job, int32_t helpers) {
    std::lock_guard<std::mutex> turn(turns_);
    std::unique_lock<std::mutex> lock(mutex_);
    while (static_cast<int32_t>(threads_.size()) < helpers) {
      const auto worker = static_cast<int32_t>(threads_.size()) + 1;  // the caller is worker 0
      threads_.emplace_back([this, worker, born = generation_] { work(worker, born); });
    }
    job_ = &job;
    helpers_ = helpers;
    ++generation_;
    lock.unlock();
    wake_.notify_all();
    drain(job, 0);
    lock.lock();
    job_ = nullptr;  // who wakes only now finds nothing left to do, and is not waited for
    done_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  void work(int32_t worker, int64_t seen) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return generation_ != seen; });
      seen = generation_;
      if (!job_ || worker > helpers_) continue;
      Job& job = *job_;
      ++running_;
      lock.unlock();
      drain(job, worker);
      lock.lock();
      if (--running_ == 0) done_.notify_one();
    }
  }

  std::mutex turns_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<std::thread> threads_;
  int64_t generation_ = 0;
  int32_t running_ = 0;  // own threads that are in the job
  int32_t helpers_ = 0;
  Job* job_ = nullptr;
};

}  // namespace

void parallel(int64_t count, int32_t threads, SetThreads set_threads, const Task& task) {
  // never destroyed: at exit its threads sleep, and joining them could wait for a caller that is gone
  static Pool* const pool = new Pool;
  Job job{count, set_threads, task};
  const auto helpers = static_cast<int32_t>(std::min<int64_t>(count, threads) - 1);
  if (helpers > 0) {
    pool->run(job, helpers);
  } else {
    drain(job, 0);
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace headroom
