// Logits and the sums over them, for every kernel that forms statistics.

namespace headroom {
namespace cuda {

static __device__ __forceinline__ Int row_of(const Chunk& chunk, Int i) { return chunk.kept ? chunk.kept[i] : chunk.first + i; }

static __device__ __forceinline__ bool present(const Head& head, Int v) { return !head.b || head.b[v] > -HEADROOM_INFINITY; }

static __device__ __forceinline__ float class_weight(const Head& head, Int v) { return head.class_weight ? head.class_weight[v] : 1.0f; }

// z of a product with its bias: s = scale (a + b), then the cap. -inf (an absent class), +inf and NaN pass through.
static __device__ __forceinline__ float logit(const Head& head, float biased) {
  const float s = biased * static_cast<float>(head.logit_scale);
  if (head.cap > 0.0f) return fabsf(s) == HEADROOM_INFINITY ? s : head.cap * tanhf(s / head.cap);
  if (head.cap == kStableMax) return copysignf(log1pf(fabsf(s)), s);
  return s;
}

static __device__ __forceinline__ float logit(const Head& head, float a, Int v) { return logit(head, head.b ? a + head.b[v] : a); }

// p and exp(z - max) come with the argument of exp at most 0, or NaN.
struct RowSums {
  float sum, moment, second, squares;
};

static __device__ __forceinline__ void add_entry(RowSums& sums, float z, float origin) {
  const float x = z - origin, e = expf(x);
  const float ex = e == 0.0f ? 0.0f : e * x;  // an absent class has p z = 0, not 0 x -inf
  sums.sum += e;
  sums.moment += ex;
  sums.second += e == 0.0f ? 0.0f : ex * x;
  sums.squares += e * e;
}

}  // namespace cuda
}  // namespace headroom
