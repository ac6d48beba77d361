// Money beyond what a single amount holds.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/monitor/realtime/llm_monitor_rig.h"

namespace windtunnel::monitor::llm_monitor_money_test {
namespace {

using namespace llm_monitor_rig;

// A provider, or a proxy in front of it, that reports absurd usage, each value within the documented range: 18 million
// USD in all.
TEST(LlmMonitorMoney, counts_absurd_bills_exactly_and_never_ends_its_host) {
  ManualTime time;
  LlmMonitorOptions options = scripted(time, [](const ProviderCall& call) {
    Completion completion = answer(call, "text");
    completion.reply.usage = Usage{kTokensMax, kTokensMax};
    return completion;
  });
  options.config->cost_limiter.monthly.reset();
  options.config->token_limiter.mode = TokenMode::off;
  LlmMonitor monitor{std::move(options)};
  constexpr int kCalls = 2'000;
  for (int i = 0; i < kCalls; ++i) ASSERT_TRUE(monitor.generate({.user_profile = std::to_string(i)}).ok());
  const MonitorStats stats = monitor.get_stats();
  const Usd bill = cost(kMockOpenAI.tariff, kTokensMax, kTokensMax);
  EXPECT_EQ(bill, Usd::from_dollars(9'000));
  EXPECT_TRUE(stats.total_cost.picos() == Int128{bill.picos()} * kCalls);
  EXPECT_EQ(stats.month.spent, stats.total_cost);
  EXPECT_EQ(stats.day.spent, stats.total_cost);
  EXPECT_EQ(stats.labels.at(0).cost, stats.total_cost);
  EXPECT_EQ(stats.bills_above_reservation, kCalls);
  EXPECT_NE(monitor.stats_text().find("Total Cost: $18000000.0000\n"), std::string::npos) << monitor.stats_text();
}

class Dear final : public ProviderAdapter {
 public:
  explicit Dear(std::string name) : config_{std::move(name), "model-1", {{WallTime::min(), {kPriceMax, kPriceMax}}}} {}
  [[nodiscard]] const ProviderConfig& config() const override { return config_; }
  Completion complete(const ProviderCall& /*call*/) override {
    return {.reply = {.kind = ReplyKind::malformed, .usage = Usage{kTokensMax, kTokensMax}}, .text = {}, .detail = {}};
  }

 private:
  ProviderConfig config_;
};

// Sixteen calls of one request, each with the dearest bill that there may be.
TEST(LlmMonitorMoney, the_dearest_request_that_is_possible_has_a_cost) {
  ManualTime time;
  LlmMonitorOptions options;
  options.config.emplace();
  options.config->cost_limiter.monthly.reset();
  options.config->token_limiter.mode = TokenMode::off;
  options.config->provider_call.retry.max_attempts = 2;
  options.time = &time;
  for (int i = 0; i < 8; ++i) {
    options.providers.push_back(std::make_unique<Dear>("provider " + std::to_string(i)));
  }
  ASSERT_EQ(invalid(options), std::nullopt);
  LlmMonitor monitor{std::move(options)};
  const GenerateResult result = monitor.generate({.user_profile = "a", .max_tokens = kTokensMax});
  EXPECT_EQ(result.attempts, 16);
  EXPECT_EQ(result.cost, Usd::from_dollars(16 * 400'000));
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_money_test
