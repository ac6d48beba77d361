#include "reports/prometheus/alert_history.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/duration_text.h"
#include "reports/prometheus/alert_rules.h"
#include "sim/timeline/timeline_recorder.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::alerts_test {
namespace {

using sim::Verdict;

// 100 s in steps of 10 s; a fault from 20 s to 40 s and from 60 s on, another one from 25 s.
sim::Timeline hundred_seconds() {
  sim::Timeline timeline;
  timeline.file = "outage.json";
  timeline.step = 10s;
  timeline.steps = 10;
  const auto phase = [](auto from, auto to) { return sim::Timeline::Phase{Instant{from}, Instant{to}}; };
  timeline.faults.resize(3);
  timeline.faults[0].id = "down";
  timeline.faults[0].phases = {phase(20s, 40s), phase(60s, 100s)};
  timeline.faults[1].id = "slow";
  timeline.faults[1].phases = {phase(25s, 30s)};
  timeline.faults[2].id = "idle";
  return timeline;
}

struct Judged {
  sim::Timeline timeline = hundred_seconds();
  Scrapes scrapes = scrapes_of(timeline, 10s);
  std::vector<AlertHistory> histories;

  explicit Judged(const std::vector<std::size_t>& scrapes_firing) {
    std::vector<AlertSeen> seen;
    if (!scrapes_firing.empty()) seen.push_back({"Open", {{"provider", "openai"}}, scrapes_firing});
    histories = alert_histories(timeline, scrapes, seen, {"Open", "Other"});
  }
  [[nodiscard]] AlertFinding finding(std::optional<Duration> within, const std::string& fault = "down",
                                     const std::string& why_unreachable = {}) const {
    return judge_alert({.text = "claim", .alert = "Open", .fault = fault, .within = within},
                       {timeline, scrapes, histories,
                        why_unreachable.empty() ? std::map<std::string, std::string>{}
                                                : std::map<std::string, std::string>{{"Open", why_unreachable}}});
  }
};

TEST(RuleTest, holds_every_series_and_a_question_for_each_scrape) {
  const sim::Scenario scenario = small_world();
  sim::TimelineRecorder watch{scenario, sim::timeline_widths(scenario, {}, 1s)};
  const sim::Timeline timeline = watch.finish(sim::run(scenario, {.observers = {&watch}}));
  const ScratchFolder folder;
  OutputFile file{folder.file("t.json")};
  write_rule_test(timeline, scrapes_of(timeline, 1s), {{"run", "a"}}, {"/r/team.yml"}, 2, file);
  file.finish();
  const nlohmann::json json = nlohmann::json::parse(text_in(folder.file("t.json")));
  EXPECT_EQ(json["rule_files"][0], "/r/team.yml");
  const nlohmann::json& test = json["tests"][0];
  EXPECT_EQ(json["evaluation_interval"], "1000ms");
  EXPECT_EQ(test["interval"], "1000ms");
  std::map<std::string, std::string> series;
  for (const auto& entry : test["input_series"]) series[entry["series"]] = entry["values"];
  EXPECT_EQ(series[R"(windtunnel_requests_total{run="a",outcome="served"})"], "0+1x10");
  EXPECT_EQ(series[R"(windtunnel_requests_total{run="a",outcome="failed"})"], "0x10");
  EXPECT_EQ(series[R"(windtunnel_cost_usd_total{run="a"})"],
            "0 0.0035 0.007 0.0105 0.014 0.0175 0.021 0.0245 0.028 0.0315 0.035");
  ASSERT_EQ(test["promql_expr_test"].size(), 12U);
  EXPECT_EQ(test["promql_expr_test"][11]["expr"], "count_over_time(windtunnel:shown[11000ms])");
  EXPECT_EQ(test["promql_expr_test"][11]["eval_time"], "10000ms");
  EXPECT_EQ(test["promql_expr_test"][10]["expr"], "ALERTS{alertstate=\"firing\"} * 10");
  EXPECT_EQ(test["promql_expr_test"][10]["eval_time"], "10000ms");
}

TEST(RuleTest, reads_which_alerts_promtool_found_at_which_scrape) {
  const RuleTestAnswer answer = read_rule_test_answer(
      "Unit Testing:  t.json\n  FAILED:\n"
      "    expr: \"ALERTS{alertstate=\\\"firing\\\"} * 4\", time: 1m,\n        exp: nil\n"
      "        got: {alertname=\"Open\", alertstate=\"firing\", provider=\"a \\\"b\\\", c\"} 4E+00, "
      "{alertname=\"Slow\", alertstate=\"firing\"} 4E+00\n"
      "    expr: \"ALERTS{alertstate=\\\"firing\\\"} * 12\", time: 3m,\n        exp: nil\n"
      "        got: {alertname=\"Open\", alertstate=\"firing\", provider=\"a \\\"b\\\", c\"} 1.2E+01\n\n",
      20);
  EXPECT_EQ(answer.rest, "");
  ASSERT_EQ(answer.alerts.size(), 2U);
  EXPECT_EQ(answer.alerts[0].name, "Open");
  ASSERT_EQ(answer.alerts[0].labels.size(), 1U);
  EXPECT_EQ(answer.alerts[0].labels[0].value, "a \"b\", c");
  EXPECT_EQ(answer.alerts[0].scrapes, (std::vector<std::size_t>{4, 12}));
  EXPECT_EQ(answer.alerts[1].scrapes, (std::vector<std::size_t>{4}));
}

TEST(RuleTest, what_is_no_answer_is_reported) {
  const RuleTestAnswer answer = read_rule_test_answer(
      "Unit Testing:  t.json\n  FAILED:\n    rule: A, time: 0s, err: many-to-many matching\n", 20);
  EXPECT_EQ(answer.rest, "    rule: A, time: 0s, err: many-to-many matching\n");
  EXPECT_EQ(read_rule_test_answer("Unit Testing:  t.json\n  SUCCESS\n\n", 20).rest, "");
}

// A query of promtool holds at most 10,000 samples.
TEST(RuleTest, asks_for_probes_in_pieces) {
  sim::Timeline timeline = hundred_seconds();
  timeline.steps = 20'000;
  const ScratchFolder folder;
  OutputFile file{folder.file("t.json")};
  write_rule_test(timeline, scrapes_of(timeline, 10s), {}, {}, 5000, file);
  file.finish();
  const nlohmann::json json = nlohmann::json::parse(text_in(folder.file("t.json")));
  std::size_t pieces = 0;
  for (const auto& question : json["tests"][0]["promql_expr_test"]) {
    if (question["expr"] == "count_over_time(windtunnel:shown[10000ms])") ++pieces;
  }
  EXPECT_EQ(pieces, 20'001U) << "8,000 samples hold one scrape of 5,000 probes";
}

TEST(RuleTest, reads_which_probes_had_a_value) {
  const RuleTestAnswer answer = read_rule_test_answer(
      "    expr: \"ALERTS{alertstate=\\\"firing\\\"} * 4\", time: 1m,\n        exp: nil\n"
      "        got: {alertname=\"Open\", alertstate=\"firing\"} 4E+00\n"
      "    expr: \"count_over_time(windtunnel:shown[160000ms])\", time: 3m,\n        exp: nil\n"
      "        got: {windtunnel_alert=\"Open\"} 1.1E+01, {windtunnel_alert=\"Slow \\\"x\\\"\"} 3E+00\n\n",
      20);
  EXPECT_EQ(answer.rest, "");
  EXPECT_EQ(answer.alerts.size(), 1U);
  EXPECT_EQ(answer.shown, (std::set<std::string>{"Open", "Slow \"x\""}));
}

TEST(AlertHistory, an_episode_lasts_while_each_scrape_finds_it) {
  const Judged judged{{3, 4, 5, 8}};
  ASSERT_EQ(judged.histories.size(), 2U);
  const AlertHistory& open = judged.histories[0];
  ASSERT_EQ(open.episodes.size(), 2U);
  EXPECT_EQ(open.episodes[0].begin, 30s);
  EXPECT_EQ(open.episodes[0].end, 50s);
  EXPECT_EQ(open.episodes[1].begin, 80s);
  // The fault that had begun last.
  EXPECT_EQ(open.episodes[0].fault, 1U);
  EXPECT_EQ(open.episodes[0].after, 5s);
  EXPECT_EQ(open.episodes[1].fault, 0U);
  EXPECT_EQ(open.episodes[1].after, 20s);
  EXPECT_TRUE(judged.histories[1].episodes.empty());
  EXPECT_EQ(Judged{{1}}.histories[0].episodes[0].fault, std::nullopt);
}

// Of two faults that began together the first in the file is named, and each is measured from for itself.
TEST(AlertHistory, of_two_faults_at_one_instant_the_first_in_the_file_is_named) {
  Judged judged{{3}};
  judged.timeline.faults[0].phases = {{Instant{20s}, Instant{40s}}};
  judged.timeline.faults[1].phases = {{Instant{20s}, std::nullopt}};
  const std::vector<AlertSeen> seen{{"Open", {{"provider", "openai"}}, {3}}};
  const AlertEpisode episode = alert_histories(judged.timeline, judged.scrapes, seen, {"Open"})[0].episodes[0];
  EXPECT_EQ(episode.fault, 0U);
  EXPECT_EQ(episode.after, 10s);
  for (const char* fault : {"down", "slow"}) {
    EXPECT_EQ(judged.finding(10s, fault).verdict, Verdict::pass) << fault;
    EXPECT_EQ(judged.finding(10s - 1ns, fault).verdict, Verdict::fail) << fault;
  }
}

TEST(AlertHistory, within_is_measured_from_the_first_begin_of_the_fault) {
  EXPECT_EQ(Judged{{5}}.finding(30s).verdict, Verdict::pass);
  EXPECT_EQ(Judged{{5}}.finding(30s).reason, "it fired 30s after it");
  EXPECT_EQ(Judged{{5}}.finding(30s - 1ns).verdict, Verdict::fail);
  EXPECT_EQ(Judged{{1}}.finding(30s).verdict, Verdict::fail) << "it fired before, and not since";
  EXPECT_EQ(Judged{{1}}.finding(30s).reason, "it never fired after it");
  EXPECT_EQ((Judged{{1, 2, 3}}.finding(0s).verdict), Verdict::pass) << "it fires when the fault begins";
  EXPECT_EQ(Judged{{3}}.finding(5s, "slow").verdict, Verdict::pass);
  EXPECT_EQ(Judged{{3}}.finding(30s, "start").verdict, Verdict::pass);
}

TEST(AlertHistory, what_cannot_be_judged_is_inconclusive) {
  EXPECT_EQ(Judged{{5}}.finding(30s, "idle").verdict, Verdict::inconclusive);
  EXPECT_EQ(Judged{{}}.finding(80s).verdict, Verdict::fail);
  EXPECT_EQ(Judged{{}}.finding(81s).verdict, Verdict::inconclusive) << "the run lasted 80 s after it";
  EXPECT_EQ(Judged{{}}.finding(30s, "down", "no values").verdict, Verdict::inconclusive);
  EXPECT_EQ(Judged{{}}.finding(30s, "down").verdict, Verdict::fail);
  EXPECT_EQ(Judged{{5}}.finding(30s, "down", "no values").verdict, Verdict::pass) << "what fires is no silence";
}

TEST(AlertHistory, never_is_never) {
  EXPECT_EQ(Judged{{}}.finding(std::nullopt).verdict, Verdict::pass);
  EXPECT_EQ(Judged{{}}.finding(std::nullopt, "", "no values").verdict, Verdict::inconclusive);
  EXPECT_EQ(Judged{{5}}.finding(std::nullopt).verdict, Verdict::fail);
  EXPECT_EQ(Judged{{5}}.finding(std::nullopt).reason, "it fired at 50s (provider=openai)");
}

TEST(AlertHistory, is_written_for_people_and_for_programs) {
  const Judged judged{{3, 4, 8}};
  const std::vector<AlertFinding> findings{judged.finding(30s)};
  const AlertRun run{judged.timeline, judged.scrapes, judged.histories, {{"Other", "the run has no metric up"}}};
  const std::string text = alerts_text({run, findings});
  EXPECT_NE(text.find("5s after slow"), std::string::npos) << text;
  EXPECT_NE(text.find("Other  never"), std::string::npos) << text;
  EXPECT_NE(text.find("  Note: Other: it cannot fire in this run: the run has no metric up.\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("  pass: claim - it fired 10s after it\n"), std::string::npos) << text;
  const nlohmann::json json = nlohmann::json::parse(alerts_json({run, findings}));
  EXPECT_EQ(json["alerts"][0]["episodes"].size(), 2U);
  EXPECT_EQ(json["alerts"][0]["episodes"][0]["after_s"], 5);
  EXPECT_EQ(json["alerts"][0]["labels"]["provider"], "openai");
  EXPECT_TRUE(json["alerts"][1]["episodes"].empty());
  EXPECT_EQ(json["expectations"][0]["verdict"], "pass");
}

TEST(AlertHistory, a_span_reads_as_people_write_it) {
  EXPECT_EQ(span_text(0s), "0s");
  EXPECT_EQ(span_text(135s), "2m15s");
  EXPECT_EQ(span_text(26h), "1d2h");
  EXPECT_EQ(span_text(1500ms), "1.5s");
  EXPECT_EQ(span_text(-90s), "-1m30s");
}

}  // namespace
}  // namespace windtunnel::reports::alerts_test
