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

// Whether a reply can be a failure at all for these rules.
inline bool knows_failure(const monitor::BreakerConfig& rules) {
  using monitor::BreakerOutcome;
  using monitor::ReplyKind;
  for (std::size_t kind = 0; kind < monitor::kReplyKinds; ++kind) {
    const auto reply = static_cast<ReplyKind>(kind);
    const bool is_mild = reply == ReplyKind::ok || reply == ReplyKind::client_error ||
                         reply == ReplyKind::context_length || reply == ReplyKind::content_policy;
    if (!rules.outcomes[kind] && !is_mild) return true;
    if (rules.outcomes[kind] == BreakerOutcome::failure || rules.outcomes[kind] == BreakerOutcome::fatal) return true;
  }
  return rules.slow_call_rate.has_value();
}

inline bool opens(const monitor::BreakerConfig& rules) {
  if (!knows_failure(rules)) return false;
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
    if (!counts_some(scenario, limit) || limit.on_exhausted == monitor::OnExhausted::alert) continue;
    refuses_work = refuses_work || limit.requests || limit.tokens || limit.parallel_requests;
    refuses_money = refuses_money || limit.usd;
  }
  bool asks_twice = false;
  for (const WorkloadSpec& load : scenario.workloads) {
    asks_twice = asks_twice || load.prompts.count != 0 || load.client.has_value();
    for (const ListedRequest& row : load.requests) asks_twice = asks_twice || row.prompt.has_value();
  }
  const bool caches = gateway.cache.enabled && gateway.cache.capacity != 0 && asks_twice;
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

// A refused request has a target only where it comes to one first: a limit on calls refuses it there, or a further call
// finds no tokens or money left.
inline bool is_refused_at_target(const Scenario& scenario, monitor::Outcome outcome) {
  const monitor::MonitorConfig& gateway = scenario.monitor;
  const bool is_of_money = outcome == monitor::Outcome::refused_budget;
  if (is_of_money && (gateway.cost_limiter.monthly || gateway.cost_limiter.daily)) return true;
  for (const monitor::LimitConfig& limit : gateway.limits.limits) {
    if (!counts_some(scenario, limit) || limit.on_exhausted == monitor::OnExhausted::alert) continue;
    bool is_on_calls = false;
    std::vector<monitor::LimitWord> words = limit.per;
    for (const monitor::LimitCondition& condition : limit.when) words.push_back(condition.word);
    for (const monitor::LimitWord& word : words) {
      is_on_calls =
          is_on_calls || word.scope == monitor::LimitScope::deployment || word.scope == monitor::LimitScope::provider;
    }
    if (is_of_money && limit.usd) return true;
    const bool is_of_rate = outcome == monitor::Outcome::refused_rate;
    if (is_of_rate && (limit.tokens || (is_on_calls && (limit.requests || limit.parallel_requests)))) return true;
  }
  return false;
}

// A threshold of refusals that are all of requests without what its tags name.
inline bool names_what_no_refusal_has(const Scenario& scenario, const ThresholdSpec& spec) {
  using monitor::Outcome;
  if (!spec.provider && !spec.served_by && !spec.variant) return false;
  for (const Outcome outcome : {Outcome::refused_rate, Outcome::refused_tokens, Outcome::refused_budget}) {
    if ((!spec.outcome || *spec.outcome == outcome) && is_refused_at_target(scenario, outcome)) return false;
  }
  if (spec.served_by || spec.variant) return true;
  // Of a provider alone: where it is known beforehand, it is that of the request.
  if (scenario.monitor.ab_router.variants.empty() && scenario.monitor.routing.routes.empty()) return false;
  for (const WorkloadSpec& load : scenario.workloads) {
    if (load.provider) return false;
    for (const ListedRequest& row : load.requests) {
      if (row.provider) return false;
    }
  }
  return true;
}

inline bool moves_nowhere(const Scenario& scenario) {
  const monitor::RoutesConfig& routing = scenario.monitor.routing;
  if (scenario.providers.size() == 1) return true;
  for (const monitor::RouteConfig& route : routing.routes) {
    const std::vector<monitor::RouteFallback>& next = route.fallback ? *route.fallback : routing.default_fallback;
    if (route.targets.size() != 1 || route.targets.front().route || !next.empty()) return false;
  }
  return !routing.routes.empty();
}

// Of a share of 0 to 1, or a number that is not negative, whatever happens.
inline bool holds_always(const ThresholdSpec& spec) {
  const bool is_flow = spec.of == Metric::requests || spec.of == Metric::provider_calls || spec.of == Metric::tokens;
  const bool is_share = spec.aggregate == Aggregate::rate && !is_flow;
  if (spec.comparison == Comparison::greater_equal) {
    return spec.bound == 0 && spec.bound_picos == 0;
  }
  if (!is_share) return false;
  if (spec.comparison == Comparison::less_equal) return spec.bound >= 1'000'000;
  return (spec.comparison == Comparison::less || spec.comparison == Comparison::not_equal) && spec.bound > 1'000'000;
}

// Whatever a run of this scenario draws.
inline bool can_only_be_nothing(const Scenario& scenario, const ThresholdSpec& spec) {
  using monitor::Outcome;
  if (spec.outcome && !may_end_as(scenario, *spec.outcome)) return true;
  const bool is_of_refusals = spec.of == Metric::requests_refused && !spec.outcome;
  const bool is_refusal = spec.outcome == Outcome::refused_rate || spec.outcome == Outcome::refused_tokens ||
                          spec.outcome == Outcome::refused_budget;
  if ((is_of_refusals || is_refusal) && names_what_no_refusal_has(scenario, spec)) return true;
  if (spec.of == Metric::failovers && moves_nowhere(scenario)) return true;
  if (holds_always(spec)) return true;
  const monitor::LimitsConfig& limits = scenario.monitor.limits;
  for (std::size_t i = 0; i < limits.limits.size(); ++i) {
    const bool is_alert = limits.limits[i].on_exhausted == monitor::OnExhausted::alert;
    if (spec.limit == limit_name(limits, i) && (is_alert || !counts_some(scenario, limits.limits[i]))) return true;
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
      return !is_number && !costs;
    case Metric::cost_reserved_usd: {
      const bool holds_none = scenario.monitor.cost_limiter.unknown_usage == monitor::UnknownUsage::zero;
      return (!is_number && !costs) || (spec.aggregate == Aggregate::value && holds_none);
    }
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
