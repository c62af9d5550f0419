#include "products.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>

#include "status.h"

namespace headroom::cuda {
namespace {

constexpr std::int64_t kFinest = 16;            // bytes: no algorithm asks for a stricter alignment of its matrices
constexpr std::uintptr_t kWorkspaceStep = 256;  // bytes: cuBLASLt's alignment of the workspace
constexpr std::size_t kMostKinds = 4096;        // kinds kept at once
constexpr int kWanted = 8;

using Owned = std::unique_ptr<void, Status (*)(void*)>;

std::int64_t bytes_of(int type) { return type == kReal32 ? 4 : 2; }

// The largest power of two, at most 16, that divides a number of bytes.
std::uint32_t alignment_of(std::uint64_t bytes) { return static_cast<std::uint32_t>(std::gcd(bytes, static_cast<std::uint64_t>(kFinest))); }
std::uint32_t alignment_of(const void* pointer) { return alignment_of(reinterpret_cast<std::uintptr_t>(pointer)); }

// What decides the algorithm: all of a product but its addresses, of which the alignment counts.
struct Kind {
  int type, compute;
  bool transpose_a, transpose_b;
  std::int64_t m, n, k, lda, ldb, ldc;
  std::uint32_t align_a, align_b, align_c;
  std::uint32_t schemes;
  std::uint64_t workspace;

  std::int64_t rows_of_a() const { return transpose_a ? k : m; }
  std::int64_t rows_of_b() const { return transpose_b ? n : k; }
  std::array<std::int64_t, 15> key() const {
    return {type, compute, transpose_a, transpose_b, m, n, k, lda, ldb, ldc, align_a, align_b, align_c, schemes, static_cast<std::int64_t>(workspace)};
  }
};
using Key = decltype(Kind{}.key());

// The least leading dimension of at least `rows` elements that is as well aligned as `ld`.
std::int64_t usual_stride(std::int64_t rows, std::int64_t ld, std::int64_t size) {
  const std::uint32_t as_well = alignment_of(static_cast<std::uint64_t>(ld * size));
  while (alignment_of(static_cast<std::uint64_t>(rows * size)) != as_well) ++rows;
  return rows;
}

// The same kind at its usual sizes: nothing of the sizes and strides met remains in it but the strides' alignment.
Kind usual_kind(Kind kind, std::int64_t usual_m, std::int64_t usual_n) {
  if (usual_m > 0) kind.m = usual_m;
  if (usual_n > 0) kind.n = usual_n;
  kind.lda = usual_stride(kind.rows_of_a(), kind.lda, bytes_of(kind.type));
  kind.ldb = usual_stride(kind.rows_of_b(), kind.ldb, bytes_of(kind.type));
  kind.ldc = usual_stride(kind.m, kind.ldc, bytes_of(kReal32));
  return kind;
}

std::string words(const Kind& kind) {
  const auto number = [](std::int64_t x) { return std::to_string(x); };
  const std::string type = kind.type == kReal32 ? "float32" : kind.type == kReal16 ? "float16" : "bfloat16";
  return "matrix product of " + type + ": [" + number(kind.m) + "," + number(kind.k) + "] [" + number(kind.k) + "," + number(kind.n) +
         "], strides " + number(kind.lda) + ", " + number(kind.ldb) + ", " + number(kind.ldc) + ", aligned to " + number(kind.align_a) + ", " +
         number(kind.align_b) + ", " + number(kind.align_c) + " bytes, workspace of " + std::to_string(kind.workspace) + " bytes";
}

// cuBLASLt's descriptors of one kind.
class Descriptors {
 public:
  Descriptors(const CublasLt& lt, const Kind& kind)
      : description(described(lt, kind)),
        a(laid_out(lt, kind.type, kind.rows_of_a(), kind.transpose_a ? kind.m : kind.k, kind.lda)),
        b(laid_out(lt, kind.type, kind.rows_of_b(), kind.transpose_b ? kind.k : kind.n, kind.ldb)),
        c(laid_out(lt, kReal32, kind.m, kind.n, kind.ldc)) {}

