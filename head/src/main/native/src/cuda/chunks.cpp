#include "chunks.h"

#include <memory>
#include <vector>

#include "call.h"
#include "filter.h"
#include "fused.h"
#include "status.h"

namespace headroom::cuda {
namespace {

class Chunks {
 public:
  Chunks(const headroom_head& head, Work work, const LogitsOut& logits, Device& device, bool captures)
      : work_(work), logits_(logits), call_(asked(head, work), forms_gradients(work), device) {
    if (captures) check_capture();
    if (filters(call_.head)) filter_ = std::make_unique<GradientFilter>(call_);
    fused_ = takes_statistics(work) && fuses(call_, captures);
  }

  void run() {
    const headroom_head& head = call_.head;
    const Plan& plan = call_.plan;
    clear_outputs();
    if (plan.rows == 0) return;
    if (head.label_smoothing > 0) call_.kernels.class_sums(call_.stream, 1, 1, call_.args);
    if (plan.whole_c) call_.copy_classes(0, head.v, nullptr, call_.at.c);
    for (int64_t first = 0; first < plan.rows; first += plan.chunk_rows) {
      call_.begin_chunk(first, std::min(plan.chunk_rows, plan.rows - first));
      for (int64_t tile = 0; tile < plan.tiles && (work_ != Work::kBackward || filter_) && !fused_; ++tile) look(tile);
      if (takes_statistics(work_)) call_.by_row(call_.kernels.merge_rows, fused_ ? take_fused_statistics(call_) : call_.chunk);
      if (work_ == Work::kBackward) call_.by_row(call_.kernels.load_statistics);
      if (waits()) between();
      if (forms_gradients(work_)) form_gradients(first == 0);
    }
  }

 private:
  // For the caller's function, between the statistics of a chunk and its gradients.
  bool waits() const { return work_ == Work::kBoth && call_.head.between; }

  // Nothing is on the stream yet, so that the caller's capture goes on.
  void check_capture() const {
    const std::string text = "stream: capturing a graph with a ";
    if (filters(call_.head))
      throw Failure(HEADROOM_UNSUPPORTED, text + "gradient filter (expected: no filter, since the sizes of its products differ from call to call)");
    if (waits()) throw Failure(HEADROOM_UNSUPPORTED, text + "function between the passes (expected: none, since it runs on the host; or forward and backward)");
  }

  // What rows that do not count, or no rows at all, leave behind.
  void clear_outputs() const {
    const headroom_head& head = call_.head;
    if (takes_statistics(work_)) {
      for (float* output : {head.nll, head.lse, head.entropy, head.squares, head.variance, head.smooth, head.soft}) call_.clear(output, head.n);
      call_.clear(head.top_logits, head.n * head.top_count);
      call_.fill(head.top_ids, 0xff, head.n * head.top_count * 8);  // -1
    }
    if (forms_gradients(work_)) call_.clear(head.dropped, head.n);
    if (head.de && (call_.plan.gathered || call_.plan.rows == 0)) call_.clear_rows(head.de, head.de_stride, head.n);
    // the filter adds to the rows of the classes that it keeps
    if (!forms_gradients(work_) || head.add_dc || (call_.plan.rows > 0 && (!filter_ || head.filter_full_c))) return;
    if (head.dc) call_.clear_rows(head.dc, head.dc_stride, head.v);
    call_.clear(head.db, head.v);
  }

  // The first pass over a tile: statistics of its rows, or its logits.
  void look(int64_t index) const {
    const headroom_head& head = call_.head;
    call_.load_classes(index);
    call_.make_products(index);
    if (work_ == Work::kBackward) return;
    const int64_t rows = call_.chunk.rows;
    Tile t = call_.tile(index);
    if (work_ == Work::kLogits) {
      t.g = logits_.z;
      t.g_ld = logits_.stride;
      call_.kernels.copy_logits(call_.stream, rows, 1, call_.args, call_.chunk, t);
      return;
    }
    call_.kernels.row_statistics(call_.stream, rows, 1, call_.args, call_.chunk, t);
    if (head.top_count > 0) call_.kernels.row_top(call_.stream, rows, 1, call_.args, call_.chunk, t);
    if (head.soft_count + head.listed_count > 0) call_.kernels.sparse_logits(call_.stream, rows, 1, call_.args, call_.chunk, t);
  }

  // Hands the chunk's rows to the caller, once their statistics are there: the one wait for the device.
  void between() {
    const Driver& driver = libraries().driver;
    const Chunk& chunk = call_.chunk;
    std::vector<Int> target(static_cast<size_t>(chunk.rows)), rows(target.size());
    const auto read = [&](std::vector<Int>& into, const Int* from) {
      check_driver(driver.MemcpyDtoHAsync(into.data(), reinterpret_cast<DevicePointer>(from), into.size() * sizeof(Int), call_.stream), "reading rows");
    };
    read(target, chunk.target);
    if (chunk.kept) read(rows, chunk.kept);
    check_driver(driver.StreamSynchronize(call_.stream), "waiting for the statistics of rows");
    std::vector<int64_t> counting;
    for (size_t i = 0; i < rows.size(); ++i)
      if (target[i] != kLeftOut) counting.push_back(chunk.kept ? rows[i] : chunk.first + static_cast<int64_t>(i));
    if (!counting.empty()) call_.head.between(call_.head.between_context, counting.data(), static_cast<int64_t>(counting.size()));
  }

