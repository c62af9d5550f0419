// The fake's cuBLASLt: right products, bits that do not know m and n, and every promise held to.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "fake.h"
#include "fake_tables.h"

namespace {

using namespace headroom::cuda;
namespace fake = headroom::fake;

const Driver cu = fake::driver();
const CublasLt lt = fake::cublas_lt();

#define IS(status, wanted)                                                            \
  do {                                                                                \
    const Status is_ = (status);                                                      \
    CHECK(is_ == (wanted), "%d (expected %d): %s", is_, (wanted), headroom_fake_last_error()); \
  } while (false)

struct Shape {
  int type, compute;
  bool ta, tb;
  std::int64_t m, n, k;
};

// The operands of a product, in the type of the shape and as doubles; columns lie `gap` elements further apart than need be.
struct Product {
  Product(const Shape& given, std::int64_t gap) : shape(given) {
    std::mt19937 random(17);
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    lda = (shape.ta ? shape.k : shape.m) + gap;
    ldb = (shape.tb ? shape.n : shape.k) + gap;
    ldc = shape.m + gap;
    fill(&a, &exact_a, static_cast<std::size_t>(lda * (shape.ta ? shape.m : shape.k)), [&] { return uniform(random); });
    fill(&b, &exact_b, static_cast<std::size_t>(ldb * (shape.tb ? shape.k : shape.n)), [&] { return uniform(random); });
    c.assign(static_cast<std::size_t>(ldc * shape.n), 0.5f);
  }

  template <class Next>
  void fill(std::vector<std::uint32_t>* bits, std::vector<double>* exact, std::size_t count, Next next) {
    bits->resize(count);  // room for the widest type
    for (std::size_t i = 0; i < count; ++i) {
      float x = next();
      std::uint32_t word;
      std::memcpy(&word, &x, 4);
      auto* words = reinterpret_cast<std::uint16_t*>(bits->data());
      if (shape.type == kReal32) {
        (*bits)[i] = word;
      } else if (shape.type == kBrain16) {
        words[i] = static_cast<std::uint16_t>(word >> 16);
        word &= 0xffff0000u;
      } else {  // 1.fraction x 2^-1, in [0.5,1)
        words[i] = static_cast<std::uint16_t>((word >> 16 & 0x8000u) | 14u << 10 | (word >> 13 & 0x3ffu));
        word = (word & 0x80000000u) | 126u << 23 | (word & 0x007fe000u);
      }
      std::memcpy(&x, &word, 4);
      exact->push_back(static_cast<double>(x));
    }
  }

  double exact(std::int64_t i, std::int64_t j) const {
    double sum = 0;
    for (std::int64_t p = 0; p < shape.k; ++p)
      sum += exact_a[static_cast<std::size_t>(shape.ta ? i * lda + p : p * lda + i)] * exact_b[static_cast<std::size_t>(shape.tb ? p * ldb + j : j * ldb + p)];
    return sum;
  }

  Shape shape;
  std::int64_t lda, ldb, ldc;
  std::vector<std::uint32_t> a, b;
  std::vector<double> exact_a, exact_b;
  std::vector<float> c;
};

// The objects of one product.
struct Plan {
  explicit Plan(const Product& p) {
    const Shape& s = p.shape;
    IS(lt.Create(&handle), 0);
    IS(lt.MatmulDescCreate(&description, s.compute, kReal32), 0);
    const int ta = s.ta ? kTransposed : kAsIs, tb = s.tb ? kTransposed : kAsIs;
    IS(lt.MatmulDescSetAttribute(description, kTransposeA, &ta, sizeof ta), 0);
    IS(lt.MatmulDescSetAttribute(description, kTransposeB, &tb, sizeof tb), 0);
    IS(lt.MatrixLayoutCreate(&a, s.type, size(s.ta ? s.k : s.m), size(s.ta ? s.m : s.k), p.lda), 0);
    IS(lt.MatrixLayoutCreate(&b, s.type, size(s.tb ? s.n : s.k), size(s.tb ? s.k : s.n), p.ldb), 0);
    IS(lt.MatrixLayoutCreate(&c, kReal32, size(s.m), size(s.n), p.ldc), 0);
    IS(lt.MatmulPreferenceCreate(&preference), 0);
  }
  ~Plan() {
    IS(lt.MatmulPreferenceDestroy(preference), 0);
    for (LtLayout layout : {a, b, c}) IS(lt.MatrixLayoutDestroy(layout), 0);
    IS(lt.MatmulDescDestroy(description), 0);
    IS(lt.Destroy(handle), 0);
  }
  static std::uint64_t size(std::int64_t x) { return static_cast<std::uint64_t>(x); }

