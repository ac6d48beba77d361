// Which options a monitor can be made of, and what is said of the others.

#include <gtest/gtest.h>

#include <functional>

#include "tests/monitor/realtime/llm_monitor_rig.h"

namespace windtunnel::monitor::llm_monitor_options_test {
namespace {

using namespace llm_monitor_rig;

TEST(LlmMonitorOptions, name_what_is_wrong_with_them) {
  EXPECT_FALSE(invalid(LlmMonitorOptions{}));
  const auto why = [](const std::function<void(LlmMonitorOptions&)>& change) {
    LlmMonitorOptions options;
    options.config.emplace();
    change(options);
    return invalid(options).value_or("nothing");
  };
  EXPECT_EQ(why([](auto&) {}), "nothing");
  EXPECT_EQ(why([](auto& o) {
              o.config->ab_router = {"e", {{"a", ProviderId{2}, 1}}};
            }),
            "variant a names no provider");
  EXPECT_EQ(why([](auto& o) { o.config->ab_router = {"e", {{"a", ProviderId{1}, 1}}}; }), "nothing");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.timeout = 0ns; }), "the timeout is not between 0 and 100 years");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.timeout = kBreakerDurationMax; }), "nothing");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.timeout = kNoTimeout; }),
            "the timeout is not between 0 and 100 years");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.timeout = kBreakerDurationMax + 1ns; }),
            "the timeout is not between 0 and 100 years");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.timeout = 1ns; }), "nothing");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.deadline = 0ns; }),
            "the deadline is not between 0 and 100 years");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.deadline = 1ns; }), "nothing");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.retry.max_attempts = 0; }), "max_attempts is below 1");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.retry.max_attempts = 1; }), "nothing");
  EXPECT_EQ(why([](auto& o) { o.config->provider_call.retry.max_attempts = 32; }), "nothing");
  EXPECT_NE(why([](auto& o) { o.config->provider_call.retry.max_attempts = 33; }), "nothing");
  EXPECT_NE(why([](auto& o) { o.config->cost_limiter.monthly = Usd::max(); }), "nothing");
  EXPECT_NE(why([](auto& o) { o.config->rate_limiter.requests_per_minute = -1; }), "nothing");
  EXPECT_NE(why([](auto& o) { o.config->token_limiter.limit = Tokens{-1}; }), "nothing");
  EXPECT_NE(why([](auto& o) { o.config->cache.ttl = -1ns; }), "nothing");
  EXPECT_NE(why([](auto& o) { o.config->circuit_breaker.open = -1ns; }), "nothing");
  EXPECT_NE(why([](auto& o) { o.config->ab_router = {"e", {{"a", ProviderId{1}, -1}}}; }), "nothing");
  EXPECT_EQ(why([](auto& o) { o.providers.emplace_back(); }), "a provider is null");
  EXPECT_EQ(why([](auto& o) {
              for (int i = 0; i < 2; ++i) o.providers.push_back(std::make_unique<MockOpenAIProvider>());
            }),
            "two providers are named openai");
}

TEST(LlmMonitorOptions, name_what_is_wrong_with_a_provider) {
  const ProviderConfig good{"good", "model-1", {{WallTime::min(), kMockOpenAI.tariff}}};
  const auto why = [](std::vector<ProviderConfig> configs) {
    LlmMonitorOptions options;
    for (ProviderConfig& config : configs) options.providers.push_back(std::make_unique<Described>(std::move(config)));
    return invalid(options).value_or("nothing");
  };
  std::vector<ProviderConfig> many;
  for (int i = 0; i < 64; ++i) many.push_back({std::to_string(i), "model-1", good.tariffs});
  EXPECT_EQ(why(many), "nothing");
  many.push_back(good);
  EXPECT_EQ(why(many), "there are more than 64 providers");
  EXPECT_EQ(why({{"", "model-1", good.tariffs}}), "a provider has no name");
  EXPECT_EQ(why({{"good", "model-1", {}}}), "provider good has no price");
  const Price below{Usd{} - Usd::from_picos(1)};
  for (const Tariff& tariff : {Tariff{below, Price{}}, Tariff{Price{}, below}}) {
    EXPECT_EQ(why({good, {"odd", "model-1", {{WallTime::min(), tariff}}}}), "provider odd has a negative price");
  }
  const Price above{kPriceMax.per_token + Usd::from_picos(1)};
  for (const Tariff& tariff : {Tariff{above, Price{}}, Tariff{Price{}, above}}) {
    EXPECT_EQ(why({{"odd", "model-1", {{WallTime::min(), tariff}}}}),
              "provider odd has a price above 2,000 USD per million tokens");
  }
  EXPECT_EQ(why({{"dear", "model-1", {{WallTime::min(), {kPriceMax, kPriceMax}}}}}), "nothing");
  EXPECT_EQ(why({{"free", "model-1", {{WallTime::min(), Tariff{}}}}}), "nothing");
  EXPECT_EQ(why({good, good}), "two providers are named good");
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_options_test
