#include "step.h"

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "fake.h"
#include "naive_blas.h"

namespace headroom::fake {
namespace {

constexpr std::int64_t kGuard = 512, kLine = 256;
constexpr unsigned char kGuardByte = 0xa5, kNan = 0xff;

const headroom_blas kBlas = naive::blas();

std::int64_t bytes_of(std::int32_t dtype) { return dtype == HEADROOM_FLOAT32 ? 4 : 2; }

// Exact for multiples of 1/64 below 2.
void store(float x, std::int32_t dtype, unsigned char* to) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  const std::uint32_t half = x == 0 ? 0 : (bits >> 16 & 0x8000u) | ((bits & 0x7fffffffu) - 0x38000000u) >> 13;
  const auto narrow = static_cast<std::uint16_t>(dtype == HEADROOM_FLOAT16 ? half : bits >> 16);
  std::memcpy(to, dtype == HEADROOM_FLOAT32 ? static_cast<const void*>(&x) : &narrow, static_cast<std::size_t>(bytes_of(dtype)));
}

}  // namespace

Memory::Memory(std::int64_t bytes, unsigned char fill, std::int64_t shift)
    : all_(static_cast<std::size_t>(bytes + 2 * kGuard + kLine), kGuardByte), data_(all_.data() + kGuard), bytes_(bytes) {
  data_ += (static_cast<std::uintptr_t>(kLine) - reinterpret_cast<std::uintptr_t>(data_) % kLine) % kLine + static_cast<std::uintptr_t>(shift);
  std::fill(data_, data_ + bytes_, fill);
  guard(true);
}

Memory::~Memory() { guard(false); }

void Memory::guard(bool poisons) const {
  const unsigned char* const end = all_.data() + all_.size();
  const auto set = [&](const unsigned char* from, const unsigned char* to) {
    poisons ? __asan_poison_memory_region(from, static_cast<std::size_t>(to - from)) : __asan_unpoison_memory_region(from, static_cast<std::size_t>(to - from));
  };
  set(all_.data(), data_);
  set(data_ + bytes_, end);
}

bool Memory::intact() const {
  guard(false);
  const auto good = [](unsigned char byte) { return byte == kGuardByte; };
  const bool all = std::all_of(all_.data(), static_cast<const unsigned char*>(data_), good) &&
                   std::all_of(static_cast<const unsigned char*>(data_) + bytes_, all_.data() + all_.size(), good);
  guard(true);
  return all;
}

void* Step::make(const std::string& name, std::int64_t count, std::int64_t bytes_of_each, bool is_output) {
  const std::int64_t shift = name == "e" || name == "c" ? sizes.shift : 0;
  if (is_output) outputs_.push_back(name);
  return arrays_.try_emplace(name, count * bytes_of_each, is_output ? kOld : kNan, shift).first->second.data();
}

template <class Value, class Make>
Value* Step::input(const std::string& name, std::int64_t count, const Make& value) {
  auto* values = static_cast<Value*>(make(name, count, sizeof(Value), false));
  for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<Value>(value(i));
  return values;
}

const void* Step::operands(const std::string& name, std::int64_t rows, std::int32_t dtype, unsigned seed) {
  const std::int64_t size = bytes_of(dtype), stride = sizes.d + sizes.pad;
  auto* values = static_cast<unsigned char*>(make(name, rows == 0 ? 0 : (rows - 1) * stride + sizes.d, size, false));
  std::mt19937 random(seed);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t k = 0; k < sizes.d; ++k)
      store(static_cast<float>(static_cast<int>(random() % 127) - 63) / 64.0f, dtype, values + (i * stride + k) * size);
  return values;
}

Step::Step(const Case& of) : sizes(of) {
  head.abi = HEADROOM_ABI, head.device = HEADROOM_CUDA;
  head.n = sizes.n, head.d = sizes.d, head.v = sizes.v;
  head.compute = sizes.compute, head.engine = sizes.engine, head.threads = 1, head.logit_scale = 0.75, head.ignore_index = -100;
  head.add_dc = sizes.adds;
  if (sizes.filters) head.filter_tau = 1e-3;
  add_inputs();
  add_outputs();
  give_useful_workspace();
}

