// What is refused in a request for a forecast, and by which words.

#include "runs/forecast/forecast_plan.h"

#include <gtest/gtest.h>

#include "runs/scenario_source.h"

namespace windtunnel::tests::forecast_plan_test {
namespace {

std::string problem_of(const runs::ForecastRequest& request) {
  const auto loaded = runs::load_scenario(WINDTUNNEL_ROOT "/scenarios/catalog/month.json", {});
  const runs::PlannedForecast planned = runs::plan_forecast(request, *loaded.scenario);
  if (!planned.problem) return {};
  EXPECT_EQ(planned.problem->kind, runs::ProblemKind::request);
  return planned.problem->text;
}

TEST(ForecastPlan, a_request_without_an_error_has_a_plan) {
  const auto loaded = runs::load_scenario(WINDTUNNEL_ROOT "/scenarios/catalog/month.json", {});
  const runs::PlannedForecast planned =
      runs::plan_forecast({.file = "month.json", .replications = 60, .shard = "1/3"}, *loaded.scenario);
  EXPECT_FALSE(planned.problem);
  EXPECT_EQ(planned.plan.replications, 60U);
  EXPECT_EQ(planned.plan.shard, (sim::Shard{1, 3}));
  EXPECT_EQ(planned.plan.replay, "windtunnel forecast month.json --replications 60 --horizon 30d");
}

TEST(ForecastPlan, begins_with_what_the_log_has_spent_unless_the_request_says_otherwise) {
  const runs::LoadedScenario fitted{.spent = "openai=1.5"};
  EXPECT_EQ(with_spent({}, fitted).spent, "openai=1.5");
  EXPECT_EQ(with_spent({.spent = "openai=2"}, fitted).spent, "openai=2");
  EXPECT_EQ(with_spent({.as_of = "2026-05-01"}, fitted).spent, "");
}

TEST(ForecastPlan, an_error_names_the_flag_and_the_way_out) {
  EXPECT_EQ(problem_of({.horizon = "-1d"}), "--horizon -1d is not a duration above 0 and up to 3660d, such as 30d");
  EXPECT_EQ(problem_of({.as_of = "soon"}), "--as-of soon is not a date such as 2026-01-15 or 2026-01-15T09:00:00Z");
  EXPECT_EQ(problem_of({.until = "mean:rel=0.1", .until_every = 1}),
            "--until-every 1: write 2 or more, because fewer replications have no half-width");
  EXPECT_EQ(problem_of({.shard = "3/3"}),
            "--shard 3/3: write I/N, shards count from 0: 0/4, 1/4, 2/4 and 3/4 are all of 4");
  EXPECT_NE(problem_of({.spent = "opnai=1"}).find("--spent: no provider is named \"opnai\""), std::string::npos);
  EXPECT_NE(problem_of({.spent = "openai=-0"}).find("--spent openai=-0: write PROVIDER=USD"), std::string::npos);
  EXPECT_NE(problem_of({.shard = "-0/3"}).find("--shard -0/3: write I/N"), std::string::npos);
  EXPECT_NE(problem_of({.asserts = {"forecast.cost_usd avg{<1"}}).find("--assert: "), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::tests::forecast_plan_test
