// Each column of timeline.csv is explained.

#include "reports/timeline/timeline_columns.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "reports/timeline/timeline_csv.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::timeline_columns_test {
namespace {

TEST(TimelineColumns, are_those_of_the_csv_file_in_its_order) {
  sim::Timeline timeline;
  timeline.provider_names.push_back({"NAME", "m"});
  timeline.variant_names.push_back({"NAME", 0});
  timeline.version_names.push_back({"NAME", ""});
  timeline.providers.resize(1);
  timeline.variants.resize(1);
  timeline.versions.resize(1);
  timeline.has_token_kinds = true;
  timeline.route_names.emplace_back("NAME");
  timeline.route_requests.resize(1);
  const ScratchFolder folder;
  OutputFile file{folder.file("t.csv")};
  write_timeline_csv(timeline, file);
  file.finish();
  std::istringstream heading{text_in(folder.file("t.csv"))};
  std::string line;
  std::getline(heading, line, '\r');
  // A version has two names.
  for (std::size_t place = 0; (place = line.find("NAME/", place)) != std::string::npos;) line.erase(place + 4, 1);
  std::vector<std::string> columns;
  std::istringstream words{line};
  for (std::string column; std::getline(words, column, ',');) columns.push_back(column);

  const std::vector<Explanation> explained = timeline_columns();
  ASSERT_EQ(explained.size(), columns.size());
  ASSERT_GT(columns.size(), 200U);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    EXPECT_EQ(explained[i].word, columns[i]);
    EXPECT_FALSE(explained[i].text.empty()) << columns[i];
    ASSERT_FALSE(explained[i].facts.empty()) << columns[i];
    EXPECT_EQ(explained[i].facts.front().first, "Unit");
    EXPECT_FALSE(explained[i].facts.front().second.empty()) << columns[i];
  }
}

}  // namespace
}  // namespace windtunnel::reports::timeline_columns_test
