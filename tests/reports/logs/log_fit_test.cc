// A fit to a log of another program: the same traffic in any format gives the same figures, and what a format lacks is
// stated and never 0.

#include "reports/logs/log_fit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "sim/world/world.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::log_fit_test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kDays = 15;
constexpr std::int64_t kRequestsADay = 24;

struct Sent {
  WallTime at{};
  std::int64_t input = 0;
  std::int64_t cached = 0;
  std::int64_t output = 0;
  Duration latency{0};
  Usd cost;
};

// One an hour, for fifteen days: 3 and 12 USD per million tokens, cached input 0.3.
std::vector<Sent> traffic() {
  std::vector<Sent> all;
  const WallTime start = *parse_iso8601("2026-04-01");
  for (std::int64_t i = 0; i < kDays * kRequestsADay; ++i) {
    Sent sent{.at = start + 1h * i + 17min, .input = 400 + 37 * (i % 11), .output = 100 + 13 * (i % 7)};
    sent.cached = sent.input / 4;
    sent.latency = 400ms + 10ms * sent.output;
    sent.cost = Usd::from_picos(((sent.input - sent.cached) * 30 + sent.cached * 3 + sent.output * 120) * 100'000);
    all.push_back(sent);
  }
  return all;
}

std::string usd(Usd cost) { return exact_decimal(cost.picos(), 12); }

std::string litellm_log(const std::vector<Sent>& all) {
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Sent& sent = all[i];
    text += fmt::format(
        R"({{"request_id": "r{}", "spend": {}, "startTime": "{}", "endTime": "{}", "model": "m", "custom_llm_provider": "p", "prompt_tokens": {}, "completion_tokens": {}, "status": "success", "metadata": {{"usage_object": {{"prompt_tokens_details": {{"cached_tokens": {}}}}}}}}})",
        i, usd(sent.cost), iso8601(sent.at), iso8601(sent.at + sent.latency), sent.input, sent.output, sent.cached);
    text += '\n';
  }
  return text;
}

std::string span_log(const std::vector<Sent>& all) {
  std::string text;
  for (const Sent& sent : all) {
    text += fmt::format(
        R"({{"spanId": "s", "startTimeUnixNano": "{}", "endTimeUnixNano": "{}", "attributes": [{{"key": "gen_ai.provider.name", "value": {{"stringValue": "p"}}}}, {{"key": "gen_ai.request.model", "value": {{"stringValue": "m"}}}}, {{"key": "gen_ai.usage.input_tokens", "value": {{"intValue": "{}"}}}}, {{"key": "gen_ai.usage.cache_read.input_tokens", "value": {{"intValue": "{}"}}}}, {{"key": "gen_ai.usage.output_tokens", "value": {{"intValue": "{}"}}}}]}})",
        sent.at.time_since_epoch().count(), (sent.at + sent.latency).time_since_epoch().count(), sent.input,
        sent.cached, sent.output);
    text += '\n';
  }
  return text;
}

std::string table_log(const std::vector<Sent>& all) {
  std::string text = "created,vendor,m,in,hit,out,ms,usd\n";
  for (const Sent& sent : all) {
    text += fmt::format("{},p,m,{},{},{},{},{}\n", iso8601(sent.at), sent.input, sent.cached, sent.output,
                        exact_decimal(sent.latency.count(), 6), usd(sent.cost));
  }
  return text;
}

