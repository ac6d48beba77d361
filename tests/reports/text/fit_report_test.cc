// A world is simulated, its telemetry written, and a world fitted to that: its figures are those of the first.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <string>

#include "reports/files/output_file.h"
#include "reports/logs/log_fit.h"
#include "reports/telemetry/telemetry.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "sim/compare/compare.h"
#include "sim/statistics/statistics.h"
#include "tests/reports/text/fitted_log_fixture.h"

namespace windtunnel::reports::fit_test {
namespace {

constexpr const char* kTruth = R"({
  "version": 1, "start": "2026-01-01T00:00:00Z", "duration": "14d",
  "monitor": {
    "ab_router": {"experiment_id": "exp", "variants": [{"id": "a", "provider": "openai", "weight": 6},
                                                       {"id": "b", "provider": "anthropic", "weight": 4}]},
    "cost_limiter": {"monthly_usd": null}, "token_limiter": {"mode": "off"}, "cache": {"ttl": "1h"}},
  "providers": {
    "openai": {"profile": "seed/gpt-4", "errors": {"server_error": 0.02, "overloaded": 0.01},
               "ttft": {"p50": "400ms", "p95": "900ms"}, "tpot": {"p50": "10ms", "p95": "20ms"}},
    "anthropic": {"profile": "seed/claude-3-5-sonnet"}},
  "workload": {"chat": {"executor": "diurnal", "arrival": "poisson", "rate": 3000, "time_unit": "1d",
    "users": {"count": 4000}, "prompts": {"count": 1000},
    "hourly": [0.4, 0.3, 0.3, 0.3, 0.3, 0.4, 0.6, 0.9, 1.2, 1.5, 1.6, 1.7,
               1.6, 1.6, 1.7, 1.7, 1.6, 1.4, 1.2, 1.0, 0.9, 0.7, 0.6, 0.5],
    "tokens": {"input": {"p50": 150, "p95": 300}, "output": {"p50": 80, "p95": 200}}}}
})";

sim::Scenario world(const std::vector<std::string>& sets = {}) {
  return scenarios::read_scenario_text(kTruth, "truth.json", sets);
}

void write_log(const sim::Scenario& scenario, std::uint64_t seed, const std::string& path) {
  OutputFile file{path};
  TelemetryWriter writer{scenario, seed, file};
  sim::run(scenario, {.seed = seed, .observers = {&writer}});
  file.finish();
}

// What the text above says. A prompt has one length, so that the input's spread is over prompts; it is left out here.
std::map<std::string, double> truth_of(const sim::Scenario& scenario) {
  const sim::WorkloadSpec& chat = scenario.workloads[0];
  double sum = 0;
  for (const double factor : std::get<sim::Diurnal>(chat.executor).hourly) sum += factor;
  std::map<std::string, double> truth{{"rate", 3000 * sum / 24},
                                      {"output_tokens.p50", 80},
                                      {"output_tokens.p95", 200},
                                      {"output_tokens.mean", chat.output.law.mean()},
                                      {"openai.ttft.p50", 400},
                                      {"openai.ttft.p95", 900},
                                      {"openai.ttft.mean", scenario.providers[0].time_to_first_token.mean() / 1e6},
                                      {"openai.tpot.p50", 10},
                                      {"openai.tpot.p95", 20},
                                      {"anthropic.ttft.p50", 950},
                                      {"openai.errors.server_error", 0.02},
                                      {"openai.errors.overloaded", 0.01},
                                      {"split.a", 0.6},
                                      {"split.b", 0.4},
                                      {"openai.price.input", 30},
                                      {"openai.price.output", 60},
                                      {"anthropic.price.input", 3},
                                      {"anthropic.price.output", 15}};
  for (std::size_t hour = 0; hour < 24; ++hour) {
    truth[(hour < 10 ? "hour_0" : "hour_") + std::to_string(hour)] =
        std::get<sim::Diurnal>(chat.executor).hourly[hour] * 24 / sum;
  }
  return truth;
}

const sim::FittedParameter* parameter_of(const FittedLog& log, const std::string& name) {
  const auto found = std::ranges::find(log.fit.parameters, name, &sim::FittedParameter::name);
  return found == log.fit.parameters.end() ? nullptr : &*found;
}

struct Inside {
  int inside = 0;
  int all = 0;
};

