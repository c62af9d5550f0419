// The library's threads: the caller's and own ones. Work is cut into numbered tasks that do not depend on the number of
// threads, so that results are the same bits for any number.
#pragma once

#include <cstdint>
#include <functional>

namespace headroom {

using Task = std::function<void(int64_t task, int32_t worker)>;

// Sets the threads that the BLAS takes for calls of this thread and returns what they were; may be null.
using SetThreads = int32_t (*)(int32_t);

// Runs tasks 0..count-1 on the calling thread and at most `threads` - 1 own ones, and returns when all are done. A
// single task never waits for another thread to wake. The BLAS is told to use one thread meanwhile. The first exception
// of a task is thrown again here. Calls from several threads take turns with the own threads.
void parallel(int64_t count, int32_t threads, SetThreads set_threads, const Task& task);

}  // namespace headroom
