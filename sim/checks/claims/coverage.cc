#include "sim/checks/claims/coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace windtunnel::sim {
namespace {

using monitor::BreakerState;

constexpr std::array<std::string_view, kCoverageCounters> kNames = {"breaker_opened",
                                                                    "breaker_half_open",
                                                                    "probe_failed",
                                                                    "both_open",
                                                                    "late_result",
                                                                    "late_result_while_not_open",
                                                                    "retry",
                                                                    "failover",
                                                                    "retry_after_obeyed",
                                                                    "timeout",
                                                                    "malformed",
                                                                    "truncated",
                                                                    "deadline_exceeded",
                                                                    "rate_refused",
                                                                    "token_refused",
                                                                    "budget_refused",
                                                                    "cache_hit",
                                                                    "stale_hit",
                                                                    "ttl_edge_hit",
                                                                    "alert_80",
                                                                    "alert_90",
                                                                    "alert_95",
                                                                    "alert_100",
                                                                    "tie_in_time"};

}  // namespace

std::span<const std::string_view> coverage_counters() { return kNames; }

void Coverage::on_cooling_skip(RequestId, monitor::ProviderId, Instant) { add(CoverageCounter::retry_after_obeyed); }

void Coverage::on_attempt_end(const monitor::AttemptEnded& event) {
  if (event.reply.kind == monitor::ReplyKind::timeout) add(CoverageCounter::timeout);
  if (event.reply.kind == monitor::ReplyKind::malformed) add(CoverageCounter::malformed);
  if (event.reply.kind == monitor::ReplyKind::truncated) add(CoverageCounter::truncated);
  if (!event.late) return;
  add(CoverageCounter::late_result);
  if (event.state_before != BreakerState::open) add(CoverageCounter::late_result_while_not_open);
}

void Coverage::on_transition(monitor::ProviderId provider, const monitor::BreakerTransition& event) {
  states_[index_of(provider)] = event.to;
  if (event.to == BreakerState::half_open) add(CoverageCounter::breaker_half_open);
  if (event.to != BreakerState::open) return;
  add(CoverageCounter::breaker_opened);
  if (event.from == BreakerState::half_open) add(CoverageCounter::probe_failed);
  const bool all =
      std::all_of(states_.begin(), states_.end(), [](BreakerState one) { return one == BreakerState::open; });
  if (all) add(CoverageCounter::both_open);
}

void Coverage::on_budget(const monitor::BudgetEvent& event, Instant) {
  if (event.kind != monitor::BudgetEvent::Kind::alert) return;
  if (event.share.value == 800'000) add(CoverageCounter::alert_80);
  if (event.share.value == 900'000) add(CoverageCounter::alert_90);
  if (event.share.value == 950'000) add(CoverageCounter::alert_95);
  if (event.share.value == 1'000'000) add(CoverageCounter::alert_100);
}

void Coverage::on_finish(const monitor::Record& record) {
  const auto attempts = record.attempts();
  for (std::size_t i = 1; i < attempts.size(); ++i) {
    if (attempts[i].provider == attempts[i - 1].provider) add(CoverageCounter::retry);
  }
  if (record.failovers > 0) add(CoverageCounter::failover);
  switch (record.outcome) {
    case monitor::Outcome::cache_hit:
      return add(CoverageCounter::cache_hit);
    case monitor::Outcome::stale_hit:
      return add(CoverageCounter::stale_hit);
    case monitor::Outcome::refused_rate:
      return add(CoverageCounter::rate_refused);
    case monitor::Outcome::refused_tokens:
      return add(CoverageCounter::token_refused);
    case monitor::Outcome::refused_budget:
      return add(CoverageCounter::budget_refused);
    case monitor::Outcome::deadline_exceeded:
      return add(CoverageCounter::deadline_exceeded);
    case monitor::Outcome::served:
    case monitor::Outcome::client_error:
    case monitor::Outcome::failed:
    case monitor::Outcome::all_providers_unavailable:
      return;
  }
}

void Coverage::on_cache_edge(RequestId, Instant) { add(CoverageCounter::ttl_edge_hit); }

void Coverage::on_event(Instant, bool tie) {
  if (tie) add(CoverageCounter::tie_in_time);
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
