#include "chunks.h"

#include <algorithm>
#include <vector>

#include "device.h"
#include "plan.h"
#include "status.h"

namespace headroom::cuda {
namespace {

bool takes_statistics(Work work) { return work == Work::kForward || work == Work::kBoth; }

bool forms_gradients(Work work) { return work == Work::kBackward || work == Work::kBoth; }

// What this work needs of the call: no gradients for statistics, no kept products where they are not used twice.
headroom_head asked(headroom_head head, Work work) {
  if (!forms_gradients(work)) head.de = head.dc = head.db = nullptr;
  if (work == Work::kLogits) head.top_count = head.listed_count = head.soft_count = 0;
  if (work != Work::kBoth) head.engine = HEADROOM_RECOMPUTED;
  if (!takes_statistics(work)) head.squares = head.variance = nullptr;
  return head;
}

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

int64_t over(int64_t count, int64_t block) { return (count + block - 1) / block; }

class Chunks {
 public:
  Chunks(const headroom_head& head, Work work, const LogitsOut& logits, Device& device)
      : head_(asked(head, work)), work_(work), logits_(logits), stream_(static_cast<Stream>(head.stream)), device_(device),
        plan_(make_plan(head_, forms_gradients(work))), at_(lay_out(head_, plan_, forms_gradients(work), static_cast<char*>(head.workspace))),
        args_(head_of(head_, at_)), chunk_(at_.chunk), typed_(device.kernels_of(plan_.operand)) {}

  void run() {
    clear_outputs();
    if (plan_.rows == 0) return;
    if (head_.label_smoothing > 0) device_.kernels().class_sums(stream_, 1, 1, args_);
    if (plan_.whole_c) copy_classes(0, head_.v);
    for (int64_t first = 0; first < plan_.rows; first += plan_.chunk_rows) {
      begin_chunk(first, std::min(plan_.chunk_rows, plan_.rows - first));
      for (int64_t tile = 0; tile < plan_.tiles && work_ != Work::kBackward; ++tile) look(tile);
      if (takes_statistics(work_)) by_row(device_.kernels().merge_rows);
      if (work_ == Work::kBackward) by_row(device_.kernels().load_statistics);
      if (work_ == Work::kBoth && head_.between) between();
      if (forms_gradients(work_)) form_gradients(first == 0);
    }
  }

 private:
  // What rows that do not count, or no rows at all, leave behind.
  void clear_outputs() const {
    if (takes_statistics(work_)) {
      for (float* output : {head_.nll, head_.lse, head_.entropy, head_.squares, head_.variance, head_.smooth, head_.soft}) clear(output, head_.n);
      clear(head_.top_logits, head_.n * head_.top_count);
      fill(head_.top_ids, 0xff, head_.n * head_.top_count * 8);  // -1
    }
    if (head_.de && (plan_.gathered || plan_.rows == 0)) clear_rows(head_.de, head_.de_stride, head_.n);
    if (!forms_gradients(work_) || head_.add_dc || plan_.rows > 0) return;
    if (head_.dc) clear_rows(head_.dc, head_.dc_stride, head_.v);
    clear(head_.db, head_.v);
  }

  void fill(void* memory, unsigned char value, int64_t bytes) const {
    if (memory && bytes > 0)
      check_driver(libraries().driver.MemsetD8Async(reinterpret_cast<DevicePointer>(memory), value, static_cast<size_t>(bytes), stream_), "clearing memory");
  }

  void clear(float* memory, int64_t count) const { fill(memory, 0, count * 4); }

  void clear_rows(float* rows, int64_t stride, int64_t count) const {
    if (count == 0) return;
    check_driver(libraries().driver.MemsetD2D8Async(reinterpret_cast<DevicePointer>(rows), static_cast<size_t>(stride) * 4, 0, static_cast<size_t>(head_.d) * 4,
                                                    static_cast<size_t>(count), stream_),
                 "clearing memory");
  }

  void by_row(const Kernel<Head, Chunk>& kernel) const { kernel(stream_, over(chunk_.rows, kThreads), 1, args_, chunk_); }

