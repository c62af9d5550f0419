// The products by our own kernels. What a general product copies for each call is copied once here: e once a pass,
// a tile of c once for all blocks of rows; the gradient of the logits is multiplied where the epilogue left it.
#include <algorithm>
#include <vector>

#include "packed_kernel.h"
#include "products.h"
#include "tuning.h"

namespace headroom {
namespace {

int64_t ceil_div(int64_t x, int64_t by) { return (x + by - 1) / by; }

constexpr int64_t kMostPanel = 32;

bool widens(const headroom_head& head) { return head.e_dtype != HEADROOM_FLOAT32 || head.c_dtype != HEADROOM_FLOAT32; }

// Words of the packed operands.
struct Sizes {
  Sizes(const headroom_head& head, const Plan& plan, const PackedKernel& kernel)
      : depth(ceil_div(head.d, kernel.elements)),
        width(round_up(head.d, kernel.columns)),
        row_words(ceil_div(plan.chunk_rows, kernel.elements)),
        tile_words(ceil_div(plan.tile_columns, kernel.elements)),
        hidden_left(round_up(plan.chunk_rows, kernel.rows) * depth),
        hidden_right(row_words * width),
        tile_across(round_up(plan.tile_columns, kernel.columns) * depth),
        tile_along(tile_words * width),
        gradient_row_stride(kernel.pack_gradient ? round_up(plan.tile_columns, 32) / 2 + 16 : plan.logit_stride),
        gradient_column_stride(plan.logit_stride),
        gradient_by_row(kernel.pack_gradient ? plan.block_rows * gradient_row_stride : 0),
        gradient_by_column(kernel.pack_gradient ? ceil_div(plan.block_rows, kernel.elements) * gradient_column_stride : 0) {}

  int64_t depth, width, row_words, tile_words;
  int64_t hidden_left, hidden_right, tile_across, tile_along;
  int64_t gradient_row_stride, gradient_column_stride, gradient_by_row, gradient_by_column;

  // Engine KEPT forms logits in one pass and gradients in the other: the packed copies share their room.
  int64_t hidden(bool kept) const { return kept ? std::max(hidden_left, hidden_right) : hidden_left + hidden_right; }
  int64_t tile(bool kept) const { return kept ? std::max(tile_across, tile_along) : tile_across + tile_along; }
};

class PackedProducts : public Products {
 public:
  PackedProducts(const headroom_head& head, const Plan& plan, Arena& arena)
      : head_(head), kernel_(*packed_kernel(head.compute)), sizes_(head, plan, kernel_), kept_(plan.kept) {
    hidden_left_ = arena.take<uint32_t>(sizes_.hidden(kept_));
    hidden_right_ = kept_ ? hidden_left_ : hidden_left_ + sizes_.hidden_left;
    for (int32_t i = 0; i < head.threads; ++i) {
      Worker worker{};
      worker.tile_across = arena.take<uint32_t>(sizes_.tile(kept_));
      worker.tile_along = kept_ ? worker.tile_across : worker.tile_across + sizes_.tile_across;
      worker.by_row = arena.take<uint32_t>(sizes_.gradient_by_row);
      worker.by_column = arena.take<uint32_t>(sizes_.gradient_by_column);
      worker.room = widens(head) ? arena.take<float>(kMostPanel * head.d) : nullptr;
      workers_.push_back(worker);
    }
  }

  void begin_chunk(const int64_t* index, int64_t) override { index_ = index; }

  void load_rows(Span rows, Pass pass, int32_t worker) override {
    const Operand e = hidden_of(head_);
    if (forms_logits(pass))
      each_panel(rows, kernel_.rows, worker, [&](int64_t i, float* room) { return e.row(index_[i], room); },
                 [&](Span panel, const float* const* at) {
                   kernel_.pack_across(at, panel.size(), head_.d, kernel_.rows, hidden_left_ + panel.begin * sizes_.depth);
                 });
    if (pass == Pass::kGradients && head_.dc)
      each_panel(rows, kernel_.columns, worker, [&](int64_t i, float* room) { return e.row(index_[i], room); },
                 [&](Span panel, const float* const* at) {
                   kernel_.pack_along(at, panel.size(), head_.d,
                                      hidden_right_ + panel.begin / kernel_.elements * kernel_.columns,
                                      sizes_.row_words * kernel_.columns);
                 });
  }

