// What is known of the rows of a chunk: their targets, statistics and scalars. The formula of headroom.h is here and in
// epilogue.inc, and nowhere else.
#pragma once

#include <cstdint>
#include <vector>

#include "arena.h"
#include "epilogue.h"
#include "headroom.h"
#include "plan.h"
#include "work.h"

namespace headroom {

struct Span {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

// Classes of a tile: a range of ids, or a list of them in ascending order.
struct Classes {
  int64_t begin, count;
  const int32_t* ids;
  int64_t id(int64_t column) const { return ids ? ids[column] : begin + column; }
  // The column of a class, or -1 where it is not in the tile.
  int64_t column(int64_t v) const;
};

// The cap as the epilogues take it.
inline float cap_of(const headroom_head& head) { return head.stable_max ? kStableMax : static_cast<float>(head.soft_cap); }

class RowStates {
 public:
  RowStates(const headroom_head& head, const Plan& plan, Arena& arena);
  // Bytes of a row of the chunk.
  static int64_t bytes(const headroom_head& head, const Plan& plan);

  // The chunk's rows: row i of it is row index[i] of the call.
  void begin_chunk(const int64_t* index, int64_t count);

  // Statistics of a tile of logits without the target, and the logits of targets and listed classes that lie in it. The
  // target joins in the merge, so that its share of p keeps every digit near 1.
  void take_statistics(const Tile& tile, Span rows, const Classes& classes, int64_t tile_index);
  // Joins the tiles' statistics in the order of ids, in float64, and writes the row's outputs: they do not depend on
  // threads or chunks.
  void merge(Span rows);
  // Takes the statistics of an earlier call in place of merge.
  void take_given(Span rows);
  // The row scalars, once lse is known.
  void scale(Span rows);
  // lse of a row, and with a given mean of p what its gradient leaves out: the part of A and of the smoothing that the
  // filter puts back by itself.
  double lse(int64_t i) const { return scalars_[i].lse; }
  double scale_of_p(int64_t i) const { return (scalars_[i].a + scalars_[i].rest) * head_.logit_scale; }
  double scale_of_smoothing(int64_t i) const { return scalars_[i].s * head_.logit_scale; }
  const float* lse_of(Span rows) const { return lse_ + rows.begin; }
  // Joined statistics of some tiles: a lower bound of lse.
  double lse_over(int64_t i, const int32_t* tiles, int64_t count) const;
  // Calls body(class) for each class that a row's targets name.
  template <class Body>
  void each_target_class(int64_t i, Body body) const {
    body(target_[i]);
    for (int64_t j = 0; j < head_.soft_count; ++j)
      if (head_.soft_ids[index_[i] * head_.soft_count + j] != head_.ignore_index) body(head_.soft_ids[index_[i] * head_.soft_count + j]);
    for (int64_t j = 0; place(i) >= 0 && j < head_.listed_count; ++j)
      if (listed_id(i, j) >= 0) body(listed_id(i, j));
  }
  // A class weight where the class is present, else 0.
  double smoothing_weight(int64_t v) const { return present(v) ? class_weight(v) : 0.0; }

  // A tile of logits becomes the gradient of the products; the entries of targets are formed in float64.
  void gradient(const Tile& tile, Span rows, const Classes& classes);

 private:
  struct Scalars {
    double lse, a, b, s;
    double t, q;  // what the target's entry loses, and a soft target's for each unit of weight
    double miss;  // 1 - p_t, or -1 where only lse tells it
    double rest;  // u_R exp(L - R): what a gains for classes that the row does not list
  };

  template <class Body>
  void each_target(Span rows, const Classes& classes, Body body) const;
  template <class Body>
  void each_own_target(Span rows, const Classes& classes, Body body) const;
  template <class Body>
  void each_listed(Span rows, const Classes& classes, Body body) const;
  template <class Body>
  void each_own_listed(Span rows, const Classes& classes, Body body) const;
  int64_t place(int64_t i) const { return head_.listed_count > 0 ? head_.listed_places[index_[i]] : -1; }
  // The j-th class that a row with a place lists, negative where there is none.
  int64_t listed_id(int64_t i, int64_t j) const {
    if (head_.listed_kind == HEADROOM_SHARED) return head_.listed_ids[j];
    if (head_.listed_kind == HEADROOM_TOP) return head_.top_ids[index_[i] * head_.top_count + j];
    return head_.listed_ids[place(i) * head_.listed_count + j];
  }
  // Whether listed logits stay out of the tiles' statistics, and join them in the merge as the target does.
  bool joins_listed() const { return head_.listed_kind == HEADROOM_BY_ROW && head_.lse_rest && head_.listed_logits; }
  void order_listed(int64_t i);
  void merge_row(int64_t i);
  void merge_top(int64_t i, bool finite);
  void merge_listed(int64_t i, double origin, double mass, double target);
  bool gives_listed() const { return head_.u_listed || head_.u_rest; }
  double soft_loss(int64_t i, double lse) const;
  double entry(int64_t i, int64_t v, double z, double a) const;
  double slope(double z) const;
  const float* weights_of(const Classes& classes, float* room) const;
  double class_weight(int64_t v) const { return head_.class_weight ? static_cast<double>(head_.class_weight[v]) : 1.0; }
  bool present(int64_t v) const { return !head_.b || head_.b[v] > -__builtin_inff(); }

  const headroom_head& head_;
  const int64_t tiles_, chunk_rows_, tile_columns_;
  const Epilogues& epilogues_ = epilogues();
  double weight_sum_ = 0, weight_count_ = 0;  // W and V over present classes, where smoothing is on

  const int64_t* index_ = nullptr;
  int64_t* target_;
  Scalars* scalars_;
  float *lse_, *a_, *b_, *s_;          // the scalars as the epilogue reads them
  float* nll_;
  float *z_target_, *z_soft_;          // logits of the targets: [rows], [rows, soft_count]
  float *max_, *sum_, *moment_, *second_, *squares_, *weighted_;  // of each tile: [tiles, rows]
  float* top_values_;                  // [tiles, rows, top_count]
  int32_t* top_columns_;
  int32_t* listed_order_;              // [rows, listed_count]: places of a row's own list by ascending ids
};

}  // namespace headroom