// How many of the true figures lie in their intervals. None may be missing or far away.
Inside inside_of(const FittedLog& log, const std::map<std::string, double>& truth) {
  Inside count;
  for (const auto& [name, value] : truth) {
    const sim::FittedParameter* fitted_parameter = parameter_of(log, name);
    if (fitted_parameter == nullptr) {
      ADD_FAILURE() << name << " is not fitted";
      continue;
    }
    const double far = 2.2 * fitted_parameter->estimate.half_width();  // 4.3 standard errors
    EXPECT_LE(std::abs(fitted_parameter->estimate.value - value), far + 1e-9 * value)
        << name << ": " << fitted_parameter->estimate.value;
    ++count.all;
    const double slack = 1e-9 * value;
    if (fitted_parameter->estimate.low - slack <= value && value <= fitted_parameter->estimate.high + slack)
      ++count.inside;
  }
  return count;
}

class FitLog : public FittedLogTest {};

TEST_F(FitLog, of_a_simulated_world_has_its_figures_in_its_intervals) {
  const sim::Scenario truth = world();
  Inside sum;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::string path = folder.file("log" + std::to_string(seed) + ".jsonl.zst");
    write_log(truth, seed, path);
    const FittedLog log = read_fit(path);
    ASSERT_EQ(log.fit.problem, std::nullopt);
    EXPECT_EQ(log.bad_count, 0U);
    // Each hour of the scenario has the factor in the report.
    for (std::size_t hour = 0; hour < 24; ++hour) {
      const std::string name = (hour < 10 ? "hour_0" : "hour_") + std::to_string(hour);
      EXPECT_NEAR(std::get<sim::Diurnal>(log.fit.scenario.workloads[0].executor).hourly[hour],
                  parameter_of(log, name)->estimate.value, 1e-6);
    }
    const Inside entry = inside_of(log, truth_of(truth));
    sum.inside += entry.inside;
    sum.all += entry.all;
  }
  // 95 % of 126 figures are 120, give or take 2.5.
  EXPECT_GE(sum.inside, 0.9 * sum.all) << sum.inside << " of " << sum.all;
}

// By way of its file, as a user does.
sim::Scenario read_back(const FittedLog& log) {
  const std::vector<std::string> sets{"monitor.cost_limiter.monthly_usd=null"};
  return scenarios::read_scenario_text(scenarios::write_scenario(log.fit.scenario), "fitted.json", sets);
}

