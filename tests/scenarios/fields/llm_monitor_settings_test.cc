// The real-time monitor and the scenarios speak of the same things: its settings file is a scenario's `monitor` block,
// and its mock providers are the profiles of the seed.

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/rounding.h"
#include "monitor/realtime/llm_monitor.h"
#include "monitor/realtime/mock_provider.h"
#include "scenarios/profiles/profiles.h"
#include "scenarios/reader.h"
#include "sim/kernel/law.h"
#include "tests/base/scratch_file.h"

namespace windtunnel::scenarios::llm_monitor_settings_test {
namespace {

using namespace std::chrono_literals;

TEST(LlmMonitorSettings, come_from_a_file_with_the_scenarios_monitor_block) {
  const ScratchFile file;
  std::ofstream{file.path()} << R"({
    "circuit_breaker": {"preset": "seed-readme", "consecutive_threshold": 2},
    "token_limiter": {"mode": "per_request", "limit": 300},
    "cost_limiter": {"monthly_usd": 0.05},
    "ab_router": {"experiment_id": "e", "variants": [{"id": "claude", "provider": "anthropic"}]},
    "provider_call": {"timeout": "2s"}})";
  const std::vector<std::string> providers{"openai", "anthropic"};
  const monitor::MonitorConfig config = read_monitor_settings(file.path(), {}, providers).monitor;
  EXPECT_EQ(config.provider_call.timeout, 2s);
  EXPECT_EQ(monitor::LlmMonitor{config}.get_stats().month.limit, Usd::from_cents(5));

  monitor::LlmMonitorOptions options;
  options.config = config;
  options.providers.push_back(
      std::make_unique<monitor::MockOpenAIProvider>(monitor::MockOptions{.latency_scale = {0}}));
  auto anthropic = std::make_unique<monitor::MockAnthropicProvider>(monitor::MockOptions{.latency_scale = {0}});
  anthropic->fail_next(2, monitor::ReplyKind::server_error);
  options.providers.push_back(std::move(anthropic));
  ASSERT_FALSE(monitor::invalid(options));
  monitor::LlmMonitor gateway{std::move(options)};

  // Everybody is in the one arm, whose provider's breaker opens at the second failure.
  EXPECT_EQ(gateway.generate({.user_profile = "a"}).provider, "openai");
  EXPECT_EQ(gateway.get_stats().providers[1].breaker.state, monitor::BreakerState::closed);
  EXPECT_EQ(gateway.generate({.user_profile = "b"}).provider, "openai");
  EXPECT_EQ(gateway.get_stats().providers[1].breaker.state, monitor::BreakerState::open);
  // The fourth answer, of a cent and a bit like the others, would fit; what it may cost at most, 299 tokens, does not.
  EXPECT_EQ(gateway.generate({.user_profile = "c"}).outcome, monitor::Outcome::served);
  EXPECT_EQ(gateway.generate({.user_profile = "d"}).outcome, monitor::Outcome::refused_budget);
  EXPECT_EQ(gateway.generate({.user_profile = "d", .max_tokens = Tokens{300}}).outcome,
            monitor::Outcome::refused_tokens);
}

TEST(LlmMonitorMocks, are_the_profiles_of_the_seed) {
  for (const auto& [mock, name] :
       {std::pair{monitor::kMockOpenAI, "seed/gpt-4"}, std::pair{monitor::kMockAnthropic, "seed/claude-3-5-sonnet"}}) {
    const sim::ProviderSpec spec = *profile(name);
    EXPECT_EQ(default_profile(mock.provider), name);
    EXPECT_EQ(spec.model, mock.model);
    ASSERT_EQ(spec.tariffs.size(), 1U);
    EXPECT_EQ(spec.tariffs[0].tariff.input, mock.tariff.input);
    EXPECT_EQ(spec.tariffs[0].tariff.output, mock.tariff.output);
    EXPECT_EQ(spec.time_per_output_token, sim::Law::fixed(0));
    const auto ns = [](Duration duration) { return static_cast<double>(duration.count()); };
    EXPECT_EQ(spec.time_to_first_token,
              sim::Law::uniform(ns(mock.latency - mock.latency_below), ns(mock.latency + mock.latency_above)));
    // The same draw gives the same latency, to the nanosecond that rounding may take.
    for (const std::uint64_t sixteenth : {0U, 1U, 7U, 8U, 15U}) {
      const double drawn = sim::sample(spec.time_to_first_token, sixteenth << 60);
      EXPECT_NEAR(ns(monitor::mock_latency(mock, sixteenth << 60)), drawn, 1.0) << name;
    }
  }
}

TEST(LlmMonitorMocks, answer_as_long_as_a_workloads_default_and_bill_failures_as_a_providers_default) {
  EXPECT_EQ(sim::WorkloadSpec{}.output.law, sim::Law::fixed(static_cast<double>(monitor::kMockOutput.count())));
  EXPECT_EQ(kCharactersPerToken, monitor::kMockCharactersPerToken);
  EXPECT_EQ(sim::ProviderSpec{}.bill_on_failure, sim::FailureBill::none);
}

}  // namespace
}  // namespace windtunnel::scenarios::llm_monitor_settings_test
