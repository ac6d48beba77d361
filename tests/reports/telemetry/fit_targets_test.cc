// What one provider's models, cached input and failures that bill do to the cost of a fit.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>

#include "base/calendar.h"
#include "reports/logs/log_fit.h"
#include "sim/world/world.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::fit_targets_test {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{24h * 20'545};

class FitTargets : public testing::Test {
 protected:
  ScratchFolder folder;
  // One answer each, spread evenly over the days.
  [[nodiscard]] FittedLog fitted_to(std::vector<nlohmann::json> records, int days) const {
    const std::string path = folder.file("log.jsonl");
    std::ofstream file(path);
    for (std::size_t i = 0; i < records.size(); ++i) {
      const Duration at =
          Duration{24h} * days / static_cast<std::int64_t>(records.size()) * static_cast<std::int64_t>(i);
      records[i]["timestamp"] = iso8601(kStart + at + 10s);
      file << records[i].dump() << "\n";
    }
    file.close();
    return read_fit(path, 1);
  }
};

nlohmann::json answer(const std::string& model, std::int64_t input, std::int64_t output, double cost_usd) {
  return {{"provider", "openai"},
          {"model", model},
          {"latency_ms", 900},
          {"tokens", {{"input", input}, {"output", output}, {"total", input + output}}},
          {"cost_usd", std::round(cost_usd * 1e12) / 1e12},
          {"success", true}};
}

const sim::FittedParameter& parameter_of(const FittedLog& log, const std::string& name) {
  const auto found = std::ranges::find(log.fit.parameters, name, &sim::FittedParameter::name);
  if (found == log.fit.parameters.end()) throw std::runtime_error(name + " is not fitted\n" + fit_text(log));
  return *found;
}

bool misses_the_cost(const FittedLog& log) {
  return std::ranges::any_of(log.fit.notes,
                             [](const std::string& note) { return note.starts_with("THE FIT DOES NOT COME"); });
}

// Of the period of the log: its requests at what a replay costs one.
double replayed_cost(const FittedLog& log) {
  return parameter_of(log, "cost.replayed").estimate.value / 1e3 * static_cast<double>(log.fit.requests);
}

TEST_F(FitTargets, of_one_provider_with_two_models_are_two) {
  const FittedLog log =
      read_fit(std::string(WINDTUNNEL_ROOT) + "/tests/cases/telemetry/two-models-of-one-provider.jsonl", 1);
  ASSERT_EQ(log.fit.problem, std::nullopt);
  ASSERT_EQ(log.fit.scenario.providers.size(), 2U);
  EXPECT_EQ(parameter_of(log, "openai/gpt-4o-mini.price.input").estimate.value, 0.15);
  EXPECT_EQ(parameter_of(log, "openai/gpt-4o-mini.price.output").estimate.value, 0.6);
  EXPECT_EQ(parameter_of(log, "openai/gpt-4o.price.input").estimate.value, 2.5);
  EXPECT_EQ(parameter_of(log, "openai/gpt-4o.price.output").estimate.value, 10);
  EXPECT_EQ(log.fit.scenario.workloads.size(), 2U) << "their lengths differ";
  EXPECT_NEAR(replayed_cost(log), 0.351, 0.02) << "one price for both gave 0.442";
  EXPECT_FALSE(misses_the_cost(log)) << fit_text(log);
}

