// Each key of a telemetry record is explained.

#include "reports/telemetry/telemetry_columns.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "monitor/text/record_text.h"

namespace windtunnel::reports::telemetry_columns_test {
namespace {

void collect(const nlohmann::ordered_json& json, const std::string& prefix, std::set<std::string>& names) {
  for (const auto& [key, value] : json.items()) {
    names.insert(prefix + key);
    if (value.is_object()) collect(value, prefix + key + ".", names);
    if (value.is_array() && !value.empty()) collect(value.front(), prefix + key + ".", names);
  }
}

TEST(TelemetryColumns, are_the_keys_of_a_record) {
  monitor::Record record;
  record.attempt_count = 1;
  record.attempt_storage[0] = {};
  record.kinds.reasoning = Tokens{1};
  const std::vector<monitor::ProviderConfig> providers{{.name = "openai", .model = "gpt-4", .tariffs = {}}};
  std::set<std::string> written;
  collect(nlohmann::ordered_json::parse(monitor::record_line(record, {.providers = providers})), "", written);
  EXPECT_EQ(written.size(), 32U);
  written.insert("metadata.route");  // of runs with routes alone
  std::set<std::string> explained;
  for (const Explanation& column : telemetry_columns()) {
    EXPECT_TRUE(explained.insert(column.word).second) << column.word;
    EXPECT_FALSE(column.text.empty()) << column.word;
  }
  EXPECT_EQ(explained, written);
}

}  // namespace
}  // namespace windtunnel::reports::telemetry_columns_test
