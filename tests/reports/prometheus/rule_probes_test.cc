// What an alert compares is recorded without its comparisons, so that promtool tells whether there was anything to
// compare. tests/prometheus/alerts_test.py sees promtool do so.

#include "reports/prometheus/rule_probes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reports/prometheus/promql_selectors.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::rule_probes_test {
namespace {

using namespace std::chrono_literals;

TEST(RuleProbes, an_expression_loses_its_filters) {
  EXPECT_EQ(unfiltered("a > 5"), "a > bool 5");
  EXPECT_EQ(unfiltered("a>=5 and b!=bool_total"), "a>= bool 5 and b!= bool bool_total");
  EXPECT_EQ(unfiltered("a == on (x) group_left b"), "a == bool on (x) group_left b");
  EXPECT_EQ(unfiltered("a > bool 5 < 7"), "a > bool 5 < bool 7");
  EXPECT_EQ(unfiltered("sum(rate(a{x=\"<>\",y!~'=='}[5m])) / count(b > 3) > 0.5"),
            "sum(rate(a{x=\"<>\",y!~'=='}[5m])) / count(b > bool 3) > bool 0.5");
  EXPECT_EQ(unfiltered("a # > 5\n+ b"), "a # > 5\n+ b");
  EXPECT_EQ(unfiltered("rate(a[5m]) * 2"), "rate(a[5m]) * 2");
  EXPECT_EQ(unfiltered("a @ end() offset -5m <= 1"), "a @ end() offset -5m <= bool 1");
}

TEST(RuleProbes, an_expression_loses_what_stands_behind_unless) {
  EXPECT_EQ(unfiltered("a > 1 unless on () b > 2"), "a > bool 1 ");
  EXPECT_EQ(unfiltered("a unless (b or c) > 2 and d > 3"), "a and d > bool 3");
  EXPECT_EQ(unfiltered("a unless b unless c or d"), "a or d");
  EXPECT_EQ(unfiltered("(a unless b + (c and d)) > 1"), "(a ) > bool 1");
  EXPECT_EQ(unfiltered("f(a unless b, c) > 1"), "f(a , c) > bool 1");
}

TEST(RuleProbes, what_is_absent_has_no_value_on_purpose) {
  EXPECT_EQ(unfiltered("absent(a > 1)"), "");
  EXPECT_EQ(unfiltered("a > 1 or absent_over_time(b[5m])"), "");
}

TEST(RuleProbes, an_alert_is_probed_where_silence_is_a_sign) {
  const RuleFile rules{
      .alerts = {{"Plain", "a > 1", 0s},
                 {"OfAlerts", "ALERTS{alertname=\"Plain\"} == 1", 0s},
                 {"OfFiltered", "job:busy > 1", 0s},
                 {"OfFilteredTwice", "job:busiest > 1", 0s},
                 {"OfRecorded", "job:rate > 1", 0s},
                 {"OfAny", "{job=\"x\"} > 1", 0s},
                 {"Gone", "absent(a)", 0s},
                 {"Twice", "a > 1", 0s},
                 {"Twice", "absent(b)", 0s}},
      .recorded = {{"job:busiest", "max(job:busy)"}, {"job:busy", "a > 5"}, {"job:rate", "rate(a[5m])"}}};
  std::vector<std::string> probed;
  for (const AlertProbe& probe : probes_of(rules)) probed.push_back(probe.alert + ": " + probe.expression);
  EXPECT_EQ(probed, (std::vector<std::string>{"Plain: a > bool 1", "OfRecorded: job:rate > bool 1"}));
}

TEST(RuleProbes, the_reason_names_a_range_that_holds_no_two_scrapes) {
  const RuleFile rules{.alerts = {{"Short", "rate(a[29s]) > 1", 0s}, {"Long", "rate(a[30s]) > 1", 0s}}, .recorded = {}};
  const std::string none = "its expression has no value at any scrape, even without its comparisons";
  EXPECT_EQ(why_not_shown("Short", rules, 15s), none + ": a range of 29s holds no two scrapes at 15s");
  EXPECT_EQ(why_not_shown("Long", rules, 15s), none);
}

TEST(RuleProbes, are_a_rule_file) {
  const ScratchFolder folder;
  OutputFile file{folder.file("p.json")};
  write_probes({{"A", "a > bool 1 # why"}}, file);
  file.finish();
  const nlohmann::json rule = nlohmann::json::parse(text_in(folder.file("p.json")))["groups"][0]["rules"][0];
  EXPECT_EQ(rule["record"], kShownMetric);
  EXPECT_EQ(rule["expr"], "count(a > bool 1 # why\n)");
  EXPECT_EQ(rule["labels"][kShownLabel], "A");
}

}  // namespace
}  // namespace windtunnel::reports::rule_probes_test
