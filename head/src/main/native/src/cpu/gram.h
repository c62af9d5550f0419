// X^T W X of a tall matrix X [rows, d] with row weights W: sums over a tile of rows in float32, over tiles in float64.
// Only the upper triangle is formed. Parts of the rows and groups of columns are the tasks; neither depends on the number
// of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "arena.h"
#include "rows.h"
#include "tall_products.h"

namespace headroom {

// Where the rows come from.
class TallRows {
 public:
  virtual ~TallRows() = default;
  virtual int64_t count() const = 0;
  // Writes the first `columns` of each row, `stride` floats apart, of which d may be touched; sums [d] is scratch.
  virtual void read(Span rows, int64_t columns, float* to, int64_t stride, double* sums) = 0;
  virtual const double* weights() const { return nullptr; }  // one a row, or null for ones
};

// How a matrix of width d is cut.
struct TallSizes {
  explicit TallSizes(int64_t d);
  int64_t d, tile_rows, room_stride, groups, most_parts;
  int64_t tiles(int64_t rows) const { return (rows + tile_rows - 1) / tile_rows; }
  Span tile(int64_t i, int64_t rows) const { return {i * tile_rows, std::min(rows, (i + 1) * tile_rows)}; }
};

class Gram {
 public:
  // Scratch of a worker, lent to others between calls: `room` holds a tile of rows and one column more.
  struct Worker {
    float *room, *right, *block;
    double* sums;
  };
  using Tasks = std::function<void(int64_t tasks, const std::function<void(int64_t, int32_t)>& body)>;

  Gram(const TallSizes& sizes, const TallProducts& products, Tasks tasks, int32_t threads, Arena& arena);
  static int64_t bytes(const TallSizes& sizes, const TallProducts& products, int32_t threads);

  // Forms the matrix of these rows, added to what is there unless `fresh`.
  void add(TallRows& rows, bool fresh);
  // Writes it, times a scale, as the first d rows of a right operand, its diagonal [d] apart: often the largest term of
  // a sum, which would cost the others their last digits.
  void take(const Right& right, double* diagonal, double scale) const;
  const Worker& worker(int32_t i) const { return workers_[static_cast<size_t>(i)]; }

 private:
  void add_part(TallRows& rows, Span tiles, int64_t part, int64_t group, bool fresh, const Worker& worker);
  void multiply(TallRows& rows, Span tile, int64_t group, bool add, const Worker& worker);
  void flush(double* sums, int64_t group, const Worker& worker) const;

  const TallSizes& sizes_;
  const TallProducts& products_;
  const Tasks tasks_;
  double* sums_;  // [parts, d, d]
  std::vector<Worker> workers_;
};

}  // namespace headroom
