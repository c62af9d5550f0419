// The products by the BLAS that was handed in, on e and c where they lie (float32) or on bfloat16 copies of them.
#include <algorithm>
#include <cstring>
#include <vector>

#include "epilogue.h"
#include "products.h"
#include "tuning.h"

namespace headroom {
namespace {

template <class T>
struct Matrix {
  const T* at;
  int64_t stride;
};

constexpr float kOne = 1.0f, kZero = 0.0f;
constexpr int32_t kRowMajor = 101, kNoTrans = 111, kTrans = 112;

int32_t narrow(int64_t x) { return static_cast<int32_t>(x); }

class BlasProducts : public Products {
 public:
  BlasProducts(const headroom_head& head, const Plan& plan, Arena& arena)
      : head_(head), blas_(*head.blas), bf16_(head.compute == HEADROOM_BFLOAT16), ld_(plan.logit_stride) {
    const int64_t rows = std::max(plan.chunk_rows, kLeastRows), copied = copies_rows(head, plan) ? rows : kLeastRows;
    if (bf16_) {
      e16_ = arena.take<uint16_t>(rows * head.d);
    } else {
      gather_ = arena.take<float>(copied * head.d);
    }
    for (int32_t i = 0; i < head.threads; ++i) {
      Worker worker{};
      if (bf16_) {
        worker.c16 = arena.take<uint16_t>(plan.tile_columns * head.d);
        worker.g16 = arena.take<uint16_t>(plan.block_rows * ld_);
        worker.row = arena.take<float>(head.d);
      } else if (copies_classes(head)) {
        worker.c32 = arena.take<float>(plan.tile_columns * head.d);
      }
      workers_.push_back(worker);
    }
  }

  // Whether a chunk's rows are copied together, or read where they lie.
  static bool copies_rows(const headroom_head& head, const Plan& plan) {
    return plan.gathered || head.e_dtype != HEADROOM_FLOAT32;
  }

  // Whether a tile of c is copied: float16, or classes that do not follow each other.
  static bool copies_classes(const headroom_head& head) { return head.c_dtype != HEADROOM_FLOAT32 || filters(head); }

  // Points e_ at the chunk's rows in place where they follow each other; else load_rows copies them together. A chunk
  // of fewer than kLeastRows rows is padded with zeros: fewer rows change the bits of a row's result in some BLAS.
  void begin_chunk(const int64_t* index, int64_t count) override {
    index_ = index;
    const bool together = index[count - 1] - index[0] == count - 1;
    in_place_ = !bf16_ && together && count >= kLeastRows && head_.e_dtype == HEADROOM_FLOAT32;
    e_ = in_place_ ? Matrix<float>{hidden_of(head_).row(index[0], nullptr), head_.e_stride} : Matrix<float>{gather_, head_.d};
    const int64_t padding = std::max<int64_t>(0, kLeastRows - count) * head_.d;
    if (bf16_) {
      std::fill_n(e16_ + count * head_.d, padding, uint16_t{0});
    } else if (!in_place_) {
      std::fill_n(gather_ + count * head_.d, padding, 0.0f);
    }
  }

  void load_rows(Span rows, Pass, int32_t worker) override {
    const int64_t d = head_.d;
    for (int64_t i = rows.begin; i < rows.end && !in_place_; ++i) {
      if (bf16_) {
        epilogues().round_bf16(hidden_of(head_).row(index_[i], own(worker).row), e16_ + i * d, d);
      } else {
        copy_row(hidden_of(head_), index_[i], gather_ + i * d);
      }
    }
  }

  void load_tile(const Classes& classes, Pass, int32_t worker) override {
    const Operand c = classifier_of(head_);
    for (int64_t j = 0; j < classes.count && (bf16_ || copies_classes(head_)); ++j) {
      if (bf16_) {
        epilogues().round_bf16(c.row(classes.id(j), own(worker).row), own(worker).c16 + j * head_.d, head_.d);
      } else {
        copy_row(c, classes.id(j), own(worker).c32 + j * head_.d);
      }
    }
  }

  void logits(Span rows, const Classes& classes, int32_t worker, float* z) override {
    const int32_t m = narrow(classes.count), n = narrow(std::max(rows.size(), kLeastRows)), k = narrow(head_.d);
    const int32_t ldz = narrow(ld_);
    if (bf16_) {
      const uint16_t* c16 = own(worker).c16;
      blas_.gemm_bf16(kRowMajor, kNoTrans, kTrans, n, m, k, 1.0f, e16_ + rows.begin * head_.d, k, c16, k, 0.0f, z, ldz);
      return;
    }
    const Matrix<float> c = classifier(classes.begin, worker);
    const int32_t ldc = narrow(c.stride), lde = narrow(e_.stride);
    blas_.sgemm("T", "N", &m, &n, &k, &kOne, c.at, &ldc, e_.at + rows.begin * e_.stride, &lde, &kZero, z, &ldz);
  }

