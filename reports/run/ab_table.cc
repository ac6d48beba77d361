#include "reports/run/ab_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "monitor/record.h"

namespace windtunnel::reports {
namespace {

// The 0.975 and 0.999 quantiles of the standard normal distribution.
constexpr double kNormal975 = 1.959963984540054;
constexpr double kNormal999 = 3.0902323061678136;

// The 0.999 quantiles of chi-square with 1, 2, ... degrees of freedom.
constexpr std::array kChiSquare999 = {
    10.827566, 13.815511, 16.266236, 18.466827, 20.515006, 22.457744, 24.321886, 26.124482, 27.877165, 29.588298,
    31.264134, 32.909490, 34.528179, 36.123274, 37.697298, 39.252355, 40.790217, 42.312396, 43.820196, 45.314747,
    46.797038, 48.267942, 49.728232, 51.178598, 52.619656, 54.051962, 55.476020, 56.892285, 58.301173, 59.703064};

constexpr double kExpectedLeast = 5;

struct Wilson {
  double share = 0;
  double low = 0;
  double high = 0;
};

Wilson wilson(Share of) {
  const auto n = static_cast<double>(of.whole);
  const double share = static_cast<double>(of.part) / n;
  const double z2 = kNormal975 * kNormal975;
  const double middle = share + z2 / (2 * n);
  const double reach = kNormal975 * std::sqrt((share * (1 - share) + z2 / (4 * n)) / n);
  const double scale = 1 + z2 / n;
  return {share, (middle - reach) / scale, (middle + reach) / scale};
}

double square(double value) { return value * value; }

}  // namespace

double Moments::mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }

double Moments::variance() const {
  if (count_ < 2) return 0;
  // The sum of (x - m)^2 for the whole number m just below the mean is exact; only what is left over is a fraction.
  const Int128 middle = sum_ / count_;
  const Int128 left = sum_ - middle * count_;
  const auto from_middle = squares_ - static_cast<Uint128>(middle) * static_cast<Uint128>(2 * sum_) +
                           static_cast<Uint128>(middle) * static_cast<Uint128>(middle) * static_cast<Uint128>(count_);
  const auto n = static_cast<double>(count_);
  return std::max(0.0, static_cast<double>(from_middle) - square(static_cast<double>(left)) / n) / (n - 1);
}

Interval difference_of_shares(Share a, Share b) {
  const Wilson from = wilson(a);
  const Wilson to = wilson(b);
  const double difference = to.share - from.share;
  return {difference, difference - std::sqrt(square(to.share - to.low) + square(from.high - from.share)),
          difference + std::sqrt(square(to.high - to.share) + square(from.share - from.low))};
}

Interval difference_of_means(const Moments& a, const Moments& b) {
  const double difference = b.mean() - a.mean();
  const double error =
      std::sqrt(a.variance() / static_cast<double>(a.count()) + b.variance() / static_cast<double>(b.count()));
  return {difference, difference - kNormal975 * error, difference + kNormal975 * error};
}

double chi_square_limit(int degrees_of_freedom) {
  const auto place = static_cast<std::size_t>(degrees_of_freedom) - 1;
  if (place < kChiSquare999.size()) return kChiSquare999[place];
  // Wilson and Hilferty: too high by less than 0.2 % from here on.
  const double part = 2.0 / (9.0 * degrees_of_freedom);
  const double root = 1 - part + kNormal999 * std::sqrt(part);
  return degrees_of_freedom * root * root * root;
}

SampleRatio sample_ratio(const std::vector<std::int64_t>& counts, const std::vector<std::int64_t>& weights) {
  double all = 0;
  double weight_of_all = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (weights[i] == 0) continue;
    all += static_cast<double>(counts[i]);
    weight_of_all += static_cast<double>(weights[i]);
  }
  SampleRatio ratio;
  int used = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (weights[i] == 0) continue;
    const double expected = all * static_cast<double>(weights[i]) / weight_of_all;
    if (expected < kExpectedLeast) return {};
    ratio.chi_square += square(static_cast<double>(counts[i]) - expected) / expected;
    ++used;
  }
  if (used < 2) return {};
  ratio.is_known = true;
  ratio.degrees_of_freedom = used - 1;
  ratio.is_off = ratio.chi_square > chi_square_limit(ratio.degrees_of_freedom);
  return ratio;
}

std::string four_digits(double value) {
  if (value == 0) return "0";
  const std::string scientific = fmt::format("{:.3e}", value);
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  // What has more digits before the point than four keeps them: they are noise, but zeros would look exact.
  std::string text = fmt::format("{:.{}f}", value, std::clamp(3 - exponent, 0, 300));
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// --- Samples -------------------------------------------------------------------------------------------------------

void AbSamples::on(const monitor::Record& record) {
  const Usd cost = unknown_bills_.cost_of(record);
  if (!record.variant) return;
  Sample& sample = variants_[*record.variant];
  ++sample.requests;
  sample.cost.add(cost.picos());
  if (is_answered(record.outcome)) {
    ++sample.answered;
    sample.latency.add(record.latency().count());
  }
  if (is_new_unit(record.request.user)) ++sample.units;
}

// The value is a good hash already; its low bits are its place.
bool AbSamples::is_new_unit(std::uint64_t unit) {
  if (unit == 0) return !std::exchange(has_unit_0_, true);
  if (2 * units_ >= slots_.size()) grow();
  std::size_t place = unit & (slots_.size() - 1);
  while (slots_[place] != 0 && slots_[place] != unit) place = (place + 1) & (slots_.size() - 1);
  if (slots_[place] == unit || units_ == kUnitsMax) return false;
  slots_[place] = unit;
  ++units_;
  return true;
}

void AbSamples::grow() {
  std::vector<std::uint64_t> old(std::max<std::size_t>(1024, 2 * slots_.size()), 0);
  old.swap(slots_);
  for (const std::uint64_t unit : old) {
    if (unit == 0) continue;
    std::size_t place = unit & (slots_.size() - 1);
    while (slots_[place] != 0) place = (place + 1) & (slots_.size() - 1);
    slots_[place] = unit;
  }
}

// --- What they show ------------------------------------------------------------------------------------------------

std::vector<std::int64_t> AbSamples::units() const {
  std::vector<std::int64_t> units;
  for (const Sample& one : variants_) units.push_back(one.units);
  return units;
}

std::vector<AbComparison> AbSamples::comparisons() const {
  std::vector<AbComparison> comparisons;
  const Sample& first = variants_[0];
  for (std::size_t i = 1; i < variants_.size(); ++i) {
    const Sample& one = variants_[i];
    AbComparison& comparison = comparisons.emplace_back();
    if (first.requests > 0 && one.requests > 0) {
      comparison.success = difference_of_shares({first.answered, first.requests}, {one.answered, one.requests});
    }
    if (first.answered > 1 && one.answered > 1) {
      comparison.latency_mean = difference_of_means(first.latency, one.latency);
    }
    if (first.requests > 1 && one.requests > 1) comparison.cost_mean = difference_of_means(first.cost, one.cost);
  }
  return comparisons;
}

std::vector<AbMeans> AbSamples::means() const {
  std::vector<AbMeans> means;
  for (const Sample& one : variants_) {
    AbMeans& mean = means.emplace_back();
    if (one.answered > 0) mean.latency_ns = one.latency.mean();
    if (one.requests > 0) mean.cost_picos = one.cost.mean();
  }
  return means;
}

}  // namespace windtunnel::reports
