#include "reports/html/forecast/html_forecast.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <string>

#include "base/calendar.h"

namespace windtunnel::reports::html_forecast_test {
namespace {

constexpr HtmlBundle kBundle{
    .script = "go()", .script_hash = "sha256-script", .style = "p{}", .style_hash = "sha256-style", .licence = "free"};

std::string page_of(const ForecastSummary& forecast) { return forecast_page(forecast, kBundle); }

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}
bool has(const std::string& text, const std::string& part) { return count_of(text, part) > 0; }

ForecastSummary forecast() {
  ForecastSummary forecast;
  forecast.scenario = {"m.json", "A <b>month</b>", 1};
  forecast.seed = 5;
  forecast.verdict = sim::Verdict::fail;
  forecast.replay = "windtunnel forecast m.json";
  forecast.start = "2026-01-01T00:00:00Z";
  forecast.horizon = std::chrono::hours{24 * 31};
  forecast.replications = 120;
  forecast.notes = {"the </script> of it"};
  forecast.cost.mean = EstimateSummary{3465.42, 3298.46, 3632.38, 166.96};
  forecast.build.version = "9";
  return forecast;
}

TEST(HtmlForecast, holds_the_verdict_its_policy_and_what_it_was_made_of) {
  const std::string page = page_of(forecast());
  EXPECT_TRUE(has(page, "default-src 'none'; script-src 'sha256-script'; style-src 'sha256-style'"));
  EXPECT_TRUE(has(page, "<span class=\"badge fail\">"));
  EXPECT_TRUE(has(page, "data-path=\"/cost_usd/mean/value\" data-as=\"money\">$3,465.42<"));
  EXPECT_TRUE(has(page, "±<span data-path=\"/cost_usd/mean/half_width\" data-as=\"money\">$166.96<"));
  EXPECT_TRUE(has(page, "<dd>31 d</dd>"));
  for (const char* never : {"style=\"", "onclick", "http://", "https://"}) EXPECT_FALSE(has(page, never)) << never;
}

TEST(HtmlForecast, what_an_author_wrote_is_text_and_nothing_else) {
  ForecastSummary odd = forecast();
  odd.days = {{.date = "</script><img src=x>"}};
  const std::string page = page_of(odd);
  EXPECT_TRUE(has(page, "A &lt;b&gt;month&lt;/b&gt;"));
  EXPECT_TRUE(has(page, "Note: the &lt;/script&gt; of it"));
  EXPECT_FALSE(has(page, "<b>month"));
  EXPECT_FALSE(has(page, "<img"));
}

TEST(HtmlForecast, reports_chances_in_the_words_of_the_document) {
  ForecastSummary with_budget = forecast();
  with_budget.budget = ForecastBudget{
      .monthly = Usd::from_dollars(5000),
      .p_exceed =
          {{Millionths{975'000},
            {.value = 0.025, .bound = "upper", .low = 0, .high = 0.0247, .half_width = 0.0124, .text = "< 2.5%"}}},
      .used_up = {.p50 = DateSummary{"2026-01-28T14:05:09Z", "2026-01-27T01:00:00Z", "not within horizon", {}}}};
  const std::string page = page_of(with_budget);
  EXPECT_TRUE(has(page, "data-as=\"words\">&lt; 2.5%<"));
  EXPECT_TRUE(has(page, "data-as=\"exact share\">97.5 %<"));
  EXPECT_TRUE(has(page, "data-path=\"/budget/used_up/p50/value\" data-as=\"instant\">2026-01-28 14:05<"));
  EXPECT_TRUE(has(page, "data-as=\"instant\">not within horizon<"));
  EXPECT_TRUE(has(page, "id=\"panel-crossing\""));
  EXPECT_FALSE(has(page_of(forecast()), "id=\"panel-crossing\""));
}

std::string page_of_claim(const std::string& metric, sim::Verdict verdict, std::optional<EstimateSummary> estimate,
                          std::string reason = {}) {
  ForecastSummary claims = forecast();
  claims.findings = {{.metric = metric,
                      .threshold = "value<=0.05",
                      .verdict = verdict,
                      .estimate = estimate,
                      .reason = std::move(reason),
                      .origin = {}}};
  return page_of(claims);
}

TEST(HtmlForecast, a_claim_that_nothing_ever_broke_is_bounded_and_not_nothing) {
  const auto claim = [](double value, double low, double high) {
    return page_of_claim("forecast.p_exceed(1.0)", sim::Verdict::pass, EstimateSummary{value, low, high, 0.1});
  };
  EXPECT_TRUE(has(claim(0, 0, 0.0246), "below <span data-path=\"/findings/0/estimate/high\""));
  EXPECT_TRUE(has(claim(1, 0.9753, 1), "above <span data-path=\"/findings/0/estimate/low\""));
  EXPECT_TRUE(has(claim(0.5, 0.4, 0.6), "<span data-path=\"/findings/0/estimate/value\" data-as=\"share\">50.0 %"));
  EXPECT_TRUE(has(page_of_claim("forecast.days_to_exhaustion", sim::Verdict::pass,
                                EstimateSummary{INFINITY, 29.5, INFINITY, INFINITY}),
                  "never</td>"));
}

TEST(HtmlForecast, an_undecided_claim_says_why) {
  const auto claim = [](std::optional<EstimateSummary> estimate) {
    return page_of_claim("forecast.p_exceed(1.0)", sim::Verdict::inconclusive, estimate, "it is not known");
  };
  EXPECT_TRUE(has(claim({}), "colspan=\"2\">it is not known<")) << "in the place of the figures";
  EXPECT_TRUE(has(claim({}), " – it is not known"));
  EXPECT_TRUE(has(claim(EstimateSummary{0.5, 0.4, 0.6, 0.1}), " – it is not known"));
  EXPECT_FALSE(has(claim(EstimateSummary{0.5, 0.4, 0.6, 0.1}), "colspan=\"2\">it is not known<"));
}

std::string page_of_days(int count) {
  ForecastSummary long_one = forecast();
  for (int day = 0; day < count; ++day) {
    const auto at = parse_iso8601("2026-01-01").value() + std::chrono::hours{24 * day};
    long_one.days.push_back({.date = iso8601(at).substr(0, 10)});
  }
  return page_of(long_one);
}

TEST(HtmlForecast, has_a_row_for_each_day_and_for_each_month_of_long_horizons) {
  EXPECT_EQ(count_of(page_of_days(100), "scope=\"row\">2026-"), 100U);
  const std::string page = page_of_days(101);
  // 101 days from January on end on the 11th of April.
  EXPECT_EQ(count_of(page, "scope=\"row\">2026-"), 4U);
  for (const char* day : {"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-11"}) {
    EXPECT_TRUE(has(page, fmt::format("scope=\"row\">{}<", day))) << day;
  }
}

TEST(HtmlForecast, charts_are_drawn_from_the_documents_own_figures) {
  ForecastSummary charted = forecast();
  charted.days = {{.date = "2026-01-01", .month_to_date = {.p50 = MoneyQuantile{Usd::from_cents(150), {}, {}, 0}}}};
  charted.headroom = HeadroomSummary{.budget = HeadroomLimitSummary{.limit = "b", .rate_thousandths = 1320}};
  const std::string page = page_of(charted);
  EXPECT_TRUE(
      has(page, R"("budget":null,"days":[{"date":"2026-01-01","month_to_date_usd":{"p10":null,"p50":{"value":1.5,)"));
  EXPECT_TRUE(has(page, R"("headroom":{"budget":{"limit":"b","share_of":"","broken_max":0,"rate":1.32,)"));
  EXPECT_TRUE(has(page, "id=\"panel-headroom\""));
  EXPECT_TRUE(has(page_of(forecast()), "windtunnel forecast --headroom"));
}

}  // namespace
}  // namespace windtunnel::reports::html_forecast_test