  void begin_chunk(int64_t first, int64_t count) {
    chunk_.rows = count;
    chunk_.first = first;
    chunk_.kept = plan_.gathered ? reinterpret_cast<const Int*>(head_.kept) + first : nullptr;
    by_row(device_.kernels().load_targets);
    if (plan_.copies_e)
      typed_.copy_rows(stream_, count, 1, RowCopy{head_.e, head_.e_stride, head_.e_dtype, head_.d, first, chunk_.kept, chunk_.target, at_.e, plan_.operand_columns});
  }

  int64_t columns(int64_t tile) const { return std::min(plan_.tile_columns, head_.v - tile * plan_.tile_columns); }

  Tile tile(int64_t index) const {
    float* z = at_.z + (plan_.kept ? index * plan_.chunk_rows * plan_.tile_columns : 0);
    return {z, plan_.tile_columns, index * plan_.tile_columns, static_cast<int>(columns(index)), static_cast<int>(index), at_.g, plan_.tile_columns};
  }

  const void* hidden() const {
    return plan_.copies_e ? at_.e : static_cast<const char*>(head_.e) + chunk_.first * head_.e_stride * plan_.operand_bytes;
  }
  int64_t hidden_stride() const { return plan_.copies_e ? plan_.operand_columns : head_.e_stride; }

  const void* classes(int64_t tile) const {
    const int64_t begin = tile * plan_.tile_columns;
    if (!plan_.copies_c) return static_cast<const char*>(head_.c) + begin * head_.c_stride * plan_.operand_bytes;
    return static_cast<const char*>(at_.c) + (plan_.whole_c ? begin * plan_.operand_columns * plan_.operand_bytes : 0);
  }
  int64_t classes_stride() const { return plan_.copies_c ? plan_.operand_columns : head_.c_stride; }

  void copy_classes(int64_t begin, int64_t count) const {
    typed_.copy_rows(stream_, count, 1, RowCopy{head_.c, head_.c_stride, head_.c_dtype, head_.d, begin, nullptr, nullptr, at_.c, plan_.operand_columns});
  }

  void load_classes(int64_t tile) const {
    if (plan_.copies_c && !plan_.whole_c) copy_classes(tile * plan_.tile_columns, columns(tile));
  }

  // Of the logits no algorithm with a workspace, and the same for every count of rows and columns.
  void multiply(const Product& product, bool logits) const {
    device_.products().multiply(product, plan_.operand, plan_.compute, logits ? nullptr : at_.products, logits ? 0 : plan_.products_bytes, stream_);
  }

  // z = e c', which cuBLAS reads as z' = c e'.
  void make_products(int64_t index) const {
    const Tile t = tile(index);
    multiply({true, false, t.columns, chunk_.rows, head_.d, classes(index), classes_stride(), hidden(), hidden_stride(), t.z, t.ld, 0.0f,
              plan_.tile_columns, kUsualRows}, true);
  }

  // The first pass over a tile: statistics of its rows, or its logits.
  void look(int64_t index) const {
    load_classes(index);
    make_products(index);
    const Kernels& kernels = device_.kernels();
    Tile t = tile(index);
    if (work_ == Work::kLogits) {
      t.g = logits_.z;
      t.g_ld = logits_.stride;
      kernels.copy_logits(stream_, chunk_.rows, 1, args_, chunk_, t);
      return;
    }
    kernels.row_statistics(stream_, chunk_.rows, 1, args_, chunk_, t);
    if (head_.top_count > 0) kernels.row_top(stream_, chunk_.rows, 1, args_, chunk_, t);
    if (head_.soft_count + head_.listed_count > 0) kernels.sparse_logits(stream_, chunk_.rows, 1, args_, chunk_, t);
  }

  // Hands the chunk's rows to the caller, once their statistics are there: the one wait for the device.
  void between() {
    const Driver& driver = libraries().driver;
    std::vector<Int> target(static_cast<size_t>(chunk_.rows)), rows(target.size());
    const auto read = [&](std::vector<Int>& into, const Int* from) {
      check_driver(driver.MemcpyDtoHAsync(into.data(), reinterpret_cast<DevicePointer>(from), into.size() * sizeof(Int), stream_), "reading rows");
    };
    read(target, chunk_.target);
    if (chunk_.kept) read(rows, chunk_.kept);
    check_driver(driver.StreamSynchronize(stream_), "waiting for the statistics of rows");
    std::vector<int64_t> counting;
    for (size_t i = 0; i < rows.size(); ++i)
      if (target[i] != kLeftOut) counting.push_back(chunk_.kept ? rows[i] : chunk_.first + static_cast<int64_t>(i));
    if (!counting.empty()) head_.between(head_.between_context, counting.data(), static_cast<int64_t>(counting.size()));
  }

