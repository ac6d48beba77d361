// An alert whose metric, label value, range or hold a run cannot offer is silent whatever happens: silence shows
// nothing.

#include "reports/prometheus/rule_reach.h"

#include <gtest/gtest.h>

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
    if (rule_selector.offset != Duration{0}) text += "<" + std::to_string(rule_selector.offset / 1s) + ">";
    if (rule_selector.is_at_fixed_time) text += "@";
  }
  return text;
}

TEST(RuleReach, finds_the_selectors_of_an_expression) {
  EXPECT_EQ(read("a > 5"), "a");
  EXPECT_EQ(read("rate(a_total[5m]) / rate(b_total[1h]) > 0.05"), "a_total[300] b_total[3600]");
  EXPECT_EQ(read("sum by (le, job) (rate(a_bucket{le=\"0.5\",job!~'x.*'}[1m] offset 1d))"),
            "a_bucket{le=0.5}{job!~x.*}[60]<86400>");
  EXPECT_EQ(read("a and on (x) b or bool_total{y=\"}\"} == bool 1e3"), "a b bool_total{y=}}");
  EXPECT_EQ(read("increase(c[1h]) > 2 * increase(c[1h] offset 1d)"), "c[3600] c[3600]<86400>");
  EXPECT_EQ(read("{__name__=\"d\", x=\"1\"}"), "d{x=1}");
  EXPECT_EQ(read("histogram_quantile(0.95, sum(rate(e[2m])) by (le)) > 3 # f > 1"), "e[120]");
  EXPECT_EQ(read("g unless (h + i) and j or k unless sum(l, m) * n"), "g j k");
  EXPECT_EQ(read("(g unless h) / j"), "g j");
  EXPECT_EQ(read("g unless h or absent(i) > 0 and absent_over_time(j[5m])"), "g") << "it fires without them";
}

struct ShownRun {
  sim::Scenario scenario = small_world();
  sim::TimelineRecorder watch{scenario, sim::timeline_widths(scenario, {}, 1s)};
  sim::Timeline timeline = watch.finish(sim::run(scenario, {.observers = {&watch}}));
  Scrapes scrapes = scrapes_of(timeline, 1s);
  ExportedSeries series{timeline, scrapes, {}};

  RuleFile rules{.alerts = {{"A", "job:own > 1", 0s}},
                 .recorded = {{"job:own", "rate(windtunnel_requests_total[5m])"},
                              {"job:ghost", "rate(my_missing_total[5m])"},
                              {"job:circle", "job:circle"}}};

  [[nodiscard]] std::string why(const std::string& expression, Duration held_for = 0s) const {
    return why_unreachable({"A", expression, held_for}, rules, series, 40min);
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
  EXPECT_EQ(run.why("{__name__=~\"windtunnel_requests_.*\"} > 0"), "");
  EXPECT_EQ(run.why("job:own > 1 and ALERTS > 0"), "") << "the rules make them themselves";
  EXPECT_EQ(run.why("job:ghost > 1"),
            "job:ghost is recorded of what cannot be there: the run has no metric my_missing_total");
  EXPECT_EQ(run.why("job:circle > 1"), "") << "no reason is found, and it ends";
}

TEST(RuleReach, an_alert_must_look_at_the_run) {
  const ShownRun run;
  const std::string at_none = "it looks at no metric of the run";
  EXPECT_EQ(run.why("vector(1) > 2"), at_none);
  EXPECT_EQ(run.why("hour() > 30"), at_none);
  EXPECT_EQ(run.why("vector(1) unless windtunnel_requests_total > 5"), "");
  EXPECT_EQ(run.why("absent(windtunnel_requests_total)"), "");
  EXPECT_EQ(run.why("ALERTS{alertname=\"Foo\",alertstate=\"firing\"} == 1"), "no rule has the alert Foo");
  EXPECT_EQ(run.why("ALERTS{alertname=\"A\"} == 1"), "");
  EXPECT_EQ(run.why("ALERTS{alertname=~\"F.*\"} == 1"), "");
  EXPECT_EQ(run.why("{__name__=~\"my_.*\",outcome=\"429\"} > 0"),
            "no series has {__name__=~\"my_.*\",outcome=\"429\"}");
}

TEST(RuleReach, a_range_an_offset_and_a_hold_must_fit_into_the_run) {
  const ShownRun run;
  EXPECT_EQ(run.why("increase(windtunnel_cost_usd_total[40m]) > 1"), "");
  EXPECT_EQ(run.why("increase(windtunnel_cost_usd_total[24h]) > 1"), "it looks back 1d, and the run is only 40m long");
  EXPECT_EQ(run.why("windtunnel_cost_usd_total offset 41m > 1"), "it looks back 41m, and the run is only 40m long");
  EXPECT_EQ(run.why("windtunnel_cost_usd_total > 1", 40min), "");
  EXPECT_EQ(run.why("windtunnel_cost_usd_total > 1", 1h), "it must hold for 1h, and the run is only 40m long");
  EXPECT_EQ(run.why("windtunnel_cost_usd_total offset 30m > 1", 30min),
            "it must hold for 30m after the first 30m, and the run is only 40m long");
  EXPECT_EQ(run.why("windtunnel_cost_usd_total offset 10m > 1", 30min), "");
  EXPECT_EQ(run.why("rate(windtunnel_requests_total[5m] offset -2h) > 1"),
            "it looks 2h ahead, and the run is only 40m long");
  const std::string two_hours = "it looks back 2h, and the run is only 40m long";
  EXPECT_EQ(run.why("rate(windtunnel_requests_total[7200000ms]) > 1"), two_hours);
  EXPECT_EQ(run.why("rate(windtunnel_requests_total[ 2h ]) > 1"), two_hours);
  EXPECT_EQ(run.why("max_over_time(rate(windtunnel_requests_total[5m])[2h:1m]) > 1"), two_hours);
  EXPECT_EQ(run.why("max_over_time(rate(windtunnel_requests_total[5m])[20m:1m]) > 1"), "");
  EXPECT_EQ(run.why("max_over_time(rate(windtunnel_requests_total[5m])[20m:1m] offset 2h) > 1"),
            "it looks back 2h20m, and the run is only 40m long");
}

TEST(RuleReach, a_fixed_time_is_none_of_the_run) {
  const ShownRun run;
  const std::string fixed = "it looks at a fixed time, and rules are tried from the start of the run";
  EXPECT_EQ(run.why("windtunnel_cost_usd_total @ 0 > 1"), fixed);
  EXPECT_EQ(run.why("rate(windtunnel_requests_total[5m] @ 1609746000.5) > 1"), fixed);
  EXPECT_EQ(run.why("windtunnel_cost_usd_total @ end() > 1"), "");
  EXPECT_EQ(run.why("rate(windtunnel_requests_total[5m] @ start() offset 1m) > 1"), "");
}

TEST(RuleReach, the_silence_of_an_alert_that_cannot_fire_is_inconclusive) {
  const ShownRun run;
  const std::vector<AlertHistory> histories{{"Ghost", {}, {}}, {"Real", {}, {}}};
  const AlertRun alerts{run.timeline, run.scrapes, histories, {{"Ghost", "the run has no metric up"}}};
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
