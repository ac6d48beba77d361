#include "sim/forecast/forecast.h"

// This file is long because each figure stands beside the claims that are judged by it.

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "sim/checks/claims/comparison.h"
#include "sim/checks/claims/unbreakable.h"
#include "sim/forecast/controls.h"
#include "sim/kernel/digest.h"
#include "sim/statistics/skewed_mean.h"
#include "sim/statistics/standard_deviation.h"

namespace windtunnel::sim {
namespace {

using monitor::Outcome;
using Values = std::vector<std::int64_t>;
using Sums = std::vector<Int128>;

constexpr double kPicosPerDollar = 1e12;
constexpr double kNanosecondsPerDay = 86'400e9;

// One number of each replication, in order: of 128 bits if it is money.
template <class Get>
auto values_of(const ReplicationSet& set, Get get) {
  std::vector<std::decay_t<decltype(get(set.all.front()))>> values;
  values.reserve(set.all.size());
  for (const Replication& replication : set.all) values.push_back(get(replication));
  return values;
}

std::optional<Estimate> estimate_of(std::optional<ControlledEstimate> controlled) {
  return controlled ? std::optional{controlled->estimate} : std::nullopt;
}

template <class Get>
std::vector<double> doubles_of(const ReplicationSet& set, Get get) {
  return values_of(set, [&](const Replication& entry) { return static_cast<double>(get(entry)); });
}

template <class Get>
std::optional<Estimate> mean_over(const ReplicationSet& set, const Controls& controls, Get get) {
  if (const auto controlled = controls.mean(doubles_of(set, get))) return controlled->estimate;
  const auto values = values_of(set, get);
  return estimate_mean(std::span{values});
}

template <class Value>
QuantilesOf<Value> quantiles_of(std::vector<Value> values) {
  std::sort(values.begin(), values.end());
  const std::span<const Value> sorted{values};
  return {.p10 = estimate_quantile(sorted, 0.1),
          .p50 = estimate_quantile(sorted, 0.5),
          .p90 = estimate_quantile(sorted, 0.9)};
}

Estimate share_reached(const Values& instants, std::int64_t by) {
  const auto hits = std::count_if(instants.begin(), instants.end(), [&](std::int64_t at) { return at <= by; });
  return estimate_share(static_cast<std::size_t>(hits), instants.size());
}

std::int64_t crossing(const Replication& replication, std::size_t month, std::size_t share, std::size_t shares) {
  return replication.crossed[month * shares + share];
}

Spread spread_of(const ReplicationSet& set) {
  Spread spread;
  const Sums costs = values_of(set, [](auto& entry) { return entry.cost(); });
  spread.all = estimate_sd(costs);
  if (!set.frame.uncertain()) {
    spread.noise = spread.all;
    if (spread.all) spread.demand = Estimate{};
    return spread;
  }
  std::vector<double> halves;
  for (const Replication& replication : set.all) {
    if (replication.twin_cost == kNever) continue;
    const auto difference = static_cast<double>(replication.cost() - replication.twin_cost);
    halves.push_back(difference * difference / 2);
  }
  spread.twins = halves.size();
  // Half squares are skewed, and there are few of them. Twins that are all alike have no noise.
  auto noise = estimate_skewed_mean(halves);
  if (!noise) noise = estimate_mean(std::span<const double>{halves});
  if (!spread.all || !noise) return spread;
  const auto root = [](double variance) { return std::sqrt(std::max(0.0, variance)); };
  spread.noise = Estimate{root(noise->value), root(noise->low), root(noise->high)};
  const Estimate all{spread.all->value * spread.all->value, spread.all->low * spread.all->low,
                     spread.all->high * spread.all->high};
  // The half-widths of two estimates that are nearly independent add as squares.
  const auto both = [](double a, double b) { return std::sqrt(a * a + b * b); };
  const double below = both(all.value - all.low, noise->high - noise->value);
  const double above = both(all.high - all.value, noise->value - noise->low);
  const double demand = all.value - noise->value;
  spread.demand = Estimate{root(demand), root(demand - below), root(demand + above)};
  return spread;
}

std::vector<ForecastRow> rows_of(const ReplicationSet& set, const Controls& controls) {
  std::vector<ForecastRow> rows;
  const std::size_t shares = set.frame.shares.size();
  const std::vector<ForecastDay> days = days_of(set.frame);
  for (std::size_t d = 0; d < days.size(); ++d) {
    ForecastRow row{.day = days[d]};
    row.month_to_date = quantiles_of(values_of(set, [&](auto& entry) { return entry.month_to_date[d]; }));
    // The last day's requests in flight belong to it.
    const std::int64_t end = d + 1 == days.size() ? kNever - 1 : days[d].end.time_since_epoch().count();
    for (std::size_t share = 0; set.frame.monthly && share < shares; ++share) {
      const auto controlled = estimate_of(controls.chance_by_day(share, d));
      row.crossed.push_back(
          controlled
              ? *controlled
              : share_reached(
                    values_of(set, [&](auto& entry) { return crossing(entry, days[d].month, share, shares); }), end));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

template <class Get>
std::vector<SpendLine> lines_of(const ReplicationSet& set, const Controls& controls,
                                const std::vector<std::string>& names, Get get) {
  std::vector<SpendLine> lines;
  for (std::size_t i = 0; i < names.size(); ++i) {
    lines.push_back({.name = names[i],
                     .cost = mean_over(set, controls, [&](auto& entry) { return get(entry, i); }),
                     .settled = {}});
  }
  return lines;
}

// Workloads of the same feature version count together, in the order of their first one.
std::vector<SpendLine> features_of(const ReplicationSet& set, const Controls& controls) {
  std::vector<std::string> names;
  for (const std::string& name : set.frame.features) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return lines_of(set, controls, names, [&](const Replication& replication, std::size_t place) {
    Int128 sum = 0;
    for (std::size_t i = 0; i < replication.by_workload.size(); ++i) {
      if (set.frame.features[i] == names[place]) sum += replication.by_workload[i];
    }
    return sum;
  });
}

std::optional<Estimate> ratio_of(const ReplicationSet& set, std::int64_t (*part)(const Replication&),
                                 std::int64_t (*whole)(const Replication&)) {
  return share_in(set.frame, values_of(set, part), values_of(set, whole));
}

std::int64_t attempted(const Replication& replication) { return replication.requests() - replication.refused(); }

void add_traffic(Forecast& forecast, const ReplicationSet& set, const Controls& controls) {
  const Values requests = values_of(set, [](auto& entry) { return entry.requests(); });
  forecast.requests = estimate_of(controls.requests());
  if (!forecast.requests) forecast.requests = estimate_mean(std::span{requests});
  forecast.answered = ratio_of(
      set, [](const Replication& replication) { return attempted(replication) - replication.failed(); },
      [](const Replication& replication) { return replication.requests(); });
  forecast.availability = ratio_of(
      set, [](const Replication& replication) { return attempted(replication) - replication.failed(); }, &attempted);
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    forecast.shares[i] = share_in(set.frame, values_of(set, [&](auto& entry) { return entry.outcomes[i]; }), requests);
  }
  for (std::size_t i = 0; i < kLatencyShares.size(); ++i) {
    Values values = values_of(set, [&](auto& entry) { return entry.latency_ns[i]; });
    std::erase(values, kNever);
    forecast.latency[i] = estimate_mean(std::span<const std::int64_t>{values});
  }
}

Estimate in_unit(const QuantileOf<Int128>& quantile, double unit) {
  return {static_cast<double>(quantile.value) / unit, static_cast<double>(quantile.low) / unit,
          static_cast<double>(quantile.high) / unit};
}

// Of instants, which may be kNever.
Estimate in_unit(const QuantileEstimate& quantile, double unit) {
  const auto convert = [&](std::int64_t value) {
    return value == kNever ? std::numeric_limits<double>::infinity() : static_cast<double>(value) / unit;
  };
  return {convert(quantile.value), convert(quantile.low), convert(quantile.high)};
}

std::optional<Estimate> in_unit(std::optional<Estimate> estimate, double unit) {
  if (estimate) *estimate = {estimate->value / unit, estimate->low / unit, estimate->high / unit};
  return estimate;
}

template <class Value>
std::optional<Estimate> quantile_in_unit(std::vector<Value> values, Millionths share, double unit) {
  if (share <= Millionths{0} || share >= Millionths{1'000'000}) return std::nullopt;
  std::sort(values.begin(), values.end());
  const auto quantile = estimate_quantile(std::span<const Value>{values}, static_cast<double>(share.value) / 1e6);
  return quantile ? std::optional{in_unit(*quantile, unit)} : std::nullopt;
}

// Mean, median or another percentile of one number a replication.
template <class Value>
std::optional<Estimate> aggregate(std::vector<Value> values, const ThresholdSpec& threshold, double unit) {
  if (threshold.aggregate == Aggregate::med) return quantile_in_unit(std::move(values), Millionths{500'000}, unit);
  if (threshold.aggregate == Aggregate::percentile) {
    return quantile_in_unit(std::move(values), threshold.percentile, unit);
  }
  return in_unit(estimate_mean(std::span<const Value>{values}), unit);
}

// What did not happen within the horizon may happen at any time after it.
std::optional<Estimate> within_horizon(std::optional<Estimate> days, Duration horizon) {
  if (days && !std::isfinite(days->low)) days->low = static_cast<double>(horizon.count()) / kNanosecondsPerDay;
  return days;
}

std::size_t place_named(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  check(found != names.end(), "a threshold's tag names something of the forecast");
  return static_cast<std::size_t>(found - names.begin());
}

Sums costs_of(const ReplicationSet& set, const ThresholdSpec& threshold) {
  if (threshold.provider) {
    const std::size_t place = place_named(set.frame.providers, *threshold.provider);
    return values_of(set, [&](auto& entry) { return entry.billed[place]; });
  }
  if (threshold.variant) {
    const std::size_t place = place_named(set.frame.variants, *threshold.variant);
    return values_of(set, [&](auto& entry) { return entry.by_variant[place]; });
  }
  return values_of(set, [](auto& entry) { return entry.cost(); });
}

std::optional<Estimate> mean_cost(const ReplicationSet& set, const ThresholdSpec& threshold) {
  const Sums costs = costs_of(set, threshold);
  std::vector<double> values;
  for (const Int128 cost : costs) values.push_back(static_cast<double>(cost));
  auto estimate = estimate_of(Controls{set}.mean(values));
  if (!estimate) estimate = estimate_mean(std::span<const Int128>{costs});
  return in_unit(estimate, kPicosPerDollar);
}

std::optional<Estimate> latency_of(const ReplicationSet& set, const ThresholdSpec& threshold) {
  const Millionths wanted = threshold.aggregate == Aggregate::med ? Millionths{500'000} : threshold.percentile;
  const auto found = std::find(kLatencyShares.begin(), kLatencyShares.end(), wanted);
  check(found != kLatencyShares.end(), "a forecast's latency is one of its percentiles");
  const auto place = static_cast<std::size_t>(found - kLatencyShares.begin());
  Values values = values_of(set, [&](auto& entry) { return entry.latency_ns[place]; });
  std::erase(values, kNever);
  return estimate_mean(std::span<const std::int64_t>{values});
}

double bound_of(const ThresholdSpec& threshold) {
  const bool is_time = threshold.forecast == ForecastQuantity::request_duration;
  return static_cast<double>(threshold.bound) / (is_time ? 1.0 : 1e6) +
         static_cast<double>(threshold.bound_picos) / 1e12;
}

// A claim on money shows nothing where none was spent: every price is 0, or nothing was answered.
std::string why_unbreakable(const ReplicationSet& set, const ThresholdSpec& threshold) {
  const auto is_zero = [](Int128 picos) { return picos == 0; };
  const ForecastQuantity of = *threshold.forecast;
  const bool is_share = of == ForecastQuantity::p_exceed || of == ForecastQuantity::requests_failed ||
                        of == ForecastQuantity::requests_refused;
  if (std::string why = why_always(threshold, is_share); !why.empty()) return why;
  switch (of) {
    case ForecastQuantity::requests_refused:
      return set.frame.unrefused;
    case ForecastQuantity::cost_usd:
      return std::ranges::all_of(costs_of(set, threshold), is_zero) ? "no replication spent anything" : "";
    case ForecastQuantity::p_exceed:
    case ForecastQuantity::days_to_exhaustion: {
      const bool is_unspent = std::ranges::all_of(set.all, [&](const Replication& replication) {
        return std::ranges::all_of(replication.by_provider, is_zero);
      });
      return is_unspent ? "no replication spent anything" : "";
    }
    case ForecastQuantity::requests_failed:
    case ForecastQuantity::request_duration:
      return "";
  }
  return "";
}

}  // namespace

Values first_crossings(const ReplicationSet& set, std::size_t share) {
  const std::size_t shares = set.frame.shares.size();
  return values_of(set, [&](const Replication& replication) {
    std::int64_t first = kNever;
    for (std::size_t month = 0; month * shares < replication.crossed.size(); ++month) {
      first = std::min(first, crossing(replication, month, share, shares));
    }
    return first;
  });
}

Forecast forecast_of(const ReplicationSet& set, const std::vector<ThresholdSpec>& thresholds) {
  Forecast forecast{.frame = set.frame, .replications = set.all.size()};
  Digest digest;
  for (const Replication& replication : set.all) digest.add(replication.digest);
  forecast.digest = digest.value();
  if (set.all.empty()) return forecast;
  const Controls controls{set};
  if (set.frame.demand) forecast.reduction = {.controls = controls.names()};
  const auto cost = controls.mean(doubles_of(set, [](auto& entry) { return entry.cost(); }));
  if (cost) forecast.reduction->cost = cost->factor;
  forecast.cost = mean_over(set, controls, [](auto& entry) { return entry.cost(); });
  forecast.cost_known = mean_over(set, controls, [](auto& entry) { return entry.known(); });
  forecast.cost_reserved = mean_over(set, controls, [](auto& entry) { return entry.reserved(); });
  forecast.cost_quantiles = quantiles_of(values_of(set, [](auto& entry) { return entry.cost(); }));
  Sums costs = values_of(set, [](auto& entry) { return entry.cost(); });
  std::sort(costs.begin(), costs.end());
  forecast.cost_p2_5 = estimate_quantile(std::span<const Int128>{costs}, 0.025);
  forecast.cost_p97_5 = estimate_quantile(std::span<const Int128>{costs}, 0.975);
  forecast.cost_sd = spread_of(set);
  if (set.frame.monthly) {
    for (std::size_t i = 0; i < set.frame.shares.size(); ++i) {
      const auto chance = controls.chance(i);
      forecast.p_exceed.push_back(chance ? chance->estimate : share_reached(first_crossings(set, i), kNever - 1));
      if (forecast.reduction) forecast.reduction->p_exceed.push_back(chance ? chance->factor : 1);
    }
    forecast.exhaustion = quantiles_of(first_crossings(set, set.frame.shares.size() - 1));
  }
  forecast.days = rows_of(set, controls);
  forecast.providers =
      lines_of(set, controls, set.frame.providers, [](auto& entry, auto i) { return entry.billed[i]; });
  for (std::size_t i = 0; i < forecast.providers.size(); ++i) {
    forecast.providers[i].settled = mean_over(set, controls, [&](auto& entry) { return entry.by_provider[i]; });
  }
  forecast.variants =
      lines_of(set, controls, set.frame.variants, [](auto& entry, auto i) { return entry.by_variant[i]; });
  forecast.features = features_of(set, controls);
  forecast.causes =
      lines_of(set, controls, {"first attempts", "retries", "failovers", "unknown usage", "saved by the cache"},
               [](auto& entry, auto i) { return entry.by_cause[i]; });
  add_traffic(forecast, set, controls);
  forecast.latency_pooled = set.latency;
  // Without a request a spend of 0 shows nothing.
  const bool has_traffic =
      std::ranges::any_of(set.all, [](const Replication& replication) { return replication.requests() > 0; });
  for (const ThresholdSpec& threshold : thresholds) {
    const auto estimate = has_traffic ? measure(set, threshold) : std::nullopt;
    ForecastFinding finding{.threshold = threshold,
                            .estimate = estimate,
                            .verdict = judge(estimate, threshold),
                            .selects_nothing = selects_nothing(set, threshold)};
    if (finding.verdict == Verdict::pass) finding.lack = why_unbreakable(set, threshold);
    if (!finding.lack.empty()) finding.verdict = Verdict::inconclusive;
    forecast.findings.push_back(std::move(finding));
  }
  return forecast;
}

bool selects_nothing(const ReplicationSet& set, const ThresholdSpec& threshold) {
  const auto has_none = [&set](auto list, std::size_t place) {
    return std::ranges::none_of(set.all, [=](const Replication& entry) { return (entry.*list)[place] > 0; });
  };
  if (threshold.provider) {
    return has_none(&Replication::calls_by_provider, place_named(set.frame.providers, *threshold.provider));
  }
  if (threshold.variant) {
    return has_none(&Replication::requests_by_variant, place_named(set.frame.variants, *threshold.variant));
  }
  return false;
}

std::optional<Estimate> measure(const ReplicationSet& set, const ThresholdSpec& threshold) {
  check(threshold.forecast.has_value(), "a forecast's threshold names a quantity of a forecast");
  if (set.all.empty() || selects_nothing(set, threshold)) return std::nullopt;
  const auto& shares = set.frame.shares;
  switch (*threshold.forecast) {
    case ForecastQuantity::p_exceed: {
      if (!set.frame.monthly) return std::nullopt;
      const auto found = std::lower_bound(shares.begin(), shares.end(), threshold.share);
      check(found != shares.end() && *found == threshold.share, "the share was watched");
      const auto place = static_cast<std::size_t>(found - shares.begin());
      if (const auto controlled = Controls{set}.chance(place)) return controlled->estimate;
      return share_reached(first_crossings(set, place), kNever - 1);
    }
    case ForecastQuantity::cost_usd:
      if (threshold.aggregate == Aggregate::avg) return mean_cost(set, threshold);
      return aggregate(costs_of(set, threshold), threshold, kPicosPerDollar);
    case ForecastQuantity::requests_failed:
      return ratio_of(
          set, [](const Replication& replication) { return replication.failed(); }, &attempted);
    case ForecastQuantity::requests_refused:
      return ratio_of(
          set, [](const Replication& replication) { return replication.refused(); },
          [](const Replication& replication) { return replication.requests(); });
    case ForecastQuantity::request_duration:
      return latency_of(set, threshold);
    case ForecastQuantity::days_to_exhaustion:
      if (!set.frame.monthly) return std::nullopt;
      return within_horizon(aggregate(first_crossings(set, shares.size() - 1), threshold, kNanosecondsPerDay),
                            set.frame.horizon);
  }
  fail_check("a quantity of a forecast is known", __FILE__, __LINE__);
}

Verdict judge(const std::optional<Estimate>& estimate, const ThresholdSpec& threshold) {
  if (!estimate) return Verdict::inconclusive;
  const double bound = bound_of(threshold);
  const bool low = holds(threshold.comparison, estimate->low, bound);
  const bool high = holds(threshold.comparison, estimate->high, bound);
  if (low && high) return Verdict::pass;
  return low || high ? Verdict::inconclusive : Verdict::fail;
}

}  // namespace windtunnel::sim