double median_of(const sim::VariationResult& variation, sim::CompareMetric metric) {
  std::vector<double> values;
  for (const sim::CompareValues& run : variation.runs) values.push_back(*run[static_cast<std::size_t>(metric)]);
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Two weeks tell of the month to come: here each request has a prompt and a user of its own, so that 140,000 of them
// leave a fifth of a percent of doubt about the split and less about the lengths.
TEST_F(FitLog, forecasts_cost_and_latency_of_the_world_within_a_hundredth) {
  sim::Scenario truth =
      world({"workload.chat.rate=10000", "workload.chat.users.count=0", "workload.chat.prompts.count=0"});
  write_log(truth, 7, folder.file("log.jsonl.zst"));
  sim::Scenario fitted = read_back(read_fit(folder.file("log.jsonl.zst")));
  truth.duration = fitted.duration = std::chrono::hours{10 * 24};
  const sim::ComparisonResult both =
      sim::compare({{"truth", truth}, {"fitted", fitted}}, {.seeds = 5, .jobs = 2, .checks = {"none"}});
  for (const sim::CompareMetric metric : {sim::CompareMetric::cost_usd, sim::CompareMetric::p95}) {
    EXPECT_NEAR(median_of(both.variations[1], metric) / median_of(both.variations[0], metric), 1, 0.01)
        << sim::entry_of(metric).name;
  }
}

TEST_F(FitLog, its_cache_answers_as_often) {
  write_log(world(), 7, folder.file("log.jsonl.zst"));
  const FittedLog log = read_fit(folder.file("log.jsonl.zst"));
  const sim::RunResult result = sim::run(read_back(log), {.seed = 3});
  const auto all = result.pipeline.metrics().all();
  const double rate = static_cast<double>(all.count(monitor::Outcome::cache_hit)) / static_cast<double>(all.requests());
  EXPECT_NEAR(rate / parameter_of(log, "hit_rate")->estimate.value, 1, 0.03);
  EXPECT_GT(rate, 0.05);
}

TEST_F(FitLog, days_that_differ_beyond_chance_have_a_spread) {
  const std::string path = folder.file("log.jsonl.zst");
  write_log(world({"duration=28d", "workload.chat.day_factor_cv=0.2"}), 5, path);
  const FittedLog spread = read_fit(path);
  ASSERT_NE(parameter_of(spread, "day_factor_cv"), nullptr);
  const sim::Estimate cv = parameter_of(spread, "day_factor_cv")->estimate;
  EXPECT_LT(cv.low, 0.2);
  EXPECT_GT(cv.high, 0.2);
  // Days of cv 0.2 leave the rate uncertain by 2 x 0.2 / sqrt(28), which Poisson's noise, below 1 %, would not say.
  const sim::Estimate rate = parameter_of(spread, "rate")->estimate;
  EXPECT_NEAR(rate.half_width() / rate.value, 0.077, 0.03);
  EXPECT_EQ(std::get<sim::Diurnal>(spread.fit.scenario.workloads[0].executor).day_factor_cv, cv.value);
  write_log(world(), 5, path);
  EXPECT_EQ(parameter_of(read_fit(path), "day_factor_cv"), nullptr);
}

// 28 days, each with its own number of prompts to ask from an empty cache.
std::string log_of_days(const ScratchFolder& folder, const std::vector<int>& prompts_by_day) {
  std::string text;
  for (std::size_t day = 0; day < prompts_by_day.size(); ++day) {
    const std::string start = "2026-01-" + std::to_string(101 + day).substr(1) + "T00:00:00Z";
    const std::string path = folder.file("day.jsonl");
    write_log(world({"start=\"" + start + "\"", "duration=1d",
                     "workload.chat.prompts.count=" + std::to_string(prompts_by_day[day])}),
              day + 1, path);
    std::ifstream file(path);
    text.append(std::istreambuf_iterator<char>(file), {});
  }
  return text;
}

TEST_F(FitLog, hit_rates_that_differ_beyond_chance_make_those_to_come_uncertain) {
  std::vector<int> prompts_by_day;
  for (int day = 0; day < 28; ++day) prompts_by_day.push_back(day % 2 == 0 ? 500 : 2000);
  const FittedLog log = fitted_to(log_of_days(folder, prompts_by_day));
  ASSERT_EQ(log.fit.problem, std::nullopt);
  const sim::FittedParameter* cv = parameter_of(log, "prompts.count_cv");
  ASSERT_NE(cv, nullptr) << fit_text(log);
  EXPECT_EQ(log.fit.scenario.workloads[0].prompts.count_cv, cv->estimate.value);
  EXPECT_GT(cv->estimate.low, 0);
  // A coin decides between two hit rates each day: the mean of 30 days is sqrt(1 / 30) of half their distance off, and
  // that of the 28 that are known sqrt(1 / 28).
  const auto hit_rate = [&](const sim::Scenario& scenario, std::uint64_t seed) {
    const auto all = sim::run(scenario, {.seed = seed}).pipeline.metrics().all();
    return static_cast<double>(all.count(monitor::Outcome::cache_hit)) / static_cast<double>(all.requests());
  };
  const double few = hit_rate(world({"duration=1d", "workload.chat.prompts.count=500"}), 1);
  const double many = hit_rate(world({"duration=1d", "workload.chat.prompts.count=2000"}), 1);
  const double wanted = (few - many) / 2 * std::sqrt(1.0 / 28 + 1.0 / 30);
  const sim::FittedParameter* share = parameter_of(log, "hit_rate");
  EXPECT_GT(share->estimate.half_width(), (few - many) / 2 / std::sqrt(28)) << "not as if requests were independent";
  // The month's share of hits in the world that was fitted varies by just that.
  const sim::Scenario fitted = read_back(log);
  std::vector<double> shares;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) shares.push_back(hit_rate(fitted, seed));
  const sim::Moments moments = sim::moments_of(std::span<const double>{shares});
  EXPECT_NEAR(moments.sd() / wanted, 1, 0.4) << "four standard errors of the sd of 60 values";
  EXPECT_NEAR(moments.mean / share->estimate.value, 1, 0.05);
  // Days that differ by chance alone tell of nothing uncertain.
  const FittedLog even = fitted_to(log_of_days(folder, std::vector<int>(28, 1000)));
  EXPECT_EQ(parameter_of(even, "prompts.count_cv"), nullptr);
  EXPECT_EQ(even.fit.scenario.workloads[0].prompts.count_cv, 0);
}

