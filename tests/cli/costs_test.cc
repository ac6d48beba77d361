// What a run costs in truth, what the gateway knows of it, and what its budget holds instead.

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "reports/html/html_bundle.h"
#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::costs_test {
namespace {

using Json = nlohmann::json;

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Every answer takes longer than the timeout: the providers bill, and the gateway learns no bill.
constexpr const char* kTimeouts = "tests/cases/cost-threshold-blind-to-timeouts.json";

TEST(Costs, a_bill_that_the_gateway_never_learns_breaks_a_threshold_of_cost) {
  const ProcessResult result = windtunnel(std::string("run ") + kTimeouts);
  EXPECT_EQ(result.exit, 12) << result.out;
  EXPECT_TRUE(says(result.out, "Total Cost: $6.75")) << result.out;
  EXPECT_TRUE(says(result.out, "Known to the gateway: $0.0000")) << result.out;
  EXPECT_TRUE(says(result.out, "Held by reservations: $12.85")) << result.out;
  EXPECT_TRUE(says(result.out, "monitor.provider_call.timeout is 30 s, below the latency of openai")) << result.out;
}

TEST(Costs, a_failing_threshold_is_printed_with_its_claim_once) {
  const std::string out = windtunnel(std::string("run ") + kTimeouts).out;
  const std::string claim = "cost_usd: value<=1";
  const std::size_t first = out.find(claim);
  ASSERT_NE(first, std::string::npos) << out;
  EXPECT_EQ(out.find(claim, first + 1), std::string::npos) << out;
}

TEST(Costs, what_is_known_and_what_is_held_can_be_claimed_too) {
  const auto exit_with = [](const std::string& claim) {
    return windtunnel(std::string("run ") + kTimeouts + " --set 'thresholds={" + claim + "}'").exit;
  };
  EXPECT_EQ(exit_with(R"("cost_known_usd": ["value==0"])"), 0);
  EXPECT_EQ(exit_with(R"("cost_reserved_usd": ["value>12.8", "value<12.9"])"), 0);
  EXPECT_EQ(exit_with(R"("cost_usd": ["value>6.7", "value<6.8"])"), 0);
}

TEST(Costs, every_report_of_a_run_shows_the_same_sums) {
  if (reports::html_bundle() == nullptr) GTEST_SKIP() << "this build has no page";
  const Folder folder;
  const ProcessResult result = windtunnel(std::string("run ") + kTimeouts + " --html --out " + folder.path("out"));
  EXPECT_EQ(result.exit, 12) << result.out;
  const Json summary = Json::parse(folder.read("out/summary.json"));
  double by_provider = 0;
  for (const Json& json : summary["providers"]) by_provider += std::stod(json["cost_usd"].get<std::string>());
  EXPECT_NEAR(by_provider, std::stod(summary["ledger"]["billed_usd"].get<std::string>()), 1e-9);
  for (const Json& json : {summary, summary["users"], summary["workloads"][0]}) {
    EXPECT_EQ(json["cost_usd"], summary["ledger"]["billed_usd"]);
    EXPECT_EQ(json["cost_known_usd"], "0");
    EXPECT_EQ(json["cost_reserved_usd"], summary["cost_limiter"]["settled_usd"]);
  }
  const std::string page = folder.read("out/report.html");
  EXPECT_TRUE(says(page, "The budget counts ")) << "the chart shows another sum than the card, and the page says why";
  for (const char* path : {"/cost_usd", "/cost_known_usd", "/cost_reserved_usd", "/providers/0/cost_usd"}) {
    EXPECT_TRUE(says(page, std::string("data-path=\"") + path + "\"")) << path;
  }
}

TEST(Costs, a_budget_that_reservations_fill_reports_so) {
  if (reports::html_bundle() == nullptr) GTEST_SKIP() << "this build has no page";
  const Folder folder;
  const ProcessResult result =
      windtunnel("run tests/cases/reservations-starve-budget.json --html --out " + folder.path("out"));
  EXPECT_EQ(result.exit, 12) << result.out;
  EXPECT_TRUE(says(result.out, "refused its first request when 0.02 USD were spent, because 99.39 USD were reserved"))
      << result.out;
  EXPECT_TRUE(says(result.out, "Reserved at most: $99.3938")) << result.out;
  const Json limiter = Json::parse(folder.read("out/summary.json"))["cost_limiter"];
  EXPECT_GT(limiter["refused"], 7000);
  EXPECT_EQ(limiter["refused_by_reservation"], limiter["refused"]) << "no refusal is for want of unspent money";
  EXPECT_TRUE(says(folder.read("out/report.html"), "refused by reservations of calls in flight"));
}

TEST(Costs, a_first_token_waits_in_the_providers_queue) {
  const Folder folder;
  EXPECT_EQ(windtunnel("run tests/cases/first-token-behind-a-queue.json --out " + folder.path("out")).exit, 0);
  const Json first = Json::parse(folder.read("out/summary.json"))["users"]["ttft_ms"];
  EXPECT_EQ(first["min"], 0);
  EXPECT_EQ(first["avg"], 1000);
  EXPECT_EQ(first["max"], 2000) << "three answers of a second each, one after the other";
  const ProcessResult brownout = windtunnel("run tests/cases/first-token-in-a-brownout.json");
  EXPECT_EQ(brownout.exit, 12);
  EXPECT_TRUE(says(brownout.out, "time_to_first_token: p(95)<2s - it was 105")) << brownout.out;
}

TEST(Costs, an_entry_of_the_cache_that_has_expired_is_held_and_not_fresh) {
  const Folder folder;
  const ProcessResult result =
      windtunnel("run tests/cases/cache-gauge.json --timeline-step 5s --out " + folder.path("out"));
  EXPECT_EQ(result.exit, 0) << result.out;
  const Json series = Json::parse(folder.read("out/timeline.json"))["series"];
  EXPECT_EQ(series["cache_entries_held"], Json(std::vector<int>(20, 1)));
  // Stored at 0 s and at 50 s, each fresh for 10 s. A series ends with its last number above 0.
  EXPECT_EQ(series["cache_entries_fresh"], Json({1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  const Json cache = Json::parse(folder.read("out/summary.json"))["cache"];
  EXPECT_EQ(cache["entries_held"], 1);
  EXPECT_EQ(cache["entries_fresh"], 0);
}

TEST(Costs, a_forecast_uses_the_same_words) {
  const Folder folder;
  const std::string forecast = std::string("forecast ") + kTimeouts + " --horizon 10m --replications 12 --out ";
  const ProcessResult result = windtunnel(forecast + folder.path("out") + " --assert 'forecast.cost_usd avg<=1'");
  EXPECT_EQ(result.exit, 12) << result.out;
  EXPECT_TRUE(says(result.out, "Known to the gateway: 0.0")) << result.out;
  const Json json = Json::parse(folder.read("out/forecast.json"));
  EXPECT_NEAR(json["cost_usd"]["mean"]["value"].get<double>(), 6.75, 0.5);
  EXPECT_LT(json["cost_known_usd"]["value"].get<double>(), 0.05);
  EXPECT_NEAR(json["cost_reserved_usd"]["value"].get<double>(), 12.85, 0.5);
  for (const char* by : {"by_variant", "by_feature_version", "by_cause", "by_provider"}) {
    double sum = 0;
    for (const Json& line : json["spend"][by]) {
      if (line["name"] != "saved by the cache") sum += line["usd"]["value"].get<double>();
    }
    const bool is_empty = json["spend"][by].empty();
    EXPECT_TRUE(is_empty || std::abs(sum - json["cost_usd"]["mean"]["value"].get<double>()) < 1e-6) << by << sum;
  }
}

// Twenty places and no queue refuse 1 % of the calls at 12.03 Erlang; the file's traffic is 8.1.
TEST(Costs, headroom_of_failures_is_what_the_formula_of_erlang_gives) {
  const Folder folder;
  const ProcessResult result =
      windtunnel("forecast tests/cases/headroom-rejections.json --horizon 1h --replications 40 --headroom --out " +
                 folder.path("out"));
  const Json headroom = Json::parse(folder.read("out/forecast.json"))["headroom"];
  EXPECT_NEAR(headroom["failures"]["rate"].get<double>(), 1.485, 0.02) << result.out;
  EXPECT_EQ(headroom["failures"]["share_of"], "requests");
  EXPECT_TRUE(headroom["budget"].is_null());
}

}  // namespace
}  // namespace windtunnel::tests::costs_test
