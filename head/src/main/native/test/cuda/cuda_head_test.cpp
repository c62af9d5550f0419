// The product's calls on the fake device: what they put on a stream, what they wait for, and what memory they touch.
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "expect.h"
#include "step.h"

namespace {

using headroom::fake::Case;
using headroom::fake::forward_then_backward;
using headroom::fake::Step;
using headroom::fake::Work;
using Bits = std::map<std::string, std::string>;

long waits() { return static_cast<long>(headroom_fake_count("cuStreamSynchronize")); }

// The bits of a call that is done at once.
Bits done_at_once(const Step& step, Work work) {
  step.renew();
  GOOD(work(&step.head));
  return step.outputs();
}

struct Pass {
  Case sizes;
  Work work;
};

// Without a filter: both engines, both compute types, in one call and in two, rows gathered or not, more chunks than one.
std::vector<Pass> passes() {
  std::vector<Pass> all;
  for (const int32_t compute : {HEADROOM_FLOAT32, HEADROOM_BFLOAT16})
    for (const int32_t engine : {HEADROOM_KEPT, HEADROOM_RECOMPUTED}) {
      Case sizes;
      sizes.compute = compute, sizes.engine = engine, sizes.all = engine == HEADROOM_KEPT, sizes.knows_rows = compute == HEADROOM_BFLOAT16;
      all.push_back({sizes, headroom_head_forward_backward});
      if (engine == HEADROOM_RECOMPUTED) all.push_back({sizes, forward_then_backward});
    }
  return all;
}

void waits_for_nothing() {
  for (const Pass& pass : passes()) {
    const Stream stream;
    Step step(pass.sizes);
    step.give_least_workspace();
    step.head.stream = stream.handle;
    step.place(0);
    const Bits wanted = done_at_once(step, pass.work);
    step.renew();
    headroom_fake_queue(1);
    const long before = waits();
    GOOD(pass.work(&step.head));
    CHECK(waits() == before, "%ld waits", waits() - before);
    CHECK(step.is_new(), "something is done before anybody asks for it");
    CHECK(headroom_fake_work() == 0, "%s", headroom_fake_last_error());
    CHECK(step.outputs() == wanted, "other bits from a queue");
    CHECK(step.intact(), "a guard is touched");
  }
}

void replays_a_capture() {
  for (const Pass& pass : passes()) {
    const Stream stream;
    Step step(pass.sizes);
    step.head.stream = stream.handle;
    step.place(0);
    const Bits wanted = done_at_once(step, pass.work);
    step.renew();
    headroom_fake_capture(stream.handle, 1);
    GOOD(pass.work(&step.head));
    CHECK(headroom_fake_capture(stream.handle, 0) > 0 && step.is_new(), "not recorded");
    for (int i = 0; i < 2; ++i) {
      step.renew();
      CHECK(headroom_fake_replay(stream.handle) == 0, "%s", headroom_fake_last_error());
      CHECK(step.outputs() == wanted, "other bits from replay %d", i);
    }
  }
}

struct Between {
  Step* step;
  const Bits* statistics;
  std::vector<float> r;
  std::vector<int64_t> rows;
  std::vector<int64_t> chunks;
};

// r is not known before the statistics are.
void fill_r(void* context, const int64_t* rows, int64_t count) {
  auto& between = *static_cast<Between*>(context);
  auto* r = reinterpret_cast<float*>(between.step->at("r").data());
  for (int64_t i = 0; i < count; ++i) {
    const auto row = static_cast<size_t>(rows[i]);
    CHECK(std::memcmp(between.step->at("lse").data() + 4 * row, between.statistics->at("lse").data() + 4 * row, 4) == 0, "lse of row %zu is not there", row);
    r[row] = between.r[row];
    between.rows.push_back(rows[i]);
  }
  between.chunks.push_back(count);
}

void waits_once_a_chunk_for_the_caller() {
  for (const bool knows_rows : {false, true}) {
    const Stream stream;
    Case sizes;
    sizes.knows_rows = knows_rows;
    Step step(sizes);
    step.give_least_workspace();
    step.head.stream = stream.handle;
    step.place(0);
    const Bits wanted = done_at_once(step, headroom_head_forward_backward);
    auto* r = reinterpret_cast<float*>(step.at("r").data());
    Between between{&step, &wanted, {r, r + sizes.n}, {}, {}};
    std::fill(r, r + sizes.n, 1e30f);
    step.head.between = fill_r, step.head.between_context = &between;
    step.renew();
    headroom_fake_queue(1);
    const long before = waits();
    GOOD(headroom_head_forward_backward(&step.head));
    const auto chunks = static_cast<long>(between.chunks.size());
    CHECK(chunks == (knows_rows ? 2 : 3) && waits() - before == chunks, "%ld chunks, %ld waits", chunks, waits() - before);
    CHECK(headroom_fake_work() == 0, "%s", headroom_fake_last_error());
    std::vector<int64_t> counting;
    for (int64_t i = 0; i < sizes.n; ++i)
      if (i % 4 != 3) counting.push_back(i);
    CHECK(between.rows == counting, "%zu rows (expected: %zu)", between.rows.size(), counting.size());
    CHECK(step.outputs() == wanted, "other bits with r in between");

    headroom_fake_queue(0);
    headroom_fake_capture(stream.handle, 1);
    REFUSED(headroom_head_forward_backward(&step.head), HEADROOM_UNSUPPORTED, "stream: capturing a graph with a function between");
    CHECK(headroom_fake_capture(stream.handle, 0) == 0, "the capture is broken, or begun");
  }
}

void waits_once_a_chunk_for_a_filter() {
  const Stream stream;
  Case sizes;
  sizes.filters = true;
  Step step(sizes);
  step.give_least_workspace();
  step.head.stream = stream.handle;
  step.place(0);
  const long before = waits();
  const Bits wanted = done_at_once(step, headroom_head_forward_backward);
  CHECK(waits() - before == 3, "%ld waits", waits() - before);
  step.renew();
  headroom_fake_queue(1);
  GOOD(headroom_head_forward_backward(&step.head));
  CHECK(headroom_fake_work() == 0 && step.outputs() == wanted, "other bits from a queue");
  headroom_fake_queue(0);
  headroom_fake_capture(stream.handle, 1);
  REFUSED(headroom_head_forward_backward(&step.head), HEADROOM_UNSUPPORTED, "stream: capturing a graph with a gradient filter");
  CHECK(headroom_fake_capture(stream.handle, 0) == 0, "the capture is broken, or begun");
  CHECK(step.intact(), "a guard is touched");
}

void refuses_a_capture_before_the_first_call() {
  const Stream stream;
  Step step(Case{});
  step.head.stream = stream.handle;
  step.place(0);
  GOOD(headroom_cuda_release());
  headroom_fake_capture(stream.handle, 1);
  REFUSED(headroom_head_forward(&step.head), HEADROOM_UNSUPPORTED, "stream: capturing a graph before the first call on its device");
  CHECK(headroom_fake_capture(stream.handle, 0) == 0, "the capture is broken, or begun");
  GOOD(headroom_head_forward(&step.head));
  headroom_fake_capture(stream.handle, 1);
  step.head.stream = nullptr;
  REFUSED(headroom_head_forward(&step.head), HEADROOM_INTERNAL, "stream: CUDA_ERROR_STREAM_CAPTURE_IMPLICIT");
  CHECK(headroom_fake_capture(stream.handle, 0) == 0, "another stream's capture is broken");
}

// Sizes that no tile, chunk, warp or vector is a multiple of; strides, alignments and dtypes.
std::vector<Case> shapes() {
  std::vector<Case> all;
  for (const int64_t n : {1, 17, 33})
    for (const int32_t engine : {HEADROOM_KEPT, HEADROOM_RECOMPUTED}) {
      Case sizes;
      sizes.n = n, sizes.d = n % 16 + 6, sizes.v = 9 + n * 11, sizes.engine = engine;
      sizes.all = true, sizes.knows_rows = n == 17;
      all.push_back(sizes);
    }
  for (const int32_t dtype : {HEADROOM_FLOAT32, HEADROOM_FLOAT16, HEADROOM_BFLOAT16})
    for (const int32_t compute : {HEADROOM_FLOAT32, HEADROOM_BFLOAT16, HEADROOM_TFLOAT32}) {
      Case sizes;
      sizes.n = 18, sizes.d = 16, sizes.e_dtype = dtype, sizes.c_dtype = dtype, sizes.compute = compute, sizes.knows_rows = true;
      all.push_back(sizes);
      sizes.pad = 3, sizes.shift = dtype == HEADROOM_FLOAT32 ? 4 : 2;
      all.push_back(sizes);
      sizes.pad = 8, sizes.shift = 0, sizes.c_dtype = HEADROOM_FLOAT32, sizes.adds = true, sizes.all = true;
      all.push_back(sizes);
    }
  Case filter;  // which keeps the products, of more tiles than one
  filter.n = 18, filter.d = 5, filter.v = 4099, filter.filters = true, filter.engine = HEADROOM_AUTO;
  all.push_back(filter);
  Case wide;
  wide.n = 3, wide.d = 5, wide.v = 4099, wide.all = true;
  all.push_back(wide);
  Case nobody;
  nobody.n = 0, nobody.d = 3;
  all.push_back(nobody);
  return all;
}

std::string words(const Case& sizes) {
  return "n " + std::to_string(sizes.n) + " d " + std::to_string(sizes.d) + " v " + std::to_string(sizes.v) + " engine " + std::to_string(sizes.engine) +
         " compute " + std::to_string(sizes.compute) + " dtypes " + std::to_string(sizes.e_dtype) + " " + std::to_string(sizes.c_dtype) + " pad " +
         std::to_string(sizes.pad);
}

// What the outputs differ in from the CPU's, beyond what the compute type's rounding explains.
std::string from_cpu(const Step& step) {
  const Step cpu = Step::on_cpu(step.sizes);
  GOOD(headroom_head_forward_backward(&cpu.head));
  return Step::difference(step, cpu, step.sizes.compute == HEADROOM_FLOAT32 ? 2e-5 : 2e-2);
}

// The whole of the least workspace is the call's, and no byte beside it or beside any array.
void touches_its_own_memory_alone() {
  for (const Case& sizes : shapes()) {
    const Stream stream;
    const std::string of = words(sizes);
    Step step(sizes);
    step.give_least_workspace();
    step.head.stream = stream.handle;
    step.place(0);
    step.renew();
    const int32_t status = headroom_head_forward_backward(&step.head);
    CHECK(status == HEADROOM_OK, "%s: %s; %s", of.c_str(), headroom_last_error(), headroom_fake_last_error());
    CHECK(step.intact(), "%s: a guard is touched", of.c_str());
    const std::string apart = sizes.filters ? "" : from_cpu(step);  // blocks of a filter differ
    CHECK(apart.empty(), "%s: %s", of.c_str(), apart.c_str());

    const int64_t least = step.head.workspace_bytes;
    step.give_workspace(least - 1);
    step.place(0);
    REFUSED(headroom_head_forward_backward(&step.head), HEADROOM_INVALID, "workspace bytes: " + std::to_string(least - 1) + " (expected: at least " + std::to_string(least));
  }
}

void gives_logits_where_they_are_asked_for() {
  const Stream stream;
  Case sizes;
  sizes.n = 5;
  Step step(sizes), cpu = Step::on_cpu(sizes);
  const int64_t stride = sizes.v + 3;
  const headroom::fake::Memory z((sizes.n - 1) * stride * 4 + sizes.v * 4, headroom::fake::kOld);
  std::vector<float> wanted(static_cast<size_t>(sizes.n * stride));
  step.head.stream = stream.handle;
  step.place(0);
  REFUSED(headroom_head_logits(&step.head, reinterpret_cast<float*>(z.data()), stride), HEADROOM_INVALID, "z: memory of the host (expected: memory of a CUDA device");
  headroom_fake_memory(z.data(), z.bytes(), 0);
  GOOD(headroom_head_logits(&step.head, reinterpret_cast<float*>(z.data()), stride));
  GOOD(headroom_head_logits(&cpu.head, wanted.data(), stride));
  const auto* got = reinterpret_cast<const float*>(z.data());
  for (int64_t i = 0; i < sizes.n; ++i)
    for (int64_t j = 0; j < (i + 1 < sizes.n ? stride : sizes.v); ++j) {
      const float x = got[i * stride + j], y = wanted[static_cast<size_t>(i * stride + j)];
      const bool old = j >= sizes.v || i % 4 == 3;
      CHECK(old ? std::memcmp(&x, ">>>>", 4) == 0 : std::abs(x - y) < 1e-5f, "row %ld class %ld: %g, %g", static_cast<long>(i), static_cast<long>(j),
            static_cast<double>(x), static_cast<double>(y));
    }
  CHECK(z.intact() && step.intact() && step.is_new(), "something else is touched");
}

void has_one_result_for_any_order_of_blocks() {
  for (const bool filters : {false, true}) {
    const Stream stream;
    Case sizes;
    sizes.all = true, sizes.filters = filters, sizes.n = 21;
    Step step(sizes);
    step.head.stream = stream.handle;
    step.place(0);
    const Bits wanted = done_at_once(step, headroom_head_forward_backward);
    for (uint64_t seed = 1; seed < 5; ++seed) {
      headroom_fake_order(seed, seed % 2 ? 1 : 2, 1);
      CHECK(done_at_once(step, headroom_head_forward_backward) == wanted, "other bits for seed %d", static_cast<int>(seed));
    }
  }
}

void serves_two_threads() {
  const Stream first, second;
  Case sizes;
  sizes.n = 20;
  Step a(sizes);
  sizes.d = 8, sizes.compute = HEADROOM_BFLOAT16, sizes.engine = HEADROOM_KEPT;
  Step b(sizes);
  a.head.stream = first.handle, b.head.stream = second.handle;
  a.place(0), b.place(0);
  const Bits wanted[] = {done_at_once(a, headroom_head_forward_backward), done_at_once(b, headroom_head_forward_backward)};
  GOOD(headroom_cuda_release());  // so that both come first
  const auto work = [](const Step& step, const Bits& bits) {
    for (int i = 0; i < 4; ++i) {
      step.renew();
      if (headroom_head_forward_backward(&step.head) != HEADROOM_OK || step.outputs() != bits) return false;
    }
    return true;
  };
  bool good[2] = {};
  std::thread one([&] { good[0] = work(a, wanted[0]); }), other([&] { good[1] = work(b, wanted[1]); });
  one.join(), other.join();
  CHECK(good[0] && good[1], "%d %d: %s", good[0], good[1], headroom_fake_last_error());
}

void serves_two_devices_in_turn() {
  headroom_fake_devices(2);
  {
    const Stream streams[2] = {Stream(0), Stream(1)};
    Case sizes;
    sizes.n = 7;
    Step steps[2] = {Step(sizes), Step(sizes)};
    Bits bits[2];
    for (int round = 0; round < 2; ++round)
      for (int device = 0; device < 2; ++device) {
        steps[device].head.stream = streams[device].handle;
        steps[device].place(device);
        bits[device] = done_at_once(steps[device], headroom_head_forward_backward);
      }
    CHECK(bits[0] == bits[1], "the devices differ");
    for (const char* name : {"e", "r", "dc", "workspace"}) {
      headroom_fake_memory(steps[0].at(name).data(), steps[0].at(name).bytes(), 1);
      REFUSED(headroom_head_forward_backward(&steps[0].head), HEADROOM_INVALID, std::string(name) + ": memory of device 1 (expected: memory of device 0, where c lies)");
      headroom_fake_memory(steps[0].at(name).data(), steps[0].at(name).bytes(), 0);
    }
    steps[0].head.stream = streams[1].handle;
    REFUSED(headroom_head_forward_backward(&steps[0].head), HEADROOM_INVALID, "CUDA_ERROR_INVALID_HANDLE, invalid resource handle (expected: a stream of the arrays' device");
    steps[0].head.stream = streams[0].handle;
    GOOD(headroom_head_forward_backward(&steps[0].head));
    GOOD(headroom_cuda_release());
    CHECK(*headroom_fake_leaks() == '\0', "%s", headroom_fake_leaks());
  }
  headroom_fake_devices(1);
}

}  // namespace

int main() {
  const Scratch cache;
  take_the_fake();
  setenv("HEADROOM_CACHE_DIR", cache.path().c_str(), 1);
  waits_for_nothing();
  replays_a_capture();
  waits_once_a_chunk_for_the_caller();
  waits_once_a_chunk_for_a_filter();
  refuses_a_capture_before_the_first_call();
  touches_its_own_memory_alone();
  gives_logits_where_they_are_asked_for();
  has_one_result_for_any_order_of_blocks();
  serves_two_threads();
  serves_two_devices_in_turn();
  GOOD(headroom_cuda_release());
  CHECK(*headroom_fake_leaks() == '\0', "%s", headroom_fake_leaks());
  return failures() == 0 ? 0 : 1;
}
