// Faults of another scenario become sets that append them, under the names of the scenario's own providers.

#include "runs/added_faults.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runs/problem.h"
#include "runs/scenario_source.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"

namespace windtunnel::runs::added_faults_test {
namespace {

const std::string kIncidents = std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog/incidents/";
const std::string kOwn = R"({"providers": {"azure-eu": {"profile": "seed/gpt-4"}, "anthropic": {}}})";

sim::Scenario with(const std::vector<std::string>& files, const std::vector<std::string>& maps,
                   const std::string& own) {
  return scenarios::read_scenario_text(own, "own.json", sets_of_faults(files, maps));
}

std::string problem_of(const std::vector<std::string>& files, const std::vector<std::string>& maps) {
  try {
    static_cast<void>(sets_of_faults(files, maps));
  } catch (const ProblemError& error) {
    return error.what();
  }
  return "none";
}

TEST(AddedFaults, stand_behind_the_scenarios_own_under_its_names) {
  const sim::Scenario scenario =
      with({kIncidents + "openai-2025-06-10.json", kIncidents + "overloaded-529.json"}, {"openai=azure-eu"}, kOwn);
  ASSERT_EQ(scenario.faults.size(), 2U);
  EXPECT_EQ(scenario.faults[0].id, "openai-2025-06-10");
  EXPECT_EQ(scenario.faults[0].providers, std::vector<std::string>{"azure-eu"});
  EXPECT_EQ(scenario.faults[1].providers, std::vector<std::string>{"anthropic"});
}

TEST(AddedFaults, leave_the_faults_that_are_there) {
  const std::string own =
      R"({"faults": [{"id": "mine", "kind": "outage", "provider": "openai", "at": "1m", "duration": "1m"}]})";
  const sim::Scenario scenario = with({kIncidents + "openai-2025-06-10.json"}, {}, own);
  ASSERT_EQ(scenario.faults.size(), 2U);
  EXPECT_EQ(scenario.faults[0].id, "mine");
}

TEST(AddedFaults, name_a_provider_that_the_scenario_has) {
  try {
    with({kIncidents + "openai-2025-06-10.json"}, {}, kOwn);
    FAIL() << "openai is no provider of the scenario";
  } catch (const scenarios::ScenarioError& error) {
    EXPECT_NE(std::string(error.what()).find("\"openai\""), std::string::npos) << error.what();
  }
}

TEST(AddedFaults, map_that_names_no_provider_is_an_error_with_the_nearest_name) {
  const std::string problem = problem_of({kIncidents + "openai-2025-06-10.json"}, {"opnai=azure-eu"});
  EXPECT_NE(problem.find("no added fault names the provider \"opnai\""), std::string::npos) << problem;
  EXPECT_NE(problem.find("did you mean \"openai\"?"), std::string::npos) << problem;
}

TEST(AddedFaults, map_without_a_name_on_both_sides_is_an_error) {
  for (const char* map : {"openai", "=azure", "openai="}) {
    EXPECT_NE(problem_of({kIncidents + "quota-cut.json"}, {map}).find("write the fault's provider and yours"),
              std::string::npos)
        << map;
  }
}

TEST(AddedFaults, file_without_faults_or_that_is_none_is_an_error) {
  EXPECT_NE(problem_of({std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog/healthy.json"}, {}).find("has no faults"),
            std::string::npos);
  EXPECT_NE(problem_of({"absent.json"}, {}), "none");
}

}  // namespace
}  // namespace windtunnel::runs::added_faults_test