Step Step::on_cpu(Case sizes) {
  sizes.e_dtype = sizes.c_dtype = HEADROOM_FLOAT32;
  if (sizes.compute == HEADROOM_TFLOAT32) sizes.compute = HEADROOM_FLOAT32;
  sizes.shift = sizes.pad = 0;
  Step step(sizes);
  step.head.device = HEADROOM_CPU, step.head.blas = &kBlas, step.head.gemm = HEADROOM_GEMM_BLAS;
  step.head.kept = nullptr, step.head.kept_count = 0;
  step.give_workspace(64 << 20);
  return step;
}

void Step::add_inputs() {
  const std::int64_t n = sizes.n, v = sizes.v;
  std::mt19937 random(static_cast<unsigned>(n * 1000003 + sizes.d * 1009 + v));
  const auto below = [&](std::int64_t end) { return static_cast<std::int64_t>(random() % static_cast<unsigned>(end)); };
  const auto normal = [&](std::int64_t) { return std::normal_distribution<float>()(random); };
  head.e_dtype = sizes.e_dtype, head.c_dtype = sizes.c_dtype, head.t_dtype = HEADROOM_INT32;
  head.e = operands("e", n, sizes.e_dtype, 1), head.e_stride = sizes.d + sizes.pad;
  head.c = operands("c", v, sizes.c_dtype, 2), head.c_stride = sizes.d + sizes.pad;
  head.b = input<float>("b", v, normal);
  const auto* targets = input<std::int32_t>("t", n, [&](std::int64_t i) { return i % 4 == 3 ? -100 : below(v); });
  head.t = targets;
  head.r = input<float>("r", n, normal);
  if (sizes.knows_rows) {
    std::vector<std::int64_t> counting;
    for (std::int64_t i = 0; i < n; ++i)
      if (targets[i] >= 0) counting.push_back(i);
    head.kept_count = static_cast<std::int64_t>(counting.size());
    head.kept = input<std::int64_t>("kept", head.kept_count, [&](std::int64_t i) { return counting[static_cast<std::size_t>(i)]; });
  }
  if (!sizes.all) return;
  head.z_loss = 0.01, head.soft_cap = 9, head.top_count = 3, head.soft_count = 2, head.listed_count = 2, head.listed_kind = HEADROOM_BY_ROW;
  head.label_smoothing = sizes.filters ? 0 : 0.1;
  head.class_weight = input<float>("class_weight", v, [&](std::int64_t j) { return j % 5 == 0 ? 0.5f : 1.0f; });
  head.soft_ids = input<std::int64_t>("soft_ids", n * 2, [&](std::int64_t) { return below(v); });
  head.soft_weights = input<float>("soft_weights", n * 2, normal);
  head.r_z = input<float>("r_z", n, normal);
  head.u_lse = input<float>("u_lse", n, normal);
  head.u_entropy = input<float>("u_entropy", n, normal);
  head.u_log_prob = input<float>("u_log_prob", n, normal);
  head.listed_ids = input<std::int64_t>("listed_ids", n * 2, [&](std::int64_t at) { return at % 6 == 1 ? -1 : (at * 7 + at % 2) % v; });
  head.listed_places = input<std::int64_t>("listed_places", n, [&](std::int64_t i) { return i % 5 == 0 ? -1 : i; });
  head.u_listed = input<float>("u_listed", n * 2, normal);
  head.u_rest = input<float>("u_rest", n, normal);
}

void Step::add_outputs() {
  const std::int64_t n = sizes.n, v = sizes.v, d = sizes.d, stride = d + sizes.pad;
  head.nll = output<float>("nll", n), head.lse = output<float>("lse", n);
  head.de = output<float>("de", n == 0 ? 0 : (n - 1) * stride + d), head.dc = output<float>("dc", (v - 1) * stride + d);
  head.de_stride = head.dc_stride = stride;
  head.db = output<float>("db", v);
  if (sizes.filters) head.dropped = output<float>("dropped", n);
  if (!sizes.all) return;
  head.entropy = output<float>("entropy", n), head.squares = output<float>("squares", n), head.variance = output<float>("variance", n);
  head.smooth = output<float>("smooth", n), head.soft = output<float>("soft", n);
  head.top_ids = output<std::int64_t>("top_ids", n * 3), head.top_logits = output<float>("top_logits", n * 3);
  head.listed_logits = output<float>("listed_logits", n * 2), head.lse_rest = output<float>("lse_rest", n);
}

