// Every instruction set that this machine has, against float64, with ragged widths, NaN in every lane, and -inf.
#include "epilogue.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "check.h"

using headroom::Epilogues;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<const Epilogues*> available() {
  std::vector<const Epilogues*> sets{&headroom::epilogues_generic};
  const std::string best = headroom::epilogues().isa;
  if (best != "generic") sets.push_back(&headroom::epilogues_avx2);
  if (best == "avx512") sets.push_back(&headroom::epilogues_avx512);
  return sets;
}

void exp_stays_within_two_ulp(const Epilogues& set) {
  std::vector<float> x, y;
  for (double at = -87.3; at < 88.7; at += 0.00037) x.push_back(static_cast<float>(at));
  y.resize(x.size());
  set.exp(x.data(), y.data(), static_cast<int64_t>(x.size()));
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double truth = std::exp(static_cast<double>(x[i]));
    const double ulp = std::ldexp(1.0, std::ilogb(truth) - 23);
    worst = std::fmax(worst, std::fabs(static_cast<double>(y[i]) - truth) / ulp);
  }
  CHECK(worst <= 2.0, "%s: %g ulp", set.isa, worst);
  const float edges[] = {-kInfinity, -200.0f, kInfinity, 200.0f, NAN, 0.0f, -0.0f};
  float out[7];
  set.exp(edges, out, 7);
  CHECK(out[0] == 0 && out[1] == 0 && out[2] == kInfinity && out[3] == kInfinity, "%s: bounds", set.isa);
  CHECK(std::isnan(out[4]) && out[5] == 1 && out[6] == 1, "%s: NaN and zero", set.isa);
}

void tanh_stays_within_four_ulp(const Epilogues& set) {
  std::vector<float> x, y;
  for (double at = -12; at < 12; at += 0.000071) x.push_back(static_cast<float>(at));
  for (double at = 1e-30; at < 1; at *= 1.01) x.push_back(static_cast<float>(at));
  y.resize(x.size());
  set.tanh(x.data(), y.data(), static_cast<int64_t>(x.size()));
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double truth = std::tanh(static_cast<double>(x[i]));
    if (truth == 0) continue;
    worst = std::fmax(worst, std::fabs(static_cast<double>(y[i]) - truth) / std::ldexp(1.0, std::ilogb(truth) - 23));
  }
  CHECK(worst <= 4.0, "%s: %g ulp", set.isa, worst);
  const float edges[] = {-200.0f, 200.0f, NAN, 0.0f};
  float out[4];
  set.tanh(edges, out, 4);
  CHECK(out[0] == -1 && out[1] == 1 && std::isnan(out[2]) && out[3] == 0, "%s: bounds", set.isa);
}

void log1p_stays_within_three_ulp(const Epilogues& set) {
  std::vector<float> x, y;
  for (double at = 1e-30; at < 1e38; at *= 1.0003) x.push_back(static_cast<float>(at));
  for (double at = 0.3; at < 1.2; at += 0.00001) x.push_back(static_cast<float>(at));
  y.resize(x.size());
  set.log1p(x.data(), y.data(), static_cast<int64_t>(x.size()));
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double truth = std::log1p(static_cast<double>(x[i]));
    worst = std::fmax(worst, std::fabs(static_cast<double>(y[i]) - truth) / std::ldexp(1.0, std::ilogb(truth) - 23));
  }
  CHECK(worst <= 3.0, "%s: %g ulp", set.isa, worst);
  const float edges[] = {0.0f, kInfinity, NAN, 3.0e38f};
  float out[4];
  set.log1p(edges, out, 4);
  CHECK(out[0] == 0 && out[1] == kInfinity && std::isnan(out[2]) && out[3] > 88, "%s: bounds", set.isa);
}

void float16_widens_exactly(const Epilogues& set) {
  const uint16_t halves[] = {0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x83ff, 0x7c00, 0xfc00, 0x7e00};
  const float wanted[] = {0.0f, -0.0f, 1.0f, -2.0f, 65504.0f, 0x1p-24f, -1023 * 0x1p-24f, kInfinity, -kInfinity, NAN};
  uint16_t x[23];
  float y[23];
  for (int i = 0; i < 23; ++i) x[i] = halves[i % 10];
  set.widen_f16(x, y, 23);
  for (int i = 0; i < 23; ++i)
    CHECK(y[i] == wanted[i % 10] || (std::isnan(y[i]) && std::isnan(wanted[i % 10])), "%s: %x became %g", set.isa, x[i],
          static_cast<double>(y[i]));
}

