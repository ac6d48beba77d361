// What is written reads back as the same scenario.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <string>

#include "scenarios/fields/tables.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "sim/explore/swarm.h"
#include "tests/scenarios/scenario_generator.h"

namespace windtunnel::scenarios::round_trip_test {
namespace {

RC_GTEST_PROP(RoundTrip, a_written_scenario_reads_back, ()) {
  const sim::Scenario scenario = arbitrary_scenario();
  const std::string text = write_scenario(scenario);
  RC_LOG() << text;
  try {
    const sim::Scenario again = read_scenario_text(text, "f.json");
    RC_ASSERT(write_scenario(again) == text);
    RC_ASSERT(same_scenario(again, scenario));
  } catch (const ScenarioError& error) {
    RC_FAIL(error.what());
  }
}

// A world of a swarm that fails is handed to a person as a file.
TEST(RoundTrip, every_world_of_a_swarm_reads_back) {
  const sim::Scenario base = default_scenario();
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const sim::Scenario world = sim::swarm_world(base, seed);
    try {
      EXPECT_TRUE(same_scenario(read_scenario_text(write_scenario(world), "f.json"), world)) << seed;
    } catch (const ScenarioError& error) {
      ADD_FAILURE() << "seed " << seed << ": " << error.what();
    }
  }
}

TEST(RoundTrip, every_file_of_the_catalogue_reads_back) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog")) {
    if (entry.path().extension() != ".json") continue;
    ++files;
    try {
      const sim::Scenario scenario = read_scenario(entry.path().string());
      EXPECT_TRUE(scenario.warnings.empty()) << scenario.warnings.front();
      const sim::Scenario again = read_scenario_text(write_scenario(scenario), entry.path().string());
      EXPECT_TRUE(same_scenario(again, scenario)) << entry.path();
    } catch (const ScenarioError& error) {
      ADD_FAILURE() << error.what();
    }
  }
  EXPECT_GT(files, 0U);
}

TEST(RoundTrip, writes_only_what_differs_from_the_defaults) {
  EXPECT_EQ(write_scenario(read_scenario_text("{}", "f.json")), "{\n  \"version\": 1\n}\n");
  const char* text =
      R"({"seed": 7, "duration": "600s", "monitor": {"circuit_breaker": {"preset": "gobreaker", "open": "7s"}, "cache": {"ttl": "60m"}},
    "providers": {"openai": {"profile": "seed/gpt-4", "queue": 0}, "anthropic": {"profile": null, "price_usd_per_million": {"input": 1, "output": 2}}}})";
  EXPECT_EQ(write_scenario(read_scenario_text(text, "f.json")),
            R"({
  "version": 1,
  "seed": 7,
  "monitor": {"circuit_breaker": {"preset": "gobreaker", "open": "7s"}},
  "providers": {"openai": {}, "anthropic": {"profile": null, "price_usd_per_million": {"input": 1, "output": 2}}}
}
)");
}

TEST(RoundTrip, distinguishes_scenarios) {
  const auto read = [](const char* text) { return read_scenario_text(text, "f.json"); };
  EXPECT_TRUE(same_scenario(read("{}"), read(R"({"duration": "600s"})")));
  EXPECT_FALSE(same_scenario(read("{}"), read(R"({"duration": "601s"})")));
  EXPECT_FALSE(same_scenario(read("{}"), read(R"({"monitor": {"cache": {"ttl": "1s"}}})")));
  EXPECT_FALSE(same_scenario(read("{}"), read(R"({"providers": {"openai": {}}})")));
  EXPECT_FALSE(same_scenario(read("{}"), read(R"({"thresholds": {"requests": ["count>1"]}})")));
}

}  // namespace
}  // namespace windtunnel::scenarios::round_trip_test
