#include "scenarios/json/diagnostics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace windtunnel::scenarios::diagnostics_test {
namespace {

TEST(Diagnostics, names_file_place_pointer_and_shows_the_line) {
  Diagnostics diagnostics("outage.json", "{\n\t\"é\": \"-5s\"\r\n}");
  diagnostics.error({2, 7, -1}, "/faults/1/duration", "-5s is negative", "did you mean \"5s\"?");
  EXPECT_EQ(diagnostics.errors()[0].text(),
            "outage.json:2:7: /faults/1/duration: -5s is negative\n"
            "    \t\"é\": \"-5s\"\n"
            "    \t     ^\n"
            "    help: did you mean \"5s\"?");
}

TEST(Diagnostics, come_in_the_order_of_the_file_then_sets_then_other_files) {
  Diagnostics diagnostics("f.json", "\n\n\n");
  diagnostics.add_set("a=1");
  diagnostics.error_in("t.csv", 1, "trace", "x");
  diagnostics.error({0, 0, 0}, "", "set");
  diagnostics.error({2, 5, -1}, "", "later");
  diagnostics.error({2, 4, -1}, "", "earlier");
  diagnostics.warning({1, 1, -1}, "", "only a warning");
  std::vector<std::string> messages;
  for (const Diagnostic& error : diagnostics.errors()) messages.push_back(error.message);
  EXPECT_EQ(messages, (std::vector<std::string>{"earlier", "later", "set", "trace"}));
  EXPECT_EQ(diagnostics.warnings().size(), 1U);
}

TEST(Diagnostics, warnings_do_not_throw_and_errors_do) {
  Diagnostics diagnostics("f.json", "");
  diagnostics.warning({}, "", "w");
  EXPECT_NO_THROW(diagnostics.throw_if_errors());
  diagnostics.error({}, "", "e");
  EXPECT_THROW(diagnostics.throw_if_errors(), ScenarioError);
}

TEST(Diagnostics, prints_a_hundred_errors_and_counts_the_rest) {
  Diagnostics diagnostics("f.json", "");
  for (int i = 0; i < 103; ++i) diagnostics.error({}, "", "e");
  try {
    diagnostics.throw_if_errors();
    FAIL();
  } catch (const ScenarioError& error) {
    EXPECT_EQ(error.diagnostics().size(), 100U);
    EXPECT_TRUE(std::string(error.what()).ends_with("and 3 more errors"));
  }
}

TEST(Diagnostics, sees_errors_at_a_pointer_and_below_it_only) {
  Diagnostics diagnostics("f.json", "");
  diagnostics.error({}, "/faults/1/at", "e");
  diagnostics.warning({}, "/monitor", "w");
  EXPECT_TRUE(diagnostics.has_error_under("/faults/1/at"));
  EXPECT_TRUE(diagnostics.has_error_under("/faults/1"));
  EXPECT_TRUE(diagnostics.has_error_under(""));
  EXPECT_FALSE(diagnostics.has_error_under("/faults/1/at/x"));
  EXPECT_FALSE(diagnostics.has_error_under("/fault"));
  EXPECT_FALSE(diagnostics.has_error_under("/monitor"));
}

TEST(Files, a_missing_file_is_an_error_of_its_own) {
  EXPECT_THROW(read_whole_file("/no/such/file.json"), FileError);
  EXPECT_THROW(read_whole_file("/tmp"), FileError);
}

}  // namespace
}  // namespace windtunnel::scenarios::diagnostics_test
