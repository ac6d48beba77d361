// A swarm's routes: every word of them, over the providers that were drawn.

#include <fmt/format.h>

#include <algorithm>

#include "sim/explore/swarm_draws.h"

namespace windtunnel::sim::swarm {
namespace {

using monitor::ReplyKind;
using monitor::ReplySet;
using monitor::RouteConfig;
using monitor::RouteId;

RouteId route_at(std::uint64_t place) { return RouteId{static_cast<std::uint8_t>(place)}; }

ReplySet draw_kinds(const Draft& draft, const char* what, std::uint64_t i) {
  ReplySet set = ReplySet::any();
  if (draft.dice.coin(50, what, i)) return set;
  set = {};
  for (const ReplyKind kind : {ReplyKind::timeout, ReplyKind::server_error, ReplyKind::overloaded}) set.add(kind);
  if (draft.dice.coin(50, what, i + 100)) set.add(ReplyKind::context_length);
  if (draft.dice.coin(30, what, i + 200)) set.add(ReplyKind::client_error);
  return set;
}

void draw_targets(const Draft& draft, RouteConfig& route, std::uint64_t i, std::uint64_t routes) {
  const Dice& dice = draft.dice;
  const std::size_t providers = draft.world.providers.size();
  const std::uint64_t first = below(dice.bits("first target", i), providers);
  const auto count = static_cast<std::size_t>(dice.between({1, std::ssize(draft.world.providers)}, "targets", i));
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint64_t member = i * 64 + k;
    monitor::RouteTarget target;
    target.deployment = monitor::ProviderId{static_cast<std::uint8_t>((first + k) % providers)};
    // One of each tier is asked, because the first of a tier never weighs nothing.
    target.priority = k == 0 ? 0 : dice.one_of<std::int32_t>({0, 0, 1}, "priority", member);
    const bool is_alone = std::ranges::none_of(
        route.targets, [&](const monitor::RouteTarget& other) { return other.priority == target.priority; });
    target.weight = dice.one_of<std::int64_t>({1, 3, 0, 1'000'000}, "target weight", member) + (is_alone ? 1 : 0);
    route.targets.push_back(target);
  }
  // Only routes behind this one, so that none goes round.
  if (i + 1 < routes && dice.coin(25, "nested", i)) {
    route.targets.push_back(
        {.route = route_at(i + 1), .priority = dice.one_of<std::int32_t>({0, 1}, "nested tier", i)});
  }
}

void draw_retry(const Draft& draft, RouteConfig& route, std::uint64_t i) {
  using monitor::RetryPer;
  using monitor::RetryWhere;
  const Dice& dice = draft.dice;
  monitor::RouteRetry& retry = route.retry;
  if (dice.coin(70, "route attempts", i)) retry.max_attempts = dice.one_of<std::int32_t>({1, 2, 3}, "attempts of", i);
  retry.per = dice.one_of({RetryPer::target, RetryPer::route}, "per", i);
  retry.where = dice.one_of({RetryWhere::same_target, RetryWhere::another_target, RetryWhere::whole_route}, "where", i);
  if (dice.coin(20, "per priority", i)) retry.attempts_per_priority = dice.one_of<std::int32_t>({1, 2}, "tier", i);
  if (dice.coin(30, "retried kinds", i)) retry.on = draw_kinds(draft, "retried", i);
}

RouteConfig draw_route(const Draft& draft, std::uint64_t i, std::uint64_t routes) {
  using monitor::Balance;
  const Dice& dice = draft.dice;
  const Duration timeout = draft.patience();
  RouteConfig route;
  route.name = fmt::format("route-{}", i + 1);
  draw_targets(draft, route, i, routes);
  route.balance = dice.one_of({Balance::in_order, Balance::weighted, Balance::least_busy, Balance::lowest_latency,
                               Balance::lowest_cost, Balance::lowest_usage},
                              "balance", i);
  route.is_sticky = route.balance == Balance::weighted && dice.coin(50, "sticky", i);
  if (route.balance == Balance::lowest_latency && dice.coin(50, "mean of a window", i)) {
    route.estimator = monitor::Estimator::window_mean;
    route.buffer = Millionths{dice.one_of<std::int64_t>({0, 200'000, 1'000'000}, "buffer", i)};
  }
  draw_retry(draft, route, i);
  if (dice.coin(15, "no failover", i)) {
    route.failover.reset();
  } else if (dice.coin(25, "failover kinds", i)) {
    route.failover = draw_kinds(draft, "failover", i);
  }
  if (dice.coin(50, "own fallback", i)) {
    route.fallback.emplace();
    for (std::uint64_t other = 0; other < routes; ++other) {
      if (other == i || !dice.coin(50, "falls back", i * 64 + other)) continue;
      route.fallback->push_back({route_at(other), draw_kinds(draft, "fallback", i * 64 + other)});
    }
  }
  if (dice.coin(25, "route attempt timeout", i)) route.attempt_timeout = timeout * dice.one_of({1, 2}, "by", i);
  if (dice.coin(25, "route timeout", i)) route.timeout = draft.on_grid(timeout * dice.one_of({1, 2, 5}, "times", i));
  if (dice.coin(25, "route backoff", i)) {
    route.retry.backoff = monitor::RetryConfig{
        .base = draft.on_grid(dice.one_of<Duration>({std::chrono::seconds{1}, std::chrono::seconds{3}}, "waits", i)),
        .jitter = monitor::Jitter::none};
  }
  if (dice.coin(20, "route first token", i)) route.first_token_timeout = timeout;
  if (dice.coin(20, "route pause", i)) route.idle_timeout = timeout;
  if (dice.coin(20, "bypass", i)) route.when_all_open = monitor::WhenAllOpen::bypass;
  return route;
}

// The world's breaker with another count.
monitor::NamedBreaker draw_own_breaker(const Draft& draft, const char* what, std::uint64_t i) {
  monitor::NamedBreaker own{draft.world.breaker_preset, draft.world.monitor.circuit_breaker};
  own.config.consecutive_threshold = draft.dice.one_of<std::int64_t>({4, 8}, what, i);
  return own;
}

// A kept experiment or choice assigns providers, which routes do not allow.
bool may_have_routes(const Draft& draft) {
  if (draft.keeps(SwarmPart::ab_router) && !draft.world.monitor.ab_router.variants.empty()) return false;
  return !draft.keeps(SwarmPart::workload) || std::ranges::none_of(draft.world.workloads, [](const WorkloadSpec& load) {
    return load.provider || std::ranges::any_of(load.requests, [](const ListedRequest& request) {
             return request.provider.has_value();
           });
  });
}

bool names_own_failure(const ReplySet& kinds) {
  return kinds.has(ReplyKind::client_error) || kinds.has(ReplyKind::context_length);
}

// A request that is asked elsewhere after its own fault takes the time of several healthy answers, so that a deadline
// would end it also when all is well.
void lift_deadlines(Draft& draft) {
  monitor::RoutesConfig& routing = draft.world.monitor.routing;
  const auto by_fallback = [](const std::vector<monitor::RouteFallback>& list) {
    return std::ranges::any_of(list, [](const auto& fallback) { return names_own_failure(fallback.on); });
  };
  const auto asks_again = [&](const RouteConfig& route) {
    return (route.retry.on && names_own_failure(*route.retry.on)) ||
           (route.failover && names_own_failure(*route.failover)) || (route.fallback && by_fallback(*route.fallback));
  };
  if (!std::ranges::any_of(routing.routes, asks_again) && !by_fallback(routing.default_fallback)) return;
  if (!draft.keeps(SwarmPart::provider_call)) draft.world.monitor.provider_call.deadline.reset();
  for (RouteConfig& route : routing.routes) route.timeout.reset();
}

}  // namespace

void draw_deployments(Draft& draft) {
  const Dice& dice = draft.dice;
  std::uint64_t i = 0;
  for (ProviderSpec& provider : draft.world.providers) {
    if (dice.coin(15, "window of context", i)) {
      provider.context_window = Tokens{dice.one_of<std::int64_t>({250, 600}, "window of tokens", i)};
    }
    if (dice.coin(10, "own timeout", i)) provider.attempt_timeout = draft.patience() * 2;
    if (dice.coin(10, "own breaker", i)) provider.breaker = draw_own_breaker(draft, "failures in a row at", i);
    if (dice.coin(10, "own first token", i)) provider.first_token_timeout = draft.patience();
    if (dice.coin(10, "own pause", i)) provider.idle_timeout = draft.patience();
    if (dice.coin(10, "own backoff", i)) {
      provider.backoff =
          monitor::RetryConfig{.base = draft.on_grid(std::chrono::seconds{1}), .jitter = monitor::Jitter::none};
    }
    if (dice.coin(10, "own attempts", i)) provider.max_attempts = dice.one_of<std::int32_t>({1, 2}, "attempts at", i);
    ++i;
  }
  if (!dice.coin(15, "one quota")) return;
  for (ProviderSpec& provider : draft.world.providers) {
    provider.quota = "org";
    provider.rate_limit = draft.world.providers.front().rate_limit;
  }
}

void draw_routes(Draft& draft) {
  if (draft.keeps(SwarmPart::routes)) return;
  Scenario& world = draft.world;
  world.monitor.routing = {};
  for (WorkloadSpec& load : world.workloads) load.route.reset();
  if (!may_have_routes(draft) || !draft.dice.coin(40, "routes")) return;
  world.monitor.ab_router = {};
  const auto count = static_cast<std::uint64_t>(draft.dice.between({1, 3}, "number of routes"));
  for (std::uint64_t i = 0; i < count; ++i) world.monitor.routing.routes.push_back(draw_route(draft, i, count));
  if (draft.dice.coin(30, "default fallback")) {
    world.monitor.routing.default_fallback = {{route_at(count - 1), draw_kinds(draft, "default", 0)}};
  }
  if (draft.dice.coin(30, "rule")) {
    world.monitor.routing.routes.front().rules = {{.when = {{"plan", "paid"}}, .route = route_at(count - 1)}};
    if (count == 1) world.monitor.routing.routes.front().rules.clear();
  }
  // One route alone, so that no two differ about a deployment.
  if (draft.dice.coin(15, "breaker of a route")) {
    world.monitor.routing.routes.front().breaker = draw_own_breaker(draft, "failures in a row in", 0);
  }
  lift_deadlines(draft);
  std::uint64_t i = 0;
  for (WorkloadSpec& load : world.workloads) {
    load.provider.reset();
    for (ListedRequest& request : load.requests) request.provider.reset();
    load.route = world.monitor.routing.routes[below(draft.dice.bits("route of load", i), count)].name;
    if (draft.dice.coin(50, "tag", i)) load.tags = {{"plan", "paid"}};
    ++i;
  }
}

}  // namespace windtunnel::sim::swarm
