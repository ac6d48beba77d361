// What a finding of a threshold says: its claim, its place, what would have been data; and tags of callers and limits.

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "sim/checks/claims/thresholds.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::threshold_words_test {
namespace {

using namespace std::chrono_literals;

ThresholdSpec at_most(Metric of, Aggregate aggregate = Aggregate::count) {
  return {.text = "x",
          .metric = "m",
          .of = of,
          .aggregate = aggregate,
          .comparison = Comparison::less_equal,
          .bound = 1'000'000'000};
}

Finding finding_of(Scenario scenario, const ThresholdSpec& spec) {
  scenario.thresholds = {spec};
  Thresholds thresholds{scenario};
  const RunResult result = run(scenario, {.observers = {&thresholds}});
  return thresholds.judge(result.ended).front();
}

// Ten requests, which alpha serves.
Scenario ten_requests() {
  Scenario scenario = world(10s, workload("load", per_second(1)), provider("alpha"));
  scenario.providers.push_back(provider("beta"));
  scenario.faults = {fault("down", Outage{}, 2s, 3s)};
  return scenario;
}

TEST(ThresholdWords, a_finding_names_its_claim_its_stretch_and_its_place) {
  ThresholdSpec spec = at_most(Metric::requests);
  spec.origin = {"a.json", 7, 8};
  Finding finding = finding_of(ten_requests(), spec);
  EXPECT_EQ(finding.kind, Finding::Kind::threshold);
  EXPECT_EQ(finding.id, "m: x");
  EXPECT_EQ(finding.claim, "m: x");
  EXPECT_EQ(finding.origin.line, 7);
  spec.during = "down";
  finding = finding_of(ten_requests(), spec);
  EXPECT_EQ(finding.claim, "m: x during down");
  EXPECT_EQ(finding.value, 3);
  spec.during.reset();
  spec.after = "down";
  finding = finding_of(ten_requests(), spec);
  EXPECT_EQ(finding.claim, "m: x after down");
  EXPECT_EQ(finding.value, 5);
}

TEST(ThresholdWords, what_would_have_been_data_is_named) {
  const auto reason = [](const ThresholdSpec& spec) { return finding_of(ten_requests(), spec).reason; };
  ThresholdSpec spec = at_most(Metric::request_duration, Aggregate::avg);
  spec.provider = "beta";
  EXPECT_EQ(reason(spec), "there was no data: no request that was answered assigned to beta ended in that time");
  spec.provider.reset();
  spec.outcome = monitor::Outcome::refused_rate;
  EXPECT_EQ(reason(spec), "there was no data: no request with outcome refused_rate ended in that time");
  ThresholdSpec tokens = at_most(Metric::tokens, Aggregate::avg);
  tokens.provider = "beta";
  EXPECT_EQ(reason(tokens), "there was no data: no request that was served assigned to beta ended in that time");
  ThresholdSpec calls = at_most(Metric::provider_errors);
  calls.provider = "beta";
  calls.skip = 9s + 1ns;
  EXPECT_EQ(reason(calls), "there was no data: no call to beta ended in that time");
}

TEST(ThresholdWords, a_route_without_requests_is_named) {
  Scenario scenario = ten_requests();
  scenario.monitor.routing.routes = {{.name = "chat", .targets = {{.deployment = kFirst}}},
                                     {.name = "cheap", .targets = {{.deployment = kSecond}}}};
  ThresholdSpec spec = at_most(Metric::request_duration, Aggregate::avg);
  spec.route = "cheap";
  EXPECT_EQ(finding_of(scenario, spec).reason,
            "there was no data: no request that was answered of route cheap ended in that time");
}

TEST(ThresholdWords, a_team_without_requests_is_named) {
  ThresholdSpec spec = at_most(Metric::requests, Aggregate::count);
  spec.team = "red";
  EXPECT_EQ(finding_of(ten_requests(), spec).reason, "there was no data: no request of team red ended in that time");
}

TEST(ThresholdWords, a_variant_without_requests_is_named) {
  Scenario scenario = ten_requests();
  scenario.monitor.ab_router.experiment_id = "split";
  scenario.monitor.ab_router.variants = {{.id = "all", .provider = kFirst}, {.id = "none", .provider = kSecond}};
  scenario.monitor.ab_router.variants[1].weight = 0;
  ThresholdSpec spec = at_most(Metric::request_duration, Aggregate::avg);
  spec.variant = "none";
  EXPECT_EQ(finding_of(scenario, spec).reason,
            "there was no data: no request that was answered of variant none ended in that time");
}

// A limit that every request passes gives each its team, and one that only three pass names itself.
TEST(ThresholdWords, tags_of_team_and_limit_count_what_carries_them) {
  Scenario scenario = ten_requests();
  scenario.faults.clear();
  scenario.workloads[0].teams.count = 3;
  monitor::LimitConfig wide{.id = "wide", .per = {{.scope = monitor::LimitScope::team}}, .requests = 1000};
  monitor::LimitConfig narrow{.id = "narrow", .requests = 3, .period = 1h};
  scenario.monitor.limits.limits = {wide, narrow};
  const auto count = [&](std::optional<std::string> team, std::optional<std::string> limit) {
    ThresholdSpec spec = at_most(Metric::requests);
    spec.team = std::move(team);
    spec.limit = std::move(limit);
    return finding_of(scenario, spec).value.value_or(-1);
  };
  const double first = count("team-1", {});
  const double second = count("team-2", {});
  const double third = count("team-3", {});
  EXPECT_GT(first, 0);
  EXPECT_EQ(first + second + third, 10);
  EXPECT_EQ(count({}, "narrow"), 7);
  EXPECT_EQ(count({}, "wide"), 0);
}

}  // namespace
}  // namespace windtunnel::sim::threshold_words_test
