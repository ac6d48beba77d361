// What replicas of a gateway share: a part is handed over whole, or one replica hears what another did. And what a
// pipeline goes on with of one that had other settings.

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "monitor/pipeline.h"

namespace windtunnel::monitor {

void Pipeline::exchange(Pipeline& other, PipelinePart part) {
  switch (part) {
    case PipelinePart::spend:
      return std::swap(cost_limiter_, other.cost_limiter_);
    case PipelinePart::limits:
      std::swap(limits_, other.limits_);
      std::swap(rate_limiter_, other.rate_limiter_);
      return std::swap(token_limiter_, other.token_limiter_);
    case PipelinePart::breakers:
      std::swap(breakers_, other.breakers_);
      return std::swap(cooling_until_, other.cooling_until_);
    case PipelinePart::usage:
      return plan_.exchange_usage(other.plan_);
    case PipelinePart::latency:
      return plan_.exchange_latency(other.plan_);
    case PipelinePart::cache:
      return std::swap(cache_, other.cache_);
    case PipelinePart::metrics:
      return std::swap(metrics_, other.metrics_);
  }
}

void Pipeline::hear_spend(Usd spent, WallTime admitted, Instant now) {
  cost_limiter_.hear(spent, admitted);
  deliver_budget(now);
}

void Pipeline::hear_month_spent(Usd spent, Instant now) {
  cost_limiter_.advance(wall_at(now));
  cost_limiter_.hear_month(spent, wall_at(now));
  deliver_budget(now);
}

// A breaker that is not closed decides by its own probes.
void Pipeline::hear_result(ProviderId provider, ReplyKind kind, Instant now) {
  const std::size_t place = index_of(provider);
  if (breakers_[place].state(now) != BreakerState::closed) return;
  const auto permit = breakers_.acquire(place, now, nullptr);
  check(permit.has_value(), "a closed breaker admits every call");
  static_cast<void>(breakers_.report(place, *permit, counts_as(kind, breakers_[place].config()), now, nullptr));
  deliver_transitions(provider);
}

void Pipeline::hear_retry_after(ProviderId provider, Instant until, Instant now) {
  if (until <= now) return;
  auto& own = cooling_until_[index_of(provider)];
  if (!own || *own < until) own = until;
}

PipelineBond Pipeline::bond_with(const Pipeline& other) const {
  PipelineBond bond;
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    const auto same = std::ranges::find(other.providers_, providers_[i].name, &ProviderConfig::name);
    if (same == other.providers_.end()) continue;
    const auto place = static_cast<std::size_t>(same - other.providers_.begin());
    bond.deployments.push_back({.mine = ProviderId{static_cast<std::uint8_t>(i)},
                                .theirs = ProviderId{static_cast<std::uint8_t>(place)},
                                .has_same_breaker = breakers_[i].config() == other.breakers_[place].config()});
  }
  // Answers and balances refer to deployments and routes by their places, accounts of limits by their names.
  const bool has_same_deployments =
      std::ranges::equal(providers_, other.providers_, [](const ProviderConfig& mine, const ProviderConfig& theirs) {
        return mine.name == theirs.name && mine.model == theirs.model && mine.account == theirs.account;
      });
  const bool has_same_routes = has_same_deployments && config_.routing == other.config_.routing;
  bond.limits = config_.limits == other.config_.limits;
  bond.rate_limiter = config_.rate_limiter == other.config_.rate_limiter;
  bond.token_limiter = config_.token_limiter == other.config_.token_limiter;
  bond.cache = has_same_routes && config_.cache == other.config_.cache;
  bond.balances = has_same_routes;
  return bond;
}

void Pipeline::exchange(Pipeline& other, const PipelineBond& bond) {
  std::swap(cost_limiter_, other.cost_limiter_);
  for (const PipelineBond::Deployment& deployment : bond.deployments) {
    const std::size_t mine = index_of(deployment.mine);
    const std::size_t theirs = index_of(deployment.theirs);
    std::swap(cooling_until_[mine], other.cooling_until_[theirs]);
    if (deployment.has_same_breaker) breakers_.exchange(mine, other.breakers_, theirs);
  }
  if (bond.limits) limits_.exchange_accounts(other.limits_);
  if (bond.rate_limiter) std::swap(rate_limiter_, other.rate_limiter_);
  if (bond.token_limiter) std::swap(token_limiter_, other.token_limiter_);
  if (bond.cache) std::swap(cache_, other.cache_);
  if (!bond.balances) return;
  plan_.exchange_usage(other.plan_);
  plan_.exchange_latency(other.plan_);
}

void Pipeline::change_budget(Instant now) {
  cost_limiter_.advance(wall_at(now));
  cost_limiter_.change(config_.cost_limiter);
  deliver_budget(now);
}

void Plan::exchange_usage(Plan& other) {
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    std::swap(loads_[i].outstanding, other.loads_[i].outstanding);
    std::swap(loads_[i].minute, other.loads_[i].minute);
    std::swap(loads_[i].used, other.loads_[i].used);
    std::swap(loads_[i].calls, other.loads_[i].calls);
  }
}

void Plan::exchange_latency(Plan& other) {
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    std::swap(loads_[i].peak, other.loads_[i].peak);
    std::swap(loads_[i].learnt_at, other.loads_[i].learnt_at);
    std::swap(loads_[i].latencies, other.loads_[i].latencies);
    std::swap(loads_[i].answers, other.loads_[i].answers);
  }
}

}  // namespace windtunnel::monitor
