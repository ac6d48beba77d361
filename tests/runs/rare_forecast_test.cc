// Questions about rare events: how they are written, and that an answer never stands without its effective sample size.

#include "runs/forecast/rare_forecast.h"

#include <gtest/gtest.h>

#include "runs/scenario_source.h"

namespace windtunnel::tests::rare_forecast_test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kWorld = R"({
  "version": 1, "title": "two providers that fail", "seed": 3, "start": "2026-01-01T00:00:00Z", "duration": "1d",
  "monitor": {"cost_limiter": {"monthly_usd": 50}},
  "providers": {"openai": {"profile": "seed/gpt-4"}, "anthropic": {"profile": "seed/claude-3-5-sonnet"}},
  "workload": {"chat": {"executor": "diurnal", "arrival": "poisson", "rate": 50, "time_unit": "1d", "level_cv": 0.2,
               "tokens": {"input": {"min": 200, "max": 200}, "output": {"min": 200, "max": 200}}}},
  "faults": [
    {"id": "a", "kind": "random_outages", "provider": "openai", "up": {"mean": "30d"}, "down": {"mean": "2m"}, "at": "0s"},
    {"id": "b", "kind": "random_outages", "provider": "anthropic", "up": {"mean": "30d"}, "down": {"mean": "2m"},
     "at": "0s"}]
})";

sim::Scenario scenario() {
  auto loaded = runs::load_scenario_text(kWorld, "rare.json", {});
  EXPECT_FALSE(loaded.problem) << loaded.problem->text;
  return *std::move(loaded.scenario);
}

std::string problem_of(const std::string& text) {
  try {
    (void)runs::read_rare_question(text, scenario());
  } catch (const runs::ProblemError& error) {
    return error.problem().text;
  }
  return {};
}

runs::RareDone answer_of(const std::string& question, bool plan = false) {
  const sim::Scenario world = scenario();
  const runs::ForecastRequest request{.replications = 300, .horizon = "30d"};
  const runs::PlannedForecast planned = runs::plan_forecast(request, world);
  const sim::ForecastWorld forecast{world, planned.plan.options};
  sim::ThreadedMaker maker{forecast, 1, nullptr};
  const runs::ForecastJob job{.scenario = world, .plan = planned.plan, .world = forecast, .maker = maker};
  return plan ? runs::plan_precision(job, question, 1, nullptr) : runs::answer_rare(job, question, 1, nullptr);
}

TEST(RareQuestion, is_read_with_its_precision) {
  const runs::RareQuestion both = runs::read_rare_question("both providers down for more than 10m", scenario());
  EXPECT_EQ(both.providers, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(both.longer_than, 10min);
  EXPECT_EQ(both.relative, 0.1);
  const runs::RareQuestion named =
      runs::read_rare_question("anthropic and openai down for more than 1h30m:rel=0.05", scenario());
  EXPECT_EQ(named.providers, (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(named.longer_than, 90min);
  EXPECT_EQ(named.relative, 0.05);
  EXPECT_EQ(runs::read_rare_question("p_exceed(0.9)", scenario()).share, Millionths{900'000});
}

TEST(RareQuestion, with_an_error_says_how_to_write_it) {
  EXPECT_NE(problem_of("the moon falls").find("write \"both providers down for more than 10m\""), std::string::npos);
  EXPECT_NE(problem_of("opnai down for more than 1m").find("no provider is named \"opnai\""), std::string::npos);
  EXPECT_NE(problem_of("openai and openai down for more than 1m").find("comes twice"), std::string::npos);
  EXPECT_NE(problem_of("openai down for more than soon").find("is not a duration"), std::string::npos);
  EXPECT_NE(problem_of("openai down for more than 1m:rel=2").find("between 0 and 1"), std::string::npos);
}

TEST(RareAnswer, of_one_in_a_million_has_its_effective_sample_size) {
  const runs::RareDone done = answer_of("both providers down for more than 3m");
  ASSERT_FALSE(done.problem) << done.problem->text;
  EXPECT_TRUE(done.reached);
  EXPECT_NE(done.text.find("effective sample size"), std::string::npos) << done.text;
  EXPECT_NE(done.text.find("e-0"), std::string::npos) << done.text;
  EXPECT_NE(done.json.find("\"effective_sample_size\""), std::string::npos) << done.json;
}

TEST(RareAnswer, of_spend_and_a_plan_name_what_they_take) {
  const runs::RareDone rare = answer_of("p_exceed(1.0)");
  ASSERT_FALSE(rare.problem) << rare.problem->text;
  EXPECT_NE(rare.text.find("replications by importance sampling"), std::string::npos) << rare.text;
  const runs::RareDone plan = answer_of("p_exceed:rel=0.1,mean:rel=0.001", true);
  ASSERT_FALSE(plan.problem) << plan.problem->text;
  EXPECT_NE(plan.text.find("Control variates"), std::string::npos) << plan.text;
  EXPECT_NE(plan.json.find("\"plain\""), std::string::npos) << plan.json;
}

}  // namespace
}  // namespace windtunnel::tests::rare_forecast_test
