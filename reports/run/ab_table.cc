#include "reports/run/ab_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "monitor/record.h"
#include "sim/statistics/batch_means.h"

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

const char* words_of(sim::NoInterval why) {
  switch (why) {
    case sim::NoInterval::too_few_values:
      return "a variant has fewer than 40 requests";
    case sim::NoInterval::too_dependent:
      return "the run is too short for its queues or outages";
    case sim::NoInterval::no_spread:
      return "all values are alike";
  }
  return "";
}

Interval interval_of(const sim::BatchedDifference& difference) {
  Interval interval{.difference = difference.difference};
  if (difference.half_width) {
    interval.low = difference.difference - *difference.half_width;
    interval.high = difference.difference + *difference.half_width;
  } else {
    interval.no_interval = words_of(difference.why);
  }
  return interval;
}

// Of two shares. Batches that are all alike, because none or all were answered, leave the interval by counts.
Interval wider(Interval by_batches, const Interval& by_counts, sim::NoInterval why) {
  if (!by_batches.low) return why == sim::NoInterval::no_spread ? by_counts : by_batches;
  by_batches.low = std::max(-1.0, std::min(*by_batches.low, *by_counts.low));
  by_batches.high = std::min(1.0, std::max(*by_batches.high, *by_counts.high));
  return by_batches;
}

}  // namespace

Interval difference_of_shares(Share a, Share b) {
  const Wilson from = wilson(a);
  const Wilson to = wilson(b);
  const double difference = to.share - from.share;
  return {.difference = difference,
          .low = difference - std::sqrt(square(to.share - to.low) + square(from.high - from.share)),
          .high = difference + std::sqrt(square(to.high - to.share) + square(from.share - from.low)),
          .no_interval = {}};
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
  // What has more digits before the point than four keeps them: they are noise, but zeros would seem exact.
  std::string text = fmt::format("{:.{}f}", value, std::clamp(3 - exponent, 0, 300));
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// --- Samples -------------------------------------------------------------------------------------------------------

void AbSamples::Cell::add(const Cell& other) {
  requests += other.requests;
  answered += other.answered;
  latency += other.latency;
  cost += other.cost;
}

void AbSamples::on(const monitor::Record& record) {
  const Usd cost = unknown_bills_.cost_of(record);
  if (!record.variant) return;
  if (batches_.empty() || in_batch_ == batch_size_) begin_batch();
  ++in_batch_;
  Cell& cell = batches_.back()[*record.variant];
  ++cell.requests;
  cell.cost += cost.picos();
  if (is_answered(record.outcome)) {
    ++cell.answered;
    cell.latency += record.latency().count();
  }
  if (is_new_unit(record.request.user)) ++units_of_[*record.variant];
}

// Where there would be too many, two neighbours become one, so that the batches grow with the run.
void AbSamples::begin_batch() {
  if (batches_.size() == 2 * sim::kBatchesLeast) {
    for (std::size_t i = 0; i < sim::kBatchesLeast; ++i) {
      Cells merged = std::move(batches_[2 * i]);
      for (std::size_t variant = 0; variant < merged.size(); ++variant) {
        merged[variant].add(batches_[2 * i + 1][variant]);
      }
      batches_[i] = std::move(merged);
    }
    batches_.resize(sim::kBatchesLeast);
    batch_size_ *= 2;
  }
  batches_.emplace_back(units_of_.size());
  in_batch_ = 0;
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

std::vector<std::int64_t> AbSamples::units() const { return units_of_; }

AbSamples::Cells AbSamples::totals() const {
  Cells totals(units_of_.size());
  for (const Cells& batch : batches_) {
    for (std::size_t i = 0; i < totals.size(); ++i) totals[i].add(batch[i]);
  }
  return totals;
}

std::vector<AbComparison> AbSamples::comparisons() const {
  const Cells all = totals();
  // Count and sum of one quantity, by batch.
  const auto batches_of = [&](std::size_t variant, auto count, auto sum) {
    std::vector<sim::Batch> batches;
    for (const Cells& batch : batches_) {
      batches.push_back({static_cast<double>(batch[variant].*count), static_cast<double>(batch[variant].*sum)});
    }
    return batches;
  };
  const auto difference = [&](std::size_t variant, auto count, auto sum) {
    return sim::difference_of_batches(batches_of(0, count, sum), batches_of(variant, count, sum));
  };
  std::vector<AbComparison> comparisons;
  for (std::size_t i = 1; i < all.size(); ++i) {
    AbComparison& comparison = comparisons.emplace_back();
    if (const auto of_answered = difference(i, &Cell::requests, &Cell::answered)) {
      const Interval independent =
          difference_of_shares({all[0].answered, all[0].requests}, {all[i].answered, all[i].requests});
      comparison.success = wider(interval_of(*of_answered), independent, of_answered->why);
    }
    if (const auto latency = difference(i, &Cell::answered, &Cell::latency)) {
      comparison.latency_mean = interval_of(*latency);
    }
    if (const auto cost = difference(i, &Cell::requests, &Cell::cost)) comparison.cost_mean = interval_of(*cost);
  }
  return comparisons;
}

std::vector<AbMeans> AbSamples::means() const {
  std::vector<AbMeans> means;
  for (const Cell& total : totals()) {
    AbMeans& mean = means.emplace_back();
    if (total.answered > 0) mean.latency_ns = static_cast<double>(total.latency) / static_cast<double>(total.answered);
    if (total.requests > 0) mean.cost_picos = static_cast<double>(total.cost) / static_cast<double>(total.requests);
  }
  return means;
}

}  // namespace windtunnel::reports
