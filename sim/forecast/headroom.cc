#include "sim/forecast/headroom.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/exact_decimal.h"
#include "sim/checks/claims/comparison.h"
#include "sim/statistics/skewed_mean.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::sim {
namespace {

// What breaks a limit in one replication: 0 or 1 of 1, or so many of its requests.
struct Broken {
  std::int64_t part = 0;
  std::int64_t whole = 1;
};
using CountBroken = std::function<Broken(const Replication&)>;

bool is_upper_bound(const ThresholdSpec& threshold_spec) {
  return threshold_spec.comparison == Comparison::less || threshold_spec.comparison == Comparison::less_equal;
}

bool is_of_all(const ThresholdSpec& threshold_spec) {
  return !threshold_spec.provider && !threshold_spec.served_by && !threshold_spec.route && !threshold_spec.variant &&
         !threshold_spec.team && !threshold_spec.limit && !threshold_spec.outcome && !threshold_spec.during &&
         !threshold_spec.after && !threshold_spec.window && !threshold_spec.skip;
}

const ThresholdSpec* latency_bound(const std::vector<ThresholdSpec>& thresholds) {
  for (const ThresholdSpec& threshold : thresholds) {
    const bool is_percentile = threshold.aggregate == Aggregate::percentile || threshold.aggregate == Aggregate::med;
    if (threshold.forecast || threshold.of != Metric::request_duration || !is_percentile) continue;
    if (is_of_all(threshold) && is_upper_bound(threshold)) return &threshold;
  }
  return nullptr;
}

const ThresholdSpec* share_bound(const std::vector<ThresholdSpec>& thresholds, Metric of, ForecastQuantity forecast) {
  for (const ThresholdSpec& threshold : thresholds) {
    const bool is_it = threshold.forecast ? threshold.forecast == forecast : threshold.of == of;
    if (!is_it || threshold.aggregate != Aggregate::rate) continue;
    if (is_of_all(threshold) && is_upper_bound(threshold)) return &threshold;
  }
  return nullptr;
}

// One limit under search.
class Search {
 public:
  Search(ReplicationMaker& maker, const ForecastFrame& frame, HeadroomLimit& limit, CountBroken count,
         std::uint64_t replications)
      : maker_(maker), frame_(frame), limit_(limit), count_(std::move(count)), replications_(replications) {}

  // False: interrupted.
  bool run() { return find_edge() && (!limit_.rate_thousandths || confirm()); }

 private:
  using Counts = std::vector<std::int64_t>;

  [[nodiscard]] std::int64_t step() const { return limit_.of_requests ? 1 : 10; }
  [[nodiscard]] Estimate share_of(const Counts& parts, const Counts& wholes) const;
  // Fewer replications might all miss what more than so many of all do.
  [[nodiscard]] bool are_enough() const {
    return limit_.of_requests || unseen_share(replications_) <= limit_.broken_max;
  }
  std::optional<HeadroomTrial> trial(std::int64_t rate_thousandths, SeedFamily family, std::uint64_t first);
  bool find_edge();
  bool confirm();

