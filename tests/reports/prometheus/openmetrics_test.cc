#include "reports/prometheus/openmetrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/timeline/timeline_recorder.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::openmetrics_test {
namespace {

sim::FaultSpec three_seconds(sim::FaultSpec fault) {
  fault.at = 3s;
  fault.duration = 3s;
  return fault;
}

// Ten requests, one a second, each of 300 ms and 0.0035 USD, the first provider down from 3 s to 6 s, if nothing else
// is output of it.
sim::Timeline small_timeline(sim::Scenario scenario = small_world()) {
  if (scenario.faults.empty()) scenario.faults = {three_seconds(outage_of("openai"))};
  sim::TimelineRecorder watch{scenario, sim::timeline_widths(scenario, {}, 1s)};
  return watch.finish(sim::run(scenario, {.observers = {&watch}}));
}

// The lines about one series, without its name: "VALUE TIME".
std::vector<std::string> samples_of(const sim::Timeline& timeline, Duration interval, const std::string& series,
                                    const MetricLabels& added = {}) {
  const ScratchFolder folder;
  OutputFile file{folder.file("metrics.txt")};
  write_openmetrics(timeline, scrapes_of(timeline, interval), added, file);
  file.finish();
  std::istringstream text{text_in(folder.file("metrics.txt"))};
  std::vector<std::string> samples;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with(series + " ")) samples.push_back(line.substr(series.size() + 1));
  }
  return samples;
}

TEST(OpenMetrics, counts_what_happened_before_each_scrape) {
  const std::vector<std::string> samples =
      samples_of(small_timeline(), 5s, R"(windtunnel_requests_total{outcome="served"})");
  // Arrivals at 0, 1, ... 9 s end 300 ms later.
  EXPECT_EQ(samples, (std::vector<std::string>{"0 1768903200", "5 1768903205", "10 1768903210"}));
}

TEST(OpenMetrics, the_last_scrape_finds_everything_though_the_interval_does_not_divide_the_run) {
  const std::vector<std::string> samples =
      samples_of(small_timeline(), 4s, R"(windtunnel_requests_total{outcome="served"})");
  ASSERT_EQ(samples.size(), 4U);
  EXPECT_EQ(samples[3], "10 1768903212");
}

TEST(OpenMetrics, money_is_exact_in_dollars) {
  const std::vector<std::string> samples = samples_of(small_timeline(), 10s, "windtunnel_cost_usd_total");
  EXPECT_EQ(samples.back(), "0.035 1768903210");
}

TEST(OpenMetrics, counts_the_kinds_of_tokens_where_a_run_has_some) {
  const std::string series = R"(windtunnel_provider_token_kinds_total{provider="openai",kind="reasoning"})";
  EXPECT_TRUE(samples_of(small_timeline(), 5s, series).empty());
  sim::Scenario scenario = small_world();
  scenario.workloads[0].reasoning.law = sim::Law::fixed(5);
  scenario.faults = {three_seconds(outage_of("anthropic"))};
  const sim::Timeline timeline = small_timeline(scenario);
  EXPECT_EQ(samples_of(timeline, 5s, series),
            (std::vector<std::string>{"0 1768903200", "25 1768903205", "50 1768903210"}));
  EXPECT_EQ(samples_of(timeline, 10s, R"(windtunnel_request_token_kinds_total{kind="reasoning"})").back(),
            "50 1768903210");
  EXPECT_EQ(samples_of(timeline, 10s, R"(windtunnel_request_token_kinds_total{kind="cache_write"})").back(),
            "0 1768903210");
}

TEST(OpenMetrics, a_bucket_holds_those_below_it_too) {
  const sim::Timeline timeline = small_timeline();
  const auto last = [&](const std::string& series) { return samples_of(timeline, 10s, series).back(); };
  EXPECT_EQ(last(R"(windtunnel_request_duration_seconds_bucket{le="0.25"})"), "0 1768903210");
  EXPECT_EQ(last(R"(windtunnel_request_duration_seconds_bucket{le="0.5"})"), "10 1768903210");
  EXPECT_EQ(last(R"(windtunnel_request_duration_seconds_bucket{le="60.0"})"), "10 1768903210");
  EXPECT_EQ(last(R"(windtunnel_request_duration_seconds_bucket{le="+Inf"})"), "10 1768903210");
  EXPECT_EQ(last("windtunnel_request_duration_seconds_count"), "10 1768903210");
  EXPECT_EQ(last("windtunnel_request_duration_seconds_sum"), "3 1768903210");
}