std::string usage_pages(const std::vector<Sent>& all) {
  std::string buckets;
  for (std::int64_t day = 0; day < kDays; ++day) {
    std::int64_t input = 0, cached = 0, output = 0;
    for (std::int64_t i = 0; i < kRequestsADay; ++i) {
      const Sent& sent = all[static_cast<std::size_t>(day * kRequestsADay + i)];
      input += sent.input;
      cached += sent.cached;
      output += sent.output;
    }
    const std::int64_t begin = all.front().at.time_since_epoch() / 1s - 17 * 60 + day * 86'400;
    buckets += fmt::format(
        R"({}{{"object": "bucket", "start_time": {}, "end_time": {}, "results": [{{"input_tokens": {}, "input_cached_tokens": {}, "output_tokens": {}, "num_model_requests": {}, "model": "m"}}]}})",
        day > 0 ? "," : "", begin, begin + 86'400, input, cached, output, kRequestsADay);
  }
  return R"({"object": "page", "data": [)" + buckets + "]}";
}

double mean_of(std::int64_t Sent::*figure) {
  double sum = 0;
  for (const Sent& sent : traffic()) sum += static_cast<double>(sent.*figure);
  return sum / static_cast<double>(kDays * kRequestsADay);
}

Usd listed_cost(const LogRow& row) {
  const std::int64_t cached = row.cached->count();
  return Usd::from_picos(((row.input->count() - cached) * 30 + cached * 3 + row.output->count() * 120) * 100'000);
}

class LogFitTest : public testing::Test {
 protected:
  ScratchFolder folder;

  [[nodiscard]] FittedLog fit(const std::string& text, const std::string& columns = "") const {
    write_text(folder.file("log"), text);
    return read_fit(FitRequest{.log = {.file = folder.file("log"), .columns = columns},
                               .threads = 1,
                               .price = [](const LogRow& row) { return std::optional{listed_cost(row)}; },
                               .price_source = "a test's list"});
  }
};

std::optional<double> value_of(const FittedLog& log, const std::string& name) {
  const auto found = std::ranges::find(log.fit.parameters, name, &sim::FittedParameter::name);
  return found == log.fit.parameters.end() ? std::nullopt : std::optional{found->estimate.value};
}

bool has_note(const FittedLog& log, const std::string& part) {
  return std::ranges::any_of(log.fit.notes,
                             [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

void expect_same_figures(const FittedLog& log, const std::string& target) {
  ASSERT_FALSE(log.fit.problem) << *log.fit.problem;
  EXPECT_EQ(log.bad_count, 0U);
  EXPECT_EQ(log.fit.requests, kDays * kRequestsADay);
  EXPECT_NEAR(value_of(log, "rate").value(), kRequestsADay, 1e-9);
  EXPECT_NEAR(value_of(log, target + ".cached_input").value(), 0.25, 0.003);
  EXPECT_NEAR(value_of(log, "input_tokens.mean").value(), mean_of(&Sent::input), 1e-9);
  EXPECT_NEAR(value_of(log, "output_tokens.mean").value(), mean_of(&Sent::output), 1e-9);
  // A quarter of the input at a tenth of the price.
  EXPECT_EQ(value_of(log, target + ".price.input"), 3);
  EXPECT_EQ(value_of(log, target + ".price.cached_input"), 0.3);
  EXPECT_EQ(value_of(log, target + ".price.output"), 12);
  EXPECT_NEAR(value_of(log, "cost").value(), 3.028, 0.01);
  EXPECT_NEAR(value_of(log, "cost.replayed").value(), 3.028, 0.01);
  ASSERT_TRUE(log.backtest);
  EXPECT_EQ(log.backtest->days.size(), 4U);
}

TEST_F(LogFitTest, the_same_traffic_in_each_format_has_the_same_figures) {
  const std::vector<Sent> all = traffic();
  const FittedLog litellm = fit(litellm_log(all));
  expect_same_figures(litellm, "p");
  EXPECT_NEAR(value_of(litellm, "p.tpot.mean").value_or(10), 10, 0.01);
  EXPECT_FALSE(has_note(litellm, "have no cost"));
  EXPECT_TRUE(has_note(litellm, "has no attempts"));

  const FittedLog spans = fit(span_log(all));
  expect_same_figures(spans, "p");
  EXPECT_TRUE(has_note(spans, "360 of 360 records have no cost: theirs is by a test's list"));

  const FittedLog table = fit(
      table_log(all), "time=created,provider=vendor,model=m,input=in,cached=hit,output=out,latency_ms=ms,cost_usd=usd");
  expect_same_figures(table, "p");
  EXPECT_TRUE(has_note(table, "the log has no status"));
}

// Long prompts have more cached tokens, every third writes them instead, and some answers are thought about for long.
struct Kinds {
  std::int64_t cached = 0;
  std::int64_t written = 0;
  std::int64_t reasoning = 0;
};

std::string kinds_log(bool reasoning_is_dear) {
  std::string text = "time,provider,model,input,cached,cache_written,output,reasoning,latency_ms,cost_usd\n";
  const std::vector<Sent> all = traffic();
  for (std::size_t i = 0; i < all.size(); ++i) {
    Sent sent = all[i];
    sent.input *= i % 5 == 0 ? 10 : 1;
    Kinds kinds{.reasoning = sent.output * static_cast<std::int64_t>(i % 4) / 4};
    (i % 3 == 0 ? kinds.written : kinds.cached) = sent.input * 4 / 5 - static_cast<std::int64_t>(i % 13);
    const std::int64_t plain = sent.input - kinds.cached - kinds.written;
    sent.cost = Usd::from_picos((plain * 300 + kinds.cached * 30 + kinds.written * 375 +
                                 (sent.output - kinds.reasoning) * 1'200 +
                                 kinds.reasoning * (reasoning_is_dear ? 2'000 : 1'200)) *
                                10'000);
    text += fmt::format("{},p,m,{},{},{},{},{},{},{}\n", iso8601(sent.at), sent.input, kinds.cached, kinds.written,
                        sent.output, kinds.reasoning, exact_decimal(sent.latency.count(), 6), usd(sent.cost));
  }
  return text;
}

constexpr const char* kKindsColumns =
    "time=time,provider=provider,model=model,input=input,cached=cached,cache_written=cache_written,output=output,"
    "reasoning=reasoning,latency_ms=latency_ms,cost_usd=cost_usd";

// Of a quarter of a million requests of the fitted scenario, without what its months draw.
double cost_of_thousand(sim::Scenario scenario) {
  scenario.duration = 24h;
  for (sim::WorkloadSpec& workload : scenario.workloads) {
    workload.rate.count.value *= 10'000;
    workload.length_cv = 0;
    auto& diurnal = std::get<sim::Diurnal>(workload.executor);
    diurnal.day_factor_cv = diurnal.level_cv = diurnal.growth_sd = 0;
  }
  const monitor::RequestMetrics all = sim::run(scenario).pipeline.metrics().all();
  return all.cost.dollars() / static_cast<double>(all.requests()) * 1'000;
}

// Written twice it has twice the requests; a forecast of the fit says so too.
TEST_F(LogFitTest, ids_that_repeat_and_lines_that_are_no_records_speak_against_the_fit) {
  const std::string once = litellm_log(traffic());
  EXPECT_FALSE(has_note(fit(once), "the id of an earlier one"));
  const FittedLog twice = fit(once + once);
  EXPECT_TRUE(has_note(twice, "360 of 720 records have the id of an earlier one"));
  EXPECT_NE(twice.fit.scenario.description.find("360 of 720 records"), std::string::npos);
  std::string torn = once;
  for (int i = 0; i < 4; ++i) torn += "{\"request_id\"\n";
  EXPECT_NE(fit(torn).fit.scenario.description.find("were left out, because they are no records"), std::string::npos);
}

TEST_F(LogFitTest, each_kind_of_tokens_gets_its_price_and_the_replay_comes_to_the_cost) {
  const FittedLog log = fit(kinds_log(true), kKindsColumns);
  ASSERT_FALSE(log.fit.problem) << *log.fit.problem;
  EXPECT_EQ(value_of(log, "p.price.input"), 3);
  EXPECT_EQ(value_of(log, "p.price.cached_input"), 0.3);
  EXPECT_EQ(value_of(log, "p.price.cache_write"), 3.75);
  EXPECT_EQ(value_of(log, "p.price.output"), 12);
  EXPECT_EQ(value_of(log, "p.price.reasoning"), 20);
  EXPECT_FALSE(has_note(log, "of 360 bills exactly"));
  EXPECT_FALSE(has_note(log, "DOES NOT COME"));
  // Drawn apart from the lengths, the log's own laws would be cut at these, and a replay would cost more.
  const double cost = value_of(log, "cost").value();
  EXPECT_NEAR(cost_of_thousand(log.fit.scenario), cost, 0.01 * cost);
  const sim::WorkloadSpec& workload = log.fit.scenario.workloads.front();
  EXPECT_GT(workload.cached_input.law.mean(), 0);
  EXPECT_GT(workload.cache_write.law.mean(), 0);
  EXPECT_GT(workload.reasoning.law.mean(), 0);
}

TEST_F(LogFitTest, reasoning_that_costs_what_output_does_has_no_price) {
  const FittedLog log = fit(kinds_log(false), kKindsColumns);
  EXPECT_EQ(value_of(log, "p.price.output"), 12);
  EXPECT_FALSE(value_of(log, "p.price.reasoning"));
  EXPECT_TRUE(value_of(log, "reasoning_tokens.mean"));
}

TEST_F(LogFitTest, sums_of_days_give_volume_and_cost_and_nothing_else) {
  const FittedLog log = fit(usage_pages(traffic()));
  ASSERT_FALSE(log.fit.problem) << *log.fit.problem;
  EXPECT_EQ(log.fit.requests, kDays * kRequestsADay);
  EXPECT_NEAR(value_of(log, "rate").value(), kRequestsADay, 1e-9);
  EXPECT_NEAR(value_of(log, "cost").value(), 3.028, 0.01);
  EXPECT_NEAR(value_of(log, "openai.cached_input").value(), 0.25, 0.003);
  for (const char* unknown :
       {"hour_00", "input_tokens.p50", "output_tokens.p95", "openai.ttft.mean", "openai.tpot.mean"}) {
    EXPECT_FALSE(value_of(log, unknown)) << unknown;
  }
  EXPECT_TRUE(has_note(log, "the log has no latency: 500 ms to the first token and 10 ms an output token are ASSUMED"));
  EXPECT_TRUE(has_note(log, "the log has sums of many requests"));
  EXPECT_TRUE(log.backtest);
}

TEST_F(LogFitTest, requests_that_are_not_counted_are_assumed) {
  const FittedLog log = fit(
      R"({"data": [{"starting_at": "2026-04-01T00:00:00Z", "ending_at": "2026-04-02T00:00:00Z", "results": [{"uncached_input_tokens": 15000, "cache_read_input_tokens": 0, "output_tokens": 5000, "model": "m"}]}]})");
  ASSERT_FALSE(log.fit.problem) << *log.fit.problem;
  EXPECT_EQ(log.fit.requests, 10);
  EXPECT_TRUE(has_note(log, "2000 tokens each are ASSUMED"));
}

TEST_F(LogFitTest, models_without_a_price_are_named_and_not_free) {
  write_text(folder.file("log"), span_log(traffic()));
  const FittedLog log = read_fit(FitRequest{
      .log = {.file = folder.file("log")}, .threads = 1, .price = [](const LogRow&) { return std::optional<Usd>{}; }});
  EXPECT_EQ(log.unpriced, (std::map<std::string, std::int64_t>{{"m", kDays * kRequestsADay}}));
  EXPECT_EQ(log.fit.requests, 0);
}

TEST_F(LogFitTest, amounts_without_requests_are_no_data) {
  const FittedLog log = fit(
      R"({"object": "page", "data": [{"object": "bucket", "start_time": 1775001600, "end_time": 1775088000, "results": [{"amount": {"value": 0.51, "currency": "usd"}}]}]})");
  ASSERT_TRUE(log.fit.problem);
  EXPECT_NE(log.fit.problem->find("OpenAI's cost API has amounts, and neither requests nor tokens"), std::string::npos)
      << *log.fit.problem;
  EXPECT_NE(log.fit.problem->find("usage report of the same days"), std::string::npos) << *log.fit.problem;
}

TEST_F(LogFitTest, an_http_status_is_the_kind_of_a_failure) {
  std::string text = litellm_log(traffic());
  text +=
      R"({"request_id": "a", "spend": 0, "startTime": "2026-04-02T10:00:00Z", "endTime": "2026-04-02T10:00:01Z", "model": "m", "custom_llm_provider": "p", "prompt_tokens": 0, "completion_tokens": 0, "status": "failure", "metadata": {"error_information": {"error_code": "429"}}})";
  const FittedLog log = fit(text);
  EXPECT_NEAR(value_of(log, "p.errors.rate_limited").value_or(0), 1.0 / 361, 1e-4);
  EXPECT_FALSE(value_of(log, "p.errors.server_error"));
}

}  // namespace
}  // namespace windtunnel::reports::log_fit_test
