// Workshop: times the head's C ABI and the bare matrix products on the same chunks, with the BLAS of a libtorch.
//   g++ -O2 -std=c++17 -I../include head_bench.cpp -o head_bench -ldl
//   ./head_bench LIBTORCH_CPU.so LIBHEADROOM.so N D V WORKSPACE_MIB [engine 0|1|2] [compute 0|2] [threads] [gemm 0 auto 1 blas 2 own]
#include <dlfcn.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "headroom.h"

static double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Processor time of all threads: steadier than the wall clock on a machine that others use too.
static double processor_seconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + 1e-6 * static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

int main(int argc, char** argv) {
  if (argc < 7) return 2;
  void* torch = dlopen(argv[1], RTLD_NOW);
  void* library = dlopen(argv[2], RTLD_NOW);
  if (!torch || !library) return std::printf("%s\n", dlerror()), 1;
  headroom_blas blas{};
  blas.sgemm = reinterpret_cast<decltype(blas.sgemm)>(dlsym(torch, "sgemm_"));
  blas.gemm_bf16 = reinterpret_cast<decltype(blas.gemm_bf16)>(dlsym(torch, "cblas_gemm_bf16bf16f32"));
  blas.set_threads_local = reinterpret_cast<decltype(blas.set_threads_local)>(dlsym(torch, "MKL_Set_Num_Threads_Local"));
  auto both = reinterpret_cast<decltype(&headroom_head_forward_backward)>(dlsym(library, "headroom_head_forward_backward"));
  auto plan_of = reinterpret_cast<decltype(&headroom_head_plan)>(dlsym(library, "headroom_head_plan"));
  auto error = reinterpret_cast<decltype(&headroom_last_error)>(dlsym(library, "headroom_last_error"));
  auto alloc = reinterpret_cast<decltype(&headroom_alloc)>(dlsym(library, "headroom_alloc"));

  const int64_t n = std::atoll(argv[3]), d = std::atoll(argv[4]), v = std::atoll(argv[5]);
  std::vector<float> e(n * d), c(v * d), r(n, 1.0f / n), nll(n), lse(n), de(n * d), dc(v * d);
  std::vector<int64_t> t(n);
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (auto& x : e) x = normal(random);
  for (auto& x : c) x = normal(random) * 0.05f;
  for (auto& x : t) x = random() % v;
  headroom_head head{};
  head.abi = HEADROOM_ABI, head.blas = &blas, head.n = n, head.d = d, head.v = v;
  head.e = e.data(), head.e_stride = d, head.c = c.data(), head.c_stride = d, head.t = t.data(), head.t_dtype = HEADROOM_INT64;
  head.ignore_index = -100, head.logit_scale = 1, head.r = r.data(), head.nll = nll.data(), head.lse = lse.data();
  head.de = de.data(), head.de_stride = d, head.dc = dc.data(), head.dc_stride = d;
  head.workspace_bytes = std::atoll(argv[6]) << 20;
  head.engine = argc > 7 ? std::atoi(argv[7]) : 0;
  head.compute = argc > 8 ? std::atoi(argv[8]) : 0;
  head.threads = argc > 9 ? std::atoi(argv[9]) : 2;
  head.gemm = argc > 10 ? std::atoi(argv[10]) : 0;
  head.workspace = alloc(head.workspace_bytes);
  headroom_plan plan{};
  if (plan_of(&head, &plan) != HEADROOM_OK) return std::printf("%s\n", error()), 1;
  std::vector<double> times, cpus;
  for (int i = 0; i < 5; ++i) {
    const double start = seconds(), cpu = processor_seconds();
    if (both(&head) != HEADROOM_OK) return std::printf("%s\n", error()), 1;
    times.push_back(seconds() - start);
    cpus.push_back(processor_seconds() - cpu);
  }
  std::sort(times.begin() + 1, times.end());
  std::sort(cpus.begin() + 1, cpus.end());
  double loss = 0;
  for (float x : nll) loss += x / n;
  const double gflop = 2e-9 * n * d * v;
  std::printf("n %ld d %ld v %ld engine %d rows %ld used %ld MiB loss %.6f median %.3f s (first %.3f), processor %.3f s: %.1f GFLOP per processor second\n",
              n, d, v, plan.engine, plan.chunk_rows, plan.used_workspace_bytes >> 20, loss, times[3], times[0], cpus[3], 3 * gflop / cpus[3]);
}
