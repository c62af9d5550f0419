// The gradient pass of a chunk with a filter: dE, dC and dB from the classes that a block of rows keeps, 1 + 2k products
// with k the kept share, and what dE loses put back as one column a block. It waits for the device once a chunk, for how
// many classes there are.
#pragma once

#include <vector>

#include "call.h"

namespace headroom::cuda {

class GradientFilter {
 public:
  explicit GradientFilter(const Call& call) : call_(call) {}

  // Of the chunk whose products and row scalars are there. dE's rows are overwritten; dC and dB are added to.
  void gradients() const;

 private:
  Filter data() const;
  void choose(const Filter& filter) const;
  std::vector<int64_t> marked(const Filter& filter) const;
  void group_gradients(const Filter& filter, const Group& group) const;
  void put_back(const Filter& filter) const;

  const Call& call_;
};

}  // namespace headroom::cuda
