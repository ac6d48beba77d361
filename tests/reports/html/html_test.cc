#include <gtest/gtest.h>

#include <string>

#include "reports/html/html_figures.h"
#include "reports/html/run/html_run.h"
#include "reports/html/run/html_views.h"
#include "reports/run/run_summary.h"
#include "sim/checks/judge.h"
#include "sim/timeline/timeline_recorder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::html_test {
namespace {

constexpr HtmlBundle kBundle{.script = "go()",
                             .script_hash = "sha256-script",
                             .style = "p{}",
                             .style_hash = "sha256-style",
                             .licence = "free & open"};

struct Ran {
  RunSummary summary;
  sim::Timeline timeline;

  explicit Ran(const sim::Scenario& scenario) {
    sim::TimelineRecorder watch{scenario, {.step = std::chrono::seconds{1}, .view_steps = 2, .steps_max = 100}};
    sim::Judge judge{scenario, {}};
    std::vector<sim::Observer> observers{&judge};
    observers.push_back(&watch);
    const sim::RunResult result = sim::run(scenario, {.observers = observers});
    const sim::Judgement judgement = judge.judge(result);
    summary = run_summary({scenario, result, judgement, "windtunnel run x", this_build("9"), std::nullopt});
    timeline = watch.finish(result);
  }
  [[nodiscard]] std::string page() const { return run_page(summary, timeline, kBundle, "out"); }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(HtmlFigures, print_numbers_in_few_digits_that_are_rounded_and_not_cut) {
  using Kind = FigureKind;
  EXPECT_EQ(figure_words(Kind::count, "1234567"), "1,234,567");
  EXPECT_EQ(figure_words(Kind::share, "1"), "100 %");
  EXPECT_EQ(figure_words(Kind::share, "0.9996"), "100.0 %");
  EXPECT_EQ(figure_words(Kind::share, "0.006157"), "0.62 %");
  EXPECT_EQ(figure_words(Kind::share, "0"), "0 %");
  EXPECT_EQ(figure_words(Kind::money, "87.375774"), "$87.38");
  EXPECT_EQ(figure_words(Kind::money, "1234567.895"), "$1,234,567.90");
  EXPECT_EQ(figure_words(Kind::money, "0.0303"), "$0.0303");
  EXPECT_EQ(figure_words(Kind::money, "-12.5"), "-$12.50");
  EXPECT_EQ(figure_words(Kind::milliseconds, "1565.523968"), "1,566 ms");
  EXPECT_EQ(figure_words(Kind::milliseconds, "9.94"), "9.9 ms");
  EXPECT_EQ(figure_words(Kind::seconds, "1801.381122257"), "1,801 s");
  EXPECT_EQ(figure_words(Kind::decimal, "-0.003173"), "-0.003173");
  EXPECT_EQ(figure_words(Kind::exact_share, "0.8"), "80 %");
  EXPECT_EQ(figure_words(Kind::exact_share, "0.975"), "97.5 %");
  EXPECT_EQ(figure_words(Kind::quantity, "309876.525"), "309,877");
  EXPECT_EQ(figure_words(Kind::quantity, "29.58"), "29.6");
  EXPECT_EQ(figure_words(Kind::money, "1.5e-05"), "$0.0000");
  EXPECT_EQ(figure_words(Kind::money, "1.23456789e+09"), "$1,234,567,890.00");
  EXPECT_EQ(figure_words(Kind::instant, "2026-01-28T14:05:09Z"), "2026-01-28 14:05");
  EXPECT_EQ(figure_words(Kind::instant, "not within horizon"), "not within horizon");
  EXPECT_EQ(figure_words(Kind::count, ""), "–");
}

TEST(HtmlRun, holds_the_verdict_its_policy_and_what_it_was_made_of) {
  sim::Scenario scenario = small_world();
  scenario.faults = {outage_of("openai")};
  scenario.coverage["breaker_opened"] = 1;
  const std::string page = Ran{scenario}.page();
  EXPECT_TRUE(has(page, "default-src 'none'; script-src 'sha256-script'; style-src 'sha256-style'"));
  EXPECT_TRUE(has(page, "<span class=\"badge pass\">"));
  EXPECT_TRUE(has(page, "data-path=\"/users/requests\" data-as=\"count\">10<"));
  EXPECT_TRUE(has(page, "openai-down · outage"));
  EXPECT_TRUE(has(page, "free &amp; open"));
  EXPECT_FALSE(has(page, "style=\""));
  EXPECT_FALSE(has(page, "onclick"));
  EXPECT_FALSE(has(page, "http://"));
  EXPECT_FALSE(has(page, "https://"));
}

TEST(HtmlRun, a_run_that_claims_nothing_has_a_badge_of_its_own) {
  const std::string page = Ran{small_world()}.page();
  EXPECT_TRUE(has(page, "<span class=\"badge nothing_claimed\">")) << page.substr(0, 2000);
  EXPECT_TRUE(
      has(page, "nothing claimed</span><span class=\"why\">no threshold, liveness, coverage or min_affected; "));
  EXPECT_FALSE(has(page, "badge pass"));
}

TEST(HtmlRun, what_an_author_wrote_is_text_and_nothing_else) {
  sim::Scenario scenario = small_world();
  scenario.title = "</title><script>alert(1)</script>";
  scenario.faults = {outage_of("openai")};
  scenario.faults[0].id = "</script><img src=x>";
  const std::string page = Ran{scenario}.page();
  EXPECT_FALSE(has(page, "<script>alert"));
  EXPECT_FALSE(has(page, "<img"));
  EXPECT_TRUE(has(page, "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_TRUE(has(page, "\\u003c/script>\\u003cimg src=x>"));
}

TEST(HtmlRun, is_the_same_from_the_summary_that_was_written_and_read) {
  sim::Scenario scenario = small_world();
  scenario.faults = {outage_of("openai")};
  const Ran ran{scenario};
  EXPECT_EQ(run_page(read_run_summary(summary_json(ran.summary), "s"), ran.timeline, kBundle, "out"), ran.page());
}

TEST(HtmlRun, two_files_of_two_runs_make_no_page) {
  const Ran entry{small_world()};
  sim::Scenario other_scenario = small_world();
  other_scenario.seed = 8;
  const Ran other{other_scenario};
  try {
    run_page(entry.summary, other.timeline, kBundle, "out");
    FAIL() << "a page was made";
  } catch (const ReportError& error) {
    EXPECT_STREQ(error.what(), "out: cannot read: summary.json and timeline.json are of two different runs");
  }
}

TEST(HtmlRun, a_run_without_a_request_has_a_page_too) {
  sim::Scenario scenario = small_world();
  scenario.workloads[0].rate.count = Millionths{0};
  EXPECT_TRUE(has(Ran{scenario}.page(), "data-path=\"/users/requests\" data-as=\"count\">0<"));
}

TEST(HtmlViews, sum_counters_and_keep_the_last_of_gauges) {
  sim::Timeline timeline;
  timeline.steps = 5;
  timeline.view_steps = 2;
  const sim::Series series{1, 2, 3, 7};
  EXPECT_EQ(sums_by_view(timeline, series), (std::vector<std::int64_t>{3, 10, 0}));
  EXPECT_EQ(greatest_by_view(timeline, series), (std::vector<std::int64_t>{2, 7, 0}));
  EXPECT_EQ(last_by_view(timeline, series), (std::vector<std::int64_t>{2, 7, 0}));
}

TEST(HtmlViews, add_up_what_all_providers_billed_to_micro_dollars) {
  sim::Timeline timeline;
  timeline.steps = 4;
  timeline.view_steps = 2;
  timeline.providers.resize(2);
  timeline.providers[0].cost_picos = {1'000'000, 2'000'000, 400'000};
  timeline.providers[1].cost_picos = {0, 0, 0, 3'099'999};
  EXPECT_EQ(billed_by_view(timeline), (std::vector<Int128>{3, 6}));
  timeline.providers[1].cost_picos[3] += 1;
  EXPECT_EQ(billed_by_view(timeline), (std::vector<Int128>{3, 7}));
}

TEST(HtmlViews, answers_of_providers_are_the_served_requests) {
  const Ran ran{small_world()};
  EXPECT_EQ(answers_of(ran.timeline.providers[0]),
            ran.timeline.requests.outcomes[static_cast<std::size_t>(monitor::Outcome::served)]);
}

TEST(HtmlRun, reports_wall_clock_time_only_if_the_scenario_names_its_start) {
  sim::Scenario scenario = small_world();
  const std::string without = Ran{scenario}.page();
  EXPECT_TRUE(has(without, "\"start_is_given\":false"));
  EXPECT_TRUE(has(without, ">From, s</th>"));
  EXPECT_FALSE(has(without, "2026-01-20 10:00:02</th>"));
  scenario.origins["/start"] = {"small.json", 1, 1, "/start"};
  const std::string with = Ran{scenario}.page();
  EXPECT_TRUE(has(with, "\"start_is_given\":true"));
  EXPECT_TRUE(has(with, ">From, UTC</th>"));
  EXPECT_TRUE(has(with, "2026-01-20 10:00:02</th>"));
}

TEST(HtmlRun, has_a_table_for_each_chart) {
  const std::string page = Ran{small_world()}.page();
  std::size_t tables = 0;
  for (std::size_t at = page.find("<details class=\"figures\""); at != std::string::npos;
       at = page.find("<details class=\"figures\"", at + 1)) {
    ++tables;
  }
  EXPECT_EQ(tables, 7U);
  EXPECT_TRUE(has(page, ">billed by the providers, USD</th>"));
}

}  // namespace
}  // namespace windtunnel::reports::html_test
