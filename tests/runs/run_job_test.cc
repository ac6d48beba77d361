// A run as a library call: what it returns, and what it never throws.

#include "runs/run/run_job.h"

#include <gtest/gtest.h>

#include "runs/scenario_source.h"
#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::run_job_test {
namespace {

const std::string kOutage = WINDTUNNEL_ROOT "/scenarios/catalog/openai-outage.json";

TEST(RunJob, returns_the_judgement_and_the_summary_without_any_file) {
  const runs::LoadedScenario loaded = runs::load_scenario(kOutage, {});
  ASSERT_TRUE(loaded.scenario);
  const runs::RunDone done = runs::perform({.scenario = &*loaded.scenario, .seed = 42});
  EXPECT_FALSE(done.problem);
  EXPECT_EQ(done.judgement.verdict, sim::Verdict::pass);
  EXPECT_EQ(done.cut_short, runs::CutShort::no);
  EXPECT_NE(done.summary_text.find("Verdict: PASS"), std::string::npos) << done.summary_text;
  EXPECT_NE(done.summary_json.find("\"windtunnel_summary\""), std::string::npos);
  EXPECT_NE(done.digest, 0U);
}

TEST(RunJob, reports_progress_that_grows_to_the_end) {
  const runs::LoadedScenario loaded = runs::load_scenario(kOutage, {});
  double latest = 0;
  std::uint64_t events = 0;
  (void)runs::perform({.scenario = &*loaded.scenario, .seed = 42, .progress = [&](double share, std::uint64_t now) {
                         EXPECT_GE(share, latest);
                         EXPECT_GT(now, events);
                         latest = share;
                         events = now;
                       }});
  EXPECT_GT(latest, 0.5);
}

TEST(RunJob, ends_at_the_next_event_once_it_is_stopped) {
  const Folder folder;
  const runs::LoadedScenario loaded = runs::load_scenario(kOutage, {});
  const std::atomic<bool> stop{true};
  const runs::RunDone done =
      runs::perform({.scenario = &*loaded.scenario, .seed = 42, .directory = folder.path("out"), .stop = &stop});
  EXPECT_EQ(done.cut_short, runs::CutShort::interrupted);
  EXPECT_TRUE(folder.has("out/summary.json.partial"));
  EXPECT_FALSE(folder.has("out/summary.json"));
}

TEST(RunJob, returns_a_problem_where_it_cannot_write) {
  const Folder folder;
  folder.write("file", "");
  const runs::LoadedScenario loaded = runs::load_scenario(kOutage, {});
  const runs::RunDone done =
      runs::perform({.scenario = &*loaded.scenario, .seed = 42, .directory = folder.path("file/out")});
  ASSERT_TRUE(done.problem);
  EXPECT_EQ(done.problem->kind, runs::ProblemKind::file);
  EXPECT_NE(done.problem->text.find("cannot create"), std::string::npos) << done.problem->text;
}

TEST(RunJob, a_scenario_with_errors_is_a_problem_with_its_places) {
  const Folder folder;
  folder.write("s.json", "{\"version\": 1, \"durration\": \"1m\"}");
  const runs::LoadedScenario loaded = runs::load_scenario(folder.path("s.json"), {});
  EXPECT_FALSE(loaded.scenario);
  ASSERT_TRUE(loaded.problem);
  EXPECT_EQ(loaded.problem->kind, runs::ProblemKind::scenario);
  ASSERT_FALSE(loaded.errors.empty());
  EXPECT_EQ(loaded.errors.front().line, 1);
  EXPECT_EQ(runs::load_scenario(folder.path("absent.json"), {}).problem->kind, runs::ProblemKind::file);
}

}  // namespace
}  // namespace windtunnel::tests::run_job_test
