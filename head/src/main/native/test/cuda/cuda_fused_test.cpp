// The fused statistics on the emulation, through the C functions: against float64, against the present path, bit for bit
// from call to call, and what is refused. The variable is read once: each way runs in a process of its own.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "fake.h"
#include "headroom.h"
#include "scratch.h"

namespace {

constexpr float kInfinity = __builtin_inff();

struct Case {
  const char* name;
  int64_t n, d, v;
  double scale, cap;
  bool stable, bias, kept, wide_c, gradients, tight;
};

// Row and class tiles are of 128 and 256, 16 row tiles go together, steps of the depth are of 64; tiles of copied classes of
// at most 4096.
const Case kCases[] = {{"one of each", 1, 8, 1, 1, 0, false, false, false, false, false, false},
                       {"whole tiles", 256, 128, 512, 1, 0, false, true, true, false, false, false},
                       {"ragged", 131, 72, 300, 1, 0, false, true, false, false, false, false},
                       {"many steps", 70, 424, 260, 0.5, 0, false, false, true, false, false, false},
                       {"cap", 300, 200, 600, 1.5, 3, false, true, false, false, false, false},
                       {"stable max", 129, 64, 257, 1.5, 0, true, true, false, false, false, false},
                       {"tiles of float32", 20, 24, 4300, 1, 0, false, true, false, true, false, true},
                       {"many rows", 2100, 8, 300, 1, 0, false, true, false, false, false, false},
                       {"gradients", 150, 40, 520, 1, 0, false, true, false, false, true, false}};
constexpr size_t kMostRows = 2100, kMostGradient = 600 * 200, kCaseCount = sizeof kCases / sizeof *kCases;

struct Answer {
  float nll[kMostRows], lse[kMostRows], entropy[kMostRows], dc[kMostGradient];
};

struct Shared {
  Answer answers[2][kCaseCount];  // [fused]
};

float rounded(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  bits = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
  std::memcpy(&x, &bits, 4);
  return x;
}

std::vector<uint16_t> narrowed(const std::vector<float>& x) {
  std::vector<uint16_t> bits(x.size() + 8);
  for (size_t i = 0; i < x.size(); ++i) {
    uint32_t wide;
    std::memcpy(&wide, &x[i], 4);
    bits[i] = static_cast<uint16_t>(wide >> 16);
  }
  return bits;
}

// Inputs of a case: values that bfloat16 holds, a NaN row, ignored rows, targets at the borders of tiles and an absent tile.
struct Inputs {
  std::vector<float> e, c, b, r;
  std::vector<int64_t> t;

  explicit Inputs(const Case& of) {
    std::mt19937 random(static_cast<unsigned>(of.n * 1000 + of.v));
    std::normal_distribution<float> normal;
    const auto fill = [&](std::vector<float>& x, int64_t count, float by) {
      x.resize(static_cast<size_t>(count));
      for (float& value : x) value = rounded(normal(random) * by);
    };
    fill(e, of.n * of.d, 2.0f / std::sqrt(static_cast<float>(of.d))), fill(c, of.v * of.d, 1), fill(b, of.v, 1), fill(r, of.n, 1);
    const int64_t borders[] = {0, 255, 256, 511, of.v - 1};
    for (int64_t i = 0; i < of.n; ++i) {
      const auto any = static_cast<int64_t>(random() % static_cast<unsigned>(of.v));
      t.push_back(i % 3 == 0 ? std::min(borders[i / 3 % 5], of.v - 1) : any);
    }
    if (!of.bias) return;
    for (int64_t v = 256; v < std::min<int64_t>(of.v, 512); ++v) b[static_cast<size_t>(v)] = v == 256 || v == 511 ? b[static_cast<size_t>(v)] : -kInfinity;
    if (of.v >= 600) std::fill(b.begin() + 256, b.begin() + 512, -kInfinity);  // a tile without a class
    for (int64_t& target : t)
      if (b[static_cast<size_t>(target)] == -kInfinity) target = 1;
    if (of.kept || of.gradients) return;
    e[static_cast<size_t>(7 * of.d + 3)] = NAN;
    t[5] = -100;
  }
};

struct Call {
  Inputs in;
  std::vector<uint16_t> e, c;
  std::vector<int64_t> kept;
  std::vector<float> de, dc, db;
  std::vector<char> memory;
  headroom_head head{};

