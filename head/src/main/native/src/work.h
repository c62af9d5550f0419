// What a call of the head asks for, on any device.
#pragma once

#include "headroom.h"

namespace headroom {

enum class Work { kForward, kBackward, kBoth, kLogits };

inline bool takes_statistics(Work work) { return work == Work::kForward || work == Work::kBoth; }

inline bool forms_gradients(Work work) { return work == Work::kBackward || work == Work::kBoth; }

// Where the logits of a call go, [n,v]: of work kLogits alone.
struct LogitsOut {
  float* z;
  int64_t stride;
};

inline bool on_cuda(const headroom_head& head) { return head.device == HEADROOM_CUDA; }

// Whether a call's gradients are filtered.
inline bool filters(const headroom_head& head) { return head.filter_tau > 0 || head.filter_mass > 0; }

}  // namespace headroom
