#include "filter.h"

#include "status.h"

namespace headroom::cuda {

Filter GradientFilter::data() const {
  Filter filter = call_.at.filter;
  filter.blocks = over(call_.chunk.rows, kFilterRows);
  filter.tau = call_.head.filter_tau;
  filter.most_mass = call_.head.filter_mass;
  filter.dropped = call_.head.dropped;
  return filter;
}

void GradientFilter::gradients() const {
  const Filter filter = data();
  choose(filter);
  const std::vector<int64_t> counts = marked(filter);
  call_.clear(filter.kept, call_.chunk.rows);
  if (call_.head.de) call_.clear_rows(call_.de(), call_.de_stride(), call_.chunk.rows);
  for (int64_t block = 0; block < filter.blocks; ++block)
    for (int64_t from = 0; from < counts[static_cast<size_t>(block)]; from += call_.plan.tile_columns)
      group_gradients(filter, {block, std::min(call_.plan.tile_columns, counts[static_cast<size_t>(block)] - from), filter.ids + block * call_.head.v + from,
                               call_.at.g, call_.plan.tile_columns});
  put_back(filter);
}

// tau, and the classes that reach it.
void GradientFilter::choose(const Filter& filter) const {
  const int64_t rows = call_.chunk.rows, tiles = call_.plan.tiles;
  call_.fill(filter.buckets, 0, kBuckets * 8);
  for (int64_t i = 0; i < tiles && filter.most_mass > 0; ++i)
    call_.kernels.bucket_mass(call_.stream, over(rows, kPilotStep), 1, call_.args, call_.chunk, call_.tile(i), filter);
  call_.kernels.choose_tau(call_.stream, 1, 1, call_.chunk, filter);
  for (int64_t i = 0; i < tiles; ++i)
    call_.kernels.mark_classes(call_.stream, over(call_.columns(i), kThreads), filter.blocks, call_.args, call_.chunk, call_.tile(i), filter);
  call_.kernels.mark_named(call_.stream, rows, 1, call_.args, call_.chunk, filter);
  call_.kernels.count_marks(call_.stream, tiles, filter.blocks, call_.args, call_.chunk, filter);
  call_.kernels.list_marks(call_.stream, tiles, filter.blocks, call_.args, call_.chunk, filter);
}

// How many classes each block keeps.
std::vector<int64_t> GradientFilter::marked(const Filter& filter) const {
  const int64_t tiles = call_.plan.tiles;
  std::vector<int> counts(static_cast<size_t>(filter.blocks * tiles));
  const Driver& driver = libraries().driver;
  check_driver(driver.MemcpyDtoHAsync(counts.data(), reinterpret_cast<DevicePointer>(filter.counts), counts.size() * sizeof(int), call_.stream), "reading counts");
  check_driver(driver.StreamSynchronize(call_.stream), "waiting for the classes that are kept");
  std::vector<int64_t> sums(static_cast<size_t>(filter.blocks));
  for (size_t i = 0; i < counts.size(); ++i) sums[i / static_cast<size_t>(tiles)] += counts[i];
  return sums;
}

void GradientFilter::group_gradients(const Filter& filter, const Group& group) const {
  const headroom_head& head = call_.head;
  const Plan& plan = call_.plan;
  const int64_t first = group.block * kFilterRows, rows = std::min<int64_t>(kFilterRows, call_.chunk.rows - first);
  const bool classifier = !head.filter_full_c;
  const Call::Gradient g{rows, group.count, group.g, group.g_ld};
  call_.typed.group_gradients(call_.stream, over(group.count, kGradientColumns), over(rows, kGradientRows), call_.args, call_.chunk, call_.tile(0), filter, group);
  call_.kernels.group_mass(call_.stream, rows, 1, call_.args, call_.chunk, call_.tile(0), filter, group);
  if (head.de) {
    call_.copy_classes(0, group.count, group.ids, call_.at.group_c);
    call_.times_classes(g, call_.at.group_c, plan.operand_columns, call_.de() + first * call_.de_stride(), call_.de_stride(), true);
  }
  if (head.dc && classifier) {
    const char* hidden = static_cast<const char*>(call_.hidden()) + first * call_.hidden_stride() * plan.operand_bytes;
    call_.times_hidden(g, hidden, call_.at.group_dc, head.d, false);
    call_.kernels.add_class_rows(call_.stream, group.count, 1, ClassRows{call_.at.group_dc, head.d, head.d, group.ids, head.dc, head.dc_stride});
  }
  if (head.db && classifier) {
    Chunk block = call_.chunk;
    block.rows = rows;
    const Tile tile{nullptr, 0, 0, static_cast<int>(group.count), 0, group.g, group.g_ld};
    call_.sum_columns(block, tile, {call_.at.sums, call_.at.group_db, 0});
    call_.kernels.add_class_rows(call_.stream, group.count, 1, ClassRows{call_.at.group_db, 1, 1, group.ids, head.db, 1});
  }
}

// The columns that stand for what is dropped: those that are not marked, by their mass of p in the block.
void GradientFilter::put_back(const Filter& filter) const {
  const headroom_head& head = call_.head;
  if (head.de) {
    call_.kernels.sum_unmarked(call_.stream, filter.blocks, 1, call_.args, filter);
    for (int64_t i = 0; i < call_.plan.tiles; ++i) {
      const Tile t = call_.tile(i);
      call_.load_classes(i);
      call_.typed.unmarked_weights(call_.stream, over(t.columns, kThreads), filter.blocks, call_.args, t, filter);
      call_.times_classes({filter.blocks, t.columns, t.g, t.g_ld}, call_.classes(i), call_.classes_stride(), call_.at.columns, head.d, i > 0);
    }
  }
  call_.kernels.put_back(call_.stream, call_.chunk.rows, 1, call_.args, call_.chunk, filter, PutBack{call_.at.columns, head.d, head.de ? call_.de() : nullptr, call_.de_stride()});
}

}  // namespace headroom::cuda