  Call(const Case& of, Answer& out) : in(of), e(narrowed(in.e)), c(narrowed(in.c)), kept(static_cast<size_t>(of.n)) {
    head.abi = HEADROOM_ABI, head.device = HEADROOM_CUDA, head.n = of.n, head.d = of.d, head.v = of.v;
    head.e = aligned(&e), head.e_stride = of.d, head.e_dtype = HEADROOM_BFLOAT16;
    head.c = of.wide_c ? static_cast<const void*>(in.c.data()) : aligned(&c);
    head.c_stride = of.d, head.c_dtype = of.wide_c ? HEADROOM_FLOAT32 : HEADROOM_BFLOAT16;
    head.b = of.bias ? in.b.data() : nullptr, head.t = in.t.data(), head.t_dtype = HEADROOM_INT64, head.ignore_index = -100;
    head.compute = HEADROOM_BFLOAT16, head.logit_scale = of.scale, head.soft_cap = of.cap, head.stable_max = of.stable, head.threads = 1;
    head.nll = out.nll, head.lse = out.lse, head.entropy = out.entropy, head.engine = HEADROOM_RECOMPUTED;
    if (of.kept) std::iota(kept.begin(), kept.end(), 0), head.kept = kept.data(), head.kept_count = of.n;
    if (of.gradients) {
      de.resize(in.e.size()), dc.resize(in.c.size()), db.resize(in.b.size());
      head.r = in.r.data(), head.de = de.data(), head.de_stride = of.d, head.dc = dc.data(), head.dc_stride = of.d, head.db = db.data();
    }
    head.workspace_bytes = 32 << 20;
    headroom_plan plan{};
    CHECK(headroom_head_plan(&head, &plan) == HEADROOM_OK, "%s", headroom_last_error());
    if (of.tight) head.workspace_bytes = plan.least_workspace_bytes + (64 << 10);
    memory.assign(static_cast<size_t>(head.workspace_bytes) + 256, '\xff');
    head.workspace = memory.data() + (256 - reinterpret_cast<uintptr_t>(memory.data()) % 256) % 256;
  }
  // Vectors of 16-bit numbers may start anywhere.
  static const void* aligned(std::vector<uint16_t>* x) {
    const size_t by = (16 - reinterpret_cast<uintptr_t>(x->data()) % 16) % 16 / 2;
    std::rotate(x->begin(), x->end() - static_cast<std::ptrdiff_t>(by), x->end());
    return x->data() + by;
  }
  int32_t run() { return head.de ? headroom_head_forward_backward(&head) : headroom_head_forward(&head); }
};

void in_own_process(const char* fused, void (*body)(Shared&, bool), Shared& shared) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    const Scratch scratch;
    for (const char* name : {"HEADROOM_CUDA_DRIVER", "HEADROOM_NVRTC", "HEADROOM_CUBLASLT"}) ::setenv(name, EMULATED_FILE, 1);
    ::setenv("HEADROOM_CACHE_DIR", scratch.path().c_str(), 1);
    ::setenv("HEADROOM_CUDA_FUSED", fused, 1);
    body(shared, *fused == '1');
    headroom_cuda_release();
    CHECK(*headroom_fake_leaks() == '\0', "%s", headroom_fake_leaks());
    std::fflush(stdout);
    std::filesystem::remove_all(scratch.path());
    ::_exit(failures() == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "fused %s: %d", fused, status);
}

void answers_cases(Shared& shared, bool fused) {
  for (size_t i = 0; i < kCaseCount; ++i) {
    Answer& answer = shared.answers[fused][i];
    Call call(kCases[i], answer);
    CHECK(call.run() == HEADROOM_OK, "%s: %s: %s", kCases[i].name, headroom_last_error(), headroom_fake_last_error());
    std::copy(call.dc.begin(), call.dc.end(), answer.dc);
    if (!fused) continue;
    Answer again{};
    headroom_fake_device(0, 9, 0, i % 2 == 0 ? 1 : 7);
    headroom_fake_order(i, 2, 1);
    Call same(kCases[i], again);
    CHECK(same.run() == HEADROOM_OK, "%s: %s", kCases[i].name, headroom_last_error());
    std::copy(same.dc.begin(), same.dc.end(), again.dc);
    CHECK(std::memcmp(&answer, &again, sizeof again) == 0, "%s: other bits", kCases[i].name);
  }
  const auto launches = headroom_fake_count("fused_statistics");
  CHECK(fused ? launches >= static_cast<int64_t>(2 * kCaseCount + 2) : launches == 0, "%ld launches", static_cast<long>(launches));
  CHECK(!fused || headroom_fake_count("row_statistics") == 0, "the present path ran");
}

struct Truth {
  double lse, nll, entropy;
};

Truth truth_of(const Case& of, const Inputs& in, int64_t row) {
  std::vector<double> z;
  for (int64_t v = 0; v < of.v; ++v) {
    double s = of.bias ? static_cast<double>(in.b[static_cast<size_t>(v)]) : 0.0;
    const float *e = &in.e[static_cast<size_t>(row * of.d)], *c = &in.c[static_cast<size_t>(v * of.d)];
    for (int64_t k = 0; k < of.d; ++k) s += static_cast<double>(e[k]) * static_cast<double>(c[k]);
    s *= of.scale;
    if (of.cap > 0 && std::isfinite(s)) s = of.cap * std::tanh(s / of.cap);
    if (of.stable) s = std::copysign(std::log1p(std::fabs(s)), s);
    z.push_back(s);
  }
  double most = -HUGE_VAL, sum = 0, mean = 0;
  for (const double s : z) most = std::max(most, s);
  for (const double s : z) sum += std::exp(s - most);
  const double lse = most + std::log(sum);
  for (const double s : z) mean += s == -HUGE_VAL ? 0 : std::exp(s - lse) * s;
  return {lse, lse - z[static_cast<size_t>(in.t[static_cast<size_t>(row)])], lse - mean};
}

