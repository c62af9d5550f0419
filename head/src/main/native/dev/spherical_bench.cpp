// Workshop: times the two passes of the spherical head's C ABI, with the BLAS of a libtorch.
//   g++ -O2 -std=c++17 -I../include spherical_bench.cpp -o spherical_bench -ldl
//   ./spherical_bench LIBTORCH_CPU.so LIBHEADROOM.so N D V [threads] [gemm 0 auto 1 blas 2 own]
#include <dlfcn.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "headroom.h"

static double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static double processor_seconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + 1e-6 * static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static double median(std::vector<double> x) {
  std::sort(x.begin() + 1, x.end());
  return x[1 + (x.size() - 1) / 2];
}

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  void* torch = dlopen(argv[1], RTLD_NOW);
  void* library = dlopen(argv[2], RTLD_NOW);
  if (!torch || !library) return std::printf("%s\n", dlerror()), 1;
  headroom_blas blas{};
  blas.sgemm = reinterpret_cast<decltype(blas.sgemm)>(dlsym(torch, "sgemm_"));
  blas.set_threads_local = reinterpret_cast<decltype(blas.set_threads_local)>(dlsym(torch, "MKL_Set_Num_Threads_Local"));
  auto forward = reinterpret_cast<decltype(&headroom_spherical_forward)>(dlsym(library, "headroom_spherical_forward"));
  auto backward = reinterpret_cast<decltype(&headroom_spherical_backward)>(dlsym(library, "headroom_spherical_backward"));
  auto plan_of = reinterpret_cast<decltype(&headroom_spherical_plan)>(dlsym(library, "headroom_spherical_plan"));
  auto error = reinterpret_cast<decltype(&headroom_last_error)>(dlsym(library, "headroom_last_error"));
  auto alloc = reinterpret_cast<decltype(&headroom_alloc)>(dlsym(library, "headroom_alloc"));

  const int64_t n = std::atoll(argv[3]), d = std::atoll(argv[4]), v = std::atoll(argv[5]);
  std::vector<float> e(n * d), c(v * d), de(n * d), dc(v * d);
  std::vector<double> mean(d), mu(n), spread(n), y(n), u_mean(n), u_spread(n), u_target(n);
  std::vector<int64_t> t(n);
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (auto& x : e) x = normal(random);
  for (auto& x : c) x = normal(random) * 0.05f;
  for (auto& x : t) x = random() % v;
  headroom_spherical head{};
  head.abi = HEADROOM_ABI, head.blas = &blas, head.n = n, head.d = d, head.v = v;
  head.e = e.data(), head.e_stride = d, head.c = c.data(), head.c_stride = d, head.t = t.data(), head.target_count = 1;
  head.ignore_index = -100, head.mean = mean.data(), head.mu = mu.data(), head.spread = spread.data(), head.y = y.data();
  head.u_mean = u_mean.data(), head.u_spread = u_spread.data(), head.u_target = u_target.data();
  head.de = de.data(), head.de_stride = d, head.dc = dc.data(), head.dc_stride = d, head.add_dc = 1;
  head.threads = argc > 6 ? std::atoi(argv[6]) : 2;
  head.gemm = argc > 7 ? std::atoi(argv[7]) : 0;
  headroom_plan plan{};
  if (plan_of(&head, &plan) != HEADROOM_OK) return std::printf("%s\n", error()), 1;
  head.workspace_bytes = plan.used_workspace_bytes;
  head.workspace = alloc(head.workspace_bytes);
  std::vector<double> first, second, cpus;
  for (int i = 0; i < 8; ++i) {
    const double start = seconds(), cpu = processor_seconds();
    if (forward(&head) != HEADROOM_OK) return std::printf("%s\n", error()), 1;
    const double middle = seconds();
    for (int64_t k = 0; k < n; ++k) {
      const double sigma = std::sqrt(spread[k] / v), z = y[k] / sigma, s = 1 / (1 + std::exp(z - 10.0)) / n;
      u_mean[k] = s / sigma, u_target[k] = -s / sigma, u_spread[k] = s * z / spread[k];
    }
    if (backward(&head) != HEADROOM_OK) return std::printf("%s\n", error()), 1;
    first.push_back(middle - start), second.push_back(seconds() - middle), cpus.push_back(processor_seconds() - cpu);
  }
  const double gflop = 1e-9 * (static_cast<double>(v) + n) * d * d * 3;
  std::printf("n %ld d %ld v %ld gemm %d used %ld MiB: forward %.3f s, backward %.3f s, processor %.3f s: %.1f GFLOP per processor second\n",
              n, d, v, plan.gemm, plan.used_workspace_bytes >> 20, median(first), median(second), median(cpus), gflop / median(cpus));
}
