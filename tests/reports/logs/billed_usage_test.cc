// A usage report and a cost report in one log: the tokens of the one cost the amounts of the other.

#include "reports/logs/billed_usage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "reports/logs/log_fit.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::billed_usage_test {
namespace {

constexpr std::int64_t kCent = 10'000'000'000;

LogRow bucket(const char* begin, const char* model) {
  LogRow row;
  row.begin = parse_iso8601(begin);
  row.model = model;
  row.is_bucket = true;
  return row;
}

LogRow usage(const char* begin, const char* model, std::int64_t input) {
  LogRow row = bucket(begin, model);
  row.input = Tokens{input};
  row.output = Tokens{0};
  return row;
}

LogRow amount(const char* begin, const char* line, std::int64_t cents) {
  LogRow row = bucket(begin, line);
  row.cost = Usd::from_picos(cents * kCent);
  return row;
}

// One pico-dollar a token of m, and ten of n.
std::optional<Usd> price(const LogRow& row) {
  if (row.model == "m") return Usd::from_picos(row.input->count());
  if (row.model == "n") return Usd::from_picos(10 * row.input->count());
  return std::nullopt;
}

// In cents, by row; -1: it has no cost.
std::vector<std::int64_t> costs_of(BilledUsage& billed, const std::vector<LogRow>& rows) {
  std::uint64_t number = 0;
  for (const LogRow& row : rows) EXPECT_TRUE(billed.keep(row, ++number));
  std::vector<std::int64_t> costs;
  for (const NumberedRow& row : billed.take(price)) costs.push_back(row.row.cost ? row.row.cost->picos() / kCent : -1);
  return costs;
}

using Costs = std::vector<std::int64_t>;

TEST(BilledUsage, gives_the_lines_of_a_model_to_its_usage_of_the_day) {
  BilledUsage billed;
  EXPECT_EQ(costs_of(billed, {usage("2026-04-01T00:00:00Z", "m", 100), usage("2026-04-01T00:00:00Z", "m-mini", 100),
                              usage("2026-04-02T00:00:00Z", "m", 100), amount("2026-04-01T00:00:00Z", "m, input", 30),
                              amount("2026-04-01T00:00:00Z", "m, output", 20),
                              amount("2026-04-01T00:00:00Z", "m-mini, input", 7)}),
            (Costs{50, 7, -1}));
  EXPECT_TRUE(billed.unused().empty());
}

TEST(BilledUsage, divides_an_amount_by_the_price_of_each_usage_or_by_tokens_where_one_has_none) {
  BilledUsage priced;
  EXPECT_EQ(costs_of(priced, {usage("2026-04-01T00:00:00Z", "m", 100), usage("2026-04-01T12:00:00Z", "n", 30),
                              amount("2026-04-01T00:00:00Z", "", 40)}),
            (Costs{10, 30}));
  BilledUsage unpriced;
  EXPECT_EQ(costs_of(unpriced, {usage("2026-04-01T00:00:00Z", "m", 100), usage("2026-04-01T12:00:00Z", "x", 300),
                                amount("2026-04-01T00:00:00Z", "", 40)}),
            (Costs{10, 30}));
}

TEST(BilledUsage, loses_no_pico_dollar_of_an_amount) {
  BilledUsage billed;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(billed.keep(usage("2026-04-01T00:00:00Z", "m", 1), 1));
  LogRow odd = amount("2026-04-01T00:00:00Z", "m", 0);
  odd.cost = Usd::from_picos(100);
  EXPECT_TRUE(billed.keep(odd, 2));
  Usd sum;
  for (const NumberedRow& row : billed.take(price)) sum += *row.row.cost;
  EXPECT_EQ(sum, Usd::from_picos(100));
}

TEST(BilledUsage, lists_the_amounts_that_no_usage_has) {
  BilledUsage billed;
  EXPECT_EQ(costs_of(billed, {usage("2026-04-01T00:00:00Z", "m", 100), amount("2026-04-01T00:00:00Z", "web search", 3),
                              amount("2026-04-01T00:00:00Z", "web search", 4), amount("2026-04-02T00:00:00Z", "", 5)}),
            (Costs{-1}));
  EXPECT_EQ(billed.unused(),
            (std::map<std::string, Usd>{{"", Usd::from_picos(5 * kCent)}, {"web search", Usd::from_picos(7 * kCent)}}));
}

TEST(BilledUsage, keeps_no_row_that_has_tokens_and_a_cost_or_is_a_request) {
  BilledUsage billed;
  LogRow both = usage("2026-04-01T00:00:00Z", "m", 100);
  both.cost = Usd::from_picos(kCent);
  EXPECT_FALSE(billed.keep(both, 1));
  LogRow request = usage("2026-04-01T00:00:00Z", "m", 100);
  request.is_bucket = false;
  EXPECT_FALSE(billed.keep(request, 1));
}

// --- As logs -------------------------------------------------------------------------------------------------------

std::string openai_reports(int days) {
  std::string usage;
  std::string costs;
  for (int i = 0; i < days; ++i) {
    const std::string times =
        fmt::format(R"("start_time": {}, "end_time": {})", 1775001600 + i * 86400, 1775088000 + i * 86400);
    usage += fmt::format(
        R"({}{{"object": "bucket", {}, "results": [{{"input_tokens": 1000, "output_tokens": 100, "num_model_requests": 10, "model": "gpt-4o"}}]}})",
        i == 0 ? "" : ", ", times);
    costs += fmt::format(
        R"({}{{"object": "bucket", {}, "results": [{{"amount": {{"value": 0.75, "currency": "usd"}}, "line_item": "gpt-4o, input"}}, {{"amount": {{"value": 0.25, "currency": "usd"}}, "line_item": "gpt-4o, output"}}, {{"amount": {{"value": 0.5, "currency": "usd"}}, "line_item": "web search"}}]}})",
        i == 0 ? "" : ", ", times);
  }
  return fmt::format("{{\"object\": \"page\", \"data\": [{}]}}\n{{\"object\": \"page\", \"data\": [{}]}}\n", usage,
                     costs);
}

std::string anthropic_reports() {
  return R"({"data": [{"starting_at": "2026-04-01T00:00:00Z", "ending_at": "2026-04-02T00:00:00Z", "results": [{"amount": "12.5", "currency": "USD", "description": "Claude Haiku 4.5 Usage - Input Tokens", "model": "claude-haiku-4-5"}]}]}
{"data": [{"starting_at": "2026-04-01T00:00:00Z", "ending_at": "2026-04-02T00:00:00Z", "results": [{"uncached_input_tokens": 18000, "cache_read_input_tokens": 0, "output_tokens": 2000, "model": "claude-haiku-4-5"}]}]}
)";
}