TEST_F(FitLog, reads_the_seeds_own_record) {
  // 40 answers of 100 ms + 2 ms an output token and two failures, without any of our additions.
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += R"({"timestamp": "2024-01-20T10:)" + std::to_string(10 + i) +
            R"(:00.000000", "request_id": "x", "provider": "openai", "model": "gpt-4", "latency_ms": )" +
            std::to_string(100 + 2 * (50 + i)) + R"(, "tokens": {"input": 100, "output": )" + std::to_string(50 + i) +
            R"(, "total": 0}, "cost_usd": )" + std::to_string(100 * 0.00003 + (50 + i) * 0.00006) +
            R"(, "success": true, "error": null, "circuit_breaker_state": "closed", "metadata": {}})" + "\n";
  }
  for (int i = 0; i < 2; ++i) {
    text += R"({"timestamp": "2024-01-20T11:00:00.000000", "provider": "openai", "model": "gpt-4", "latency_ms": 5.0,)"
            R"( "tokens": {"input": 0, "output": 0, "total": 0}, "cost_usd": 0.0, "success": false, "error": "boom"})"
            "\n";
  }
  const FittedLog log = fitted_to(text);
  ASSERT_EQ(log.fit.problem, std::nullopt);
  EXPECT_EQ(log.fit.requests, 42);
  const sim::ProviderSpec& openai = log.fit.scenario.providers.at(0);
  EXPECT_EQ(openai.time_per_output_token, sim::Law::fixed(2e6));
  EXPECT_EQ(openai.time_to_first_token, sim::Law::fixed(100e6));
  EXPECT_EQ(openai.tariffs[0].tariff.input.per_token.picos(), 30'000'000);
  EXPECT_EQ(openai.tariffs[0].tariff.output.per_token.picos(), 60'000'000);
  ASSERT_EQ(openai.errors.rates.size(), 1U);
  EXPECT_EQ(openai.errors.rates[0].first, monitor::ReplyKind::server_error);
  EXPECT_NEAR(openai.errors.rates[0].second, 2.0 / 42, 1e-6);
  EXPECT_EQ(std::get<sim::Diurnal>(log.fit.scenario.workloads[0].executor).hourly, std::vector<double>(24, 1.0));
  EXPECT_NE(fit_text(log).find("names no outcomes"), std::string::npos);
}

TEST_F(FitLog, counts_and_reports_bad_lines_and_goes_on) {
  sim::Scenario small = world({"duration=1h"});
  write_log(small, 1, folder.file("good.jsonl"));
  std::ifstream good(folder.file("good.jsonl"));
  std::string text((std::istreambuf_iterator<char>(good)), {});
  const FittedLog before = fitted_to(text);
  const std::size_t line = text.find('\n') + 1;
  const std::string record = text.substr(0, line);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = record;
    const std::size_t at = other.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return other.replace(at, from.size(), to);
  };
  text.insert(line, "{\"half\": \n" + changed("\"outcome\":\"served\"", "\"outcome\":\"servd\"") + "not json\n");
  const FittedLog after = fitted_to(text);
  EXPECT_EQ(after.bad_count, 3U);
  EXPECT_EQ(after.fit.requests, before.fit.requests);
  ASSERT_EQ(after.bad_lines.size(), 3U);
  EXPECT_EQ(after.bad_lines[0].line, 2U);
  EXPECT_EQ(after.bad_lines[1].line, 3U);
  EXPECT_EQ(after.bad_lines[2].line, 4U);
  EXPECT_NE(fit_text(after).find("3 lines are no records and were left out"), std::string::npos);
  EXPECT_NE(fit_text(after).find("line 3: outcome: no outcome is named \"servd\""), std::string::npos)
      << fit_text(after);
  EXPECT_EQ(fit_text(before).find("left out:"), std::string::npos);
}

TEST_F(FitLog, names_what_it_cannot_fit) {
  EXPECT_EQ(fitted_to("").fit.problem, "the log has no request");
  EXPECT_EQ(fitted_to("garbage\n").bad_count, 1U);
  write_log(
      world({"duration=1h", "faults=[{\"id\": \"x\", \"kind\": \"outage\", \"at\": \"0s\", \"provider\": \"*\"}]"}), 1,
      folder.file("dead.jsonl"));
  EXPECT_TRUE(read_fit(folder.file("dead.jsonl")).fit.problem->starts_with("the log has no answered request"));
  EXPECT_THROW((void)read_fit(folder.file("none.jsonl")), ReportError);
}

}  // namespace
}  // namespace windtunnel::reports::fit_test
