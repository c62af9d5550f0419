#include "pool.h"

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
  int32_t threads;
  const std::function<void()>* on_start;
  const Task* task;
  std::atomic<int64_t> next{0};
  std::exception_ptr failure;
};

class Pool {
 public:
  void run(Job& job) {
    std::lock_guard<std::mutex> turn(turns_);
    std::unique_lock<std::mutex> lock(mutex_);
    while (static_cast<int32_t>(threads_.size()) < job.threads) {
      const auto worker = static_cast<int32_t>(threads_.size());
      // a new worker waits for the generation after the one it was born in
      threads_.emplace_back([this, worker, born = generation_] { work(worker, born); });
    }
    job_ = &job;
    running_ = static_cast<int32_t>(threads_.size());
    ++generation_;
    wake_.notify_all();
    done_.wait(lock, [this] { return running_ == 0; });
    job_ = nullptr;
    if (job.failure) std::rethrow_exception(job.failure);
  }

 private:
  void work(int32_t worker, int64_t seen) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return generation_ != seen; });
      seen = generation_;
      Job& job = *job_;
      lock.unlock();
      if (worker < job.threads) drain(job, worker);
      lock.lock();
      if (--running_ == 0) done_.notify_one();
    }
  }

  void drain(Job& job, int32_t worker) {
    try {
      (*job.on_start)();
      for (int64_t i = job.next++; i < job.count; i = job.next++) (*job.task)(i, worker);
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!job.failure) job.failure = std::current_exception();
      job.next = job.count;
    }
  }

  std::mutex turns_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<std::thread> threads_;
  int64_t generation_ = 0;
  int32_t running_ = 0;
  Job* job_ = nullptr;
};

}  // namespace

void parallel(int64_t count, int32_t threads, const std::function<void()>& on_start, const Task& task) {
  // never destroyed: at exit its threads sleep, and joining them could wait for a caller that is gone
  static Pool* const pool = new Pool;
  if (count <= 0) return;
  Job job{count, threads, &on_start, &task, {}, {}};
  pool->run(job);
}

}  // namespace headroom