TEST(OpenMetrics, a_breaker_is_in_one_state) {
  sim::Scenario scenario = small_world();
  scenario.monitor.circuit_breaker.consecutive_threshold = 1;
  const sim::Timeline timeline = small_timeline(scenario);
  const auto state = [&](const std::string& word) {
    return samples_of(timeline, 1s,
                      R"(windtunnel_breaker_state{provider="openai",windtunnel_breaker_state=")" + word + "\"}");
  };
  EXPECT_EQ(state("closed")[3], "1 1768903203");  // what happens at the instant of a scrape comes after it
  EXPECT_EQ(state("open")[3], "0 1768903203");
  EXPECT_EQ(state("closed")[4], "0 1768903204");
  EXPECT_EQ(state("open")[4], "1 1768903204");
  EXPECT_EQ(state("half_open")[4], "0 1768903204");
}

// Down from 3 s to 6 s, the first failure opens it for 4 s: the requests of 4, 5 and 6 s are refused, and that of 7 s
// is the probe, which takes its 300 ms.
TEST(OpenMetrics, a_breaker_reports_its_cost) {
  sim::Scenario scenario = small_world();
  scenario.monitor.circuit_breaker.consecutive_threshold = 1;
  scenario.monitor.circuit_breaker.open = 4s;
  const sim::Timeline timeline = small_timeline(scenario);
  const auto last = [&](const std::string& name, const std::string& more = {}) {
    return samples_of(timeline, 10s, "windtunnel_breaker_" + name + "_total{provider=\"openai\"" + more + "}").back();
  };
  EXPECT_EQ(last("refusals"), "3 1768903210");
  EXPECT_EQ(last("open_seconds"), "4 1768903210");
  EXPECT_EQ(last("half_open_seconds"), "0.3 1768903210");
  EXPECT_EQ(last("transitions", ",to=\"open\""), "1 1768903210");
  EXPECT_EQ(last("transitions", ",to=\"half_open\""), "1 1768903210");
  EXPECT_EQ(last("transitions", ",to=\"closed\""), "1 1768903210");
}

// From 3 s on two calls a minute are served; the answer to the third, at 5 s, is 429 and to come again in 2 s.
TEST(OpenMetrics, a_provider_that_is_passed_over_for_its_retry_after_is_counted) {
  sim::Scenario scenario = small_world();
  scenario.faults = {three_seconds(outage_of("openai"))};
  scenario.faults[0].settings =
      sim::Throttle{.limit = {.requests_per_minute = 2, .tokens_per_minute = {}, .retry_after = 2s}};
  const sim::Timeline timeline = small_timeline(scenario);
  const auto last = [&](const std::string& metric, const std::string& provider) {
    return samples_of(timeline, 10s, "windtunnel_" + metric + "_total{provider=\"" + provider + "\"}").back();
  };
  EXPECT_EQ(last("provider_retry_after_skips", "openai"), "1 1768903210");
  EXPECT_EQ(last("provider_retry_after_skips", "anthropic"), "0 1768903210");
  EXPECT_EQ(last("provider_late_results", "openai"), "0 1768903210");
}

