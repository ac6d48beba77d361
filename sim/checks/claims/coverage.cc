#include "sim/checks/claims/coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace windtunnel::sim {
namespace {

using monitor::BreakerState;

struct CounterTexts {
  std::string_view name;
  std::string_view doc;
};
// By counter.
constexpr std::array<CounterTexts, kCoverageCounters> kCounterTexts{{
    {"breaker_opened", "A breaker went to open, from closed or from half-open."},
    {"breaker_half_open", "A breaker's cooldown was over and a probe was let through."},
    {"probe_failed", "A probe failed and the breaker opened again."},
    {"both_open", "The breakers of all providers were open at once."},
    {"late_result", "A call ended after its breaker had changed state since the call was admitted."},
    {"late_result_while_not_open",
     "A late result came while the breaker was closed or half-open: the case in which counting "
     "it would do harm."},
    {"retry", "A request tried the same provider again."},
    {"failover", "A request moved to another provider."},
    {"retry_after_obeyed", "A provider was passed over because its Retry-After had not passed."},
    {"timeout", "A call ended at its timeout."},
    {"malformed", "A call was answered with a body that is no answer."},
    {"truncated", "A call's stream broke off."},
    {"deadline_exceeded", "A request's deadline came before an answer."},
    {"rate_refused", "The rate limiter refused a request."},
    {"token_refused", "The token limiter refused a request."},
    {"budget_refused", "The cost limiter refused a request or a further attempt."},
    {"cache_hit", "The cache answered a request."},
    {"stale_hit", "An expired entry answered because all calls failed."},
    {"ttl_edge_hit", "A request came at the very instant at which its cached answer expires."},
    {"alert_80", "A budget window reached 80 % of its limit."},
    {"alert_90", "A budget window reached 90 % of its limit."},
    {"alert_95", "A budget window reached 95 % of its limit."},
    {"alert_100", "A budget window reached 100 % of its limit, or refused a request when that was the next alert."},
    {"tie_in_time", "Two events came at the same instant; they run in the order in which they were scheduled."},
}};

constexpr std::array<std::string_view, kCoverageCounters> kNames = [] {
  std::array<std::string_view, kCoverageCounters> names;
  for (std::size_t i = 0; i < kCoverageCounters; ++i) names[i] = kCounterTexts[i].name;
  return names;
}();

// The outcomes that have a counter of their own.
constexpr std::pair<monitor::Outcome, CoverageCounter> kCounterOfOutcome[] = {
    {monitor::Outcome::cache_hit, CoverageCounter::cache_hit},
    {monitor::Outcome::stale_hit, CoverageCounter::stale_hit},
    {monitor::Outcome::refused_rate, CoverageCounter::rate_refused},
    {monitor::Outcome::refused_tokens, CoverageCounter::token_refused},
    {monitor::Outcome::refused_budget, CoverageCounter::budget_refused},
    {monitor::Outcome::deadline_exceeded, CoverageCounter::deadline_exceeded},
};

}  // namespace

std::span<const std::string_view> coverage_counters() { return kNames; }

std::string_view doc_of(CoverageCounter counter) { return kCounterTexts[static_cast<std::size_t>(counter)].doc; }

void Coverage::on(const monitor::CoolingSkipped&) { add(CoverageCounter::retry_after_obeyed); }

void Coverage::on(const monitor::AttemptEnded& event) {
  if (event.reply.kind == monitor::ReplyKind::timeout) add(CoverageCounter::timeout);
  if (event.reply.kind == monitor::ReplyKind::malformed) add(CoverageCounter::malformed);
  if (event.reply.kind == monitor::ReplyKind::truncated) add(CoverageCounter::truncated);
  if (!event.late) return;
  add(CoverageCounter::late_result);
  if (event.state_before != BreakerState::open) add(CoverageCounter::late_result_while_not_open);
}

void Coverage::on(const ReplicaTurn& event) {
  group_ = event.breakers;
  while (groups_.size() <= group_) groups_.push_back(all_closed_);
}

void Coverage::on(const monitor::BreakerMoved& event) {
  const monitor::BreakerTransition& arrow = event.transition;
  std::vector<BreakerState>& states = groups_[group_];
  states[index_of(event.provider)] = arrow.to;
  if (arrow.to == BreakerState::half_open) add(CoverageCounter::breaker_half_open);
  if (arrow.to != BreakerState::open) return;
  add(CoverageCounter::breaker_opened);
  if (arrow.from == BreakerState::half_open) add(CoverageCounter::probe_failed);
  const bool all = std::all_of(states.begin(), states.end(),
                               [](BreakerState breaker_state) { return breaker_state == BreakerState::open; });
  if (all) add(CoverageCounter::both_open);
}

void Coverage::on(const monitor::BudgetChanged& event) {
  const monitor::BudgetEvent& budget = event.budget;
  if (budget.kind != monitor::BudgetEvent::Kind::alert) return;
  if (budget.share.value == 800'000) add(CoverageCounter::alert_80);
  if (budget.share.value == 900'000) add(CoverageCounter::alert_90);
  if (budget.share.value == 950'000) add(CoverageCounter::alert_95);
  if (budget.share.value == 1'000'000) add(CoverageCounter::alert_100);
}

void Coverage::on(const monitor::Record& record) {
  const auto attempts = record.attempts();
  for (std::size_t i = 1; i < attempts.size(); ++i) {
    if (attempts[i].provider == attempts[i - 1].provider) add(CoverageCounter::retry);
  }
  if (record.failovers > 0) add(CoverageCounter::failover);
  for (const auto& [outcome, counter] : kCounterOfOutcome) {
    if (record.outcome == outcome) add(counter);
  }
}

void Coverage::on(const monitor::CacheEdgeMet&) { add(CoverageCounter::ttl_edge_hit); }

void Coverage::on(const ScheduledDone& event) {
  if (event.tie) add(CoverageCounter::tie_in_time);
}

std::vector<std::pair<std::string, std::int64_t>> Coverage::table() const {
  std::vector<std::pair<std::string, std::int64_t>> rows;
  for (std::size_t i = 0; i < kCoverageCounters; ++i) rows.emplace_back(kNames[i], counts_[i]);
  return rows;
}

std::vector<Finding> Coverage::judge(const Scenario& scenario) const {
  std::vector<Finding> findings;
  for (const auto& [name, least] : scenario.coverage) {
    const auto place = std::find(kNames.begin(), kNames.end(), name) - kNames.begin();
    check(place < std::ssize(kNames), "a coverage minimum names a counter");
    const std::int64_t count = counts_[static_cast<std::size_t>(place)];
    Finding finding{.kind = Finding::Kind::coverage, .id = name};
    finding.verdict = count >= least ? Verdict::pass : Verdict::inconclusive;
    finding.claim = fmt::format("{} happens at least {} times", name, least);
    finding.reason = fmt::format("it happened {} times", count);
    if (const auto origin = scenario.origins.find("/coverage/" + name); origin != scenario.origins.end()) {
      finding.origin = origin->second;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace windtunnel::sim