  void form_gradients(bool first_chunk) {
    const headroom_head& head = call_.head;
    call_.by_row(call_.kernels.scale_rows);
    if (filter_) filter_->gradients();
    if (!filter_ || (head.filter_full_c && (head.dc || head.db)))
      for (int64_t index = 0; index < call_.plan.tiles; ++index) gradients(index, first_chunk);
    if (head.de && call_.plan.gathered)
      call_.kernels.store_rows(call_.stream, call_.chunk.rows, 1,
                               RowCopy{call_.at.de, head.d, HEADROOM_FLOAT32, head.d, 0, nullptr, nullptr, head.de, head.de_stride}, call_.chunk);
  }

  // A tile's gradient g and the products with it: dE += g c where no filter has formed it, dC = g' e, and dB, the sums of
  // its columns.
  void gradients(int64_t index, bool first_chunk) const {
    const headroom_head& head = call_.head;
    const Chunk& chunk = call_.chunk;
    call_.load_classes(index);
    if (!call_.plan.kept) call_.make_products(index);
    const Tile t = call_.tile(index);
    call_.typed.row_gradients(call_.stream, over(t.columns, kGradientColumns), over(chunk.rows, kGradientRows), call_.args, chunk, t);
    if (head.soft_count > 0 || (head.listed_count > 0 && (head.u_listed || head.u_rest)))
      call_.typed.sparse_entries(call_.stream, chunk.rows, 1, call_.args, chunk, t);
    const bool adds = head.add_dc || !first_chunk;
    const Call::Gradient g{chunk.rows, t.columns, t.g, t.g_ld};
    if (head.de && !filter_) call_.times_classes(g, call_.classes(index), call_.classes_stride(), call_.de(), call_.de_stride(), index > 0);
    if (head.dc) call_.times_hidden(g, call_.hidden(), head.dc + t.begin * head.dc_stride, head.dc_stride, adds);
    if (head.db) call_.sum_columns(chunk, t, {call_.at.sums, head.db + t.begin, adds});
  }

  const Work work_;
  const LogitsOut logits_;
  Call call_;
  std::unique_ptr<GradientFilter> filter_;
  bool fused_ = false;
};

}  // namespace

void check_memory(const headroom_head& head, Work work, const LogitsOut& logits) {
  const int ordinal = ordinal_of("c", head.c);
  const auto check = [&](const char* name, const void* memory, int64_t count) {
    if (!memory || count == 0) return;
    const int other = ordinal_of(name, memory);
    if (other != ordinal) invalid(name, "memory of device " + std::to_string(other), "memory of device " + std::to_string(ordinal) + ", where c lies");
  };
  const int64_t n = head.n, listed = n * head.listed_count;
  check("workspace", head.workspace, 1);
  const auto past = reinterpret_cast<std::uintptr_t>(head.workspace) % kLine;
  if (past != 0) invalid("workspace", std::to_string(past) + " bytes past a multiple of " + std::to_string(kLine), "at one, on a CUDA device");
  check("e", head.e, n);
  check("t", head.t, n);
  check("kept", head.kept, head.kept_count);
  check("b", head.b, head.v);
  check("class_weight", head.class_weight, head.v);
  check("z", logits.z, n);
  if (work == Work::kLogits) return;
  check("lse", head.lse, n);
  check("nll", head.nll, n);
  check("entropy", head.entropy, n);
  check("soft_ids", head.soft_ids, n * head.soft_count);
  check("soft_weights", head.soft_weights, n * head.soft_count);
  check("top_ids", head.top_ids, n * head.top_count);
  check("listed_ids", head.listed_ids, listed);
  check("listed_places", head.listed_places, listed);
  check("listed_logits", head.listed_logits, listed);
  check("lse_rest", head.lse_rest, listed);
  if (takes_statistics(work)) {
    check("squares", head.squares, n);
    check("variance", head.variance, n);
    check("smooth", head.smooth, n);
    check("soft", head.soft, n);
    check("top_logits", head.top_logits, n * head.top_count);
  }
  if (!forms_gradients(work)) return;
  check("r", head.r, n);
  check("r_z", head.r_z, n);
  check("u_lse", head.u_lse, n);
  check("u_entropy", head.u_entropy, n);
  check("u_log_prob", head.u_log_prob, n);
  check("u_listed", head.u_listed, listed);
  check("u_rest", head.u_rest, listed);
  check("dropped", head.dropped, n);
  check("de", head.de, n);
  check("dc", head.dc, head.v);
  check("db", head.db, head.v);
}

void run_chunks(const headroom_head& head, Work work, const LogitsOut& logits) {
  const Current current("c", head.c);
  check_memory(head, work, logits);
  const bool captures = capturing(static_cast<Stream>(head.stream));
  Chunks(head, work, logits, current.device(captures), captures).run();
}

}  // namespace headroom::cuda
