// No check cries without a reason: in worlds with every setting drawn, nothing is found.

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/checks/coverage.h"
#include "sim/checks/judge.h"
#include "tests/sim/check_worlds.h"

namespace windtunnel::sim::check_quiet_test {
namespace {

TEST(QuietChecks, find_nothing_in_worlds_of_every_setting) {
  std::vector<std::int64_t> seen(kCoverageCounters);
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Scenario scenario = random_world(seed);
    Checks checks{scenario, CheckSelection{{"all"}}, true};
    Coverage coverage{scenario.providers.size()};
    const RunResult result = run(scenario, {.observers = {&checks, &coverage}});
    checks.at_end(result);
    for (const Finding& finding : checks.findings()) {
      ADD_FAILURE() << "seed " << seed << ": " << finding.id << ": " << finding.reason;
    }
    ASSERT_FALSE(result.stopped);
    for (std::size_t i = 0; i < kCoverageCounters; ++i) seen[i] += coverage.count(static_cast<CoverageCounter>(i));
  }
  // What never happened was not shown to be quiet.
  for (std::size_t i = 0; i < kCoverageCounters; ++i) EXPECT_GT(seen[i], 0) << coverage_counters()[i];
}

}  // namespace
}  // namespace windtunnel::sim::check_quiet_test