  void load_tile(const Classes& classes, Pass pass, int32_t worker) override {
    const Worker& own = workers_[static_cast<size_t>(worker)];
    const bool along = pass == Pass::kGradients && head_.de;
    const Operand c = classifier_of(head_);
    each_panel({0, classes.count}, kernel_.columns, worker, [&](int64_t i, float* room) { return c.row(classes.id(i), room); },
               [&](Span panel, const float* const* at) {
                 if (forms_logits(pass))
                   kernel_.pack_across(at, panel.size(), head_.d, kernel_.columns, own.tile_across + panel.begin * sizes_.depth);
                 if (along)
                   kernel_.pack_along(at, panel.size(), head_.d, own.tile_along + panel.begin / kernel_.elements * kernel_.columns,
                                      sizes_.tile_words * kernel_.columns);
               });
  }

  void logits(Span rows, const Classes& classes, int32_t worker, float* z) override {
    kernel_.multiply({rows.size(), classes.count, sizes_.depth, step(sizes_.depth),
                      hidden_left_ + rows.begin * sizes_.depth, 1, kernel_.rows, sizes_.depth * kernel_.rows,
                      workers_[static_cast<size_t>(worker)].tile_across, sizes_.depth * kernel_.columns, z,
                      sizes_.gradient_column_stride, false});
  }

  void gradients(const GradientBlock& block, int32_t worker) override {
    const Worker& own = workers_[static_cast<size_t>(worker)];
    const int64_t rows = block.rows.size(), columns = block.classes.count, panel = kernel_.columns;
    const auto* by_row = reinterpret_cast<const uint32_t*>(block.g);
    const auto* by_column = by_row;
    if (kernel_.pack_gradient) {
      kernel_.pack_gradient(block.g, sizes_.gradient_column_stride, rows, columns, own.by_row, sizes_.gradient_row_stride,
                            own.by_column, sizes_.gradient_column_stride);
      by_row = own.by_row;
      by_column = own.by_column;
    }
    const int64_t class_words = ceil_div(columns, kernel_.elements), row_words = ceil_div(rows, kernel_.elements);
    if (block.de)
      kernel_.multiply({rows, head_.d, class_words, step(class_words), by_row, sizes_.gradient_row_stride, 1,
                        sizes_.gradient_row_stride * kernel_.rows, own.tile_along, sizes_.tile_words * panel, block.de,
                        block.de_stride, block.add_de});
    if (block.dc)
      kernel_.multiply({columns, head_.d, row_words, step(row_words), by_column, 1, sizes_.gradient_column_stride,
                        kernel_.rows, hidden_right_ + block.rows.begin / kernel_.elements * panel, sizes_.row_words * panel,
                        block.dc, block.dc_stride, block.add_dc});
  }

 private:
  // The words of a sum in steps of equal size, at most kMostStep.
  static int64_t step(int64_t depth) { return ceil_div(depth, ceil_div(depth, kMostStep)); }
  struct Worker {
    uint32_t *tile_across, *tile_along, *by_row, *by_column;
    float* room;  // a panel of float16 rows, widened
  };

  // Calls body(panel, its rows as floats) for panels of up to `width` rows.
  template <class Row, class Body>
  void each_panel(Span rows, int64_t width, int32_t worker, Row row, Body body) const {
    const float* at[kMostPanel];
    float* room = workers_[static_cast<size_t>(worker)].room;
    for (int64_t begin = rows.begin; begin < rows.end; begin += width) {
      const Span panel{begin, std::min(begin + width, rows.end)};
      for (int64_t i = panel.begin; i < panel.end; ++i) at[i - begin] = row(i, room ? room + (i - begin) * head_.d : nullptr);
      body(panel, at);
    }
  }

  bool forms_logits(Pass pass) const { return pass == Pass::kStatistics || !kept_; }

  const headroom_head& head_;
  const PackedKernel& kernel_;
  const Sizes sizes_;
  const bool kept_;
  const int64_t* index_ = nullptr;
  uint32_t *hidden_left_ = nullptr, *hidden_right_ = nullptr;
  std::vector<Worker> workers_;
};

}  // namespace

std::unique_ptr<Products> make_packed_products(const headroom_head& head, const Plan& plan, Arena& arena) {
  return std::make_unique<PackedProducts>(head, plan, arena);
}

Scratch packed_scratch(const headroom_head& head, const Plan& plan) {
  const PackedKernel& kernel = *packed_kernel(head.compute);
  const Sizes sizes(head, plan, kernel);
  // a row's share of e, packed once (KEPT) or twice, and one padded panel for the last rows
  const int64_t row = (sizes.width * 4 * (plan.kept ? 1 : 2) + kernel.elements - 1) / kernel.elements;
  return {kernel.rows * row * 2, row,
          (sizes.tile(plan.kept) + sizes.gradient_by_row + sizes.gradient_by_column) * 4 +
              (widens(head) ? kMostPanel * head.d * 4 : 0) + 5 * kLine};
}

}  // namespace headroom