void statistics_and_gradient_match_float64(const Epilogues& set, int64_t cols, bool with_bias) {
  std::mt19937 random(static_cast<unsigned>(cols));
  std::normal_distribution<float> normal(0, 3);
  const int64_t rows = 3, ld = cols + 2;
  std::vector<float> z(static_cast<size_t>(rows * ld)), bias(static_cast<size_t>(cols)), w(bias.size());
  for (float& x : z) x = normal(random);
  for (float& x : bias) x = normal(random);
  for (float& x : w) x = normal(random);
  const headroom::Tile tile{z.data(), ld, rows, cols};
  const std::vector<float> raw = z;
  set.transform(tile, {with_bias ? bias.data() : nullptr, with_bias ? 0.75f : 1.0f, with_bias ? 5.0f : 0.0f});
  float max[3], sum[3], moment[3], second[3], squares[3], weighted[3], top[6];
  int32_t top_columns[6];
  set.row_stats(tile, {max, sum, moment, second, squares});
  set.row_weighted(tile, w.data(), weighted);
  set.row_top(tile, 2, top, top_columns);
  const float a[3] = {0.5f, -1.25f, 2}, b[3] = {0.25f, 1, -0.5f}, s[3] = {0.125f, 0, 1};
  float lse[3];
  std::vector<double> expected(z.size());
  for (int64_t i = 0; i < rows; ++i) {
    double total = 0, largest = -1e30, first_moment = 0, second_moment = 0, square = 0, weight = 0;
    for (int64_t v = 0; v < cols; ++v) {
      const size_t at = static_cast<size_t>(i * ld + v);
      const double product = static_cast<double>(raw[at]);
      const double logit = with_bias ? 5 * std::tanh(0.75 * (product + static_cast<double>(bias[static_cast<size_t>(v)])) / 5) : product;
      CHECK(std::fabs(static_cast<double>(z[at]) - logit) < 2e-6, "%s cols %ld: logit %g, %g", set.isa, static_cast<long>(cols),
            static_cast<double>(z[at]), logit);
      total += std::exp(logit);
      first_moment += std::exp(logit) * logit;
      second_moment += std::exp(logit) * logit * logit;
      square += std::exp(2 * logit);
      weight += static_cast<double>(w[static_cast<size_t>(v)]) * logit;
      largest = std::fmax(largest, logit);
    }
    const double mean = static_cast<double>(max[i]) + static_cast<double>(moment[i]) / static_cast<double>(sum[i]);
    CHECK(std::fabs(mean - first_moment / total) < 1e-5, "%s cols %ld: mean logit %g, %g", set.isa, static_cast<long>(cols), mean,
          first_moment / total);
    const double all = static_cast<double>(sum[i]), offset = static_cast<double>(moment[i]) / all;
    const double variance = static_cast<double>(second[i]) / all - offset * offset;
    const double expected_variance = second_moment / total - first_moment / total * first_moment / total;
    CHECK(std::fabs(variance - expected_variance) < 1e-4, "%s cols %ld: variance %g, %g", set.isa, static_cast<long>(cols), variance,
          expected_variance);
    CHECK(std::fabs(static_cast<double>(squares[i]) / all / all - square / total / total) < 1e-5, "%s cols %ld: squares", set.isa,
          static_cast<long>(cols));
    CHECK(std::fabs(static_cast<double>(weighted[i]) - weight) < 1e-4, "%s cols %ld: weighted %g, %g", set.isa,
          static_cast<long>(cols), static_cast<double>(weighted[i]), weight);
    CHECK(top[2 * i] == max[i] && z[static_cast<size_t>(i * ld + top_columns[2 * i])] == max[i], "%s cols %ld: top", set.isa,
          static_cast<long>(cols));
    CHECK(cols == 1 ? top_columns[2 * i + 1] == -1 : top[2 * i + 1] <= top[2 * i] && top_columns[2 * i + 1] != top_columns[2 * i],
          "%s cols %ld: second", set.isa, static_cast<long>(cols));
    const double got = static_cast<double>(max[i]) + std::log(static_cast<double>(sum[i]));
    CHECK(std::fabs(got - std::log(total)) < 1e-5, "%s cols %ld: lse %g, %g", set.isa, static_cast<long>(cols), got, std::log(total));
    CHECK(std::fabs(static_cast<double>(max[i]) - largest) < 1e-5, "%s cols %ld: max", set.isa, static_cast<long>(cols));
    lse[i] = static_cast<float>(std::log(total));
    for (int64_t v = 0; v < cols; ++v) {
      const size_t at = static_cast<size_t>(i * ld + v);
      const double logit = static_cast<double>(z[at]);
      const double p = std::exp(logit - static_cast<double>(lse[i]));
      expected[at] = p * static_cast<double>(a[i]) + p * logit * static_cast<double>(b[i]) - static_cast<double>(s[i]) * static_cast<double>(w[static_cast<size_t>(v)]);
      if (with_bias) expected[at] *= 0.75 * (1 - logit * logit / 25);
    }
  }
  set.row_gradient(tile, {lse, a, b, s, w.data(), with_bias ? 0.75f : 1.0f, with_bias ? 5.0f : 0.0f});
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t v = 0; v < cols; ++v) {
      const size_t at = static_cast<size_t>(i * ld + v);
      CHECK(std::fabs(static_cast<double>(z[at]) - expected[at]) < 3e-5 * (1 + std::fabs(expected[at])),
            "%s cols %ld: gradient %g, %g", set.isa, static_cast<long>(cols), static_cast<double>(z[at]), expected[at]);
    }
}

