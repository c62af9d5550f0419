// The library's own threads. Work is cut into numbered tasks that do not depend on the number of threads,
// so that results are the same bits for any number.
#pragma once

#include <cstdint>
#include <functional>

namespace headroom {

using Task = std::function<void(int64_t task, int32_t worker)>;

// Runs tasks 0..count-1 on `threads` own threads and returns when all are done. `on_start` runs once at the start
// of each worker's part (the BLAS thread count is per thread and sticky: it is set on own threads only). The first
// exception of a task is thrown again here. Calls from several threads take turns.
void parallel(int64_t count, int32_t threads, const std::function<void()>& on_start, const Task& task);

}  // namespace headroom