  std::vector<LtHeuristic> choose(std::uint32_t schemes, std::uint64_t workspace, std::uint32_t alignment) const {
    IS(lt.MatmulPreferenceSetAttribute(preference, kReductionSchemes, &schemes, sizeof schemes), 0);
    IS(lt.MatmulPreferenceSetAttribute(preference, kMostWorkspace, &workspace, sizeof workspace), 0);
    for (int i = 0; i < 4; ++i) IS(lt.MatmulPreferenceSetAttribute(preference, kAlignmentOfA + i, &alignment, sizeof alignment), 0);
    std::vector<LtHeuristic> results(8);
    int found = 0;
    IS(lt.MatmulAlgoGetHeuristic(handle, description, a, b, c, c, preference, 8, results.data(), &found), 0);
    results.resize(static_cast<std::size_t>(found));
    return results;
  }
  Status multiply(Product* p, float alpha, float beta, const LtAlgorithm& algorithm, void* workspace = nullptr, std::size_t bytes = 0) const {
    return lt.Matmul(handle, description, &alpha, p->a.data(), a, p->b.data(), b, &beta, p->c.data(), c, p->c.data(), c, &algorithm, workspace, bytes, nullptr);
  }

  LtHandle handle = nullptr;
  LtDescription description = nullptr;
  LtLayout a = nullptr, b = nullptr, c = nullptr;
  LtPreference preference = nullptr;
};

void multiplies() {
  const Shape shapes[] = {{kReal32, kCompute32, false, false, 33, 30, 70}, {kReal32, kComputeTf32, true, false, 65, 7, 129},
                          {kReal16, kCompute32, false, true, 31, 40, 33},  {kBrain16, kCompute32, true, true, 40, 33, 100},
                          {kBrain16, kCompute32, true, false, 1, 1, 1},    {kReal32, kCompute32, true, true, 5, 129, 2049}};
  for (const Shape& shape : shapes) {
    for (const auto& [alpha, beta] : {std::pair{1.0f, 0.0f}, {2.0f, 1.0f}}) {
      Product p(shape, 3);
      const Plan plan(p);
      if (beta == 0.0f) std::fill(p.c.begin(), p.c.end(), NAN);  // not read
      for (const LtHeuristic& choice : plan.choose(kNoSplit, 0, 4)) {
        const std::vector<float> before = p.c;
        IS(plan.multiply(&p, alpha, beta, choice.algorithm), 0);
        const double budget = (shape.compute == kComputeTf32 ? 2e-3 : 1e-6) * std::sqrt(static_cast<double>(shape.k)) * 2;
        double worst = 0;
        for (std::int64_t j = 0; j < shape.n; ++j)
          for (std::int64_t i = 0; i < shape.m; ++i) {
            const auto at = static_cast<std::size_t>(j * p.ldc + i);
            const double kept = beta == 0.0f ? 0.0 : static_cast<double>(before[at]);
            const double off = std::abs(static_cast<double>(p.c[at]) - static_cast<double>(alpha) * p.exact(i, j) - kept);
            worst = off <= worst ? worst : off;
          }
        CHECK(worst <= budget && (shape.compute != kComputeTf32 || worst > 1e-6), "type %d: %g (budget %g)", shape.type, worst, budget);
        for (std::size_t i = 0; i + 1 < p.c.size(); ++i)
          if (static_cast<std::int64_t>(i) % p.ldc >= shape.m) CHECK(std::memcmp(&p.c[i], &before[i], 4) == 0, "wrote between columns");
      }
    }
  }
}

// The first algorithm's bits of a corner, for products of several sizes; another algorithm's differ.
void gives_bits_that_do_not_know_the_sizes() {
  const Shape whole = {kBrain16, kCompute32, true, false, 300, 33, 2049};
  Product big(whole, 7);
  const Plan plan(big);
  const auto choices = plan.choose(kNoSplit, 0, 2);
  CHECK(choices.size() == 2, "%zu", choices.size());
  IS(plan.multiply(&big, 1.0f, 0.0f, choices[0].algorithm), 0);
  for (const auto& [m, n] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {33, 2}, {299, 5}}) {
    Product part = big;
    part.shape.m = m;
    part.shape.n = n;
    std::fill(part.c.begin(), part.c.end(), 0.0f);
    const Plan other(part);
    LtHeuristic checked;
    IS(lt.MatmulAlgoCheck(other.handle, other.description, other.a, other.b, other.c, other.c, &choices[0].algorithm, &checked), 0);
    IS(other.multiply(&part, 1.0f, 0.0f, choices[0].algorithm), 0);
    for (std::int64_t j = 0; j < n; ++j)
      CHECK(std::memcmp(&part.c[static_cast<std::size_t>(j * big.ldc)], &big.c[static_cast<std::size_t>(j * big.ldc)], static_cast<std::size_t>(m) * 4) == 0, "%ld x %ld", static_cast<long>(m), static_cast<long>(n));
    // its own favourite is another one
    CHECK(std::memcmp(&other.choose(kNoSplit, 0, 2)[0].algorithm, &choices[0].algorithm, sizeof(LtAlgorithm)) != 0, "one favourite for all sizes");
  }
  Product again = big;
  IS(plan.multiply(&again, 1.0f, 0.0f, choices[1].algorithm), 0);
  CHECK(again.c != big.c, "all algorithms give the same bits");
}

