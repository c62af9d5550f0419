// The two heads of a divergence as calls of their own, and how both are cut into the same chunks, blocks and tiles.
#pragma once

#include <cstdint>

#include "headroom.h"
#include "plan.h"

namespace headroom {

// The student with the gradients that are wanted, and the teacher with none.
headroom_head student_of(const headroom_divergence& divergence);
headroom_head teacher_of(const headroom_divergence& divergence);

// As make_plan and least_workspace, for `rows` kept rows. Tiles are those of the student's classes.
Plan make_divergence_plan(const headroom_divergence& divergence, int64_t rows, bool gathered);
int64_t least_divergence_workspace(const headroom_divergence& divergence, int64_t rows, bool gathered);

}  // namespace headroom
