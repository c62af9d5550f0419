// The two passes of the spherical family over a checked call; headroom.h has the formula.
#pragma once

#include <cstdint>

#include "headroom.h"

namespace headroom {

struct SphericalPlan {
  bool own;  // our own products, not the BLAS
  int64_t tile_rows, bytes;
};

SphericalPlan make_spherical_plan(const headroom_spherical& head);
void spherical_forward(const headroom_spherical& head);
void spherical_backward(const headroom_spherical& head);

}  // namespace headroom
