// What the catalogue's files claim is judged as a second implementation judges it, also under their counterexamples.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "scenarios/reader.h"
#include "tests/sim/checks/claims/claims_model.h"

namespace windtunnel::scenarios::catalog_claims_test {
namespace {

std::vector<std::string> catalog_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(WINDTUNNEL_ROOT "/scenarios/catalog")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(CatalogClaims, are_judged_as_a_second_implementation_judges_them) {
  std::int64_t thresholds = 0;
  for (const std::string& file : catalog_files()) {
    const sim::Scenario scenario = read_scenario(file);
    const sim::claims_model::Compared own = sim::claims_model::compare_with_model(scenario);
    EXPECT_EQ(own.differences, "") << file;
    thresholds += own.thresholds;
    if (!scenario.counterexample || scenario.duration > std::chrono::hours{24}) continue;
    const sim::Scenario other = read_scenario(file, scenario.counterexample->set);
    const sim::claims_model::Compared broken = sim::claims_model::compare_with_model(other);
    EXPECT_EQ(broken.differences, "") << file << " under its counterexample";
    thresholds += broken.thresholds;
  }
  EXPECT_GE(thresholds, 100);
}

}  // namespace
}  // namespace windtunnel::scenarios::catalog_claims_test