  Owned description, a, b, c;

 private:
  static Owned described(const CublasLt& lt, const Kind& kind) {
    LtDescription made = nullptr;
    check_lt(lt.MatmulDescCreate(&made, kind.compute, kReal32), "cublasLtMatmulDescCreate");
    Owned owned(made, lt.MatmulDescDestroy);
    const std::int32_t a = kind.transpose_a ? kTransposed : kAsIs, b = kind.transpose_b ? kTransposed : kAsIs;
    check_lt(lt.MatmulDescSetAttribute(made, kTransposeA, &a, sizeof a), "cublasLtMatmulDescSetAttribute");
    check_lt(lt.MatmulDescSetAttribute(made, kTransposeB, &b, sizeof b), "cublasLtMatmulDescSetAttribute");
    return owned;
  }

  static Owned laid_out(const CublasLt& lt, int type, std::int64_t rows, std::int64_t columns, std::int64_t ld) {
    LtLayout made = nullptr;
    check_lt(lt.MatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns), ld), "cublasLtMatrixLayoutCreate");
    return Owned(made, lt.MatrixLayoutDestroy);
  }
};

Owned preference_for(const CublasLt& lt, const Kind& kind) {
  LtPreference made = nullptr;
  check_lt(lt.MatmulPreferenceCreate(&made), "cublasLtMatmulPreferenceCreate");
  Owned owned(made, lt.MatmulPreferenceDestroy);
  const auto set = [&](int attribute, const auto& value) {
    check_lt(lt.MatmulPreferenceSetAttribute(made, attribute, &value, sizeof value), "cublasLtMatmulPreferenceSetAttribute");
  };
  set(kMostWorkspace, kind.workspace);
  set(kReductionSchemes, kind.schemes);
  set(kAlignmentOfA, kind.align_a);
  set(kAlignmentOfA + 1, kind.align_b);
  set(kAlignmentOfA + 2, kind.align_c);
  set(kAlignmentOfA + 3, kind.align_c);
  return owned;
}

struct Prepared {
  Descriptors descriptors;
  LtAlgorithm algorithm;
};

}  // namespace

struct Products::State {
  explicit State(const CublasLt& library) : lt(library) {}

  // The heuristic's first algorithm for the kind; false where there is none.
  bool best(const Kind& kind, const Descriptors& by, LtAlgorithm* algorithm) const {
    const Owned preference = preference_for(lt, kind);
    std::array<LtHeuristic, kWanted> results{};
    int count = 0;
    const Status status = lt.MatmulAlgoGetHeuristic(handle, by.description.get(), by.a.get(), by.b.get(), by.c.get(), by.c.get(), preference.get(),
                                                    kWanted, results.data(), &count);
    if (status != kLtNotSupported) check_lt(status, "cublasLtMatmulAlgoGetHeuristic");
    for (int i = 0; status == 0 && i < count; ++i) {
      const LtHeuristic& result = results[static_cast<std::size_t>(i)];
      if (result.state != 0 || result.workspace_bytes > kind.workspace) continue;
      *algorithm = result.algorithm;
      return true;
    }
    return false;
  }

  // The algorithm of the usual sizes, or null where there is none.
  const LtAlgorithm* usual(const Kind& kind) {
    auto place = chosen.find(kind.key());
    if (place == chosen.end()) {
      if (chosen.size() >= kMostKinds) chosen.clear();
      LtAlgorithm algorithm;
      const bool there_is = best(kind, Descriptors(lt, kind), &algorithm);
      place = chosen.emplace(kind.key(), there_is ? std::make_unique<LtAlgorithm>(algorithm) : nullptr).first;
    }
    return place->second.get();
  }

