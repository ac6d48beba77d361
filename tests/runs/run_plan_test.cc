// Which runs a request comes to, and where each writes.

#include "runs/run/run_plan.h"

#include <gtest/gtest.h>

namespace windtunnel::tests::run_plan_test {
namespace {

runs::LoadedScenario loaded(const std::string& file, std::uint64_t seed) {
  runs::LoadedScenario scenario;
  scenario.file = file;
  scenario.scenario.emplace();
  scenario.scenario->file = file;
  scenario.scenario->seed = seed;
  return scenario;
}

TEST(RunPlan, one_file_runs_once_with_its_own_seed_in_the_folder_itself) {
  const runs::RunRequest request{.files = {"a/one.json"}, .out = "out"};
  const std::vector<runs::LoadedScenario> files{loaded("a/one.json", 42)};
  const runs::RunPlan plan{request, files};
  ASSERT_EQ(plan.size(), 1U);
  EXPECT_EQ(plan.job(0).seed, 42U);
  EXPECT_EQ(plan.job(0).directory, "out");
  EXPECT_EQ(plan.job(0).replay, "windtunnel run a/one.json --seed 42");
}

TEST(RunPlan, several_files_and_seeds_have_a_folder_each) {
  const runs::RunRequest request{
      .files = {"a/one.json", "b/two.json", "b/one.json"}, .seeds = runs::SeedRange{7, 8}, .out = "out"};
  const std::vector<runs::LoadedScenario> files{loaded("a/one.json", 1), {}, loaded("b/one.json", 1)};
  const runs::RunPlan plan{request, files};  // the second file could not be read
  ASSERT_EQ(plan.size(), 4U);
  EXPECT_EQ(plan.job(0).directory, "out/1-one/seed-7");
  EXPECT_EQ(plan.job(1).directory, "out/1-one/seed-8");
  EXPECT_EQ(plan.job(2).directory, "out/3-one/seed-7");
  EXPECT_EQ(plan.job(3).scenario->file, "b/one.json");
  EXPECT_EQ(plan.job(3).seed, 8U);
}

TEST(RunPlan, the_last_seeds_of_all_are_a_range_like_others) {
  const runs::RunRequest request{.files = {"one.json"}, .seeds = runs::SeedRange{UINT64_MAX - 1, UINT64_MAX}};
  const std::vector<runs::LoadedScenario> files{loaded("one.json", 1)};
  const runs::RunPlan plan{request, files};
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(plan.job(1).seed, UINT64_MAX);
}

TEST(RunPlan, a_range_of_any_length_takes_no_memory) {
  const runs::RunRequest request{.files = {"one.json"}, .seeds = runs::SeedRange{1, UINT64_MAX - 1}};
  const std::vector<runs::LoadedScenario> files{loaded("one.json", 1)};
  const runs::RunPlan plan{request, files};
  EXPECT_EQ(plan.size(), UINT64_MAX - 1);
  EXPECT_EQ(plan.job(UINT64_MAX - 2).seed, UINT64_MAX - 1);
}

TEST(RunPlan, a_duration_that_is_none_is_a_problem_of_the_request) {
  EXPECT_FALSE(runs::problem_with({.timeline_step = "1s", .until = "0s"}));
  EXPECT_TRUE(runs::problem_with({.until = "-0"}));
  EXPECT_TRUE(runs::problem_with({.until = "-0s"}));
  const auto until = runs::problem_with({.until = "soon"});
  ASSERT_TRUE(until);
  EXPECT_EQ(until->kind, runs::ProblemKind::request);
  EXPECT_EQ(until->text, "--until soon is not a duration such as 90s or 5m");
  const auto step = runs::problem_with({.timeline_step = "0s"});
  ASSERT_TRUE(step);
  EXPECT_EQ(step->text, "--timeline-step 0s is not a duration such as 90s or 5m, above 0");
}

}  // namespace
}  // namespace windtunnel::tests::run_plan_test
