// Every configuration in the folders beside this file has the scenario and the list of keys that are written down
// behind it, byte for byte; the scenario can be read, and every leaf of the configuration stands in the list once.
//
// After a change: look at the difference, and run this test with WINDTUNNEL_UPDATE_GOLDEN=1 to accept it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/import/gateway_import.h"
#include "scenarios/import/source/config_text.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"

namespace windtunnel::scenarios::import_golden_test {
namespace {

const std::string kFolder = std::string(WINDTUNNEL_ROOT) + "/tests/scenarios/import/";

struct Format {
  const char* folder;
  const char* extension;
  GatewayFormat format;
};
constexpr Format kFormats[] = {{"litellm", ".yaml", GatewayFormat::litellm},
                               {"portkey", ".json", GatewayFormat::portkey},
                               {"tensorzero", ".toml", GatewayFormat::tensorzero},
                               {"envoy-ai", ".yaml", GatewayFormat::envoy_ai}};

std::vector<std::string> configs_of(const Format& format) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder + format.folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(format.extension) && name.find(".scenario.") == std::string::npos) files.push_back(name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

ImportedGateway imported(const Format& format, const std::string& file) {
  const std::string path = kFolder + format.folder + "/" + file;
  return import_gateway({.format = format.format, .file = file, .text = read_whole_file(path)}, PriceList::shipped());
}

void expect_file(const std::string& path, const std::string& text) {
  if (std::getenv("WINDTUNNEL_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  EXPECT_EQ(text, std::filesystem::exists(path) ? read_whole_file(path) : "no such file") << path;
}

class ImportGolden : public testing::TestWithParam<Format> {};

TEST_P(ImportGolden, scenario_and_list_are_as_written_down) {
  const std::vector<std::string> files = configs_of(GetParam());
  EXPECT_GE(files.size(), 12U);
  for (const std::string& file : files) {
    const ImportedGateway gateway = imported(GetParam(), file);
    const std::string stem = kFolder + GetParam().folder + "/" + file.substr(0, file.rfind('.'));
    expect_file(stem + ".scenario.json", write_scenario(gateway.scenario));
    expect_file(stem + ".keys.txt", gateway.keys);
  }
}

TEST_P(ImportGolden, scenario_is_read_as_it_was_written) {
  for (const std::string& file : configs_of(GetParam())) {
    const ImportedGateway gateway = imported(GetParam(), file);
    const std::string text = write_scenario(gateway.scenario);
    const sim::Scenario again = read_scenario_text(text, file);
    EXPECT_EQ(text, write_scenario(again)) << file;
  }
}

// The places of all leaves, by a walk of its own over the tree.
void count_leaves(const JsonValue& value, Place place, std::map<std::pair<int, int>, int>& count) {
  if (value.items.empty() && value.members.empty()) ++count[{place.line, place.column}];
  for (const JsonValue& item : value.items) count_leaves(item, item.place, count);
  for (const JsonMember& member : value.members) count_leaves(member.value, member.place, count);
}

ConfigText tree_of(const Format& format, const std::string& file) {
  Diagnostics diagnostics(file, read_whole_file(kFolder + format.folder + "/" + file));
  if (std::string(format.extension) == ".json") return read_json_config(diagnostics);
  if (std::string(format.extension) == ".toml") return read_toml(diagnostics);
  return read_yaml(diagnostics);
}

TEST_P(ImportGolden, list_has_every_leaf_of_the_file_once) {
  for (const std::string& file : configs_of(GetParam())) {
    const ConfigText config = tree_of(GetParam(), file);
    std::map<std::pair<int, int>, int> expected;
    count_leaves(config.root, config.root.place, expected);
    for (const ReplacedKey& key : config.replaced) ++expected[{key.place.line, key.place.column}];
    std::map<std::pair<int, int>, int> listed;
    std::istringstream lines(imported(GetParam(), file).keys);
    for (std::string line; std::getline(lines, line);) {
      int place_line = 0;
      int column = 0;
      if (std::sscanf(line.c_str(), "  %d:%d  ", &place_line, &column) == 2) ++listed[{place_line, column}];
    }
    EXPECT_EQ(listed, expected) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ImportGolden, testing::ValuesIn(kFormats), [](const auto& format) {
  return std::string(format.param.folder == std::string("envoy-ai") ? "envoy_ai" : format.param.folder);
});

}  // namespace
}  // namespace windtunnel::scenarios::import_golden_test
