// The formats of a comparison, of two variations whose figures are made up.

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "reports/compare/compare_numbers.h"
#include "reports/compare/compare_summary_fields.h"
#include "reports/fields/field_reader.h"
#include "tests/reports/every_key.h"

namespace windtunnel::reports::compare_summary_test {
namespace {

using sim::CompareMetric;

// Evenly about its mean.
sim::Average average(std::int64_t n, double mean, double half_width) {
  return {n, mean, sim::Estimate{mean, mean - half_width, mean + half_width}};
}
// Without a spread.
sim::Average alike(std::int64_t n, double mean) { return {n, mean, {}}; }

sim::MetricComparison& metric_of(sim::VariationResult& result, CompareMetric metric) {
  return result.metrics[static_cast<std::size_t>(metric)];
}

// Ten seeds: every metric 2 in the first and 3 in the second, but for those that are set here.
sim::ComparisonResult made_up() {
  sim::ComparisonResult all{.variations = std::vector<sim::VariationResult>(2), .seeds = 10};
  for (sim::MetricComparison& metric : all.variations[0].metrics) metric.value = average(10, 2, 0.5);
  for (sim::MetricComparison& metric : all.variations[1].metrics) {
    metric = {average(10, 3, 0.5), average(10, 1, 0.25), 10, 4.0};
  }
  sim::VariationResult& second = all.variations[1];
  metric_of(all.variations[0], CompareMetric::p95).value = average(10, 1.5e9, 1e7);
  metric_of(second, CompareMetric::p95) = {average(10, 1.75e9, 1e7), average(10, 2.5e8, 1.2e6), 10, 123.4};
  metric_of(second, CompareMetric::probes) = {average(10, 2, 0.5), alike(10, 0), 0,
                                              std::numeric_limits<double>::infinity()};
  metric_of(all.variations[0], CompareMetric::recovery_time).value.reset();
  metric_of(second, CompareMetric::recovery_time) = {};
  for (sim::VariationResult& result : all.variations) {
    metric_of(result, CompareMetric::p_exceed) = {};
    metric_of(result, CompareMetric::requests_refused).value = alike(10, 0);
  }
  for (sim::VariationResult& result : all.variations) {
    result.verdicts = {10, 0, 0, 0};
    result.requests = 100;
    result.runs.resize(2);
    result.runs[0].fill(2);
    result.runs[1].fill(std::nullopt);
  }
  second.verdicts = {7, 2, 1, 0};
  second.violations = {{"B3", 4, 12}};
  second.down_phases = {.counted = 20, .failover_missed = 3, .ended = 18, .recovery_missed = 2};
  return all;
}

struct Made {
  sim::ComparisonResult comparison = made_up();
  CompareReport report{
      .variations = {{"open=5s", "a.json", {"monitor.circuit_breaker.open=5s"}, "windtunnel run a.json"},
                     {"open=30s, \"quoted\"", "a.json", {}, "windtunnel run a.json --set x=1"}},
      .comparison = comparison,
      .seed_first = 9,
      .seeds = 10,
      .rules = {{"p95<=5%", CompareMetric::p95, true, 0.05}},
      .regressions = {}};
  Made() { report.regressions = {{1, 0, sim::Verdict::inconclusive, average(10, 1e6, 3e6), {}, 90}}; }
  [[nodiscard]] CompareSummary summary() const { return compare_summary(report); }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string line_of(const Made& made) {
  const CompareSummary summary = made.summary();
  return regression_line(summary.regressions.front());
}

TEST(CompareReport, the_text_has_a_table_and_what_is_no_column) {
  const Made made;
  const std::string text = compare_text(made.summary());
  EXPECT_TRUE(has(text, "2 variations of a.json: seeds 9..18, the same random numbers for each\n")) << text;
  EXPECT_TRUE(has(text, "  difference")) << text;
  EXPECT_TRUE(has(text, "+0.2500 ± 0.0012")) << text;
  EXPECT_TRUE(has(text, "x123")) << text;
  EXPECT_TRUE(has(text, "+1.00 ± 0.25")) << text;
  EXPECT_TRUE(has(text, "in 3 of 20 fault phases the breaker did not open")) << text;
  EXPECT_TRUE(has(text, "after 2 of 18 fault phases the breaker did not close")) << text;
  EXPECT_TRUE(has(text, "B3 violated in 4 of 10 runs: windtunnel run a.json --set x=1 --seed 12\n")) << text;
  EXPECT_TRUE(has(text, "of 10 runs 2 failed their scenario and 1 were inconclusive")) << text;
  EXPECT_TRUE(has(text, "undecided open=30s, \"quoted\" p95<=5%: beyond the bound by -0.002 .. +0.004 s")) << text;
  EXPECT_TRUE(has(text, "about 90 seeds would decide")) << text;
}

TEST(CompareReport, names_what_fewer_than_30_seeds_may_all_miss) {
  Made made;
  EXPECT_TRUE(has(compare_text(made.summary()),
                  "10 seeds: an effect that fewer than 30 % of all have may be missing from every interval\n"));
  const auto with_seeds = [&](std::int64_t n) {
    for (sim::MetricComparison& metric : made.comparison.variations[1].metrics) {
      if (metric.difference && metric.difference->interval) metric.difference->n = n;
    }
    return compare_text(made.summary());
  };
  EXPECT_TRUE(has(with_seeds(29), "29 seeds: an effect that fewer than 10 % of all have"));
  EXPECT_FALSE(has(with_seeds(30), "may be missing from every interval"));
  EXPECT_TRUE(has(with_seeds(3), "3 seeds: an effect that fewer than 100 % of all have"));
}

TEST(CompareReport, a_verdict_names_the_side_of_the_interval_that_decided) {
  Made made;
  made.report.regressions = {{1, 0, sim::Verdict::fail, average(10, 5e6, 3e6), {}, {}}};
  EXPECT_EQ(line_of(made),
            "regression open=30s, \"quoted\" p95<=5%: beyond the bound by +0.002 .. +0.008 s: all of the interval is "
            "worse");
  made.report.regressions = {{1, 0, sim::Verdict::pass, average(10, -5e6, 3e6), {}, {}}};
  EXPECT_TRUE(has(line_of(made), "all of the interval is within it"));
  made.report.regressions = {{1, 0, sim::Verdict::inconclusive, {}, {}, {}}};
  EXPECT_TRUE(has(line_of(made), "no seed has data for both"));
  made.report.regressions = {{1, 0, sim::Verdict::inconclusive, alike(10, 0), {}, {}}};
  EXPECT_TRUE(has(line_of(made), ": it is the same in all 10 seeds, which shows nothing of rare ones"));
}

TEST(CompareReport, a_verdict_without_a_spread_names_what_is_taken_of_rare_seeds) {
  Made made;
  made.report.rules = {{"probes<=0", CompareMetric::probes, false, 0}};
  made.report.regressions = {{1, 0, sim::Verdict::inconclusive, average(10, 0, 0.3), 1.0, {}}};
  EXPECT_EQ(
      line_of(made),
      "undecided open=30s, \"quoted\" probes<=0: beyond the bound by -0.3 .. +0.3: the interval lies on both "
      "sides; every seed has the same difference, so up to 30 % of all seeds are taken to deviate, each by 1; a rule "
      "that allows 0.3 more passes, and no number of seeds excludes every rare one");
  made.report.regressions = {{1, 0, sim::Verdict::inconclusive, average(10, -0.2, 0.3), 1.0, 15}};
  EXPECT_TRUE(has(line_of(made), "each by 1; about 15 seeds would decide")) << line_of(made);
  made.report.regressions = {{1, 0, sim::Verdict::inconclusive, average(10, -2, 0.3), 1.0, 11}};
  EXPECT_TRUE(has(line_of(made), ": so few that are all alike decide nothing; every seed has the same difference"))
      << line_of(made);
}

TEST(CompareReport, an_early_stop_is_reported) {
  Made made;
  made.comparison.stopped = true;
  made.comparison.seeds = 4;
  EXPECT_TRUE(has(compare_text(made.summary()), "seeds 9..18, stopped after 4 of 10"));
  EXPECT_TRUE(has(compare_json(made.summary()), "\"interrupted\": true"));
}

TEST(CompareReport, markdown_is_one_row_a_variation) {
  const Made made;
  const std::string text = compare_markdown(made.summary());
  EXPECT_TRUE(
      has(text,
          "| Variation | Failover s | Wasted | Failed | Calls/request | Probes | At once | Lost | Errors-in % | "
          "Errors-after % | p95 s | Cost USD | Violated |\n| --- | ---: |"))
      << text;
  EXPECT_TRUE(has(text, "| open=5s | 0.000 | 2 | 2 | 2.000 | 2 | 2 | 2 | 200 | 200 | 1.500 | 2.0000 | 2 |\n")) << text;
  EXPECT_TRUE(has(text, "| 2 (=) | ")) << text;
  EXPECT_TRUE(has(text, "| 1.750 (+0.2500 ± 0.0012, x123) |")) << text;
  EXPECT_TRUE(has(text, "\n- open=30s, \"quoted\": B3 violated")) << text;
}

TEST(CompareReport, json_reads_back_with_its_units) {
  const Made made;
  const auto json = nlohmann::json::parse(compare_json(made.summary()));
  EXPECT_EQ(json.at("windtunnel_compare"), 1);
  EXPECT_EQ(json.at("seeds").at("first"), 9);
  const auto& second = json.at("variations").at(1);
  EXPECT_EQ(second.at("name"), "open=30s, \"quoted\"");
  EXPECT_EQ(second.at("verdicts").at("fail"), 2);
  EXPECT_EQ(second.at("violations").at(0).at("check"), "B3");
  EXPECT_EQ(second.at("down_phases").at("failover_missed"), 3);
  const auto& p95 = second.at("metrics").at("p95");
  EXPECT_EQ(p95.at("unit"), "ms");
  EXPECT_EQ(p95.at("mean"), 1750);
  EXPECT_EQ(p95.at("difference").at("low"), 248.8);
  EXPECT_EQ(p95.at("difference").at("high"), 251.2);
  EXPECT_EQ(p95.at("difference").at("half_width"), 1.2);
  EXPECT_EQ(p95.at("differing"), 10);
  EXPECT_TRUE(second.at("metrics").at("probes").at("difference").at("low").is_null()) << "alike, not exact";
  EXPECT_EQ(second.at("metrics").at("probes").at("differing"), 0);
  EXPECT_EQ(p95.at("variance_reduction"), 123.4);
  EXPECT_TRUE(second.at("metrics").at("probes").at("variance_reduction").is_null());
  EXPECT_TRUE(second.at("metrics").at("recovery_time").at("mean").is_null());
  EXPECT_EQ(second.at("metrics").at("recovery_time").at("n"), 0);
  EXPECT_TRUE(json.at("variations").at(0).at("metrics").at("p95").at("difference").is_null());
  EXPECT_EQ(json.at("regressions").at(0).at("verdict"), "inconclusive");
  EXPECT_EQ(json.at("regressions").at(0).at("seeds_needed"), 90);
  EXPECT_EQ(json.at("regressions").at(0).at("text"), made.summary().regressions.front().text);
  EXPECT_TRUE(has(line_of(made), json.at("regressions").at(0).at("text").get<std::string>()));
}

// Reads by the fields that the writer has.
CompareSummary read(const std::string& text) {
  const JsonNode root = parse_json(text, "c");
  check_version(root, "c", "windtunnel_compare", kCompareVersion);
  CompareSummary summary;
  const std::string file = "c";
  FieldReader fields{root, file};
  visit_fields(fields, summary);
  return summary;
}

TEST(CompareReport, json_has_each_field_once_and_every_field_is_needed) {
  Made made;
  metric_of(made.comparison.variations[0], CompareMetric::p_exceed).value = alike(100, 0);
  const std::string text = compare_json(made.summary());
  EXPECT_EQ(compare_json(read(text)), text);
  expect_every_value_is_needed(text, [](const std::string& document) { (void)read(document); });
}

TEST(CompareReport, csv_has_a_line_for_each_variation_and_metric) {
  const Made made;
  const std::string text = compare_csv(made.summary());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), static_cast<std::ptrdiff_t>(1 + 2 * sim::kCompareMetrics));
  EXPECT_TRUE(has(text, "open=5s,p95,ms,10,1500,1490,1510,0,,,,\n")) << text;
  EXPECT_TRUE(has(text, "\"open=30s, \"\"quoted\"\"\",p95,ms,10,1750,1740,1760,10,250,248.8,251.2,123.4\n")) << text;
  EXPECT_TRUE(has(text, ",probes,count,10,2,1.5,2.5,10,0,,,infinite\n")) << text;
  EXPECT_TRUE(has(text, ",recovery_time,ms,0,,,,0,,,,\n")) << text;
}

// The share that was seen is 0, and what it is below is the upper end of its interval.
TEST(CompareReport, a_chance_that_none_or_all_had_has_the_bound_of_its_interval) {
  Made made;
  metric_of(made.comparison.variations[0], CompareMetric::p_exceed).value = alike(100, 0);
  metric_of(made.comparison.variations[1], CompareMetric::p_exceed).value = average(100, 0.25, 0.01);
  const auto json = nlohmann::json::parse(compare_json(made.summary()));
  const auto chance = [&](int variation) { return json.at("variations").at(variation).at("metrics").at("p_exceed"); };
  EXPECT_EQ(chance(0).at("mean"), 0);
  EXPECT_EQ(chance(0).at("low"), 0);
  EXPECT_EQ(chance(0).at("high"), 0.03);
  EXPECT_EQ(chance(0).at("text"), "< 0.03");
  EXPECT_TRUE(chance(1).at("text").is_null());
  EXPECT_EQ(chance(0).at("n"), 100);
  EXPECT_EQ(chance(1).at("mean"), 0.25);
  metric_of(made.comparison.variations[1], CompareMetric::p_exceed).value = alike(100, 1);
  const auto all = nlohmann::json::parse(compare_json(made.summary())).at("variations").at(1).at("metrics");
  EXPECT_EQ(all.at("p_exceed").at("low"), 0.97);
  EXPECT_EQ(all.at("p_exceed").at("high"), 1);
  metric_of(made.comparison.variations[1], CompareMetric::p_exceed).value = average(100, 0.25, 0.01);
  const std::string csv = compare_csv(made.summary());
  EXPECT_TRUE(has(csv, "open=5s,p_exceed,count,100,0,0,0.03,0,,,,\n")) << csv;
  EXPECT_TRUE(has(csv, ",p_exceed,count,100,0.25,0.24,0.26,0,,,,\n")) << csv;
}

TEST(CompareReport, the_runs_have_a_line_for_each_seed) {
  const Made made;
  const std::string text = compare_runs_csv(made.summary());
  EXPECT_TRUE(text.starts_with(
      "variation,seed,time_to_failover_ms,wasted_calls,provider_errors,amplification,probes,probes_in_flight,"
      "requests_lost,error_rate_in_fault,error_rate_after_fault,requests_refused,p95_ms,cost_usd,recovery_time_ms,p_"
      "exceed,checks_violated\nopen=5s,9,2e-06,2,"))
      << text;
  EXPECT_TRUE(has(text, "open=5s,10,,,,,,,,,,,,,,,\n")) << text;
}

TEST(CompareNumbers, a_difference_shows_two_digits_of_how_far_its_interval_reaches) {
  const auto difference = [](double mean, double below, double above) {
    const CompareInterval interval{mean - below, mean + above, (below + above) / 2};
    return compare_difference(CompareMetric::wasted_calls, DifferenceSummary{10, mean, interval});
  };
  EXPECT_EQ(difference(1191.4, 19.2, 19.2), "+1191 ± 19");
  EXPECT_EQ(difference(-0.4321, 0.0123, 0.0123), "-0.432 ± 0.012");
  EXPECT_EQ(difference(2.41, 0.125, 0.354), "+2.41 -0.12 +0.35");
  EXPECT_EQ(difference(2.41, 0.1251, 0.1249), "+2.41 -0.13 +0.12");
  EXPECT_EQ(compare_difference(CompareMetric::wasted_calls, std::nullopt), "-");
}

TEST(CompareNumbers, a_difference_without_an_interval_has_no_half_width_of_zero) {
  const auto difference = [](std::int64_t n, double mean) {
    return compare_difference(CompareMetric::wasted_calls, DifferenceSummary{n, mean, {}});
  };
  EXPECT_EQ(difference(10, 9), "+9 each");
  EXPECT_EQ(difference(10, 0), "=");
  EXPECT_EQ(difference(1, 0), "+0");
  EXPECT_EQ(difference(1, -3), "-3");
}

TEST(CompareNumbers, a_chance_is_never_nothing_and_never_all) {
  EXPECT_EQ(extreme_chance_text(0, 100), "< 0.03");
  EXPECT_EQ(extreme_chance_text(1, 100), "> 0.97");
  EXPECT_EQ(extreme_chance_text(0, 3), "-");
  const auto chance = [](double mean) {
    return compare_mean(CompareMetric::p_exceed, {.n = 1000, .mean = mean, .interval = {}});
  };
  EXPECT_EQ(chance(0.25), "0.25");
  EXPECT_EQ(chance(0.001), "0.001");
  EXPECT_EQ(chance(0.999), "0.999");
  EXPECT_EQ(compare_mean(CompareMetric::p_exceed, {}), "-");
  EXPECT_EQ(compare_mean(CompareMetric::p_exceed, {.n = 100, .text = "< 0.03"}), "< 0.03");
}

}  // namespace
}  // namespace windtunnel::reports::compare_summary_test
