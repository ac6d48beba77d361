// Deployments and routes in a world: shared quotas, windows of context, tags, shares of the traffic.

#include <gtest/gtest.h>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::world_routes_test {
namespace {

using namespace std::chrono_literals;
using monitor::ProviderId;
using monitor::ReplyKind;
using monitor::RouteId;

monitor::RouteTarget target(std::size_t place, std::int64_t weight = 1) {
  return {.deployment = ProviderId{static_cast<std::uint8_t>(place)}, .weight = weight};
}

Scenario two_deployments() {
  Scenario scenario = world(1min, workload("load", per_second(10)), provider("org/a"));
  scenario.providers.push_back(provider("org/b"));
  for (ProviderSpec& deployment : scenario.providers) deployment.account = "org";
  scenario.monitor.routing.routes = {{.name = "chat", .targets = {target(0), target(1)}}};
  return scenario;
}

TEST(Deployments, that_share_a_quota_share_its_minutes) {
  Scenario scenario = two_deployments();
  scenario.monitor.routing.routes[0].balance = monitor::Balance::weighted;
  scenario.monitor.provider_call.retry_after_cap = 0s;
  for (ProviderSpec& deployment : scenario.providers) deployment.rate_limit.requests_per_minute = 100;
  const auto served = [](const Scenario& played) {
    return KeptRun{played}.result.pipeline.metrics().all().count(monitor::Outcome::served);
  };
  EXPECT_EQ(served(scenario), 200);
  for (ProviderSpec& deployment : scenario.providers) deployment.quota = "org";
  EXPECT_EQ(served(scenario), 100);
}

TEST(Deployments, refuse_what_exceeds_their_window_of_context_and_bill_nothing) {
  Scenario scenario = two_deployments();
  scenario.workloads[0].max_tokens = Tokens{100};
  scenario.providers[0].context_window = Tokens{200};
  EXPECT_EQ(KeptRun{scenario}.count(ReplyKind::context_length), 0);  // 100 and 100 just fit
  scenario.providers[0].context_window = Tokens{199};
  scenario.monitor.routing.routes[0].failover->add(ReplyKind::context_length);
  const KeptRun run{scenario};
  EXPECT_EQ(run.count(ReplyKind::context_length), std::ssize(run.records));
  EXPECT_EQ(run.result.pipeline.metrics().all().count(monitor::Outcome::served), std::ssize(run.records));
  EXPECT_EQ(run.result.ledger[0].billed, UsdSum{});
}

TEST(Routes, are_asked_by_the_name_and_the_tags_of_a_workload) {
  Scenario scenario = two_deployments();
  scenario.monitor.routing.routes = {{.name = "chat", .targets = {target(0)}},
                                     {.name = "paid", .targets = {target(1)}}};
  EXPECT_EQ(route_of(scenario, scenario.workloads[0]), RouteId{0});
  scenario.workloads[0].route = "paid";
  EXPECT_EQ(route_of(scenario, scenario.workloads[0]), RouteId{1});
  scenario.workloads[0].route = "chat";
  scenario.monitor.routing.routes[0].rules = {{.when = {{"plan", "paid"}}, .route = RouteId{1}}};
  EXPECT_EQ(route_of(scenario, scenario.workloads[0]), RouteId{0});
  scenario.workloads[0].tags = {{"plan", "paid"}};
  EXPECT_EQ(route_of(scenario, scenario.workloads[0]), RouteId{1});
  const KeptRun run{scenario};
  for (const monitor::Record& record : run.records) ASSERT_EQ(record.answered_by, ProviderId{1});
}

// Three rows, of which the first names a route and the others are the workload's.
Scenario with_rows() {
  Scenario scenario = two_deployments();
  scenario.monitor.routing.routes = {{.name = "chat", .targets = {target(0)}},
                                     {.name = "paid", .targets = {target(1)}}};
  scenario.workloads[0].executor = Script{};
  scenario.workloads[0].requests = {{.at = 1s, .route = "paid"}, {.at = 2s}, {.at = 3s, .route = "chat"}};
  return scenario;
}

TEST(Routes, are_asked_by_the_rows_of_a_trace) {
  const KeptRun run{with_rows()};
  ASSERT_EQ(run.records.size(), 3U);
  EXPECT_EQ(run.records[0].answered_by, ProviderId{1});
  EXPECT_EQ(run.records[1].answered_by, ProviderId{0});
  EXPECT_EQ(run.records[2].answered_by, ProviderId{0});
  const auto& routes = run.result.pipeline.metrics().routes();
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].requests(), 2);
  EXPECT_EQ(routes[1].requests(), 1);
}

TEST(Routes, of_rows_follow_the_rules_of_their_route) {
  Scenario scenario = with_rows();
  scenario.monitor.routing.routes[1].rules = {{.when = {{"plan", "free"}}, .route = RouteId{0}}};
  scenario.workloads[0].tags = {{"plan", "free"}};
  const std::vector<RouteId> routes = routes_of_rows(scenario, scenario.workloads[0]);
  EXPECT_EQ(routes, (std::vector<RouteId>{RouteId{0}, RouteId{0}, RouteId{0}}));
  scenario.workloads[0].requests = {{.at = 1s}};
  EXPECT_TRUE(routes_of_rows(scenario, scenario.workloads[0]).empty());
}

TEST(Routes, divide_the_traffic_of_a_run_by_weight) {
  Scenario scenario = two_deployments();
  scenario.duration = 1h;
  scenario.monitor.routing.routes[0].balance = monitor::Balance::weighted;
  scenario.monitor.routing.routes[0].targets[0].weight = 3;
  const RunResult result = run(scenario);
  const auto calls = static_cast<double>(result.ledger[0].calls);
  const auto all = static_cast<double>(result.ledger[0].calls + result.ledger[1].calls);
  expect_value("the share of the first target", calls / all, 0.75, binomial_se(0.75, all), {0.5, 0.7});
}

TEST(Routes, of_providers_in_file_order_run_as_no_routes_do) {
  Scenario scenario = two_deployments();
  scenario.providers[0].errors.rates = {{ReplyKind::server_error, 0.3}};
  scenario.providers[1].errors.rates = {{ReplyKind::timeout, 0.1}, {ReplyKind::client_error, 0.1}};
  scenario.monitor.circuit_breaker.consecutive_threshold = 2;
  scenario.monitor.provider_call.retry.max_attempts = 2;
  const std::uint64_t with = run(scenario).digest;
  scenario.monitor.routing = {};
  EXPECT_EQ(run(scenario).digest, with);
}

}  // namespace
}  // namespace windtunnel::sim::world_routes_test
