#pragma once
// A second, simple statement of what a threshold counts that can only be nothing in a scenario: such a threshold shows
// nothing where it holds.

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::sim::claims_model {

inline bool opens(const monitor::BreakerConfig& rules) {
  if (rules.consecutive_threshold.has_value() || rules.failure_rate_threshold.has_value()) return true;
  if (rules.failure_count_threshold.has_value() || rules.allowed_fails.has_value()) return true;
  if (rules.slow_call_rate.has_value()) return true;
  for (std::size_t kind = 0; kind < monitor::kReplyKinds; ++kind) {
    if (rules.allowed_fails_by[kind] || rules.outcomes[kind] == monitor::BreakerOutcome::fatal) return true;
  }
  return false;
}

// A value that requests of this load have: of the word itself, of its rows, or one of `count` that are drawn by number.
inline bool has_word(const std::string& own, const std::string& drawn, std::int64_t count,
                     const std::vector<std::string>& rows, const std::optional<std::string>& wanted) {
  if (!wanted) return !own.empty() || count > 0 || !rows.empty();
  if (own == *wanted || std::find(rows.begin(), rows.end(), *wanted) != rows.end()) return true;
  return count > 0 && wanted->substr(0, drawn.size()) == drawn;
}

inline bool has_word(const WorkloadSpec& load, const monitor::LimitWord& word,
                     const std::optional<std::string>& wanted) {
  std::vector<std::string> rows;
  for (const ListedRequest& row : load.requests) {
    if (word.scope == monitor::LimitScope::key && row.key) rows.push_back(*row.key);
    if (word.scope == monitor::LimitScope::team && row.team) rows.push_back(*row.team);
    if (word.scope == monitor::LimitScope::user && row.user) rows.push_back(*row.user);
  }
  if (word.scope == monitor::LimitScope::key) return has_word(load.key, "", load.keys.count, rows, wanted);
  if (word.scope == monitor::LimitScope::team) return has_word(load.team, "team-", load.teams.count, rows, wanted);
  if (word.scope == monitor::LimitScope::user) return has_word("", "", load.users.count, rows, wanted);
  if (word.scope != monitor::LimitScope::tag) return true;
  for (const auto& [name, value] : load.tags) {
    if (name == word.tag && has_word(value, "", 0, {}, wanted)) return true;
  }
  for (const auto& [name, catalogue] : load.tag_catalogues) {
    if (name == word.tag && has_word("", name + "-", catalogue.count, {}, wanted)) return true;
  }
  return false;
}

inline bool counts_some(const Scenario& scenario, const monitor::LimitConfig& limit) {
  for (const WorkloadSpec& load : scenario.workloads) {
    bool counts = true;
    for (const monitor::LimitWord& word : limit.per) counts = counts && has_word(load, word, std::nullopt);
    for (const monitor::LimitCondition& condition : limit.when) {
      counts = counts && has_word(load, condition.word, condition.value);
    }
    if (counts) return true;
  }
  return false;
}

inline bool may_end_as(const Scenario& scenario, monitor::Outcome outcome) {
  using monitor::Outcome;
  const monitor::MonitorConfig& gateway = scenario.monitor;
  bool refuses_work = gateway.rate_limiter.requests_per_minute || gateway.rate_limiter.tokens_per_minute;
  bool refuses_money = gateway.cost_limiter.monthly || gateway.cost_limiter.daily;
  for (const monitor::LimitConfig& limit : gateway.limits.limits) {
    if (!counts_some(scenario, limit)) continue;
    refuses_work = refuses_work || limit.requests || limit.tokens || limit.parallel_requests;
    refuses_money = refuses_money || limit.usd;
  }
  const bool caches = gateway.cache.enabled && gateway.cache.capacity != 0;
  bool streams = false;
  for (const WorkloadSpec& load : scenario.workloads) streams = streams || load.stream;
  if (outcome == Outcome::refused_rate) return refuses_work;
  if (outcome == Outcome::refused_budget) return refuses_money;
  if (outcome == Outcome::refused_tokens) return gateway.token_limiter.mode != monitor::TokenMode::off;
  if (outcome == Outcome::cache_hit) return caches && gateway.cache.ttl.count() != 0;
  if (outcome == Outcome::stale_hit) return caches && gateway.cache.stale_if_error.count() != 0;
  if (outcome == Outcome::deadline_exceeded) return gateway.provider_call.deadline.has_value();
  return outcome != Outcome::broken_stream || streams;
}

// Whatever a run of this scenario draws.
inline bool can_only_be_nothing(const Scenario& scenario, const ThresholdSpec& spec) {
  using monitor::Outcome;
  if (spec.outcome && !may_end_as(scenario, *spec.outcome)) return true;
  const monitor::LimitsConfig& limits = scenario.monitor.limits;
  for (std::size_t i = 0; i < limits.limits.size(); ++i) {
    if (spec.limit == limit_name(limits, i) && !counts_some(scenario, limits.limits[i])) return true;
  }
  const std::vector<monitor::BreakerConfig> breakers = breakers_of(scenario);
  bool may_open = !scenario.breaker_command.empty();
  bool may_wait = false;
  bool costs = false;
  for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
    const ProviderSpec& provider = scenario.providers[i];
    for (const monitor::DatedTariff& dated : provider.tariffs) {
      costs = costs || cost_most(dated.tariff, Tokens{1}, Tokens{1}) != Usd{};
    }
    if (spec.provider && *spec.provider != provider.name) continue;
    may_open = may_open || opens(breakers[i]);
    bool is_short = provider.concurrency && provider.queue != 0;
    for (const FaultSpec& fault : scenario.faults) {
      const bool is_here =
          fault.providers.empty() || std::count(fault.providers.begin(), fault.providers.end(), provider.name) > 0;
      is_short = is_short || (is_here && !provider.concurrency && std::holds_alternative<Brownout>(fault.settings));
    }
    may_wait = may_wait || is_short;
  }
  const bool is_number = spec.aggregate == Aggregate::count || spec.aggregate == Aggregate::rate;
  switch (spec.of) {
    case Metric::breaker_opened:
      return !may_open;
    case Metric::provider_wait:
      return !may_wait;
    case Metric::cost_usd:
    case Metric::cost_known_usd:
    case Metric::cost_reserved_usd:
      return !is_number && !costs;
    case Metric::requests_refused:
      return !spec.outcome && !may_end_as(scenario, Outcome::refused_rate) &&
             !may_end_as(scenario, Outcome::refused_tokens) && !may_end_as(scenario, Outcome::refused_budget);
    case Metric::cache_hits:
      return !spec.outcome && !may_end_as(scenario, Outcome::cache_hit) && !may_end_as(scenario, Outcome::stale_hit);
    default:
      return false;
  }
}

}  // namespace windtunnel::sim::claims_model
