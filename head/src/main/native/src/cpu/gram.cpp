#include "gram.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tuning.h"
#include "wide_rows.h"

namespace headroom {
namespace {

// A tile of rows is read about so large, so that it, its packed copy and a block of sums share the second-level cache.
constexpr int64_t kRoomBytes = 256 << 10;
constexpr int64_t kLeastTileRows = 224, kMostTileRows = 448;
// Columns of a group, and tiles whose sums stay in float32.
constexpr int64_t kGroup = 256;
constexpr int64_t kFloatTiles = 4;
// Memory of the sums of all parts, beyond one.
constexpr int64_t kPartBytes = 32 << 20;
constexpr int64_t kBlockStride = kGroup + kTilePadding;
constexpr int64_t kStrip = 16;

Span columns_of(int64_t group, int64_t d) { return {group * kGroup, std::min(d, (group + 1) * kGroup)}; }

}  // namespace

TallSizes::TallSizes(int64_t width)
    : d(width),
      tile_rows(std::clamp(kRoomBytes / (width * 4) / 14 * 14, kLeastTileRows, kMostTileRows)),
      room_stride(round_up(width + 1, 16) + kTilePadding),
      groups((width + kGroup - 1) / kGroup),
      most_parts(std::clamp(kPartBytes / (width * width * 8), int64_t{1}, kMostParts)) {}

Gram::Gram(const TallSizes& sizes, const TallProducts& products, Tasks tasks, int32_t threads, Arena& arena)
    : sizes_(sizes), products_(products), tasks_(std::move(tasks)) {
  sums_ = arena.take<double>(sizes.most_parts * sizes.d * sizes.d);
  for (int32_t i = 0; i < threads; ++i) {
    Worker worker{};
    worker.room = arena.take<float>(sizes.tile_rows * sizes.room_stride);
    worker.right = arena.take<float>(products.right_floats(sizes.tile_rows, std::min(sizes.d, kGroup)));
    worker.block = arena.take<float>(sizes.d * kBlockStride);
    worker.sums = arena.take<double>(sizes.d);
    workers_.push_back(worker);
  }
}

int64_t Gram::bytes(const TallSizes& sizes, const TallProducts& products, int32_t threads) {
  const int64_t right = products.right_floats(sizes.tile_rows, std::min(sizes.d, kGroup));
  const int64_t worker = (sizes.tile_rows * sizes.room_stride + right + sizes.d * kBlockStride) * 4 + sizes.d * 8 + 4 * kLine;
  return sizes.most_parts * sizes.d * sizes.d * 8 + kLine + worker * threads;
}

void Gram::add(TallRows& rows, bool fresh) {
  const int64_t tiles = sizes_.tiles(rows.count()), parts = sizes_.most_parts;
  // the last group of columns has the most rows above its diagonal: it goes first
  tasks_(parts * sizes_.groups, [&](int64_t task, int32_t worker) {
    const int64_t group = sizes_.groups - 1 - task / parts, part = task % parts;
    add_part(rows, {tiles * part / parts, tiles * (part + 1) / parts}, part, group, fresh, workers_[static_cast<size_t>(worker)]);
  });
}

void Gram::add_part(TallRows& rows, Span tiles, int64_t part, int64_t group, bool fresh, const Worker& worker) {
  const Span columns = columns_of(group, sizes_.d);
  double* sums = sums_ + part * sizes_.d * sizes_.d;
  for (int64_t i = 0; fresh && i < columns.end; ++i)
    std::fill(sums + i * sizes_.d + columns.begin, sums + i * sizes_.d + columns.end, 0.0);
  for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
    const int64_t held = (tile - tiles.begin) % kFloatTiles;
    multiply(rows, sizes_.tile(tile, rows.count()), group, held > 0, worker);
    if (held == kFloatTiles - 1 || tile + 1 == tiles.end) flush(sums, group, worker);
  }
}

void Gram::multiply(TallRows& rows, Span tile, int64_t group, bool add, const Worker& worker) {
  const Span columns = columns_of(group, sizes_.d);
  const int64_t stride = sizes_.room_stride, panel = products_.panel();
  rows.read(tile, columns.end, worker.room, stride, worker.sums);
  const Right right{worker.right, tile.size(), columns.size()};
  for (int64_t i = 0; i < tile.size(); ++i) products_.put_row(worker.room + i * stride + columns.begin, i, right);
  if (rows.weights())
    for (int64_t i = 0; i < tile.size(); ++i) {
      const auto weight = static_cast<float>(rows.weights()[tile.begin + i]);
      for (int64_t j = 0; j < columns.end; ++j) worker.room[i * stride + j] *= weight;
    }
  for (int64_t j = 0; j < columns.size(); j += panel) {
    const int64_t end = std::min(columns.size(), j + panel);
    products_.multiply({columns.begin + end, end - j, worker.room, stride, true, right, j, worker.block + j, kBlockStride, add});
  }
}

void Gram::flush(double* sums, int64_t group, const Worker& worker) const {
  const Span columns = columns_of(group, sizes_.d);
  const int64_t panel = products_.panel();
  for (int64_t j = 0; j < columns.size(); j += panel) {
    const int64_t end = std::min(columns.size(), j + panel);
    for (int64_t i = 0; i < columns.begin + end; ++i)
      wide_rows().add(sums + i * sizes_.d + columns.begin + j, worker.block + i * kBlockStride + j, end - j);
  }
}

void Gram::take(const Right& right, double* diagonal, double scale) const {
  const int64_t d = sizes_.d;
  tasks_((d + kStrip - 1) / kStrip, [&](int64_t strip, int32_t index) {
    float* rows = worker(index).room;  // [kStrip, d]
    const Span own{strip * kStrip, std::min(d, (strip + 1) * kStrip)};
    for (int64_t j = 0; j < d; ++j)
      for (int64_t i = own.begin; i < own.end; ++i) {
        double total = 0;
        for (int64_t part = 0; part < sizes_.most_parts; ++part)
          total += sums_[(part * d + std::min(i, j)) * d + std::max(i, j)];
        if (i == j) diagonal[i] = total * scale;
        rows[(i - own.begin) * d + j] = i == j ? 0.0f : static_cast<float>(total * scale);
      }
    for (int64_t i = own.begin; i < own.end; ++i) products_.put_row(rows + (i - own.begin) * d, i, right);
  });
}

}  // namespace headroom