// One request before midnight and one after, both in flight: they share the month and not the day.
TEST(OpenMetrics, what_is_reserved_belongs_to_the_day_and_month_of_its_admission) {
  sim::Scenario scenario = small_world();
  scenario.start = WallTime{1'768'953'599'900ms};  // 2026-01-20T23:59:59.9Z
  scenario.duration = 1s;
  scenario.workloads[0].rate.count = Millionths{5'000'000};
  scenario.monitor.cost_limiter.daily = Usd::from_dollars(1);
  sim::TimelineRecorder watch{scenario, sim::timeline_widths(scenario, {}, 100ms)};
  const sim::Timeline timeline = watch.finish(sim::run(scenario, {.observers = {&watch}}));
  const auto reserved = [&](const std::string& window, std::size_t scrape) {
    const std::string series = "windtunnel_budget_reserved_usd{window=\"" + window + "\"}";
    return std::stod(samples_of(timeline, 100ms, series)[scrape]);
  };
  const double value = reserved("month", 1);
  EXPECT_GT(value, 0);
  EXPECT_EQ(reserved("day", 1), value);
  EXPECT_EQ(reserved("month", 3), 2 * value);
  EXPECT_EQ(reserved("day", 3), value);
}

TEST(OpenMetrics, calls_in_flight_are_those_of_the_instant) {
  sim::Scenario scenario = small_world();
  scenario.duration = 1s;
  sim::TimelineRecorder watch{scenario, sim::timeline_widths(scenario, {}, 100ms)};
  const sim::Timeline timeline = watch.finish(sim::run(scenario, {.observers = {&watch}}));
  const auto calls = [&](const std::string& provider) {
    std::string text;
    const std::string series = "windtunnel_provider_calls_in_flight{provider=\"" + provider + "\"}";
    for (const std::string& sample : samples_of(timeline, 100ms, series)) text += sample.front();
    return text.substr(0, 10);
  };
  // One call of 300 ms.
  EXPECT_EQ(calls("openai"), "0111000000");
  EXPECT_EQ(calls("anthropic"), "0000000000");
}

TEST(OpenMetrics, a_fault_is_active_from_its_begin_to_before_its_end) {
  const std::vector<std::string> samples =
      samples_of(small_timeline(), 1s, R"(windtunnel_fault_active{fault="openai-down",kind="outage"})");
  for (std::size_t second = 0; second < samples.size(); ++second) {
    EXPECT_EQ(samples[second].front(), second >= 3 && second < 6 ? '1' : '0') << second;
  }
}

// Which acts when is each one's own, also where they begin and end together.
TEST(OpenMetrics, faults_that_begin_at_one_instant_are_distinguished) {
  sim::Scenario scenario = small_world();
  scenario.faults = {three_seconds(outage_of("openai")), three_seconds(outage_of("anthropic")), outage_of("anthropic")};
  scenario.faults[1].settings = sim::LatencySpike{};
  scenario.faults[1].duration = 5s;
  scenario.faults[2].id = "late";
  scenario.faults[2].at = 8s;
  const sim::Timeline timeline = small_timeline(scenario);
  const auto seconds = [&](const std::string& fault, const std::string& kind) {
    std::string text;
    const std::string labels = "fault=\"" + fault + "\",kind=\"" + kind + "\"";
    for (const std::string& sample : samples_of(timeline, 1s, "windtunnel_fault_active{" + labels + "}")) {
      text += sample.front();
    }
    return text.substr(0, 10);
  };
  EXPECT_EQ(seconds("openai-down", "outage"), "0001110000");
  EXPECT_EQ(seconds("anthropic-down", "latency_spike"), "0001111100");
  EXPECT_EQ(seconds("late", "outage"), "0000000011");
}

TEST(OpenMetrics, a_failed_call_has_a_duration_of_its_own) {
  sim::Scenario scenario = small_world();
  scenario.monitor.provider_call.timeout = 2s;
  scenario.faults = {three_seconds(outage_of("openai"))};
  scenario.faults[0].settings = sim::Outage{.mode = sim::OutageMode::hang};
  const sim::Timeline timeline = small_timeline(scenario);
  const auto last = [&](const std::string& ending, const std::string& more) {
    return samples_of(
               timeline, 10s,
               "gen_ai_client_operation_duration_seconds" + ending +
                   R"({gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4")" +
                   more + "}")
        .back();
  };
  // The calls of 3, 4 and 5 s, each of 2 s; the others of 300 ms.
  EXPECT_EQ(last("_sum", R"(,error_type="_OTHER")"), "6 1768903210");
  EXPECT_EQ(last("_count", R"(,error_type="_OTHER")"), "3 1768903210");
  EXPECT_EQ(last("_bucket", R"(,error_type="_OTHER",le="1.5")"), "0 1768903210");
  EXPECT_EQ(last("_bucket", R"(,error_type="_OTHER",le="2.0")"), "3 1768903210");
  EXPECT_EQ(last("_sum", ""), "2.1 1768903210");
  EXPECT_EQ(last("_count", ""), "7 1768903210");
  EXPECT_EQ(last("_bucket", R"(,le="0.25")"), "0 1768903210");
  EXPECT_EQ(last("_bucket", R"(,le="0.5")"), "7 1768903210");
}

