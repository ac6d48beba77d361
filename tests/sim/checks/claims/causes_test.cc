// Which setting is named as what kept requests from an answer.

#include "sim/checks/claims/causes.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::causes_test {
namespace {

using namespace std::chrono_literals;
using monitor::Outcome;

std::string cause_of(const Scenario& scenario, Outcome outcome) {
  Causes causes{scenario};
  const RunResult result = run(scenario, {.observers = {&causes}});
  EXPECT_GT(causes.count(outcome), 0) << name_of(outcome);
  return causes.of(outcome, result.faults);
}

// A provider that takes 5 s, asked once a second.
Scenario slow() { return world(100s, workload("chat", per_second(1)), provider("alpha", Law::fixed(5e9))); }

Scenario slow_route() {
  Scenario scenario = slow();
  scenario.providers[0].name = "alpha/large";
  scenario.providers[0].account = "alpha";
  scenario.monitor.routing.routes = {{.name = "chat", .targets = {{.deployment = kFirst}}}};
  return scenario;
}

TEST(Causes, a_call_ends_by_the_limit_of_its_length) {
  Scenario scenario = slow();
  scenario.monitor.provider_call.timeout = 2s;
  EXPECT_EQ(cause_of(scenario, Outcome::failed), "monitor.provider_call.timeout, which is 2 s");

  scenario = slow();
  scenario.workloads[0].stream = true;
  scenario.monitor.provider_call.first_token_timeout = 2s;
  EXPECT_EQ(cause_of(scenario, Outcome::failed), "monitor.provider_call.first_token_timeout, which is 2 s");
  scenario.providers[0].first_token_timeout = 3s;
  EXPECT_EQ(cause_of(scenario, Outcome::failed), "providers.alpha.first_token_timeout, which is 3 s");

  scenario = slow();
  scenario.providers[0].time_to_first_token = Law::fixed(1e9);
  scenario.providers[0].time_per_output_token = Law::fixed(1e9);
  scenario.workloads[0].stream = true;
  scenario.monitor.provider_call.idle_timeout = 500ms;
  EXPECT_EQ(cause_of(scenario, Outcome::broken_stream), "monitor.provider_call.idle_timeout, which is 0.5 s");

  scenario = slow();
  scenario.providers[0].attempt_timeout = 500ms;
  EXPECT_EQ(cause_of(scenario, Outcome::failed), "providers.alpha.attempt_timeout, which is 0.5 s");
}

TEST(Causes, callers_who_have_gone_are_named_where_their_requests_end_with_that) {
  Scenario scenario = slow();
  scenario.workloads[0].client = ClientSpec{.preset = "none", .timeout = 1s};
  scenario.monitor.provider_call.on_caller_gone = monitor::OnCallerGone::cancel;
  EXPECT_EQ(cause_of(scenario, Outcome::client_error), "callers who had gone (monitor.provider_call.on_caller_gone)");
  scenario.providers[0].time_to_first_token = Law::fixed(0);
  scenario.providers[0].errors.rates = {{monitor::ReplyKind::client_error, 1}};
  EXPECT_EQ(cause_of(scenario, Outcome::client_error), "providers.alpha.errors");
}

TEST(Causes, a_limit_of_a_model_or_of_a_route_is_named_as_theirs) {
  Scenario scenario = slow_route();
  scenario.providers[0].attempt_timeout = 500ms;
  EXPECT_EQ(cause_of(scenario, Outcome::failed), "providers.alpha.models.large.attempt_timeout, which is 0.5 s");
  scenario.origins["/providers/alpha/attempt_timeout"] = {};
  EXPECT_EQ(cause_of(scenario, Outcome::failed), "providers.alpha.attempt_timeout, which is 0.5 s");

  scenario = slow_route();
  scenario.monitor.routing.routes[0].timeout = 400ms;
  EXPECT_EQ(cause_of(scenario, Outcome::failed), "routes.chat.timeout, which is 0.4 s");

  scenario = slow_route();
  scenario.monitor.routing.routes[0].attempt_timeout = 300ms;
  EXPECT_EQ(cause_of(scenario, Outcome::failed), "routes.chat.attempt_timeout, which is 0.3 s");
}

TEST(Causes, a_deadline_that_opens_the_breaker_is_named_with_it) {
  Scenario scenario = slow();
  scenario.monitor.provider_call.deadline = 2s;
  EXPECT_EQ(cause_of(scenario, Outcome::deadline_exceeded), "monitor.provider_call.deadline, which is 2 s");
  scenario.monitor.circuit_breaker.consecutive_threshold = 5;
  EXPECT_EQ(cause_of(scenario, Outcome::all_providers_unavailable),
            "monitor.provider_call.deadline, which is 2 s, and kept monitor.circuit_breaker open");
}

TEST(Causes, a_provider_that_is_said_not_to_answer_is_no_matter_of_the_timeout) {
  Scenario scenario = world(100s, workload("chat", per_second(1)), provider("alpha", Law::fixed(1e9)));
  scenario.providers[0].errors.rates = {{monitor::ReplyKind::timeout, 1}};
  EXPECT_EQ(cause_of(scenario, Outcome::failed), "providers.alpha.errors");
}

TEST(Causes, the_limit_that_refused_most_is_named) {
  Scenario scenario = world(100s, workload("chat", per_second(1)));
  scenario.workloads[0].team = "red";
  monitor::LimitConfig wide{.id = "wide", .requests = 50};
  monitor::LimitConfig narrow{.id = "narrow", .requests = 10};
  scenario.monitor.limits.limits = {wide, narrow};
  EXPECT_EQ(cause_of(scenario, Outcome::refused_rate), "limits.narrow");
  scenario.monitor.limits.limits = {{.requests = 10}};
  EXPECT_EQ(cause_of(scenario, Outcome::refused_rate), "limits.limit-1");
}

TEST(Causes, without_such_requests_the_settings_in_general_are_named) {
  Scenario scenario = slow();
  Causes causes{scenario};
  EXPECT_EQ(causes.of(Outcome::refused_rate, {}), "monitor.rate_limiter");
  scenario.monitor.limits.limits = {{.requests = 10}};
  EXPECT_EQ(causes.of(Outcome::refused_rate, {}), "limits");
}

}  // namespace
}  // namespace windtunnel::sim::causes_test
