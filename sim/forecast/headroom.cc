#include "sim/forecast/headroom.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/exact_decimal.h"
#include "sim/checks/claims/comparison.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::sim {
namespace {

using Breaks = std::function<bool(const Replication&)>;

const ThresholdSpec* latency_bound(const std::vector<ThresholdSpec>& thresholds) {
  for (const ThresholdSpec& one : thresholds) {
    const bool is_percentile = one.aggregate == Aggregate::percentile || one.aggregate == Aggregate::med;
    const bool is_whole = !one.provider && !one.variant && !one.outcome && !one.during && !one.after;
    const bool is_bound = one.comparison == Comparison::less || one.comparison == Comparison::less_equal;
    if (one.of == Metric::request_duration && is_percentile && is_whole && is_bound) return &one;
  }
  return nullptr;
}

// One limit under search.
class Search {
 public:
  Search(ReplicationMaker& maker, Breaks breaks, std::uint64_t replications)
      : maker_(maker), breaks_(std::move(breaks)), replications_(replications) {}

  // False: interrupted.
  bool run(HeadroomLimit& limit);

 private:
  std::optional<HeadroomTrial> trial(std::int64_t rate_percent, SeedFamily family, std::uint64_t first);
  bool find_edge(HeadroomLimit& limit);
  bool confirm(HeadroomLimit& limit);

  ReplicationMaker& maker_;
  Breaks breaks_;
  std::uint64_t replications_;
};

// The search ends a trial as soon as its interval has left 5 %; a confirmation always makes all replications, so that
// its interval is that of a fixed number.
std::optional<HeadroomTrial> Search::trial(std::int64_t rate_percent, SeedFamily family, std::uint64_t first) {
  ReplicationJob job{.rate_millionths = rate_percent * 10'000, .family = family, .indices = {}};
  for (std::uint64_t i = 0; i < replications_; ++i) job.indices.push_back(first + i);
  std::size_t broken = 0;
  HeadroomTrial trial{.rate_percent = rate_percent};
  const bool whole = maker_.make(job, [&](const Replication& one) {
    broken += breaks_(one) ? 1 : 0;
    ++trial.replications;
    if (family != SeedFamily::search || trial.replications % 20 != 0) return true;
    const Estimate so_far = estimate_share(broken, trial.replications);
    return so_far.low <= kBrokenMax && so_far.high >= kBrokenMax;
  });
  if (!whole || trial.replications == 0) return std::nullopt;
  trial.broken = estimate_share(broken, trial.replications);
  return trial;
}

// The greatest percent that is kept and the one above it that is not.
bool Search::find_edge(HeadroomLimit& limit) {
  std::int64_t kept = 0;
  std::int64_t lost = kRatePercentMax + 1;
  for (std::int64_t next = 100; lost - kept > 1;) {
    const auto tried = trial(next, SeedFamily::search, 0);
    if (!tried) return false;
    limit.tried.push_back(*tried);
    (tried->broken.value <= kBrokenMax ? kept : lost) = next;
    // Doubling while nothing was lost, halving the stretch between after that.
    next = lost > kRatePercentMax ? std::min(kRatePercentMax, kept * 2) : (kept + lost) / 2;
  }
  std::ranges::sort(limit.tried, {}, &HeadroomTrial::rate_percent);
  limit.bounded = lost <= kRatePercentMax;
  if (kept > 0) limit.rate_percent = kept;
  return true;
}

bool Search::confirm(HeadroomLimit& limit) {
  std::uint64_t first = 0;
  for (int step = 0; step < kHeadroomStepsMax && limit.rate_percent.value() > 0; ++step, first += replications_) {
    limit.at_edge = trial(*limit.rate_percent, SeedFamily::confirmation, first);
    if (!limit.at_edge) return false;
    limit.confirmed = limit.at_edge->broken.value <= kBrokenMax;
    if (limit.confirmed || *limit.rate_percent == 1 || step + 1 == kHeadroomStepsMax) break;
    --*limit.rate_percent;
  }
  if (!limit.bounded) return true;
  // At least one percent more.
  const std::int64_t beyond = std::max(*limit.rate_percent + 1, (*limit.rate_percent * 105 + 50) / 100);
  limit.beyond = trial(beyond, SeedFamily::confirmation, first + replications_);
  if (!limit.beyond) return false;
  limit.refuted = limit.beyond->broken.low > kBrokenMax;
  return true;
}

bool Search::run(HeadroomLimit& limit) { return find_edge(limit) && (!limit.rate_percent || confirm(limit)); }

// In whole cents.
std::string dollars_of(Usd money) {
  constexpr int kCentDecimals = 2;
  constexpr std::int64_t kCent = Usd::from_cents(1).picos();
  const std::int64_t cents = money.picos() / kCent;
  return cents % 100 == 0 ? exact_decimal(cents / 100, 0) : rounded_decimal(cents, kCentDecimals, kCentDecimals);
}

}  // namespace

std::optional<Headroom> headroom_of(ReplicationMaker& maker, const ForecastFrame& frame,
                                    const std::vector<ThresholdSpec>& thresholds, std::uint64_t replications) {
  Headroom headroom{.replications = replications};
  if (frame.monthly) {
    headroom.budget = HeadroomLimit{.what = "the monthly budget of " + dollars_of(*frame.monthly) + " USD"};
    const std::size_t shares = frame.shares.size();
    const Breaks breaks = [shares](const Replication& one) {
      for (std::size_t i = shares - 1; i < one.crossed.size(); i += shares) {
        if (one.crossed[i] != kNever) return true;
      }
      return false;
    };
    if (!Search{maker, breaks, replications}.run(*headroom.budget)) return std::nullopt;
  }
  if (const ThresholdSpec* bound = latency_bound(thresholds)) {
    headroom.latency = HeadroomLimit{.what = "request_duration " + bound->text};
    const bool is_median = bound->aggregate == Aggregate::med;
    const Breaks breaks = [bound, is_median](const Replication& one) {
      const auto value = one.latency.quantile(is_median ? Millionths{500'000} : bound->percentile);
      return value && !holds(bound->comparison, value->count(), bound->bound);
    };
    if (!Search{maker, breaks, replications}.run(*headroom.latency)) return std::nullopt;
  }
  return headroom;
}

}  // namespace windtunnel::sim