bool close(double x, double y, double bound) { return std::isnan(y) ? std::isnan(x) : std::fabs(x - y) <= bound * (1 + std::fabs(y)); }

void compares(const Shared& shared) {
  for (size_t i = 0; i < kCaseCount; ++i) {
    const Case& of = kCases[i];
    const Answer &present = shared.answers[0][i], &fused = shared.answers[1][i];
    const Inputs in(of);
    for (int64_t row = 0; row < of.n; ++row) {
      const auto at = static_cast<size_t>(row);
      const bool counts = in.t[at] != -100;
      const Truth truth = counts ? truth_of(of, in, row) : Truth{};
      const auto lse = static_cast<double>(fused.lse[at]), nll = static_cast<double>(fused.nll[at]), entropy = static_cast<double>(fused.entropy[at]);
      CHECK(close(lse, truth.lse, 1e-5) && close(nll, truth.nll, 1e-5) && close(entropy, truth.entropy, 3e-5),
            "%s, row %zu: lse %g %g nll %g %g entropy %g %g", of.name, at, lse, truth.lse, nll, truth.nll, entropy, truth.entropy);
      CHECK(close(lse, static_cast<double>(present.lse[at]), 1e-6) && close(nll, static_cast<double>(present.nll[at]), 1e-6) &&
                close(entropy, static_cast<double>(present.entropy[at]), 3e-6),
            "%s, row %zu: not as the present path", of.name, at);
    }
    for (size_t j = 0; of.gradients && j < in.c.size(); ++j) {
      const auto dc = static_cast<double>(fused.dc[j]), expected = static_cast<double>(present.dc[j]);
      CHECK(close(dc, expected, 2e-3), "%s, dc %zu: %g %g", of.name, j, dc, expected);
    }
  }
}

void refuses(Call& call, const char* text) {
  const int32_t status = call.run();
  CHECK(status == HEADROOM_UNSUPPORTED && std::strstr(headroom_last_error(), text), "%d: %s (expected: %s)", status, headroom_last_error(), text);
  CHECK(headroom_fake_count("fused_statistics") == 0, "%s: ran", text);
}

void refuses_by_name(Shared& shared, bool) {
  const Case small = kCases[2];
  const auto call = [&] { return Call(small, shared.answers[1][0]); };
  {
    Call wide = call();
    wide.head.compute = HEADROOM_FLOAT32;
    refuses(wide, "HEADROOM_CUDA_FUSED: compute type 0 (expected: 2, BFLOAT16, or the variable not set)");
    Call odd = call();
    odd.head.e = odd.e.data() + 1;
    refuses(odd, "HEADROOM_CUDA_FUSED: e at an odd address (expected: one that is a multiple of 16 bytes");
    Call apart = call();
    apart.head.n = 100, apart.head.e_stride = 73;
    refuses(apart, "HEADROOM_CUDA_FUSED: e with rows 146 bytes apart (expected: a multiple of 16");
    Case huge = small;
    huge.n = 1, huge.d = 8, huge.v = 400000, huge.bias = false;
    Call many(huge, shared.answers[1][0]);
    refuses(many, "HEADROOM_CUDA_FUSED: v 400000 (expected: at most ");
    headroom_fake_nvrtc(11, 8, 90);
    Call old = call();
    refuses(old, "HEADROOM_CUDA_FUSED: NVRTC 11.8 (expected: 12.0 or later");
    headroom_fake_nvrtc(12, 8, 120);
  }
  // an option that looks at more goes the present path, and makes the device known; then a capture comes too early
  std::vector<int64_t> ids(static_cast<size_t>(small.n) * 2);
  std::vector<float> logits(ids.size());
  Call top = call();
  top.head.top_count = 2, top.head.top_ids = ids.data(), top.head.top_logits = logits.data();
  CHECK(top.run() == HEADROOM_OK && headroom_fake_count("fused_statistics") == 0 && headroom_fake_count("row_top") > 0, "%s", headroom_last_error());
  void* stream = headroom_fake_stream(0);
  Call captured = call();
  captured.head.stream = stream;
  headroom_fake_capture(stream, 1);
  refuses(captured, "stream: capturing a graph before the first call");
  headroom_fake_capture(stream, 0);
  headroom_fake_destroy_stream(stream);
}

void refuses_other_devices(Shared& shared, bool) {
  headroom_fake_device(0, 10, 0, 4);
  Call call(kCases[2], shared.answers[1][0]);
  refuses(call, "HEADROOM_CUDA_FUSED: compute capability 10.0 (expected: 9.0, or the variable not set)");
}

}  // namespace

int main() {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED, "no memory");
  auto& shared = *static_cast<Shared*>(memory);
  in_own_process("0", answers_cases, shared);
  in_own_process("1", answers_cases, shared);
  compares(shared);
  in_own_process("1", refuses_by_name, shared);
  in_own_process("1", refuses_other_devices, shared);
  return failures() == 0 ? 0 : 1;
}