void Step::place(int device) const {
  headroom_fake_only_known(1);
  for (const auto& [name, memory] : arrays_) headroom_fake_memory(memory.data(), std::max<std::int64_t>(memory.bytes(), 1), device);
}

void Step::give_workspace(std::int64_t bytes) {
  arrays_.erase("workspace");
  head.workspace = make("workspace", bytes, 1, false);
  head.workspace_bytes = bytes;
}

headroom_plan Step::plan() const {
  headroom_head asked = head;
  headroom_plan answer{};
  asked.workspace_bytes = 64 << 20;
  headroom_head_plan(&asked, &answer);
  return answer;
}

void Step::give_useful_workspace() { give_workspace(plan().used_workspace_bytes); }

void Step::give_least_workspace() { give_workspace(plan().least_workspace_bytes); }

void Step::renew() const {
  for (const std::string& name : outputs_) std::fill_n(arrays_.at(name).data(), arrays_.at(name).bytes(), kOld);
}

bool Step::is_new() const {
  const std::map<std::string, std::string> all = outputs();
  return std::all_of(all.begin(), all.end(), [](const auto& each) { return each.second.find_first_not_of(static_cast<char>(kOld)) == std::string::npos; });
}

std::map<std::string, std::string> Step::outputs() const {
  std::map<std::string, std::string> all;
  for (const std::string& name : outputs_) all[name] = arrays_.at(name).copy();
  return all;
}

bool Step::intact() const {
  bool all = true;
  for (const auto& [name, memory] : arrays_) all = all && memory.intact();
  for (const auto& [name, rows] : {std::pair("de", sizes.n), std::pair("dc", sizes.v)})  // and between rows
    for (std::int64_t i = 0; i + 1 < rows; ++i) {
      const unsigned char* const between = arrays_.at(name).data() + (i * (sizes.d + sizes.pad) + sizes.d) * 4;
      all = all && std::all_of(between, between + sizes.pad * 4, [](unsigned char byte) { return byte == kOld; });
    }
  return all;
}

std::vector<std::string> Step::names() const {
  std::vector<std::string> all;
  for (const auto& [name, memory] : arrays_) all.push_back(name);
  return all;
}

std::string Step::difference(const Step& device, const Step& cpu, double bound) {
  for (const std::string& name : device.outputs_) {
    const Memory &ours = device.arrays_.at(name), &theirs = cpu.arrays_.at(name);
    const bool is_matrix = name == "de" || name == "dc";
    const std::int64_t d = device.sizes.d, width = is_matrix ? d + device.sizes.pad : 1, wanted = is_matrix ? d : 1;
    if (name == "top_ids") {
      if (ours.copy() != theirs.copy()) return name;
      continue;
    }
    const auto *x = reinterpret_cast<const float*>(ours.data()), *y = reinterpret_cast<const float*>(theirs.data());
    const std::int64_t count = theirs.bytes() / 4;
    double largest = 0;
    for (std::int64_t i = 0; i < count; ++i)
      if (std::isfinite(y[i])) largest = std::max(largest, static_cast<double>(std::fabs(y[i])));
    for (std::int64_t i = 0; i < count; ++i) {
      const double a = static_cast<double>(x[i / wanted * width + i % wanted]), b = static_cast<double>(y[i]);
      if (!(a == b || std::fabs(a - b) <= bound * std::max(1.0, largest))) return name + "[" + std::to_string(i) + "]: " + std::to_string(a) + ", " + std::to_string(b);
    }
  }
  return "";
}

std::int32_t forward_then_backward(const headroom_head* head) {
  const std::int32_t status = headroom_head_forward(head);
  return status == HEADROOM_OK ? headroom_head_backward(head) : status;
}

}  // namespace headroom::fake
