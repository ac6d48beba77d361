// The judge against a second implementation of what a run claims, over generated worlds with generated thresholds.
// WINDTUNNEL_CLAIMS_SEEDS sets how many (script/claims runs 5,000).

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/sim/any_world.h"
#include "tests/sim/checks/claims/claiming_world.h"

namespace windtunnel::sim::claims_model_test {
namespace {

std::uint64_t seeds() {
  const char* wanted = std::getenv("WINDTUNNEL_CLAIMS_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 300;
}

TEST(ClaimsModel, agrees_with_the_judge_in_generated_worlds) {
  claims_model::Compared all;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const Scenario scenario = claims_model::claiming(any_world(seed), seed);
    const claims_model::Compared entry = claims_model::compare_with_model(scenario);
    ASSERT_EQ(entry.differences, "") << "seed " << seed;
    all.thresholds += entry.thresholds;
    for (const auto& [verdict, count] : entry.verdicts) all.verdicts[verdict] += count;
  }
  const auto wanted = static_cast<std::int64_t>(seeds());
  EXPECT_GT(all.thresholds, 10 * wanted) << "most are compared";
  EXPECT_GT(all.verdicts[Verdict::pass], wanted);
  EXPECT_GT(all.verdicts[Verdict::fail], wanted);
  EXPECT_GT(all.verdicts[Verdict::inconclusive], wanted / 4);
}

}  // namespace
}  // namespace windtunnel::sim::claims_model_test
