// Rule files are YAML, however they are written; so are the alerts that are shipped.

#include "runs/export/rule_file.h"

#include <gtest/gtest.h>

#include <string>

#include "reports/prometheus/rule_probes.h"
#include "scenarios/json/diagnostics.h"

namespace windtunnel::runs::rule_file_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(RuleFile, reads_rules_as_they_are_written) {
  const reports::RuleFile file = parse_rule_file(
      "team.yml",
      "groups:\n  - name: g\n    rules:\n      - record: job:a:rate\n        expr: rate(a[5m])\n"
      "      - alert: \"One\"\n        expr: |\n          a > 1 # why\n            and b > 2\n        for: 1m\n"
      "      # - alert: None\n      - {alert: Two, for: 2h, expr: \"c{x=\\\"y: z\\\"} > 1\"}\n"
      "  - name: h\n    rules:\n      - 'alert': 'It''s'\n        expr: 1\n        labels:\n          alert: x\n");
  ASSERT_EQ(file.recorded.size(), 1U);
  EXPECT_EQ(file.recorded[0].metric, "job:a:rate");
  EXPECT_EQ(file.recorded[0].expression, "rate(a[5m])");
  ASSERT_EQ(file.alerts.size(), 3U);
  EXPECT_EQ(file.alerts[0].alert, "One");
  EXPECT_EQ(reports::unfiltered(file.alerts[0].expression), "a > bool 1 # why\n  and b > bool 2\n");
  EXPECT_EQ(file.alerts[0].held_for, minutes{1});
  EXPECT_EQ(file.alerts[1].alert, "Two");
  EXPECT_EQ(file.alerts[1].expression, "c{x=\"y: z\"} > 1");
  EXPECT_EQ(file.alerts[1].held_for, hours{2});
  EXPECT_EQ(file.alerts[2].alert, "It's");
  EXPECT_EQ(file.alerts[2].expression, "1");
}

TEST(RuleFile, what_is_no_rule_is_passed_over) {
  for (const char* text : {"", "a: 1\n", "groups:\n", "groups: 3\n", "groups: [{rules: 4}, {name: x}]\n",
                           "groups: [{rules: [5, {expr: up}]}]\n"}) {
    const reports::RuleFile file = parse_rule_file("team.yml", text);
    EXPECT_TRUE(file.alerts.empty() && file.recorded.empty()) << text;
  }
  EXPECT_THROW((void)parse_rule_file("team.yml", "groups: [\n"), scenarios::ScenarioError);
  EXPECT_THROW((void)read_rule_file("there-is-none.yml"), scenarios::FileError);
}

TEST(RuleFile, every_alert_that_is_shipped_can_be_probed) {
  const reports::RuleFile file = read_rule_file(WINDTUNNEL_ROOT "/reports/prometheus/windtunnel-alerts.yml");
  ASSERT_GE(file.alerts.size(), 5U);
  EXPECT_EQ(reports::probes_of(file).size(), file.alerts.size());
}

}  // namespace
}  // namespace windtunnel::runs::rule_file_test