  bool serves(const LtAlgorithm& algorithm, const Kind& kind, const Descriptors& by) const {
    LtHeuristic result{};
    return lt.MatmulAlgoCheck(handle, by.description.get(), by.a.get(), by.b.get(), by.c.get(), by.c.get(), &algorithm, &result) == 0 &&
           result.state == 0 && result.workspace_bytes <= kind.workspace;
  }

  const Prepared& prepare(const Kind& kind, const Product& product) {
    const bool has_usual = product.usual_m > 0 || product.usual_n > 0;
    const std::pair<Key, std::array<std::int64_t, 2>> key{kind.key(), {product.usual_m, product.usual_n}};
    if (const auto place = prepared.find(key); place != prepared.end()) return place->second;
    if (prepared.size() >= kMostKinds) prepared.clear();
    Prepared made{Descriptors(lt, kind), {}};
    const LtAlgorithm* const shared = has_usual ? usual(usual_kind(kind, product.usual_m, product.usual_n)) : nullptr;
    if (shared && serves(*shared, kind, made.descriptors)) {
      made.algorithm = *shared;
    } else if (!best(kind, made.descriptors, &made.algorithm)) {
      throw Failure(HEADROOM_UNSUPPORTED, words(kind) + " (expected: one that cuBLASLt " + std::to_string(lt.GetVersion()) +
                                              " has an algorithm for; more workspace or strides that are multiples of 16 bytes may help)");
    }
    return prepared.emplace(key, std::move(made)).first->second;
  }

  const CublasLt lt;
  LtHandle handle = nullptr;
  std::mutex lock;
  std::map<Key, std::unique_ptr<LtAlgorithm>> chosen;
  std::map<std::pair<Key, std::array<std::int64_t, 2>>, Prepared> prepared;
};

Products::Products(const CublasLt& lt) : state_(nullptr) {
  auto state = std::make_unique<State>(lt);
  check_lt(lt.Create(&state->handle), "cublasLtCreate");
  state_ = state.release();
}

Products::~Products() {
  state_->prepared.clear();
  state_->lt.Destroy(state_->handle);
  delete state_;
}

void Products::multiply(const Product& product, int type, int compute, void* workspace, std::int64_t workspace_bytes, Stream stream) {
  if (product.m == 0 || product.n == 0) return;
  const std::uintptr_t start = reinterpret_cast<std::uintptr_t>(workspace);
  const std::uintptr_t skipped = (kWorkspaceStep - start % kWorkspaceStep) % kWorkspaceStep;
  const bool has_space = workspace && workspace_bytes > static_cast<std::int64_t>(skipped);
  Kind kind{};
  kind.type = type, kind.compute = compute, kind.transpose_a = product.transpose_a, kind.transpose_b = product.transpose_b;
  kind.m = product.m, kind.n = product.n, kind.k = product.k, kind.lda = product.lda, kind.ldb = product.ldb, kind.ldc = product.ldc;
  kind.align_a = alignment_of(product.a), kind.align_b = alignment_of(product.b), kind.align_c = alignment_of(product.c);
  kind.schemes = product.usual_m > 0 || product.usual_n > 0 ? kNoSplit : kSplitOutOfPlace;
  kind.workspace = has_space ? static_cast<std::uint64_t>(workspace_bytes) - skipped : 0;
  void* const space = has_space ? static_cast<char*>(workspace) + skipped : nullptr;

  const float alpha = 1;
  const std::lock_guard<std::mutex> guard(state_->lock);
  const Prepared& by = state_->prepare(kind, product);
  check_lt(state_->lt.Matmul(state_->handle, by.descriptors.description.get(), &alpha, product.a, by.descriptors.a.get(), product.b,
                             by.descriptors.b.get(), &product.beta, product.c, by.descriptors.c.get(), product.c, by.descriptors.c.get(),
                             &by.algorithm, space, static_cast<std::size_t>(kind.workspace), stream),
           "cublasLtMatmul");
}

}  // namespace headroom::cuda