void offers_splits_where_allowed() {
  Product p({kReal32, kCompute32, false, false, 64, 64, 64}, 0);
  const Plan plan(p);
  const std::size_t need = 64 * 64 * 4 * 2;
  CHECK(plan.choose(kNoSplit, 1 << 20, 4).size() == 2 && plan.choose(1, 0, 4).size() == 3, "schemes");
  CHECK(plan.choose(kSplitOutOfPlace, need - 1, 4).size() == 2, "a workspace beyond the preference");
  const auto choices = plan.choose(kSplitOutOfPlace, need, 4);
  CHECK(choices.size() == 3 && choices[0].workspace_bytes == need, "%zu", choices.size());
  std::vector<unsigned char> room(need + 512, 1);
  unsigned char* workspace = room.data() + 256 - reinterpret_cast<std::uintptr_t>(room.data()) % 256;
  IS(plan.multiply(&p, 1.0f, 0.0f, choices[0].algorithm, workspace, need - 1), 7);
  IS(plan.multiply(&p, 1.0f, 0.0f, choices[0].algorithm, workspace + 4, need), 7);
  IS(plan.multiply(&p, 1.0f, 0.0f, choices[0].algorithm, workspace, need), 0);
  CHECK(workspace[0] == 0xff && workspace[need - 1] == 0xff && workspace[need] == 1, "the workspace is not used as told");
}

