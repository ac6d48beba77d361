#include "reports/run/ab_table.h"

#include <gtest/gtest.h>

#include <regex>

#include "reports/run/experiment_text.h"
#include "reports/run/run_summary.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::ab_table_test {
namespace {

// Newcombe (1998), Statistics in Medicine 17, table II, row (a), method 10: 56/70 - 48/80 is 0.0524 to 0.3339.
TEST(AbTable, the_interval_of_shares_is_newcombes) {
  const Interval interval = difference_of_shares({48, 80}, {56, 70});
  EXPECT_NEAR(interval.difference, 0.2, 1e-12);
  EXPECT_NEAR(*interval.low, 0.0524, 5e-5);
  EXPECT_NEAR(*interval.high, 0.3339, 5e-5);
}

// The same source, row (g): 10/10 - 0/20 is 0.6791 to 1.0000: at the edge it stays within -1 and 1.
TEST(AbTable, the_interval_of_shares_stays_within_one) {
  const Interval interval = difference_of_shares({0, 20}, {10, 10});
  EXPECT_NEAR(*interval.low, 0.6791, 5e-5);
  EXPECT_NEAR(*interval.high, 1.0, 1e-9);
}

TEST(AbTable, chi_square_warns_beyond_its_0_999_quantile) {
  // 1000 units at 1:1: chi-square is (2 d)^2 / 1000 for 500 + d.
  const SampleRatio within = sample_ratio({552, 448}, {1, 1});
  EXPECT_TRUE(within.is_known);
  EXPECT_DOUBLE_EQ(within.chi_square, 10.816);
  EXPECT_FALSE(within.is_off);
  const SampleRatio beyond = sample_ratio({553, 447}, {1, 1});
  EXPECT_DOUBLE_EQ(beyond.chi_square, 11.236);
  EXPECT_TRUE(beyond.is_off);
  EXPECT_EQ(beyond.degrees_of_freedom, 1);
}

TEST(AbTable, chi_square_uses_the_weights_and_leaves_out_those_of_zero) {
  const SampleRatio ratio = sample_ratio({900, 0, 100}, {9, 0, 1});
  EXPECT_TRUE(ratio.is_known);
  EXPECT_EQ(ratio.degrees_of_freedom, 1);
  EXPECT_EQ(ratio.chi_square, 0);
}

TEST(AbTable, few_units_decide_nothing) {
  EXPECT_TRUE(sample_ratio({9, 1}, {1, 1}).is_known);  // five are expected of each
  EXPECT_FALSE(sample_ratio({9, 0}, {1, 1}).is_known);
  EXPECT_FALSE(sample_ratio({100, 0}, {1, 0}).is_known);
}

TEST(AbTable, the_limit_for_many_degrees_of_freedom_is_near) {
  EXPECT_EQ(chi_square_limit(1), 10.827566);
  EXPECT_EQ(chi_square_limit(30), 59.703064);
  EXPECT_NEAR(chi_square_limit(31), 61.098306, 0.11);
  EXPECT_NEAR(chi_square_limit(1000), 1143.917093, 0.02);
}

TEST(AbTable, four_digits_are_never_scientific) {
  EXPECT_EQ(four_digits(0), "0");
  EXPECT_EQ(four_digits(1234.5678), "1235");
  EXPECT_EQ(four_digits(0.000012345678), "0.00001235");
  EXPECT_EQ(four_digits(-0.5), "-0.5");
  EXPECT_EQ(four_digits(9999.6), "10000");
  EXPECT_EQ(four_digits(123456), "123456");
}

// One user calls far more often than the others: by requests the division would look wrong, by users it is not.
TEST(AbTable, the_division_is_judged_by_users_not_by_requests) {
  AbSamples samples{2};
  monitor::Record record;
  for (std::uint64_t user = 1; user <= 100; ++user) {
    record.variant = static_cast<std::uint16_t>(user % 2);
    record.request.user = user;
    for (std::uint64_t i = 0; i < (user == 1 ? 100'000U : 1U); ++i) samples.on(record);
  }
  EXPECT_EQ(samples.units(), (std::vector<std::int64_t>{50, 50}));
  EXPECT_FALSE(sample_ratio(samples.units(), {1, 1}).is_off);
  EXPECT_TRUE(sample_ratio(samples.units(), {9, 1}).is_off);
}

TEST(AbTable, the_text_names_a_division_that_is_not_what_the_weights_ask_for) {
  ExperimentSummary experiment{.variants = {{.id = "a", .weight = 1}, {.id = "b", .weight = 1}},
                               .against_first = {{.id = "b"}},
                               .sample_ratio = {.units = {50, 50}}};
  EXPECT_NE(experiment_text(experiment).find("  Division: 50 and 50 units at weights 1:1: too few to judge\n"),
            std::string::npos);
  experiment.sample_ratio = {.units = {50, 50}, .mismatch = false, .chi_square = 0, .degrees_of_freedom = 1};
  EXPECT_NE(experiment_text(experiment).find("1:1, chi-square 0 (1 degree of freedom): as the weights say\n"),
            std::string::npos);
  experiment.sample_ratio.mismatch = true;
  EXPECT_NE(experiment_text(experiment).find("WARNING: sample ratio mismatch"), std::string::npos);
}

TEST(AbTable, the_summary_compares_each_variant_with_the_first) {
  sim::Scenario scenario = small_world();
  scenario.duration = 100s;
  scenario.monitor.ab_router = {"ab", {{"a", monitor::ProviderId{0}, 1}, {"b", monitor::ProviderId{1}, 1}}};
  // A call of openai takes 300 ms, one of anthropic 500 ms.
  scenario.providers[1].time_per_output_token = sim::Law::fixed(2e6);
  AbSamples samples{2};
  const sim::RunResult result = sim::run(scenario, {.observers = {&samples}});
  const RunSummary summary = run_summary({scenario, result, {}, "", {}, 1s, &samples});
  const std::string text = summary_text(summary);
  EXPECT_NE(text.find("; 95 % intervals by batch means, which allow for requests that depend on each other):\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("    Success: 0 points (-"), std::string::npos) << text;
  EXPECT_NE(text.find("    Mean latency: +200ms (no interval: all values are alike)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    Cost/Request: $0 (no interval: all values are alike)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("units at weights 1:1"), std::string::npos) << text;

  const std::string json = summary_json(summary);
  const std::string all = std::regex_replace(json, std::regex{"\\s+"}, "");
  EXPECT_NE(
      json.find(R"("intervals": "95 % intervals by batch means, which allow for requests that depend on each other")"),
      std::string::npos)
      << json;
  EXPECT_NE(all.find(R"("against_first":[{"id":"b","success_rate":{"difference":0,"low":-0.0)"), std::string::npos);
  EXPECT_NE(
      all.find(R"("latency_mean_ms":{"difference":200,"low":null,"high":null,"no_interval":"allvaluesarealike"})"),
      std::string::npos)
      << json;
  EXPECT_NE(all.find(R"("no_interval":"allvaluesarealike"}}],"sample_ratio":{"units":[)"), std::string::npos) << json;
  EXPECT_NE(all.find(R"("mismatch":false,"chi_square":)"), std::string::npos) << json;
}

// A request of this arm, which took so many milliseconds.
monitor::Record request_of(std::uint16_t variant, std::int64_t milliseconds) {
  monitor::Record record;
  record.variant = variant;
  record.outcome = monitor::Outcome::served;
  record.finished = record.arrived + std::chrono::milliseconds{milliseconds};
  return record;
}

TEST(AbTable, fewer_than_forty_requests_have_a_difference_without_an_interval) {
  EXPECT_FALSE(AbSamples{2}.comparisons()[0].success);
  AbSamples samples{2};
  for (int i = 0; i < 39; ++i) {
    samples.on(request_of(0, 100 + i));
    samples.on(request_of(1, 200 + 3 * i));
  }
  const auto few = samples.comparisons()[0];
  ASSERT_TRUE(few.latency_mean);
  EXPECT_EQ(few.latency_mean->difference, 138e6);
  EXPECT_FALSE(few.latency_mean->low);
  EXPECT_EQ(few.latency_mean->no_interval, "a variant has fewer than 40 requests");
  EXPECT_EQ(few.success->no_interval, "a variant has fewer than 40 requests");
}

TEST(AbTable, batches_grow_with_the_run_and_lose_no_request) {
  for (const int requests : {1, 40, 41, 80, 81, 1000, 4097}) {
    AbSamples samples{2};
    std::int64_t sum = 0;
    for (int i = 0; i < requests; ++i) {
      samples.on(request_of(0, i % 97));
      samples.on(request_of(1, 0));
      sum += i % 97;
    }
    const std::vector<AbMeans> means = samples.means();
    EXPECT_DOUBLE_EQ(*means[0].latency_ns, 1e6 * static_cast<double>(sum) / requests) << requests;
    EXPECT_EQ(*means[1].latency_ns, 0) << requests;
  }
}

}  // namespace
}  // namespace windtunnel::reports::ab_table_test
