#include "sim/forecast/replication.h"

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <utility>

#include "base/calendar.h"
#include "sim/checks/claims/unbreakable.h"
#include "sim/kernel/chance.h"
#include "sim/statistics/skewed_mean.h"
#include "sim/world/world.h"

namespace windtunnel::sim {
namespace {

using monitor::Metrics;
using monitor::Outcome;

constexpr std::array<Millionths, 4> kSharesAlways{
    {Millionths{800'000}, Millionths{900'000}, Millionths{950'000}, Millionths{1'000'000}}};

template <class Values>
auto sum(const Values& values) {
  return std::accumulate(values.begin(), values.end(), typename Values::value_type{0});
}

void multiply_traffic(Scenario& scenario, std::int64_t rate_millionths) {
  if (rate_millionths == 1'000'000) return;
  for (WorkloadSpec& workload : scenario.workloads) {
    workload.rate.count = multiplied(workload.rate.count, rate_millionths);
    std::visit([&](auto& executor) { executor.multiply_traffic(rate_millionths); }, workload.executor);
  }
}

constexpr const char* kSharedOutages = "outages";
constexpr const char* kSharedErrorRates = "error rates";

// The draws that many requests share, in words.
std::vector<std::string> shared_draws(const Scenario& scenario) {
  std::vector<std::string> shared;
  const auto add = [&](const char* word, const auto& all, auto is_shared) {
    if (std::ranges::any_of(all, is_shared)) shared.emplace_back(word);
  };
  add("demand", scenario.workloads, [](const WorkloadSpec& workload) {
    return is_uncertain(workload.executor) || workload.arrival == Arrival::mmpp;
  });
  add("prompts", scenario.workloads,
      [](const WorkloadSpec& workload) { return workload.prompts.count > 0 && workload.prompts.count_cv > 0; });
  add("lengths", scenario.workloads, [](const WorkloadSpec& workload) { return workload.length_cv > 0; });
  add(kSharedErrorRates, scenario.providers,
      [](const ProviderSpec& provider) { return provider.errors_cv > 0 && !provider.errors.rates.empty(); });
  add(kSharedOutages, scenario.faults, [](const FaultSpec& fault) { return is_uncertain(fault.settings); });
  // All requests of one user go the same way, and which users a run has is drawn.
  const bool splits = scenario.monitor.ab_router.variants.size() > 1;
  add("sticky users", scenario.workloads,
      [&](const WorkloadSpec& workload) { return splits && workload.users.count > 0 && !workload.provider; });
  return shared;
}

std::vector<Millionths> all_shares(std::vector<Millionths> shares) {
  shares.insert(shares.end(), kSharesAlways.begin(), kSharesAlways.end());
  std::sort(shares.begin(), shares.end());
  shares.erase(std::unique(shares.begin(), shares.end()), shares.end());
  check(shares.front() > Millionths{0} && shares.back() == kSharesAlways.back(),
        "a share of the budget lies above 0 and not above 1");
  return shares;
}

// What the budget of the month that this day lies in has settled so far.
Int128 month_settled(const monitor::CostLimiter& limiter, WallTime day) {
  const WallTime begin = month_of(day).begin;
  for (const monitor::BudgetWindow& window : limiter.windows()) {
    if (window.live && !window.daily && window.begin == begin) return window.settled.picos();
  }
  return 0;
}

std::vector<std::int64_t> crossings(const ForecastFrame& frame, const std::vector<ForecastDay>& days,
                                    const Metrics& metrics) {
  std::vector<std::int64_t> crossed((days.back().month + 1) * frame.shares.size(), kNever);
  for (const monitor::BudgetAlert& alert : metrics.budget_alerts()) {
    const auto day = std::find_if(days.begin(), days.end(), [&](const ForecastDay& forecast_day) {
      return month_of(forecast_day.begin).begin == alert.event.window_begin;
    });
    if (day == days.end()) continue;  // a wall clock that was stepped out of the horizon
    // The first refusal shows that the budget is used up.
    const bool is_alert = alert.event.kind == monitor::BudgetEvent::Kind::alert;
    const Millionths share = is_alert ? alert.event.share : frame.shares.back();
    const auto place = std::lower_bound(frame.shares.begin(), frame.shares.end(), share) - frame.shares.begin();
    std::int64_t& at = crossed[day->month * frame.shares.size() + static_cast<std::size_t>(place)];
    at = std::min(at, alert.at.time_since_epoch().count());
  }
  return crossed;
}

std::vector<Int128> spend_by_provider(const ForecastFrame& frame, const Metrics& metrics) {
  std::vector<Int128> spend;
  for (std::size_t i = 0; i < frame.providers.size(); ++i) {
    const auto& provider = metrics.provider(monitor::ProviderId{static_cast<std::uint8_t>(i)});
    spend.push_back((provider.cost + provider.cost_unknown).picos());
  }
  return spend;
}

void tell(Replication& replication, const ForecastFrame& frame, const std::vector<ForecastDay>& days,
          const RunResult& result) {
  const Metrics& metrics = result.pipeline.metrics();
  replication.digest = result.digest;
  monitor::RequestMetrics all = metrics.all();
  replication.outcomes = all.outcomes;
  replication.calls = metrics.calls();
  replication.failed_over = all.failed_over;
  replication.crossed = crossings(frame, days, metrics);
  replication.by_provider = spend_by_provider(frame, metrics);
  for (const LedgerTotals& ledger : result.ledger) {
    replication.billed.push_back(ledger.billed.picos());
    replication.calls_by_provider.push_back(ledger.calls);
  }
  const std::vector<monitor::RequestMetrics> variants = metrics.variants();
  for (std::size_t i = 0; i < variants.size(); ++i) {
    replication.by_variant.push_back((variants[i].cost + result.unknown.by_variant[i]).picos());
    replication.requests_by_variant.push_back(variants[i].requests());
  }
  replication.by_workload.resize(frame.features.size());
  // Label 0 is "none"; workload i has label i + 1.
  const std::vector<monitor::RequestMetrics> labels = metrics.labels();
  for (std::size_t i = 0; i + 1 < labels.size(); ++i) {
    replication.by_workload[i] = (labels[i + 1].cost + result.unknown.by_labels[i + 1]).picos();
  }
  const monitor::SpendByCause& spend = metrics.spend();
  const std::vector<UsdSum>& unknown = result.unknown.by_labels;
  replication.by_cause = {spend.first_attempts.picos(), spend.retries.picos(), spend.failovers.picos(),
                          std::accumulate(unknown.begin(), unknown.end(), UsdSum{}).picos(),
                          spend.saved_by_cache.picos()};
  for (std::size_t i = 0; i < kLatencyShares.size(); ++i) {
    const auto value = all.latency.quantile(kLatencyShares[i]);
    replication.latency_ns[i] = value ? value->count() : kNever;
  }
  replication.latency = std::move(all.latency);
}

// Visits every number of a replication in one fixed order: how it is written down.
template <class One, class Visit>
void each_number(One& entry, Visit visit) {
  visit(entry.index);
  visit(entry.digest);
  for (auto& count : entry.outcomes) visit(count);
  visit(entry.calls);
  visit(entry.failed_over);
  for (auto& value : entry.month_to_date) visit(value);
  for (auto& value : entry.crossed) visit(value);
  for (auto* list : {&entry.by_provider, &entry.billed, &entry.by_variant, &entry.by_workload}) {
    for (auto& value : *list) visit(value);
  }
  for (auto* list : {&entry.calls_by_provider, &entry.requests_by_variant}) {
    for (auto& value : *list) visit(value);
  }
  for (auto& value : entry.by_cause) visit(value);
  for (auto& value : entry.latency_ns) visit(value);
  visit(entry.twin_cost);
}

}  // namespace

Usd ForecastFrame::spent_total() const { return std::accumulate(spent.begin(), spent.end(), Usd{}); }

std::optional<Estimate> share_in(const ForecastFrame& frame, std::span<const std::int64_t> parts,
                                 std::span<const std::int64_t> wholes) {
  const bool fail_together = std::ranges::any_of(
      frame.shared, [](const std::string& word) { return word == kSharedOutages || word == kSharedErrorRates; });
  return fail_together ? estimate_skewed_ratio(parts, wholes) : estimate_ratio(parts, wholes);
}

std::vector<ForecastDay> days_of(const ForecastFrame& frame) {
  std::vector<ForecastDay> days;
  const WallTime end = frame.start + frame.horizon;
  std::size_t month = 0;
  for (WallTime at = frame.start; at < end;) {
    const CalendarDay day = day_of(at);
    if (!days.empty() && month_of(at).begin != month_of(days.back().begin).begin) ++month;
    days.push_back({.begin = day.begin, .end = Instant{std::min(day.end, end) - frame.start}, .month = month});
    at = day.end;
  }
  return days;
}

Int128 Replication::cost() const { return sum(billed); }
Int128 Replication::known() const { return by_cause[0] + by_cause[1] + by_cause[2]; }
Int128 Replication::reserved() const { return sum(by_provider) - known(); }
std::int64_t Replication::requests() const { return sum(outcomes); }
std::int64_t Replication::refused() const {
  return outcomes[static_cast<std::size_t>(Outcome::refused_rate)] +
         outcomes[static_cast<std::size_t>(Outcome::refused_tokens)] +
         outcomes[static_cast<std::size_t>(Outcome::refused_budget)];
}
std::int64_t Replication::failed() const {
  return requests() - refused() - outcomes[static_cast<std::size_t>(Outcome::served)] -
         outcomes[static_cast<std::size_t>(Outcome::cache_hit)] -
         outcomes[static_cast<std::size_t>(Outcome::stale_hit)];
}

std::vector<Int128> numbers_of(const Replication& replication) {
  std::vector<Int128> numbers;
  each_number(replication, [&](auto value) {
    // A digest of 64 bits is written as the signed number of the same bits.
    using Signed = std::conditional_t<std::is_same_v<decltype(value), Int128>, Int128, std::int64_t>;
    numbers.push_back(static_cast<Signed>(value));
  });
  return numbers;
}

std::optional<Replication> replication_of(const ForecastFrame& frame, std::span<const Int128> numbers) {
  const std::vector<ForecastDay> days = days_of(frame);
  Replication replication;
  replication.month_to_date.resize(days.size());
  replication.crossed.resize((days.back().month + 1) * frame.shares.size());
  replication.by_provider.resize(frame.providers.size());
  replication.billed.resize(frame.providers.size());
  replication.by_variant.resize(frame.variants.size());
  replication.by_workload.resize(frame.features.size());
  replication.calls_by_provider.resize(frame.providers.size());
  replication.requests_by_variant.resize(frame.variants.size());
  std::size_t wanted = 0;
  each_number(replication, [&](auto) { ++wanted; });
  if (numbers.size() != wanted) return std::nullopt;
  std::size_t place = 0;
  bool fits = true;
  each_number(replication, [&](auto& value) {
    using Value = std::remove_reference_t<decltype(value)>;
    const Int128 number = numbers[place++];
    if (!std::is_same_v<Value, Int128>) fits = fits && number >= INT64_MIN && number <= INT64_MAX;
    value = static_cast<Value>(number);
  });
  if (!fits) return std::nullopt;
  return replication;
}

std::uint64_t replication_seed(std::uint64_t seed, SeedFamily family, std::uint64_t index) {
  static constexpr std::array<const char*, 5> names{"forecast", "forecast search", "forecast confirmation",
                                                    "forecast reference", "forecast rare"};
  return draw(Chance{seed}.stream("replication", names[static_cast<std::size_t>(family)]), index).a;
}

ForecastWorld::ForecastWorld(Scenario scenario, const ForecastOptions& options)
    : base_(std::move(scenario)), options_(options), scenario_(base_) {
  check(options.horizon > Duration{0} && options.horizon <= kHorizonMax, "a horizon is at most ten years");
  scenario_.duration = options.horizon;
  if (options.as_of) scenario_.start = *options.as_of;
  scenario_.liveness.reset();
  multiply_traffic(scenario_, options.rate_millionths);
  frame_.file = scenario_.file;
  frame_.title = scenario_.title;
  frame_.hash = scenario_.hash;
  frame_.seed = scenario_.seed;
  frame_.start = scenario_.start;
  frame_.horizon = options.horizon;
  frame_.monthly = scenario_.monitor.cost_limiter.monthly;
  frame_.shares = all_shares(options.shares);
  // Alerts change nothing in a run; these are the ones that the forecast is asked about.
  scenario_.monitor.cost_limiter.alerts = frame_.shares;
  frame_.spent = options.spent;
  frame_.spent.resize(scenario_.providers.size());
  for (const ProviderSpec& provider : scenario_.providers) frame_.providers.push_back(provider.name);
  for (const monitor::Variant& variant : scenario_.monitor.ab_router.variants) frame_.variants.push_back(variant.id);
  for (const WorkloadSpec& workload : scenario_.workloads) frame_.features.push_back(workload.feature_version);
  frame_.shared = shared_draws(scenario_);
  frame_.unrefused = why_not_refused(scenario_);
  days_ = days_of(frame_);
  if (options.controlled) frame_.demand = demand_of(scenario_, days_);
}

ForecastWorld ForecastWorld::scaled(std::int64_t rate_millionths) const {
  ForecastOptions options = options_;
  options.rate_millionths = rate_millionths;
  return {base_, options};
}

std::optional<Replication> ForecastWorld::replicate(SeedFamily family, std::uint64_t index,
                                                    const std::atomic<bool>* stop, const DemandShifts* shifts) const {
  Replication replication{.index = index};
  Checkpoints checkpoints;
  for (const ForecastDay& day : days_) checkpoints.at.push_back(day.end);
  // The last day's requests in flight belong to it.
  checkpoints.at.back() = Instant::max();
  replication.month_to_date.resize(days_.size());
  checkpoints.sample = [&](std::size_t place, const monitor::Pipeline& pipeline) {
    replication.month_to_date[place] = month_settled(pipeline.cost_limiter(), days_[place].begin);
  };
  RunOptions options{.seed = replication_seed(scenario_.seed, family, index)};
  options.month_spent = frame_.spent_total();
  options.demand_shifts = shifts;
  options.checkpoints = &checkpoints;
  options.stop = stop;
  const RunResult result = run(scenario_, options);
  if (result.stopped) return std::nullopt;
  tell(replication, frame_, days_, result);
  if (family != SeedFamily::forecast || !frame_.uncertain() || index % kTwinEvery != 0) return replication;
  options.environment_seed = options.seed;
  options.seed = draw(Chance{*options.seed}.stream("replication", "twin"), index).a;
  options.checkpoints = nullptr;
  const RunResult twin = run(scenario_, options);
  if (twin.stopped) return std::nullopt;
  replication.twin_cost =
      std::accumulate(twin.ledger.begin(), twin.ledger.end(), UsdSum{}, [](UsdSum all, const LedgerTotals& ledger) {
        return all + ledger.billed;
      }).picos();
  return replication;
}

}  // namespace windtunnel::sim