void holds_callers_to_their_promises() {
  Product p({kReal32, kCompute32, false, false, 32, 32, 32}, 0);
  const Plan plan(p);
  const auto close = plan.choose(kNoSplit, 0, 16);
  std::vector<std::uint32_t> store(p.a.size() + 8);
  std::uint32_t* aligned = store.data() + (16 - reinterpret_cast<std::uintptr_t>(store.data()) % 16) % 16 / 4;
  const float one = 1.0f, none = 0.0f;
  const auto from = [&](const void* a, const LtAlgorithm& algorithm) {
    return lt.Matmul(plan.handle, plan.description, &one, a, plan.a, aligned, plan.b, &none, aligned, plan.c, aligned, plan.c, &algorithm, nullptr, 0, nullptr);
  };
  IS(from(aligned + 1, close[0].algorithm), 7);
  CHECK(std::strstr(headroom_fake_last_error(), "A: not aligned to the 16 bytes"), "%s", headroom_fake_last_error());
  LtAlgorithm invented = close[0].algorithm;
  invented.data[0] ^= 1;
  IS(plan.multiply(&p, 1.0f, 0.0f, invented), 15);
  Product half({kReal16, kCompute32, false, false, 32, 32, 32}, 0), uneven({kReal32, kCompute32, false, false, 32, 32, 32}, 1), turned({kReal32, kCompute32, true, false, 32, 32, 32}, 0);
  for (Product* other : {&half, &uneven, &turned}) {
    const Plan theirs(*other);
    LtHeuristic checked;
    IS(lt.MatmulAlgoCheck(theirs.handle, theirs.description, theirs.a, theirs.b, theirs.c, theirs.c, &close[0].algorithm, &checked), 15);
    IS(theirs.multiply(other, 1.0f, 0.0f, close[0].algorithm), 15);
  }
  LtLayout layout = nullptr;
  IS(lt.MatrixLayoutCreate(&layout, kReal32, 8, 8, 7), 7);
  IS(lt.MatrixLayoutDestroy(layout), 7);
}

void fails_when_told_to() {
  Product p({kReal32, kCompute32, false, false, 32, 32, 32}, 0);
  const Plan plan(p);
  LtHeuristic result;
  int found = -1;
  headroom_fake_fail("cublasLtMatmulAlgoGetHeuristic", 1, 15);
  IS(lt.MatmulAlgoGetHeuristic(plan.handle, plan.description, plan.a, plan.b, plan.c, plan.c, plan.preference, 1, &result, &found), 15);
  CHECK(found == 0, "%d", found);
  const auto choices = plan.choose(kNoSplit, 0, 4);
  headroom_fake_fail("cublasLtMatmul", 1, 13);
  IS(plan.multiply(&p, 1.0f, 0.0f, choices[0].algorithm), 13);
  headroom_fake_queue(1);
  IS(plan.multiply(&p, 1.0f, 0.0f, choices[0].algorithm), 0);
  CHECK(p.c[0] == 0.5f, "done before anybody waited");
  IS(cu.StreamSynchronize(nullptr), 0);
  CHECK(p.c[0] != 0.5f, "never done");
  headroom_fake_queue(0);
  headroom_fake_only_known(1);
  IS(plan.multiply(&p, 1.0f, 0.0f, choices[0].algorithm), 13);
  IS(cu.StreamSynchronize(nullptr), kIllegalAddress);
  CHECK(std::strstr(headroom_fake_leaks(), "cublasLt layouts: 3"), "%s", headroom_fake_leaks());
  headroom_fake_reset();
}

}  // namespace

int main() {
  Context context = nullptr;
  LtHandle handle = nullptr;
  IS(lt.Create(&handle), 1);  // no context
  IS(cu.Init(0), 0);
  IS(cu.DevicePrimaryCtxRetain(&context, 0), 0);
  IS(cu.CtxPushCurrent(context), 0);
  multiplies();
  gives_bits_that_do_not_know_the_sizes();
  offers_splits_where_allowed();
  holds_callers_to_their_promises();
  fails_when_told_to();
  IS(cu.CtxPopCurrent(&context), 0);
  IS(cu.DevicePrimaryCtxRelease(0), 0);
  CHECK(*headroom_fake_leaks() == '\0', "%s", headroom_fake_leaks());
  return failures() == 0 ? 0 : 1;
}