// 90 % of long prompts come from the provider's cache at a tenth of the price, of which the log says nothing but the
// bill.
TEST_F(FitTargets, whose_input_is_cached_cost_what_they_cost) {
  std::mt19937_64 bits{7};
  std::lognormal_distribution<double> input{std::log(5000), 1.2};
  std::lognormal_distribution<double> output{std::log(300), 0.8};
  std::vector<nlohmann::json> records;
  double spent = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto given = static_cast<std::int64_t>(std::clamp(input(bits), 50.0, 150'000.0));
    const auto made = static_cast<std::int64_t>(std::max(5.0, output(bits)));
    const auto cached = given > 4096 ? given * 9 / 10 : 0;
    const double cost =
        (static_cast<double>(given - cached) * 3 + static_cast<double>(cached) * 0.3 + static_cast<double>(made) * 15) /
        1e6;
    spent += cost;
    records.push_back(answer("claude", given, made, cost));
  }
  const FittedLog log = fitted_to(std::move(records), 7);
  ASSERT_EQ(log.fit.problem, std::nullopt);
  EXPECT_NEAR(replayed_cost(log) / spent, 1, 0.01) << "plain least squares were 7.5 % low";
  EXPECT_FALSE(misses_the_cost(log)) << fit_text(log);
  EXPECT_NE(fit_text(log).find("and meet their sum"), std::string::npos) << fit_text(log);
}

// No failed call of a scenario without tokens bills anything.
TEST_F(FitTargets, whose_failures_bill_are_missed_and_the_fit_says_so) {
  std::vector<nlohmann::json> records;
  for (int i = 0; i < 4000; ++i) {
    records.push_back(answer("gpt", 100 + i % 50, 100 + i % 70, 1e-5 * (200 + i % 50 + i % 70)));
    if (i % 4 == 0) records.back()["success"] = false;
  }
  const FittedLog log = fitted_to(std::move(records), 5);
  EXPECT_TRUE(misses_the_cost(log)) << fit_text(log);
}

// The regime after the change alone is the present.
TEST_F(FitTargets, whose_price_changes_have_the_new_one) {
  std::vector<nlohmann::json> records;
  for (int i = 0; i < 30 * 100; ++i) {
    const double price = i < 20 * 100 ? 2 : 1;
    records.push_back(answer("gpt", 100 + i % 53, 100 + i % 71, price * 1e-6 * (200 + i % 53 + i % 71)));
  }
  const FittedLog log = fitted_to(std::move(records), 30);
  EXPECT_EQ(parameter_of(log, "openai.price.input").estimate.value, 1) << fit_text(log);
  EXPECT_EQ(parameter_of(log, "openai.price.output").estimate.value, 1);
  EXPECT_NE(fit_text(log).find("what a request costs changes on"), std::string::npos);
}

TEST_F(FitTargets, beyond_eight_are_one_and_nothing_of_their_cost_is_lost) {
  std::vector<nlohmann::json> records;
  double spent = 0;
  for (int i = 0; i < 6000; ++i) {
    const int model = i % 12;
    const double cost = 1e-6 * (model + 1) * (200 + i % 53 + i % 71);
    spent += cost;
    records.push_back(answer("m" + std::to_string(model), 100 + i % 53, 100 + i % 71, cost));
  }
  const FittedLog log = fitted_to(std::move(records), 6);
  ASSERT_EQ(log.fit.scenario.providers.size(), 8U);
  EXPECT_TRUE(std::ranges::any_of(log.fit.scenario.providers, [](auto& one) { return one.name == "others"; }));
  EXPECT_NEAR(replayed_cost(log) / spent, 1, 0.02);
}

// Without a failover in the log its failures cost what they cost: nothing.
TEST_F(FitTargets, that_fail_without_failover_end_the_request) {
  std::vector<nlohmann::json> records;
  for (int i = 0; i < 4000; ++i) {
    const bool dear = i % 10 == 0;
    records.push_back(
        answer(dear ? "large" : "small", 100 + i % 53, 100 + i % 71, (dear ? 3e-4 : 1e-6) * (200 + i % 53 + i % 71)));
    if (i % 20 == 7) {
      records.back()["success"] = false;
      records.back()["cost_usd"] = 0;
    }
  }
  const FittedLog log = fitted_to(std::move(records), 5);
  EXPECT_FALSE(misses_the_cost(log)) << fit_text(log);
  for (const sim::ProviderSpec& provider : log.fit.scenario.providers) {
    for (const auto& [kind, rate] : provider.errors.rates) EXPECT_EQ(kind, monitor::ReplyKind::client_error);
  }
}

}  // namespace
}  // namespace windtunnel::reports::fit_targets_test
