#include "reports/html/forecast/html_forecast.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "base/calendar.h"

namespace windtunnel::reports::html_forecast_test {
namespace {

constexpr HtmlBundle kBundle{
    .script = "go()", .script_hash = "sha256-script", .style = "p{}", .style_hash = "sha256-style", .licence = "free"};

std::string page_of(const std::string& json) { return forecast_page(JsonTree{json, "f"}, kBundle, "f"); }

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}
bool has(const std::string& text, const std::string& part) { return count_of(text, part) > 0; }

// A forecast's head, and what else is given.
std::string document(const std::string& more) {
  return R"({"windtunnel_forecast":1,"scenario":{"file":"m.json","title":"A <b>month</b>"},"seed":5,"digest":"0123",
    "verdict":"fail","replay":"windtunnel forecast m.json","start":"2026-01-01T00:00:00Z","horizon_s":2678400,
    "replications":120,"notes":["the </script> of it"],"build":{"version":"9"})" +
         more + "}";
}

TEST(HtmlForecast, holds_the_verdict_its_policy_and_what_it_was_made_of) {
  const std::string page = page_of(document(R"(,"cost_usd":{"mean":{"value":3465.42,"half_width":166.96}})"));
  EXPECT_TRUE(has(page, "default-src 'none'; script-src 'sha256-script'; style-src 'sha256-style'"));
  EXPECT_TRUE(has(page, "<span class=\"badge fail\">"));
  EXPECT_TRUE(has(page, "data-path=\"/cost_usd/mean/value\" data-as=\"money\">$3,465.42<"));
  EXPECT_TRUE(has(page, "±<span data-path=\"/cost_usd/mean/half_width\" data-as=\"money\">$166.96<"));
  EXPECT_TRUE(has(page, "<dd>31 d</dd>"));
  for (const char* never : {"style=\"", "onclick", "http://", "https://"}) EXPECT_FALSE(has(page, never)) << never;
}

TEST(HtmlForecast, what_an_author_wrote_is_text_and_nothing_else) {
  const std::string page = page_of(document(R"(,"days":[{"date":"</script><img src=x>"}])"));
  EXPECT_TRUE(has(page, "A &lt;b&gt;month&lt;/b&gt;"));
  EXPECT_TRUE(has(page, "Note: the &lt;/script&gt; of it"));
  EXPECT_FALSE(has(page, "<b>month"));
  EXPECT_FALSE(has(page, "<img"));
}

TEST(HtmlForecast, says_chances_in_the_words_of_the_document) {
  const std::string page = page_of(document(
      R"(,"budget":{"monthly_usd":"5000","p_exceed":[{"share":0.975,"chance":{"value":null,"low":0,"high":0.0247,
         "text":"< 2.5%"}}],"used_up":{"p50":{"value":"2026-01-28T14:05:09Z","low":"2026-01-27T01:00:00Z",
         "high":"not within horizon"}}})"));
  EXPECT_TRUE(has(page, "data-as=\"words\">&lt; 2.5%<"));
  EXPECT_TRUE(has(page, "data-as=\"exact share\">97.5 %<"));
  EXPECT_TRUE(has(page, "data-path=\"/budget/used_up/p50/value\" data-as=\"instant\">2026-01-28 14:05<"));
  EXPECT_TRUE(has(page, "data-as=\"instant\">not within horizon<"));
  EXPECT_TRUE(has(page, "id=\"panel-crossing\""));
  EXPECT_FALSE(has(page_of(document(R"(,"budget":null)")), "id=\"panel-crossing\""));
}

TEST(HtmlForecast, a_claim_that_nothing_ever_broke_is_bounded_and_not_nothing) {
  const auto claim = [](const char* value, const char* low, const char* high) {
    return page_of(
        document(fmt::format(R"json(,"findings":[{{"metric":"forecast.p_exceed(1.0)","threshold":"value<=0.05",
        "verdict":"pass","estimate":{{"value":{},"low":{},"high":{}}}}}])json",
                             value, low, high)));
  };
  EXPECT_TRUE(has(claim("0", "0", "0.0246"), "below <span data-path=\"/findings/0/estimate/high\""));
  EXPECT_TRUE(has(claim("1", "0.9753", "1"), "above <span data-path=\"/findings/0/estimate/low\""));
  EXPECT_TRUE(
      has(claim("0.5", "0.4", "0.6"), "<span data-path=\"/findings/0/estimate/value\" data-as=\"share\">50.0 %"));
  EXPECT_TRUE(has(page_of(document(R"json(,"findings":[{"metric":"forecast.days_to_exhaustion","threshold":"med>20",
      "verdict":"pass","estimate":{"value":null,"low":29.5,"high":null}}])json")),
                  "never</td>"));
}

// What cannot be told is not said to be a matter of the bound.
TEST(HtmlForecast, a_claim_about_a_budget_that_is_not_there_cannot_be_told) {
  const auto claim = [](const char* estimate) {
    return page_of(document(fmt::format(R"json(,"findings":[{{"metric":"forecast.p_exceed(1.0)","threshold":"value<=1",
        "verdict":"inconclusive","estimate":{}}}])json",
                                        estimate)));
  };
  EXPECT_TRUE(has(claim("null"), "colspan=\"2\">too few replications, or no budget, to tell<"));
  EXPECT_TRUE(has(claim("null"), " – there are too few replications, or no budget, to tell"));
  EXPECT_FALSE(has(claim("null"), "more replications decide"));
  EXPECT_TRUE(has(claim(R"({"value":0.5,"low":0.4,"high":0.6})"), "more replications decide"));
}

std::string days(int count) {
  std::string text = ",\"days\":[";
  for (int day = 0; day < count; ++day) {
    const auto at = parse_iso8601("2026-01-01").value() + std::chrono::hours{24 * day};
    text += fmt::format("{}{{\"date\":\"{}\"}}", day == 0 ? "" : ",", iso8601(at).substr(0, 10));
  }
  return text + "]";
}

TEST(HtmlForecast, has_a_row_for_each_day_and_for_each_month_of_long_horizons) {
  EXPECT_EQ(count_of(page_of(document(days(100))), "scope=\"row\">2026-"), 100U);
  const std::string page = page_of(document(days(101)));
  // 101 days from January on end on the 11th of April.
  EXPECT_EQ(count_of(page, "scope=\"row\">2026-"), 4U);
  for (const char* day : {"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-11"}) {
    EXPECT_TRUE(has(page, fmt::format("scope=\"row\">{}<", day))) << day;
  }
}

TEST(HtmlForecast, charts_are_drawn_from_the_documents_own_figures) {
  const std::string page = page_of(document(R"(,"budget":null,"days":[{"date":"2026-01-01","x":[1.5,null]}],
                                               "headroom":{"budget":{"rate":1.32,"tried":[]}})"));
  EXPECT_TRUE(
      has(page, R"("budget":null,"days":[{"date":"2026-01-01","x":[1.5,null]}],"headroom":{"budget":{"rate":1.32)"));
  EXPECT_TRUE(has(page, "id=\"panel-headroom\""));
  EXPECT_TRUE(has(page_of(document("")), "windtunnel forecast --headroom"));
}

TEST(HtmlForecast, is_of_a_forecast_alone) {
  try {
    page_of("{}");
    FAIL() << "a page was made";
  } catch (const ReportError& error) {
    EXPECT_STREQ(error.what(), "f: cannot read: this is no forecast");
  }
}

}  // namespace
}  // namespace windtunnel::reports::html_forecast_test