// Each version has what its own workload did: the second has twice the requests, of half the output.
TEST(OpenMetrics, each_version_has_series_of_its_own) {
  sim::Scenario scenario = small_world();
  scenario.workloads.push_back(scenario.workloads[0]);
  sim::WorkloadSpec& second = scenario.workloads[1];
  second.name = "search";
  second.feature_version = "2.0";
  second.prompt_version = "v3";
  second.rate.count = Millionths{2 * scenario.workloads[0].rate.count.value};
  second.output = {sim::Law::fixed(100)};
  const sim::Timeline timeline = small_timeline(scenario);
  const auto last = [&](const std::string& name, const std::string& feature, const std::string& prompt,
                        const std::string& more = {}) {
    const std::string labels = "feature_version=\"" + feature + "\",prompt_version=\"" + prompt + "\"" + more;
    const auto samples = samples_of(timeline, 10s, "windtunnel_version_" + name + "{" + labels + "}");
    return samples.empty() ? std::string{"nothing"} : samples.back();
  };
  const std::string served = ",outcome=\"served\"";
  EXPECT_EQ(last("requests_total", "1.2.3", "v2.1", served), "10 1768903210");
  EXPECT_EQ(last("requests_total", "2.0", "v3", served), "20 1768903210");
  EXPECT_EQ(last("cost_usd_total", "1.2.3", "v2.1"), "0.035 1768903210");
  EXPECT_EQ(last("cost_usd_total", "2.0", "v3"), "0.05 1768903210");
  EXPECT_EQ(last("request_duration_seconds_sum", "1.2.3", "v2.1"), "3 1768903210");
  EXPECT_EQ(last("request_duration_seconds_sum", "2.0", "v3"), "4 1768903210");
  EXPECT_EQ(last("request_duration_seconds_bucket", "2.0", "v3", ",le=\"0.25\""), "20 1768903210");
  EXPECT_EQ(last("requests_total", "2.0", "v2.1", served), "nothing");
}

TEST(OpenMetrics, calls_have_the_names_of_the_conventions_for_generative_ai) {
  const sim::Timeline timeline = small_timeline();
  const std::string openai =
      R"(gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4")";
  const auto last = [&](const std::string& name, const std::string& more) {
    return samples_of(timeline, 10s, name + "{" + openai + more + "}").back();
  };
  EXPECT_EQ(last("gen_ai_client_operation_duration_seconds_count", ""), "7 1768903210");
  EXPECT_EQ(last("gen_ai_client_operation_duration_seconds_count", R"(,error_type="_OTHER")"), "3 1768903210");
  EXPECT_EQ(last("gen_ai_client_token_usage_sum", R"(,gen_ai_token_type="input")"), "1050 1768903210");
  EXPECT_EQ(last("gen_ai_client_token_usage_bucket", R"(,gen_ai_token_type="output",le="64.0")"), "0 1768903210");
  EXPECT_EQ(last("gen_ai_client_token_usage_bucket", R"(,gen_ai_token_type="output",le="256.0")"), "7 1768903210");
  EXPECT_EQ(last("gen_ai_server_time_to_first_token_seconds_bucket", R"(,le="0.1")"), "7 1768903210");
}