class BilledReports : public testing::Test {
 protected:
  ScratchFolder folder;

  [[nodiscard]] FittedLog fit(const std::string& text) const {
    write_text(folder.file("log"), text);
    return read_fit(FitRequest{.log = {.file = folder.file("log")},
                               .threads = 1,
                               .price = [](const LogRow&) { return std::optional{Usd::from_picos(kCent)}; },
                               .price_source = "a test's list"});
  }
};

double cost_of(const FittedLog& log) {
  const auto found = std::ranges::find(log.fit.parameters, "cost", &sim::FittedParameter::name);
  return found == log.fit.parameters.end() ? -1 : found->estimate.value;
}

TEST_F(BilledReports, of_openai_fit_the_usage_at_what_was_billed_for_it) {
  const FittedLog log = fit(openai_reports(14));
  ASSERT_FALSE(log.fit.problem) << *log.fit.problem;
  EXPECT_EQ(log.fit.requests, 140);
  EXPECT_EQ(log.bad_count, 0U) << fit_text(log);
  EXPECT_NEAR(cost_of(log), 100, 0.01);  // USD per thousand requests: 1 USD a day for ten of them
  EXPECT_NE(fit_text(log).find("7 USD of it is for no usage of the log and left out (web search)"), std::string::npos)
      << fit_text(log);
  EXPECT_EQ(fit_text(log).find("have no cost"), std::string::npos) << fit_text(log);
}

TEST_F(BilledReports, of_anthropic_may_come_in_any_order) {
  const FittedLog log = fit(anthropic_reports());
  ASSERT_FALSE(log.fit.problem) << *log.fit.problem;
  EXPECT_EQ(log.fit.requests, 10);
  EXPECT_NEAR(cost_of(log), 12.5, 0.01);
}

}  // namespace
}  // namespace windtunnel::reports::billed_usage_test
