// Every golden/*.json with an error has its whole message beside it in a .txt, byte for byte.
//
// After a change of wording: look at the difference, and run this test with WINDTUNNEL_UPDATE_GOLDEN=1 to accept it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"

namespace windtunnel::scenarios::golden_test {
namespace {

const std::string kFolder = std::string(WINDTUNNEL_ROOT) + "/tests/scenarios/golden/";

std::string message_of(const std::string& file) {
  try {
    read_scenario_text(read_whole_file(kFolder + file), file);
  } catch (const ScenarioError& error) {
    return std::string(error.what()) + "\n";
  }
  return "no error\n";
}

TEST(Golden, messages_are_as_written_down) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().filename().string());
  }
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 12U);
  for (const std::string& file : files) {
    const std::string expected_path = kFolder + file.substr(0, file.size() - 5) + ".txt";
    const std::string message = message_of(file);
    if (std::getenv("WINDTUNNEL_UPDATE_GOLDEN") != nullptr) std::ofstream(expected_path) << message;
    EXPECT_EQ(message, read_whole_file(expected_path)) << file;
  }
}

}  // namespace
}  // namespace windtunnel::scenarios::golden_test