void a_nan_in_any_lane_is_seen(const Epilogues& set) {
  for (int64_t cols : {1, 15, 16, 17, 33})
    for (int64_t at = 0; at < cols; ++at)
      for (float poison : {static_cast<float>(NAN), kInfinity}) {
        std::vector<float> z(static_cast<size_t>(cols), 1.0f);
        z[static_cast<size_t>(at)] = poison;
        float max, sum;
        set.transform({z.data(), cols, 1, cols}, {nullptr, 2.0f, at % 2 ? 3.0f : 0.0f});
        set.row_stats({z.data(), cols, 1, cols}, {&max, &sum, nullptr, nullptr, nullptr});
        CHECK(std::isnan(sum) || std::isinf(max), "%s: lane %ld of %ld hides %g", set.isa, static_cast<long>(at),
              static_cast<long>(cols), static_cast<double>(poison));
      }
}

void an_absent_tile_has_no_sum(const Epilogues& set) {
  std::vector<float> z(21, -kInfinity);
  float max, sum, moment;
  set.transform({z.data(), 21, 1, 21}, {nullptr, 0.5f, 30.0f});
  set.row_stats({z.data(), 21, 1, 21}, {&max, &sum, &moment, nullptr, nullptr});
  CHECK(max == -kInfinity && sum == 0 && moment == 0, "%s: %g %g", set.isa, static_cast<double>(max), static_cast<double>(sum));
  const float lse = 2, a = 1, b = 1;
  set.row_gradient({z.data(), 21, 1, 21}, {&lse, &a, &b, nullptr, nullptr, 0.5f, 30.0f});
  for (float g : z) CHECK(g == 0, "%s: gradient %g of an absent class", set.isa, static_cast<double>(g));
}

void bfloat16_rounds_to_nearest_even(const Epilogues& set) {
  const uint32_t bits[] = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f808001, 0x7fc00000, 0x7f800001, 0x7f800000, 0xff7fffff};
  const uint16_t wanted[] = {0x3f80, 0x3f80, 0x3f82, 0x3f81, 0x7fc0, 0x7fc0, 0x7f80, 0xff80};
  float x[19];
  uint16_t y[19];
  for (int i = 0; i < 19; ++i) std::memcpy(x + i, bits + i % 8, 4);
  set.round_bf16(x, y, 19);
  for (int i = 0; i < 19; ++i) CHECK(y[i] == wanted[i % 8], "%s: %x became %x", set.isa, bits[i % 8], y[i]);
}

}  // namespace

int main() {
  for (const Epilogues* set : available()) {
    exp_stays_within_two_ulp(*set);
    tanh_stays_within_four_ulp(*set);
    log1p_stays_within_three_ulp(*set);
    float16_widens_exactly(*set);
    for (int64_t cols : {1, 3, 4, 5, 15, 16, 17, 31, 32, 100})
      for (bool with_bias : {false, true}) statistics_and_gradient_match_float64(*set, cols, with_bias);
    a_nan_in_any_lane_is_seen(*set);
    an_absent_tile_has_no_sum(*set);
    bfloat16_rounds_to_nearest_even(*set);
  }
  std::printf("epilogue_test: %d failures\n", failures());
  return failures() ? 1 : 0;
}