  void gradients(const GradientBlock& block, int32_t worker) override {
    bf16_ ? gradients16(block, own(worker)) : gradients32(block, worker);
  }

 private:
  struct Worker {
    uint16_t* c16;  // bfloat16 copies of the tile of c and of the block's gradient, and a float16 row widened
    uint16_t* g16;
    float* row;
    float* c32;  // the tile of c where it cannot be read in place
  };

  const Worker& own(int32_t worker) const { return workers_[static_cast<size_t>(worker)]; }

  // The tile of c that begins with class v.
  Matrix<float> classifier(int64_t v, int32_t worker) const {
    if (copies_classes(head_)) return {own(worker).c32, head_.d};
    return {classifier_of(head_).row(v, nullptr), head_.c_stride};
  }

  void copy_row(const Operand& from, int64_t i, float* to) const {
    const float* row = from.row(i, to);
    if (row != to) std::memcpy(to, row, static_cast<size_t>(head_.d) * sizeof(float));
  }

  void gradients32(const GradientBlock& block, int32_t worker) {
    const int32_t rows = narrow(block.rows.size()), columns = narrow(block.classes.count), d = narrow(head_.d);
    const Matrix<float> c = classifier(block.classes.begin, worker);
    const int32_t ldc = narrow(c.stride), lde = narrow(e_.stride), ldg = narrow(ld_);
    const int32_t ldde = narrow(block.de_stride), lddc = narrow(block.dc_stride);
    if (block.de)
      blas_.sgemm("N", "N", &d, &rows, &columns, &kOne, c.at, &ldc, block.g, &ldg, block.add_de ? &kOne : &kZero, block.de,
                  &ldde);
    if (block.dc)
      blas_.sgemm("N", "T", &d, &columns, &rows, &kOne, e_.at + block.rows.begin * e_.stride, &lde, block.g, &ldg,
                  block.add_dc ? &kOne : &kZero, block.dc, &lddc);
  }

  void gradients16(const GradientBlock& block, const Worker& worker) {
    const int32_t rows = narrow(block.rows.size()), columns = narrow(block.classes.count), d = narrow(head_.d);
    for (int64_t i = 0; i < rows; ++i) epilogues().round_bf16(block.g + i * ld_, worker.g16 + i * ld_, columns);
    if (block.de)
      blas_.gemm_bf16(kRowMajor, kNoTrans, kNoTrans, rows, d, columns, 1.0f, worker.g16, narrow(ld_), worker.c16, d,
                      block.add_de ? 1.0f : 0.0f, block.de, narrow(block.de_stride));
    if (block.dc)
      blas_.gemm_bf16(kRowMajor, kTrans, kNoTrans, columns, d, rows, 1.0f, worker.g16, narrow(ld_),
                      e16_ + block.rows.begin * head_.d, d, block.add_dc ? 1.0f : 0.0f, block.dc, narrow(block.dc_stride));
  }

  const headroom_head& head_;
  const headroom_blas& blas_;
  const bool bf16_;
  const int64_t ld_;
  bool in_place_ = false;
  const int64_t* index_ = nullptr;
  Matrix<float> e_{};
  float* gather_ = nullptr;
  uint16_t* e16_ = nullptr;
  std::vector<Worker> workers_;
};

}  // namespace

std::unique_ptr<Products> make_blas_products(const headroom_head& head, const Plan& plan, Arena& arena) {
  return std::make_unique<BlasProducts>(head, plan, arena);
}

Scratch blas_scratch(const headroom_head& head, const Plan& plan) {
  if (head.compute == HEADROOM_BFLOAT16)
    return {0, head.d * 2, (plan.tile_columns * head.d + plan.block_rows * plan.logit_stride) * 2 + head.d * 4 + 3 * kLine};
  const int64_t widened = !BlasProducts::copies_classes(head) ? 0 : plan.tile_columns * head.d * 4 + kLine;
  if (BlasProducts::copies_rows(head, plan)) return {0, head.d * 4, widened};
  return {kLeastRows * head.d * 4, 0, widened};
}

}  // namespace headroom
