#include "tests/scenarios/route_generator.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::ReplySet;
using monitor::RouteConfig;
using monitor::RouteId;

bool flips() { return *rc::gen::arbitrary<bool>(); }
std::int64_t within(std::int64_t least, std::int64_t most) { return *rc::gen::inRange(least, most + 1); }
template <class E>
E any_of(E last) {
  return static_cast<E>(within(0, static_cast<std::int64_t>(last)));
}

// Any set that a file can hold: auth_or_quota stands alone with one of the two that it means, or with both.
ReplySet some_kinds() {
  ReplySet set;
  for (std::size_t i = 1; i < monitor::kReplyKinds; ++i) {
    if (flips()) set.add(static_cast<monitor::ReplyKind>(i));
  }
  if (set.has(monitor::ReplyKind::auth_or_quota)) {
    set.add(flips() ? monitor::ReplyKind::auth : monitor::ReplyKind::quota_exhausted);
  }
  set.add(monitor::ReplyKind::timeout);
  return set;
}

monitor::RetryConfig some_backoff() {
  return {.base = Duration{within(0, 1'000'000)}, .jitter = any_of(monitor::Jitter::none)};
}

monitor::NamedBreaker some_breaker() {
  monitor::NamedBreaker breaker;
  if (flips()) breaker = {"polly", *monitor::breaker_preset("polly")};
  if (flips()) breaker.config.open = Duration{within(0, 1'000'000'000)};
  if (flips()) breaker.config.allowed_fails = within(0, 5);
  return breaker;
}

RouteConfig route(const std::string& name, std::size_t deployments) {
  RouteConfig result{.name = name};
  for (std::size_t i = 0; i < deployments; ++i) {
    if (i > 0 && flips()) continue;
    result.targets.push_back({.deployment = monitor::ProviderId{static_cast<std::uint8_t>(i)},
                              .weight = within(1, 5),
                              .priority = static_cast<std::int32_t>(within(0, 2))});
  }
  result.balance = any_of(monitor::Balance::lowest_usage);
  if (result.balance == monitor::Balance::weighted) result.is_sticky = flips();
  if (result.balance == monitor::Balance::lowest_latency) {
    result.estimator = any_of(monitor::Estimator::window_mean);
    result.buffer = Millionths{within(0, 2'000'000)};
  }
  if (flips()) result.retry.max_attempts = static_cast<std::int32_t>(within(1, 64));
  result.retry.per = any_of(monitor::RetryPer::route);
  result.retry.where = any_of(monitor::RetryWhere::whole_route);
  if (flips()) result.retry.attempts_per_priority = static_cast<std::int32_t>(within(1, 3));
  if (flips()) result.retry.on = some_kinds();
  if (flips()) result.failover = some_kinds();
  if (flips()) result.failover.reset();
  if (flips()) result.attempt_timeout = Duration{within(1, 1'000'000)};
  if (flips()) result.first_token_timeout = Duration{within(1, 1'000'000)};
  if (flips()) result.idle_timeout = Duration{within(1, 1'000'000)};
  if (flips()) result.retry.backoff = some_backoff();
  if (flips()) result.timeout = Duration{within(1, 1'000'000)};
  result.when_all_open = any_of(monitor::WhenAllOpen::bypass);
  return result;
}

}  // namespace

void split_into_models(std::vector<sim::ProviderSpec>& providers) {
  const sim::ProviderSpec provider = providers.front();
  if (provider.name.find('/') != std::string::npos) return;
  providers.erase(providers.begin());
  for (const char* model : {"small", "a/b"}) {
    sim::ProviderSpec deployment = provider;
    deployment.account = provider.name;
    deployment.name = provider.name + "/" + model;
    deployment.profile.clear();
    deployment.quota = flips() ? "org" : provider.name;
    if (flips()) deployment.context_window = Tokens{within(1, 1'000'000)};
    if (flips()) deployment.max_attempts = static_cast<std::int32_t>(within(1, 3));
    if (flips()) deployment.attempt_timeout = Duration{within(1, 1'000'000'000)};
    if (flips()) deployment.first_token_timeout = Duration{within(1, 1'000'000'000)};
    if (flips()) deployment.idle_timeout = Duration{within(1, 1'000'000'000)};
    if (flips()) deployment.backoff = some_backoff();
    if (flips()) deployment.breaker = some_breaker();
    providers.insert(providers.begin(), std::move(deployment));
  }
}

void add_routes(sim::Scenario& scenario) {
  scenario.monitor.ab_router = {};
  scenario.monitor.routing.routes = {route("chat", scenario.providers.size()), route("b/c", scenario.providers.size())};
  RouteConfig& chat = scenario.monitor.routing.routes.front();
  if (flips()) chat.targets.push_back({.route = RouteId{1}, .weight = 2});
  if (flips()) chat.fallback.emplace();
  if (flips()) chat.breaker = some_breaker();
  if (flips()) chat.fallback = std::vector<monitor::RouteFallback>{{RouteId{1}, some_kinds()}};
  if (flips()) chat.rules = {{.when = {{"plan", "paid"}}, .route = RouteId{1}}};
  if (flips()) scenario.monitor.routing.default_fallback = {{RouteId{1}, some_kinds()}};
  for (sim::WorkloadSpec& load : scenario.workloads) {
    load.provider.reset();
    for (sim::ListedRequest& request : load.requests) request.provider.reset();
    if (flips()) load.route = "b/c";
    if (flips()) load.tags = {{"plan", "paid"}, {"x", ""}};
  }
}

}  // namespace windtunnel::scenarios
