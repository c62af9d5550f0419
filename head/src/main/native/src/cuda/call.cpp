#include "call.h"

namespace headroom::cuda {
namespace {

constexpr int64_t kUsualRows = 2048;  // for which the algorithm of the logits is chosen

Head head_of(const headroom_head& head, const Layout& at) {
  const auto ints = [](const int64_t* values) { return reinterpret_cast<const Int*>(values); };
  Head h{};
  h.v = head.v;
  h.t = head.t;
  h.ignore_index = head.ignore_index;
  h.b = head.b;
  h.class_weight = head.class_weight;
  h.label_smoothing = head.label_smoothing;
  h.logit_scale = head.logit_scale;
  h.soft_cap = head.soft_cap;
  h.z_loss = head.z_loss;
  h.cap = head.stable_max ? kStableMax : static_cast<float>(head.soft_cap);
  h.wide_targets = head.t_dtype == HEADROOM_INT64;
  h.smooths = head.label_smoothing > 0;
  h.soft_count = head.soft_count;
  h.soft_ids = ints(head.soft_ids);
  h.soft_weights = head.soft_weights;
  h.r = head.r;
  h.r_z = head.r_z;
  h.u_lse = head.u_lse;
  h.u_entropy = head.u_entropy;
  h.u_log_prob = head.u_log_prob;
  h.listed_count = head.listed_count;
  h.listed_kind = static_cast<int>(head.listed_kind);
  h.lists_own = head.listed_count > 0 && head.listed_kind != HEADROOM_SHARED;
  h.lse_rest = head.lse_rest;
  h.u_rest = head.u_rest;
  h.listed_ids = ints(head.listed_ids);
  h.listed_places = ints(head.listed_places);
  h.listed_logits = head.listed_logits;
  h.u_listed = head.u_listed;
  h.top_count = head.top_count;
  h.nll = head.nll;
  h.lse = head.lse;
  h.entropy = head.entropy;
  h.squares = head.squares;
  h.variance = head.variance;
  h.smooth = head.smooth;
  h.soft = head.soft;
  h.top_ids = reinterpret_cast<Int*>(head.top_ids);
  h.top_logits = head.top_logits;
  h.class_sums = at.class_sums;
  return h;
}

}  // namespace

Call::Call(const headroom_head& asked, bool gradients, Device& on)
    : head(asked), stream(static_cast<Stream>(asked.stream)), device(on), plan(make_plan(head, gradients)),
      at(lay_out(head, plan, gradients, static_cast<char*>(head.workspace))), args(head_of(head, at)), kernels(on.kernels()),
      typed(on.kernels_of(plan.operand)), chunk(at.chunk) {}

void Call::fill(void* memory, unsigned char value, int64_t bytes) const {
  if (memory && bytes > 0)
    check_driver(libraries().driver.MemsetD8Async(reinterpret_cast<DevicePointer>(memory), value, static_cast<size_t>(bytes), stream), "clearing memory");
}

void Call::clear_rows(float* rows, int64_t stride, int64_t count) const {
  if (count == 0) return;
  check_driver(libraries().driver.MemsetD2D8Async(reinterpret_cast<DevicePointer>(rows), static_cast<size_t>(stride) * 4, 0, static_cast<size_t>(head.d) * 4,
                                                  static_cast<size_t>(count), stream),
               "clearing memory");
}

void Call::begin_chunk(int64_t first, int64_t count) {
  chunk.rows = count;
  chunk.first = first;
  chunk.kept = plan.gathered ? reinterpret_cast<const Int*>(head.kept) + first : nullptr;
  by_row(kernels.load_targets);
  if (plan.copies_e)
    typed.copy_rows(stream, count, 1, RowCopy{head.e, head.e_stride, head.e_dtype, head.d, first, chunk.kept, chunk.target, at.e, plan.operand_columns});
}

Tile Call::tile(int64_t index) const {
  float* z = at.z + (plan.kept ? index * plan.chunk_rows * plan.tile_columns : 0);
  return {z, plan.tile_columns, index * plan.tile_columns, static_cast<int>(columns(index)), static_cast<int>(index), at.g, plan.tile_columns};
}

const void* Call::hidden() const {
  return plan.copies_e ? at.e : static_cast<const char*>(head.e) + chunk.first * head.e_stride * plan.operand_bytes;
}

const void* Call::classes(int64_t tile) const {
  const int64_t begin = tile * plan.tile_columns;
  if (!plan.copies_c) return static_cast<const char*>(head.c) + begin * head.c_stride * plan.operand_bytes;
  return static_cast<const char*>(at.c) + (plan.whole_c ? begin * plan.operand_columns * plan.operand_bytes : 0);
}

void Call::copy_classes(int64_t begin, int64_t count, const Int* ids, void* to) const {
  typed.copy_rows(stream, count, 1, RowCopy{head.c, head.c_stride, head.c_dtype, head.d, begin, ids, nullptr, to, plan.operand_columns});
}

void Call::load_classes(int64_t tile) const {
  if (plan.copies_c && !plan.whole_c) copy_classes(tile * plan.tile_columns, columns(tile), nullptr, at.c);
}

// cuBLAS reads z' = c e'. No workspace, and the same algorithm for every count of rows and columns: a row's bits depend on
// nothing else.
void Call::make_products(int64_t index) const {
  const Tile t = tile(index);
  const Product product{true,     false,           t.columns, chunk.rows, head.d, classes(index), classes_stride(),
                        hidden(), hidden_stride(), t.z,       t.ld,       0.0f,   plan.tile_columns, kUsualRows};
  device.products().multiply(product, plan.operand, plan.compute, nullptr, 0, stream);
}

void Call::times_classes(const Gradient& g, const void* c, int64_t stride, float* to, int64_t to_stride, bool adds) const {
  multiply({false, false, head.d, g.rows, g.classes, c, stride, g.g, g.g_ld, to, to_stride, adds ? 1.0f : 0.0f, 0, 0});
}

void Call::times_hidden(const Gradient& g, const void* e, float* to, int64_t to_stride, bool adds) const {
  multiply({false, true, head.d, g.classes, g.rows, e, hidden_stride(), g.g, g.g_ld, to, to_stride, adds ? 1.0f : 0.0f, 0, 0});
}

void Call::sum_columns(const Chunk& rows, const Tile& tile, const ColumnSums& sums) const {
  typed.column_sums(stream, over(tile.columns, kThreads), over(rows.rows, kSumRows), rows, tile, sums);
  kernels.add_column_sums(stream, over(tile.columns, kThreads), 1, rows, tile, sums);
}

void Call::multiply(const Product& product) const {
  device.products().multiply(product, plan.operand, plan.compute, at.products, plan.products_bytes, stream);
}

}  // namespace headroom::cuda
