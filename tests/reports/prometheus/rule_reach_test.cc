// An alert whose metric, label value, range or hold a run cannot offer is silent whatever happens: silence shows
// nothing.

#include "reports/prometheus/rule_reach.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "reports/prometheus/alert_history.h"
#include "sim/timeline/timeline_recorder.h"
#include "sim/world/world.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::rule_reach_test {
namespace {

// "metric{label how value}[range in seconds]", joined by blanks.
std::string read(const std::string& expression) {
  std::string text;
  for (const RuleSelector& rule_selector : selectors_of(expression)) {
    text += (text.empty() ? "" : " ") + rule_selector.metric;
    for (const RuleMatcher& matcher : rule_selector.matchers)
      text += "{" + matcher.label + matcher.how + matcher.value + "}";
    if (rule_selector.range > Duration{0}) text += "[" + std::to_string(rule_selector.range / 1s) + "]";
  }
  return text;
}

TEST(RuleReach, finds_the_selectors_of_an_expression) {
  EXPECT_EQ(read("a > 5"), "a");
  EXPECT_EQ(read("rate(a_total[5m]) / rate(b_total[1h]) > 0.05"), "a_total[300] b_total[3600]");
  EXPECT_EQ(read("sum by (le, job) (rate(a_bucket{le=\"0.5\",job!~'x.*'}[1m] offset 1d))"),
            "a_bucket{le=0.5}{job!~x.*}[86460]");
  EXPECT_EQ(read("a and on (x) b or bool_total{y=\"}\"} == bool 1e3"), "a b bool_total{y=}}");
  EXPECT_EQ(read("increase(c[1h]) > 2 * increase(c[1h] offset 1d)"), "c[3600] c[90000]");
  EXPECT_EQ(read("{__name__=\"d\", x=\"1\"}"), "d{x=1}");
  EXPECT_EQ(read("histogram_quantile(0.95, sum(rate(e[2m])) by (le)) > 3 # f > 1"), "e[120]");
  EXPECT_EQ(read("g unless h or absent(i) > 0 and absent_over_time(j[5m])"), "g") << "it fires without them";
}

TEST(RuleReach, reads_rules_as_they_are_written) {
  const RuleFile file = read_rule_file(
      "groups:\n  - name: g\n    rules:\n      - record: job:a:rate\n        expr: rate(a[5m])\n"
      "      - alert: \"One\"\n        expr: |\n          a > 1\n            and b > 2\n        for: 1m\n"
      "      # - alert: None\n      - alert: Two\n        for: 2h\n        expr: c{x=\"y: z\"} > 1\n"
      "        labels:\n          severity: page\n");
  EXPECT_EQ(file.recorded, std::vector<std::string>{"job:a:rate"});
  ASSERT_EQ(file.alerts.size(), 2U);
  EXPECT_EQ(file.alerts[0].alert, "One");
  EXPECT_EQ(read(file.alerts[0].expression), "a b");
  EXPECT_EQ(file.alerts[0].held_for, 1min);
  EXPECT_EQ(file.alerts[1].alert, "Two");
  EXPECT_EQ(read(file.alerts[1].expression), "c{x=y: z}");
  EXPECT_EQ(file.alerts[1].held_for, 2h);
}

struct ShownRun {
  sim::Scenario scenario = small_world();
  sim::TimelineRecorder watch{scenario, sim::timeline_widths(scenario, {}, 1s)};
  sim::Timeline timeline = watch.finish(sim::run(scenario, {.observers = {&watch}}));
  Scrapes scrapes = scrapes_of(timeline, 1s);
  ExportedSeries series{timeline, scrapes, {}};

  [[nodiscard]] std::string why(const std::string& expression, Duration held_for = 0s) const {
    return why_unreachable({"A", expression, held_for}, {"job:own"}, series, 40min);
  }
};

TEST(RuleReach, names_what_the_run_does_not_have) {
  const ShownRun run;
  EXPECT_EQ(run.why("windtunnel_cost_usd_total > 1"), "");
  EXPECT_EQ(run.why("rate(my_gateway_errors_total[5m]) > 0.05"), "the run has no metric my_gateway_errors_total");
  EXPECT_EQ(run.why("up{job=\"my-gateway\"} == 0"), "the run has no metric up");
  EXPECT_EQ(run.why("rate(windtunnel_requests_total{outcome=\"429\"}[5m]) > 0"),
            "no series of windtunnel_requests_total has {outcome=\"429\"}");
  EXPECT_EQ(run.why("windtunnel_requests_total{outcome=~\"fail.*\"} > 0"), "");
  EXPECT_EQ(run.why("windtunnel_requests_total{outcome=~\"fai\"} > 0"),
            "no series of windtunnel_requests_total has {outcome=~\"fai\"}");
  EXPECT_EQ(run.why("windtunnel_requests_total{region!=\"eu\"} > 0"), "") << "a label that is not there is empty";
  EXPECT_EQ(run.why("job:own > 1 and ALERTS > 0"), "") << "the rules make them themselves";
}

TEST(RuleReach, a_range_an_offset_and_a_hold_must_fit_into_the_run) {
  const ShownRun run;
  EXPECT_EQ(run.why("increase(windtunnel_cost_usd_total[40m]) > 1"), "");
  EXPECT_EQ(run.why("increase(windtunnel_cost_usd_total[24h]) > 1"), "it looks back 1d, and the run is only 40m long");
  EXPECT_EQ(run.why("windtunnel_cost_usd_total offset 41m > 1"), "it looks back 41m, and the run is only 40m long");
  EXPECT_EQ(run.why("windtunnel_cost_usd_total > 1", 40min), "");
  EXPECT_EQ(run.why("windtunnel_cost_usd_total > 1", 1h), "it must hold for 1h, and the run is only 40m long");
}

TEST(RuleReach, every_alert_that_is_shipped_can_fire) {
  const ShownRun run;
  std::ifstream stream{WINDTUNNEL_ROOT "/reports/prometheus/windtunnel-alerts.yml"};
  std::ostringstream text;
  text << stream.rdbuf();
  const RuleFile file = read_rule_file(text.str());
  ASSERT_GE(file.alerts.size(), 5U);
  for (const AlertRule& rule : file.alerts) {
    EXPECT_FALSE(selectors_of(rule.expression).empty()) << rule.alert;
    EXPECT_EQ(why_unreachable(rule, file.recorded, run.series, 24h), "") << rule.alert;
  }
}

TEST(RuleReach, the_silence_of_an_alert_that_cannot_fire_is_inconclusive) {
  const ShownRun run;
  const std::vector<AlertHistory> histories{{"Ghost", {}, {}}, {"Real", {}, {}}};
  const AlertRun alerts{run.timeline, run.scrapes, histories, {}, {{"Ghost", "the run has no metric up"}}};
  const AlertFinding ghost = judge_alert({.text = "Ghost never", .alert = "Ghost", .fault = {}, .within = {}}, alerts);
  EXPECT_EQ(ghost.verdict, sim::Verdict::inconclusive);
  EXPECT_EQ(ghost.reason, "it cannot fire in this run: the run has no metric up");
  EXPECT_EQ(judge_alert({.text = "Real never", .alert = "Real", .fault = {}, .within = {}}, alerts).verdict,
            sim::Verdict::pass);
  const AlertFinding late =
      judge_alert({.text = "t", .alert = "Ghost", .fault = kRunStart, .within = Duration{1s}}, alerts);
  EXPECT_EQ(late.verdict, sim::Verdict::inconclusive);
}

}  // namespace
}  // namespace windtunnel::reports::rule_reach_test