// 150 tokens and 20: either side of an edge of the bins.
TEST(OpenMetrics, tokens_of_a_call_are_in_the_bins_of_their_own_kind) {
  sim::Scenario scenario = small_world();
  scenario.workloads[0].output = {sim::Law::fixed(20)};
  const sim::Timeline timeline = small_timeline(scenario);
  const auto below_64 = [&](const std::string& type) {
    return samples_of(timeline, 10s,
                      R"(gen_ai_client_token_usage_bucket{gen_ai_operation_name="chat",gen_ai_provider_name="openai",)"
                      R"(gen_ai_request_model="gpt-4",gen_ai_token_type=")" +
                          type + "\",le=\"64.0\"}")
        .back();
  };
  EXPECT_EQ(below_64("input"), "0 1768903210");
  EXPECT_EQ(below_64("output"), "7 1768903210");
}

TEST(OpenMetrics, budget_alerts_are_counted_by_their_share) {
  sim::Scenario scenario = small_world();
  scenario.monitor.cost_limiter.daily = Usd::from_picos(21'100'000'000);  // five requests, 82.9 % of it
  const sim::Timeline timeline = small_timeline(scenario);
  const auto fired = [&](const std::string& share) {
    return samples_of(timeline, 10s, R"(windtunnel_budget_alerts_total{window="day",share=")" + share + "\"}");
  };
  EXPECT_EQ(fired("0.8"), (std::vector<std::string>{"0 1768903200", "1 1768903210"}));
  EXPECT_EQ(fired("0.95").back(), "0 1768903210");
  ASSERT_TRUE(timeline.monthly_limit);
  EXPECT_EQ(samples_of(timeline, 10s, R"(windtunnel_budget_alerts_total{window="month",share="0.8"})").back(),
            "0 1768903210");
  EXPECT_TRUE(samples_of(timeline, 10s, R"(windtunnel_budget_limit_usd{window="month"})").empty() ==
              !timeline.monthly_limit);
  EXPECT_EQ(samples_of(timeline, 10s, R"(windtunnel_budget_limit_usd{window="day"})").front(), "0.0211 1768903200");
}

TEST(OpenMetrics, labels_are_added_to_every_metric_and_escaped) {
  const std::string name = series_name("x_total", {{"run", "a \"b\"\\\n"}}, MetricLabel{"le", "+Inf"});
  EXPECT_EQ(name, "x_total{run=\"a \\\"b\\\"\\\\\\n\",le=\"+Inf\"}");
  EXPECT_EQ(samples_of(small_timeline(), 10s, R"(windtunnel_arrivals_total{run="a"})", {{"run", "a"}}).size(), 2U);
  EXPECT_TRUE(samples_of(small_timeline(), 10s, "windtunnel_arrivals_total", {{"run", "a"}}).empty());
}

TEST(OpenMetrics, a_label_that_cannot_be_added_is_refused) {
  EXPECT_EQ(label_problem({"run_2", "anything \""}), std::nullopt);
  for (const char* name : {"", "2run", "a-b", "__a", "provider", "le", "gen_ai_request_model"}) {
    EXPECT_NE(label_problem({name, "x"}), std::nullopt) << name;
  }
}

TEST(Scrapes, come_at_whole_steps_and_whole_milliseconds) {
  sim::Timeline timeline;
  timeline.step = 2s;
  timeline.steps = 5;
  EXPECT_EQ(interval_at_least(timeline, 1ns), 2s);
  EXPECT_EQ(interval_at_least(timeline, 15s), 16s);
  EXPECT_EQ(interval_problem(timeline, 4s), std::nullopt);
  EXPECT_NE(interval_problem(timeline, 3s), std::nullopt);
  EXPECT_NE(interval_problem(timeline, 0s), std::nullopt);
  EXPECT_EQ(scrapes_of(timeline, 2s).count, 6U);
  EXPECT_EQ(scrapes_of(timeline, 4s).count, 4U);
  timeline.step = 250us;
  EXPECT_EQ(interval_at_least(timeline, 1ns), 1ms);
  EXPECT_NE(interval_problem(timeline, 250us), std::nullopt);
}

}  // namespace
}  // namespace windtunnel::reports::openmetrics_test