  ReplicationMaker& maker_;
  const ForecastFrame& frame_;
  HeadroomLimit& limit_;
  CountBroken count_;
  std::uint64_t replications_;
};

Estimate Search::share_of(const Counts& parts, const Counts& wholes) const {
  // Without a request nothing is known.
  if (limit_.of_requests) return share_in(frame_, parts, wholes).value_or(Estimate{0, 0, 1});
  return estimate_share(static_cast<std::size_t>(std::ranges::count(parts, 1)), parts.size());
}

// The search ends a trial as soon as its interval has left what may break; a confirmation always makes all
// replications, so that its interval is that of a fixed number.
std::optional<HeadroomTrial> Search::trial(std::int64_t rate_thousandths, SeedFamily family, std::uint64_t first) {
  ReplicationJob job{.rate_millionths = rate_thousandths * 1000, .family = family, .indices = {}};
  for (std::uint64_t i = 0; i < replications_; ++i) job.indices.push_back(first + i);
  Counts parts;
  Counts wholes;
  const bool whole = maker_.make(job, [&](const Replication& replication) {
    const Broken broken = count_(replication);
    parts.push_back(broken.part);
    wholes.push_back(broken.whole);
    if (family != SeedFamily::search || parts.size() % 20 != 0) return true;
    const Estimate so_far = share_of(parts, wholes);
    return so_far.low <= limit_.broken_max && so_far.high >= limit_.broken_max;
  });
  if (!whole || parts.empty()) return std::nullopt;
  return HeadroomTrial{
      .rate_thousandths = rate_thousandths, .replications = parts.size(), .broken = share_of(parts, wholes)};
}

// The greatest multiplier that is kept and the one a step above it that is not.
bool Search::find_edge() {
  std::int64_t kept = 0;
  std::int64_t lost = kRateThousandthsMax + step();
  for (std::int64_t next = 1000; lost - kept > step();) {
    const auto tried = trial(next, SeedFamily::search, 0);
    if (!tried) return false;
    limit_.tried.push_back(*tried);
    (tried->broken.value <= limit_.broken_max ? kept : lost) = next;
    // Doubling while nothing was lost, halving the stretch between after that.
    next = lost > kRateThousandthsMax ? std::min(kRateThousandthsMax, kept * 2) : (kept + lost) / 2 / step() * step();
  }
  std::ranges::sort(limit_.tried, {}, &HeadroomTrial::rate_thousandths);
  limit_.bounded = lost <= kRateThousandthsMax;
  if (kept > 0) limit_.rate_thousandths = kept;
  return true;
}

bool Search::confirm() {
  std::int64_t& rate = *limit_.rate_thousandths;
  std::uint64_t first = 0;
  for (int tries = 1;; ++tries, first += replications_) {
    limit_.at_edge = trial(rate, SeedFamily::confirmation, first);
    if (!limit_.at_edge) return false;
    const Estimate& broken = limit_.at_edge->broken;
    limit_.confirmed = (limit_.of_requests ? broken.low : broken.value) <= limit_.broken_max && are_enough();
    if (limit_.confirmed || !are_enough() || rate <= step() || tries == kHeadroomStepsMax) break;
    rate -= step();
  }
  if (!limit_.bounded) return true;
  // At least a step more, in whole steps.
  const std::int64_t steps = rate / step();
  const std::int64_t beyond = std::max(steps + 1, (steps * 105 + 50) / 100) * step();
  limit_.beyond = trial(beyond, SeedFamily::confirmation, first + replications_);
  if (!limit_.beyond) return false;
  limit_.refuted = limit_.beyond->broken.low > limit_.broken_max;
  return true;
}

// In whole cents.
std::string dollars_of(Usd money) {
  constexpr int kCentDecimals = 2;
  constexpr std::int64_t kCent = Usd::from_cents(1).picos();
  const std::int64_t cents = money.picos() / kCent;
  return cents % 100 == 0 ? exact_decimal(cents / 100, 0) : rounded_decimal(cents, kCentDecimals, kCentDecimals);
}

CountBroken breaks_budget(std::size_t shares) {
  return [shares](const Replication& replication) {
    for (std::size_t i = shares - 1; i < replication.crossed.size(); i += shares) {
      if (replication.crossed[i] != kNever) return Broken{.part = 1};
    }
    return Broken{};
  };
}

CountBroken breaks_latency(const ThresholdSpec& bound) {
  return [&bound](const Replication& replication) {
    const bool is_median = bound.aggregate == Aggregate::med;
    const auto value = replication.latency.quantile(is_median ? Millionths{500'000} : bound.percentile);
    return Broken{.part = value && !holds(bound.comparison, value->count(), bound.bound) ? 1 : 0};
  };
}

// A run takes failures as a share of all requests, a forecast of those that our own limiters did not refuse.
CountBroken failed_requests(const ThresholdSpec& bound) {
  const bool is_of_admitted = bound.forecast.has_value();
  return [is_of_admitted](const Replication& replication) {
    return Broken{.part = replication.failed(),
                  .whole = replication.requests() - (is_of_admitted ? replication.refused() : 0)};
  };
}

Broken refused_requests(const Replication& replication) {
  return {.part = replication.refused(), .whole = replication.requests()};
}

std::string what_of(const ThresholdSpec& threshold) { return threshold.metric + ": " + threshold.text; }

HeadroomLimit share_limit(const ThresholdSpec& bound) {
  return {.what = bound.metric + " " + bound.text,
          .of_requests = true,
          .broken_max = static_cast<double>(bound.bound) / 1e6};
}

}  // namespace

std::optional<Headroom> headroom_of(ReplicationMaker& maker, const ForecastFrame& frame,
                                    const std::vector<ThresholdSpec>& thresholds, std::uint64_t replications) {
  Headroom headroom{.replications = replications};
  const auto search = [&](HeadroomLimit& limit, CountBroken count) {
    return Search{maker, frame, limit, std::move(count), replications}.run();
  };
  if (frame.monthly) {
    headroom.budget = HeadroomLimit{.what = "the monthly budget of " + dollars_of(*frame.monthly) + " USD"};
    if (!search(*headroom.budget, breaks_budget(frame.shares.size()))) return std::nullopt;
  }
  const ThresholdSpec* const latency = latency_bound(thresholds);
  const auto failures = share_bound(thresholds, Metric::requests_failed, ForecastQuantity::requests_failed);
  const auto refusals = share_bound(thresholds, Metric::requests_refused, ForecastQuantity::requests_refused);
  for (const ThresholdSpec& threshold : thresholds) {
    const bool is_asked = &threshold == latency || &threshold == failures || &threshold == refusals;
    const bool is_of_days = threshold.forecast == ForecastQuantity::days_to_exhaustion;
    if (is_asked || is_upper_bound(threshold) == is_of_days) continue;
    headroom.not_asked.push_back(what_of(threshold));
  }
  if (latency != nullptr) {
    headroom.latency = HeadroomLimit{.what = "request_duration " + latency->text};
    if (!search(*headroom.latency, breaks_latency(*latency))) return std::nullopt;
  }
  if (failures != nullptr) {
    headroom.failures = share_limit(*failures);
    if (!search(*headroom.failures, failed_requests(*failures))) return std::nullopt;
  }
  if (refusals != nullptr && !frame.unrefused.empty()) headroom.not_asked.push_back(what_of(*refusals));
  if (refusals != nullptr && frame.unrefused.empty()) {
    headroom.refusals = share_limit(*refusals);
    if (!search(*headroom.refusals, refused_requests)) return std::nullopt;
  }
  return headroom;
}

}  // namespace windtunnel::sim
