#include "sim/compare/compare_metrics.h"

#include <algorithm>

#include "base/check.h"
#include "sim/checks/claims/unbreakable.h"

namespace windtunnel::sim {
namespace {

using monitor::BreakerState;

constexpr std::array<CompareMetricEntry, kCompareMetrics> kEntries{{
    {CompareMetric::time_to_failover, "time_to_failover", "Failover", CompareUnit::nanoseconds,
     "From the begin of a down phase of a provider until its breaker opens, so that everybody is sent elsewhere at "
     "once; 0 if it is open then. A breaker that does not open in the phase counts with the phase's whole length, and "
     "the phase as missed. Where faults fail fewer than half of a provider's calls, until its share of the answers has "
     "fallen by half of what they take from it. It is the mean over the phases."},
    {CompareMetric::wasted_calls, "wasted_calls", "Wasted", CompareUnit::count,
     "Calls that started while a fault that fails calls acted on their provider and were not answered ok, probes "
     "included."},
    {CompareMetric::provider_errors, "provider_errors", "Failed", CompareUnit::count,
     "Calls that were not answered ok, whenever and of whatever kind: provider_errors of the thresholds."},
    {CompareMetric::amplification, "amplification", "Calls/request", CompareUnit::ratio,
     "Calls by requests that arrived: what retries and failover add to the load, and caches and refusals take from "
     "it."},
    {CompareMetric::probes, "probes", "Probes", CompareUnit::count, "Calls that a breaker admitted in HALF_OPEN."},
    {CompareMetric::probes_in_flight, "probes_in_flight", "At once", CompareUnit::count,
     "The most probes that were in flight at once at one provider."},
    {CompareMetric::requests_lost, "requests_lost", "Lost", CompareUnit::count,
     "Requests that ended unanswered, without those that our own limiters refused: requests_failed of the thresholds."},
    {CompareMetric::error_rate_in_fault, "error_rate_in_fault", "Errors-in", CompareUnit::share,
     "The share of requests that ended unanswered, of those that arrived in a fault's window (at to at + duration), "
     "without what our own limiters refused. It is what callers see of the fault."},
    {CompareMetric::error_rate_after_fault, "error_rate_after_fault", "Errors-after", CompareUnit::share,
     "The same share of the requests that arrived after a fault's window had closed, while no other was open. It is "
     "what callers see of the recovery."},
    {CompareMetric::requests_refused, "requests_refused", "Refused", CompareUnit::count,
     "Requests that our own limiters refused: rate, tokens or budget."},
    {CompareMetric::p95, "p95", "p95", CompareUnit::nanoseconds,
     "The 95th percentile of the latency of answered requests, nearest rank."},
    {CompareMetric::cost_usd, "cost_usd", "Cost", CompareUnit::dollars,
     "What the providers truly billed, in US dollars, whatever the caller learnt of it."},
    {CompareMetric::recovery_time, "recovery_time", "Recovery", CompareUnit::nanoseconds,
     "From the end of a down phase until the provider's breaker is closed; 0 if it is closed then. A breaker that is "
     "not closed when the provider goes down again or the run ends counts with the time until then, and the phase as "
     "missed. Where faults fail fewer than half of a provider's calls, until its share of the answers is back. It is "
     "the mean "
     "over the phases that end before the run does."},
    {CompareMetric::p_exceed, "p_exceed", "P(exceed)", CompareUnit::count,
     "The probability that the monthly budget is spent before the end of a month: the share of a forecast's "
     "replications "
     "in which it was. Of forecasts with a budget only."},
    {CompareMetric::checks_violated, "checks_violated", "Violated", CompareUnit::count,
     "Checks with a violation in the run, liveness among them."},
}};

// From where on its ramp, which grows from the fault's own begin, the fault makes a provider down.
Instant down_from(const FaultSpec& spec) {
  const double share = kDownChance / fail_chance(spec);
  return Instant{} + spec.at + Duration{static_cast<std::int64_t>(share * static_cast<double>(spec.ramp.count()))};
}

}  // namespace

std::span<const CompareMetricEntry> compare_metrics() { return kEntries; }

const CompareMetricEntry& entry_of(CompareMetric metric) { return kEntries[static_cast<std::size_t>(metric)]; }

std::optional<CompareMetric> compare_metric_named(std::string_view name) {
  const auto* const place = std::ranges::find(kEntries, name, &CompareMetricEntry::name);
  if (place == kEntries.end()) return std::nullopt;
  return place->metric;
}

bool is_ruled_out(const Scenario& scenario, CompareMetric metric) {
  const auto is_nothing = [&](Metric of, Aggregate aggregate) {
    ThresholdSpec threshold;
    threshold.of = of;
    threshold.aggregate = aggregate;
    return !why_unbreakable(scenario, threshold).empty();
  };
  switch (metric) {
    case CompareMetric::probes:
    case CompareMetric::probes_in_flight:
      return is_nothing(Metric::breaker_opened, Aggregate::count);
    case CompareMetric::requests_refused:
      return is_nothing(Metric::requests_refused, Aggregate::count);
    case CompareMetric::cost_usd:
    case CompareMetric::p_exceed:
      return is_nothing(Metric::cost_usd, Aggregate::value);
    case CompareMetric::time_to_failover:
    case CompareMetric::wasted_calls:
    case CompareMetric::provider_errors:
    case CompareMetric::amplification:
    case CompareMetric::requests_lost:
    case CompareMetric::error_rate_in_fault:
    case CompareMetric::error_rate_after_fault:
    case CompareMetric::p95:
    case CompareMetric::recovery_time:
    case CompareMetric::checks_violated:
      return false;
  }
  return false;
}

CompareValues values_of(const Replication& replication, const ForecastFrame& frame) {
  CompareValues values;
  const auto set = [&](CompareMetric metric, double value) { values[static_cast<std::size_t>(metric)] = value; };
  Int128 billed = 0;
  for (const Int128 picos : replication.billed) billed += picos;
  set(CompareMetric::cost_usd, static_cast<double>(billed) / 1e12);
  set(CompareMetric::requests_lost, static_cast<double>(replication.failed()));
  set(CompareMetric::requests_refused, static_cast<double>(replication.refused()));
  if (replication.requests() > 0) {
    set(CompareMetric::amplification,
        static_cast<double>(replication.calls) / static_cast<double>(replication.requests()));
  }
  const auto p95 = std::ranges::find(kLatencyShares, Millionths{950'000}) - kLatencyShares.begin();
  const std::int64_t latency = replication.latency_ns[static_cast<std::size_t>(p95)];
  if (latency != kNever) set(CompareMetric::p95, static_cast<double>(latency));
  if (!frame.monthly) return values;
  bool exceeded = false;
  // The last of each month's shares is the whole budget.
  for (std::size_t i = frame.shares.size() - 1; i < replication.crossed.size(); i += frame.shares.size()) {
    exceeded = exceeded || replication.crossed[i] != kNever;
  }
  set(CompareMetric::p_exceed, exceeded ? 1 : 0);
  return values;
}

CompareMeasure::CompareMeasure(const Scenario& scenario)
    : scenario_(scenario),
      run_end_(Instant{} + scenario.duration),
      shares_(scenario),
      watches_(scenario.providers.size()),
      providers_of_fault_(scenario.faults.size()) {
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const FaultSpec& spec = scenario.faults[i];
    if (fail_chance(spec) < kDownChance) continue;
    for (std::size_t provider = 0; provider < scenario.providers.size(); ++provider) {
      const bool named = std::ranges::find(spec.providers, scenario.providers[provider].name) != spec.providers.end();
      if (spec.providers.empty() || named) providers_of_fault_[i].push_back(provider);
    }
  }
}

// Every event comes by here, so that a phase that begins on a ramp, at an instant of no event, is known in time.
CompareMeasure::Watch& CompareMeasure::at(monitor::ProviderId provider, Instant now) {
  Watch& watch = watches_[index_of(provider)];
  advance(watch, now);
  return watch;
}

void CompareMeasure::advance(Watch& watch, Instant now) {
  if (watch.acting.empty() || (watch.phase && !watch.phase->end)) return;
  const Instant from = std::ranges::min(watch.acting, {}, &Acting::from).from;
  if (from <= now) begin_phase(watch, from);
}

void CompareMeasure::begin_phase(Watch& watch, Instant at) {
  if (watch.phase) settle(watch, std::nullopt, at);
  watch.phase = Phase{.begin = at};
  if (watch.state == BreakerState::open) watch.phase->to_open = Duration{0};
}

void CompareMeasure::end_phase(Watch& watch, Instant at) {
  watch.phase->end = at;
  if (watch.state == BreakerState::closed) settle(watch, at, at);
}

// Nothing more is to be learnt of the phase. `closed`: when its breaker was closed again; nothing: not until `until`.
void CompareMeasure::settle(Watch& watch, std::optional<Instant> closed, Instant until) {
  const Phase phase = *watch.phase;
  watch.phase.reset();
  if (!phase.asked) return;
  ++phases_.counted;
  if (!phase.to_open) ++phases_.failover_missed;
  failover_sum_ += phase.to_open.value_or(phase.end.value_or(run_end_) - phase.begin);
  if (!phase.end || *phase.end >= run_end_) return;
  ++phases_.ended;
  if (!closed) ++phases_.recovery_missed;
  recovery_sum_ += closed.value_or(until) - *phase.end;
}

void CompareMeasure::on(const FaultChanged& event) {
  shares_.on(event);
  for (const std::size_t provider : providers_of_fault_[event.fault]) {
    Watch& watch = watches_[provider];
    advance(watch, event.at);
    std::erase_if(watch.acting, [&](const Acting& entry) { return entry.fault == event.fault; });
    if (event.active) {
      watch.acting.push_back({event.fault, std::max(event.at, down_from(scenario_.faults[event.fault]))});
    }
    const bool down = std::ranges::any_of(watch.acting, [&](const Acting& entry) { return entry.from <= event.at; });
    if (watch.phase && !watch.phase->end && !down) end_phase(watch, event.at);
    advance(watch, event.at);
  }
}

void CompareMeasure::on(const monitor::PermitAsked& event) {
  probe_admitted_ = event.admitted && event.state == BreakerState::half_open;
  Watch& watch = at(event.provider, event.at);
  if (watch.phase && !watch.phase->end) watch.phase->asked = true;
}

void CompareMeasure::on(const monitor::AttemptStarted& event) {
  Watch& watch = at(event.provider, event.at);
  ++calls_;
  if ((watch.phase && !watch.phase->end) || shares_.acts_on(event.provider)) {
    ++calls_in_faults_;
    watch.down_attempts.insert(event.request);
  }
  if (!probe_admitted_) return;
  ++probes_;
  watch.probes.insert(event.request);
  probes_in_flight_max_ = std::max(probes_in_flight_max_, watch.probes.size());
}

void CompareMeasure::on(const monitor::AttemptEnded& event) {
  Watch& watch = at(event.provider, event.at);
  watch.probes.erase(event.request);
  if (event.reply.kind != monitor::ReplyKind::ok) ++failed_calls_;
  const bool was_down = watch.down_attempts.erase(event.request) > 0;
  if (was_down && event.reply.kind != monitor::ReplyKind::ok) ++wasted_;
}

void CompareMeasure::on(const monitor::Record& record) {
  shares_.on(record);
  if (is_refused(record.outcome)) return;
  bool in_window = false;
  bool after_window = false;
  for (const FaultSpec& spec : scenario_.faults) {
    const Instant begin = Instant{} + spec.at;
    const bool has_ended = spec.duration && record.arrived >= begin + *spec.duration;
    in_window = in_window || (record.arrived >= begin && !has_ended);
    after_window = after_window || has_ended;
  }
  if (!in_window && !after_window) return;
  Callers& callers = in_window ? in_fault_ : after_fault_;
  ++callers.all;
  if (!is_answered(record.outcome)) ++callers.failed;
}

void CompareMeasure::on(const monitor::BreakerMoved& event) {
  const monitor::BreakerTransition& arrow = event.transition;
  Watch& watch = at(event.provider, arrow.at);
  watch.state = arrow.to;
  if (!watch.phase || arrow.at > run_end_) return;
  if (!watch.phase->end) {
    if (arrow.to == BreakerState::open && !watch.phase->to_open) watch.phase->to_open = arrow.at - watch.phase->begin;
  } else if (arrow.to == BreakerState::closed) {
    settle(watch, arrow.at, arrow.at);
  }
}

CompareValues CompareMeasure::values(const RunResult& result, const Judgement& judgement) {
  for (Watch& watch : watches_) {
    if (watch.phase) settle(watch, std::nullopt, run_end_);
  }
  const monitor::RequestMetrics& all = result.pipeline.metrics().all();
  double billed = 0;
  for (const LedgerTotals& ledger : result.ledger) billed += ledger.billed.dollars();
  std::set<std::string_view> violated;
  for (const Finding& finding : judgement.findings) {
    if (finding.verdict != Verdict::fail) continue;
    if (finding.kind == Finding::Kind::invariant) violated.insert(finding.id);
    if (finding.kind == Finding::Kind::liveness) violated.insert("V1");
  }
  CompareValues values;
  const auto set = [&](CompareMetric metric, double value) { values[static_cast<std::size_t>(metric)] = value; };
  const auto mean = [](Duration sum, std::int64_t of) {
    return static_cast<double>(sum.count()) / static_cast<double>(of);
  };
  const PhaseTimes partial = shares_.finish();
  failover_sum_ += partial.failover;
  recovery_sum_ += partial.recovery;
  phases_.counted += partial.counted;
  phases_.failover_missed += partial.failover_missed;
  phases_.ended += partial.ended;
  phases_.recovery_missed += partial.recovery_missed;
  if (phases_.counted > 0) set(CompareMetric::time_to_failover, mean(failover_sum_, phases_.counted));
  if (phases_.ended > 0) set(CompareMetric::recovery_time, mean(recovery_sum_, phases_.ended));
  set(CompareMetric::wasted_calls, static_cast<double>(wasted_));
  set(CompareMetric::provider_errors, static_cast<double>(failed_calls_));
  const auto ratio = [](std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  if (all.requests() > 0) set(CompareMetric::amplification, ratio(calls_, all.requests()));
  if (in_fault_.all > 0) set(CompareMetric::error_rate_in_fault, ratio(in_fault_.failed, in_fault_.all));
  if (after_fault_.all > 0) set(CompareMetric::error_rate_after_fault, ratio(after_fault_.failed, after_fault_.all));
  set(CompareMetric::probes, static_cast<double>(probes_));
  set(CompareMetric::probes_in_flight, static_cast<double>(probes_in_flight_max_));
  set(CompareMetric::requests_lost, static_cast<double>(all.failed()));
  set(CompareMetric::requests_refused, static_cast<double>(all.refused()));
  if (const auto p95 = all.latency.quantile(Millionths{950'000})) {
    set(CompareMetric::p95, static_cast<double>(p95->count()));
  }
  set(CompareMetric::cost_usd, billed);
  // Without a check nothing could be violated.
  if (!judgement.checks.empty()) set(CompareMetric::checks_violated, static_cast<double>(violated.size()));
  return values;
}

}  // namespace windtunnel::sim
