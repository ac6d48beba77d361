#include "sim/checks/claims/unbreakable.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "monitor/breaker/breaker_rules.h"
#include "sim/checks/claims/threshold_units.h"
#include "sim/models/default_outcome.h"
#include "sim/world/places.h"

namespace windtunnel::sim {
namespace {

using monitor::LimitConfig;
using monitor::LimitScope;
using monitor::LimitWord;
using monitor::Outcome;

bool is_costless(const Tariff& tariff) {
  const auto is_none = [](const std::optional<Price>& price) { return !price || price->per_token == Usd{}; };
  return is_none(tariff.input) && is_none(tariff.output) && is_none(tariff.cached_input) &&
         is_none(tariff.cache_write) && is_none(tariff.reasoning);
}

// Whether a value of a catalogue may be this one; any value, if none is asked for.
bool may_be_drawn(const CallerCatalogue& catalogue, const std::string& prefix, const std::string* value) {
  return catalogue.count > 0 && (value == nullptr || value->starts_with(prefix));
}

bool is_word(const std::string& word, const std::string* value) {
  return !word.empty() && (value == nullptr || word == *value);
}

// Whether requests of the workload may carry the word, with this value if one is asked for.
bool may_carry(const WorkloadSpec& load, const LimitWord& word, const std::string* value) {
  const auto in_rows = [&](const std::optional<std::string> ListedRequest::*place) {
    return std::ranges::any_of(load.requests, [&](const ListedRequest& row) {
      return (row.*place).has_value() && (value == nullptr || *(row.*place) == *value);
    });
  };
  switch (word.scope) {
    case LimitScope::key:
      return is_word(load.key, value) || load.keys.count > 0 || in_rows(&ListedRequest::key);
    case LimitScope::team:
      return is_word(load.team, value) || may_be_drawn(load.teams, "team-", value) || in_rows(&ListedRequest::team);
    case LimitScope::user:
      return load.users.count > 0 || in_rows(&ListedRequest::user);
    case LimitScope::tag:
      return std::ranges::any_of(
                 load.tags, [&](const auto& tag) { return tag.first == word.tag && is_word(tag.second, value); }) ||
             std::ranges::any_of(load.tag_catalogues, [&](const auto& tag) {
               return tag.first == word.tag && may_be_drawn(tag.second, word.tag + "-", value);
             });
    case LimitScope::route:
    case LimitScope::deployment:
    case LimitScope::provider:
      return true;
  }
  return true;
}

bool may_count(const Scenario& scenario, const LimitConfig& limit) {
  return std::ranges::any_of(scenario.workloads, [&](const WorkloadSpec& load) {
    return std::ranges::all_of(limit.per, [&](const LimitWord& word) { return may_carry(load, word, nullptr); }) &&
           std::ranges::all_of(limit.when, [&](const monitor::LimitCondition& condition) {
             return may_carry(load, condition.word, &condition.value);
           });
  });
}

bool may_refuse(const Scenario& scenario, const LimitConfig& limit) {
  return limit.on_exhausted != monitor::OnExhausted::alert && may_count(scenario, limit);
}

// Whether a limit of the list may refuse a request: for want of money, or of anything else.
bool may_refuse_for(const Scenario& scenario, bool is_of_money) {
  return std::ranges::any_of(scenario.monitor.limits.limits, [&](const LimitConfig& limit) {
    const bool has_rate = limit.requests || limit.tokens || limit.parallel_requests;
    return (is_of_money ? limit.usd.has_value() : has_rate) && may_refuse(scenario, limit);
  });
}

bool has_cache(const monitor::CacheConfig& cache) { return cache.enabled && cache.capacity > 0; }

// A caller may ask again what it asked before, and a list may name a prompt twice.
bool repeats_prompts(const WorkloadSpec& load) {
  return load.prompts.count > 0 || load.client ||
         std::ranges::any_of(load.requests, [](const ListedRequest& row) { return row.prompt.has_value(); });
}

std::string why_no_repetition(const Scenario& scenario) {
  const bool repeats = std::ranges::any_of(scenario.workloads, repeats_prompts);
  return repeats ? "" : "no prompt repeats: no workload has prompts.count";
}

// Why no request can end so.
std::string why_never(const Scenario& scenario, Outcome outcome) {
  const monitor::MonitorConfig& monitor = scenario.monitor;
  switch (outcome) {
    case Outcome::cache_hit:
      if (!has_cache(monitor.cache)) return "the cache is off";
      if (!(monitor.cache.ttl > Duration{0})) return "no entry of the cache is fresh: its ttl is 0";
      return why_no_repetition(scenario);
    case Outcome::stale_hit:
      if (!has_cache(monitor.cache)) return "the cache is off";
      if (!(monitor.cache.stale_if_error > Duration{0})) return "monitor.cache.stale_if_error is 0";
      return why_no_repetition(scenario);
    case Outcome::refused_rate: {
      const bool has_limiter = monitor.rate_limiter.requests_per_minute || monitor.rate_limiter.tokens_per_minute;
      return has_limiter || may_refuse_for(scenario, false) ? "" : "no limit of requests or tokens can refuse one";
    }
    case Outcome::refused_tokens:
      return monitor.token_limiter.mode == monitor::TokenMode::off ? "monitor.token_limiter is off" : "";
    case Outcome::refused_budget: {
      const bool has_budget = monitor.cost_limiter.monthly || monitor.cost_limiter.daily;
      return has_budget || may_refuse_for(scenario, true) ? "" : "there is no budget";
    }
    case Outcome::deadline_exceeded:
      return monitor.provider_call.deadline ? "" : "there is no monitor.provider_call.deadline";
    case Outcome::broken_stream:
      return std::ranges::any_of(scenario.workloads, &WorkloadSpec::stream) ? "" : "no workload streams";
    default:  // a run may end so under any settings
      return "";
  }
}

// The threshold's provider, or all.
bool is_asked_of(const ThresholdSpec& threshold, const ProviderSpec& provider) {
  return !threshold.provider || *threshold.provider == provider.name;
}

// Whether some reply counts as a failure. What is not declared counts as it does by default, which is a failure for
// most.
bool counts_failures(const monitor::BreakerConfig& config) {
  for (std::size_t kind = 0; kind < monitor::kReplyKinds; ++kind) {
    const auto reply = static_cast<monitor::ReplyKind>(kind);
    const auto outcome = config.outcomes[kind].value_or(default_outcome(reply, true));
    if (outcome == monitor::BreakerOutcome::failure || outcome == monitor::BreakerOutcome::fatal) return true;
  }
  return config.slow_call_rate.has_value();
}

std::string why_closed(const Scenario& scenario, const ThresholdSpec& threshold) {
  if (!scenario.breaker_command.empty()) return "";
  const std::vector<monitor::BreakerConfig> breakers = breakers_of(scenario);
  bool has_rule = false;
  for (std::size_t i = 0; i < breakers.size(); ++i) {
    if (!is_asked_of(threshold, scenario.providers[i]) || !can_open(breakers[i])) continue;
    if (counts_failures(breakers[i])) return "";
    has_rule = true;
  }
  if (has_rule) return "no breaker can open: its outcomes count no reply as a failure";
  return threshold.provider ? "no breaker of it can open: it has no rule" : "no breaker can open: none has a rule";
}

// A call waits where places are short and its provider has a queue; without a number of places of its own the queue has
// no end.
std::string why_no_wait(const Scenario& scenario, const ThresholdSpec& threshold) {
  bool has_concurrency = false;
  for (const ProviderSpec& provider : scenario.providers) {
    if (!is_asked_of(threshold, provider)) continue;
    has_concurrency = has_concurrency || has_places(scenario, provider);
    if (has_places(scenario, provider) && (!provider.concurrency || provider.queue > 0)) return "";
  }
  return has_concurrency ? "no call can wait: there is no queue" : "no call can wait: there is no concurrency";
}

std::string why_costless(const Scenario& scenario, const ThresholdSpec& threshold) {
  const bool is_sum = threshold.aggregate != Aggregate::count && threshold.aggregate != Aggregate::rate;
  const bool is_all_costless = std::ranges::all_of(scenario.providers, [](const ProviderSpec& provider) {
    return std::ranges::all_of(provider.tariffs,
                               [](const monitor::DatedTariff& dated) { return is_costless(dated.tariff); });
  });
  return is_sum && is_all_costless ? "no call costs anything: every price is 0" : "";
}

// Whether a request may be refused once it has a target: by a limit on calls, or for want of the tokens or the money of
// a further call. What counts requests alone is asked before.
bool may_refuse_at_target(const Scenario& scenario, const std::optional<Outcome>& outcome) {
  const monitor::MonitorConfig& monitor = scenario.monitor;
  if (outcome == Outcome::refused_tokens) return false;
  const bool has_budget = monitor.cost_limiter.monthly || monitor.cost_limiter.daily;
  if (has_budget && outcome.value_or(Outcome::refused_budget) == Outcome::refused_budget) return true;
  return std::ranges::any_of(monitor.limits.limits, [&](const LimitConfig& limit) {
    if (!may_refuse(scenario, limit)) return false;
    const bool is_by_rate = limit.tokens || (limit.is_of_targets() && (limit.requests || limit.parallel_requests));
    if (!outcome) return is_by_rate || limit.usd;
    return *outcome == Outcome::refused_budget ? limit.usd.has_value() : is_by_rate;
  });
}

// A request that is refused before it has a target is of no variant and of no provider, unless it names one itself or
// all go to the first.
std::string why_refused_elsewhere(const Scenario& scenario, const ThresholdSpec& threshold) {
  if (!threshold.provider && !threshold.served_by && !threshold.variant) return "";
  if (may_refuse_at_target(scenario, threshold.outcome)) return "";
  const bool is_routed = !scenario.monitor.ab_router.variants.empty() || !scenario.monitor.routing.routes.empty();
  const bool has_own_choice = std::ranges::any_of(scenario.workloads, [](const WorkloadSpec& load) {
    return load.provider || std::ranges::any_of(load.requests, [](auto& row) { return row.provider.has_value(); });
  });
  const bool is_known_beforehand = threshold.provider && (!is_routed || has_own_choice);
  if (is_known_beforehand && !threshold.served_by && !threshold.variant) return "";
  return "every refusal comes before a request has a target, so that none is of this one";
}

std::string why_alone(const Scenario& scenario) {
  return scenario.providers.size() == 1 ? "no request can fail over: there is one provider" : "";
}

std::string why_no_failover(const Scenario& scenario) {
  if (std::string why = why_alone(scenario); !why.empty()) return why;
  const monitor::RoutesConfig& routing = scenario.monitor.routing;
  const bool is_alone = std::ranges::all_of(routing.routes, [&](const monitor::RouteConfig& route) {
    return route.targets.size() == 1 && !route.targets[0].route &&
           route.fallback.value_or(routing.default_fallback).empty();
  });
  return !routing.routes.empty() && is_alone ? "no request can fail over: each route has one target and no fallback"
                                             : "";
}

std::string why_none_reserved(const Scenario& scenario) {
  const bool is_zero = scenario.monitor.cost_limiter.unknown_usage == monitor::UnknownUsage::zero;
  return is_zero ? "nothing is held for unknown usage: monitor.cost_limiter.unknown_usage is zero" : "";
}

std::string why_no_hit(const Scenario& scenario) {
  std::string fresh = why_never(scenario, Outcome::cache_hit);
  return why_never(scenario, Outcome::stale_hit).empty() ? "" : fresh;
}

bool is_share(const ThresholdSpec& threshold) {
  return threshold.aggregate == Aggregate::rate && !is_flow(threshold.of);
}

}  // namespace

std::string why_always(const ThresholdSpec& threshold, bool is_share) {
  constexpr std::int64_t kWhole = 1'000'000;
  const bool is_least = threshold.bound == 0 && threshold.bound_picos == 0;
  switch (threshold.comparison) {
    case Comparison::greater_equal:
      return is_least ? "it is never negative" : "";
    case Comparison::less_equal:
      return is_share && threshold.bound >= kWhole ? "no share is above 1" : "";
    case Comparison::less:
    case Comparison::not_equal:
      return is_share && threshold.bound > kWhole ? "no share is above 1" : "";
    case Comparison::greater:
    case Comparison::equal:
      return "";
  }
  return "";
}

std::string why_not_refused(const Scenario& scenario) {
  for (const Outcome outcome : {Outcome::refused_rate, Outcome::refused_tokens, Outcome::refused_budget}) {
    if (why_never(scenario, outcome).empty()) return "";
  }
  return "nothing can refuse a request: there is no limit and no budget";
}

std::string why_unbreakable_outside(const Scenario& scenario, const ThresholdSpec& threshold) {
  std::string why = why_always(threshold, is_share(threshold));
  return why.empty() && threshold.of == Metric::failovers ? why_alone(scenario) : why;
}

std::string why_unbreakable(const Scenario& scenario, const ThresholdSpec& threshold) {
  if (std::string why = why_always(threshold, is_share(threshold)); !why.empty()) return why;
  if (threshold.outcome) {
    const std::string why = why_never(scenario, *threshold.outcome);
    if (!why.empty()) return std::string{"no request can end as "} + name_of(*threshold.outcome) + ": " + why;
    if (is_refused(*threshold.outcome)) {
      if (std::string elsewhere = why_refused_elsewhere(scenario, threshold); !elsewhere.empty()) return elsewhere;
    }
  }
  const std::vector<LimitConfig>& limits = scenario.monitor.limits.limits;
  for (std::size_t i = 0; threshold.limit && i < limits.size(); ++i) {
    if (limit_name(scenario.monitor.limits, i) != *threshold.limit) continue;
    if (!may_count(scenario, limits[i])) return "no request is counted by the limit " + *threshold.limit;
    if (!may_refuse(scenario, limits[i])) return "the limit " + *threshold.limit + " alerts and refuses nothing";
  }
  switch (threshold.of) {
    case Metric::breaker_opened:
      return why_closed(scenario, threshold);
    case Metric::provider_wait:
      return why_no_wait(scenario, threshold);
    case Metric::cost_usd:
    case Metric::cost_known_usd:
      return why_costless(scenario, threshold);
    case Metric::cost_reserved_usd: {
      std::string why = why_costless(scenario, threshold);
      return why.empty() && threshold.aggregate == Aggregate::value ? why_none_reserved(scenario) : why;
    }
    case Metric::requests_refused: {
      if (threshold.outcome) return "";
      std::string why = why_not_refused(scenario);
      return why.empty() ? why_refused_elsewhere(scenario, threshold) : why;
    }
    case Metric::failovers:
      return why_no_failover(scenario);
    case Metric::cache_hits:
      return threshold.outcome ? "" : why_no_hit(scenario);
    default:  // any settings may break it
      return "";
  }
}

}  // namespace windtunnel::sim
