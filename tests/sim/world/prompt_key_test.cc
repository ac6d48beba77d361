// Rows of a trace that ask the same question.

#include <gtest/gtest.h>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::prompt_key_test {
namespace {

using namespace std::chrono_literals;
using monitor::Outcome;
using Outcomes = std::vector<Outcome>;

// A row a second, each asking for exactly its output tokens: 20, 30 and 40.
Scenario three_rows(std::vector<std::optional<std::string>> keys) {
  WorkloadSpec load = workload("chat", Rate{});
  load.executor = TraceReplay{.trace = "t.csv"};
  for (std::int64_t i = 0; i < 3; ++i) {
    const Tokens output{20 + 10 * i};
    load.requests.push_back({.at = i * 1s, .input = Tokens{10}, .output = output, .max_tokens = output});
    load.requests.back().prompt = keys[static_cast<std::size_t>(i)];
  }
  Scenario scenario = world(10s, load);
  scenario.monitor.cache.enabled = true;
  return scenario;
}

Outcomes outcomes(const Scenario& scenario) {
  Outcomes all;
  for (const monitor::Record& record : KeptRun{scenario}.records) all.push_back(record.outcome);
  return all;
}

TEST(PromptKey, makes_one_question_of_rows_whose_answers_have_other_lengths) {
  const Scenario scenario = three_rows({"key", "key", "other"});
  EXPECT_EQ(outcomes(scenario), (Outcomes{Outcome::served, Outcome::cache_hit, Outcome::served}));
  const KeptRun kept{scenario};
  EXPECT_EQ(kept.records[1].request.max_tokens, Tokens{30}) << "a row still asks for what its answer takes";
}

TEST(PromptKey, without_one_every_row_asks_something_new) {
  EXPECT_EQ(outcomes(three_rows({{}, {}, {}})), (Outcomes{Outcome::served, Outcome::served, Outcome::served}));
}

TEST(PromptKey, does_not_unite_what_is_requested_with_other_limits) {
  Scenario script = three_rows({"key", "key", "key"});
  script.workloads[0].executor = Script{};
  EXPECT_EQ(outcomes(script), (Outcomes{Outcome::served, Outcome::served, Outcome::served}));
  // A limit that the workload names is the same for all.
  Scenario limited = three_rows({"key", "key", "key"});
  limited.workloads[0].max_tokens = Tokens{25};
  EXPECT_EQ(outcomes(limited), (Outcomes{Outcome::served, Outcome::cache_hit, Outcome::cache_hit}));
}

}  // namespace
}  // namespace windtunnel::sim::prompt_key_test