  void form_gradients(bool first_chunk) {
    by_row(device_.kernels().scale_rows);
    for (int64_t index = 0; index < plan_.tiles; ++index) {
      load_classes(index);
      if (!plan_.kept) make_products(index);
      const Tile t = tile(index);
      typed_.row_gradients(stream_, over(t.columns, kGradientColumns), over(chunk_.rows, kGradientRows), args_, chunk_, t);
      if (head_.soft_count > 0 || (head_.listed_count > 0 && head_.u_listed)) typed_.sparse_entries(stream_, chunk_.rows, 1, args_, chunk_, t);
      deliver(index, t, first_chunk);
    }
    if (head_.de && plan_.gathered)
      device_.kernels().store_rows(stream_, chunk_.rows, 1, RowCopy{at_.de, head_.d, HEADROOM_FLOAT32, head_.d, 0, nullptr, nullptr, head_.de, head_.de_stride}, chunk_);
  }

  // The products with a tile's gradient g: dE += g c, dC = g' e, and dB, the sums of its columns.
  void deliver(int64_t index, const Tile& t, bool first_chunk) const {
    const bool adds = head_.add_dc || !first_chunk;
    if (head_.de) {
      float* de = plan_.gathered ? at_.de : head_.de + chunk_.first * head_.de_stride;
      multiply({false, false, head_.d, chunk_.rows, t.columns, classes(index), classes_stride(), t.g, t.g_ld, de, plan_.gathered ? head_.d : head_.de_stride,
                index > 0 ? 1.0f : 0.0f, 0, 0}, false);
    }
    if (head_.dc)
      multiply({false, true, head_.d, t.columns, chunk_.rows, hidden(), hidden_stride(), t.g, t.g_ld, head_.dc + t.begin * head_.dc_stride, head_.dc_stride,
                adds ? 1.0f : 0.0f, 0, 0}, false);
    if (!head_.db) return;
    const ColumnSums sums{at_.sums, head_.db + t.begin, adds};
    typed_.column_sums(stream_, over(t.columns, kThreads), over(chunk_.rows, kSumRows), chunk_, t, sums);
    device_.kernels().add_column_sums(stream_, over(t.columns, kThreads), 1, chunk_, t, sums);
  }

  static constexpr int64_t kUsualRows = 2048;  // for which the products' algorithm is chosen

  const headroom_head head_;
  const Work work_;
  const LogitsOut logits_;
  const Stream stream_;
  Device& device_;
  const Plan plan_;
  const Layout at_;
  const Head args_;
  Chunk chunk_;
  const TypedKernels typed_;
};

}  // namespace

void check_memory(const headroom_head& head, Work work) {
  const int ordinal = ordinal_of("c", head.c);
  const auto check = [&](const char* name, const void* memory) {
    if (!memory) return;
    const int other = ordinal_of(name, memory);
    if (other != ordinal) invalid(name, "memory of device " + std::to_string(other), "memory of device " + std::to_string(ordinal) + ", where c lies");
  };
  check("workspace", head.workspace);
  if (head.n > 0) {
    check("e", head.e);
    check("t", head.t);
    check("lse", head.lse);
    check("nll", head.nll);
    check("r", head.r);
    check("r_z", head.r_z);
    check("kept", head.kept);
  }
  check("b", head.b);
  check("class_weight", head.class_weight);
  if (!forms_gradients(work)) return;
  check("de", head.de);
  check("dc", head.dc);
  check("db", head.db);
}

void run_chunks(const headroom_head& head, Work work, const LogitsOut& logits) {
  const Current current("c", head.c);
  check_memory(head, work);
  Chunks(head, work, logits, current.device(static_cast<Stream>(head.stream))).run();
}

}  // namespace headroom::cuda
