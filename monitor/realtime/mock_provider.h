#pragma once
// Providers that need no key: OpenAI's GPT-4 and Anthropic's Claude 3.5 Sonnet as the first version of this system
// imagined them. Their laws are pure functions; the scenario profiles seed/gpt-4 and seed/claude-3-5-sonnet are the
// same laws, which a test compares.
//
// A whole reply takes `latency`, moved by -latency_below to +latency_above, uniformly, however long the reply is. The
// answer has kMockOutput tokens, or as many as the call allows.

#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "monitor/realtime/provider_adapter.h"

namespace windtunnel::monitor {

struct MockModel {
  std::string_view provider;
  std::string_view model;
  Duration latency{};
  Duration latency_below{};
  Duration latency_above{};
  Tariff tariff;
};

constexpr Price usd_per_million_tokens(std::int64_t dollars) { return {Usd::from_picos(dollars * 1'000'000)}; }

inline constexpr MockModel kMockOpenAI{"openai",
                                       "gpt-4",
                                       std::chrono::milliseconds{1200},
                                       std::chrono::milliseconds{200},
                                       std::chrono::milliseconds{500},
                                       {usd_per_million_tokens(30), usd_per_million_tokens(60)}};
inline constexpr MockModel kMockAnthropic{"anthropic",
                                          "claude-3-5-sonnet",
                                          std::chrono::milliseconds{800},
                                          std::chrono::milliseconds{200},
                                          std::chrono::milliseconds{500},
                                          {usd_per_million_tokens(3), usd_per_million_tokens(15)}};
inline constexpr Tokens kMockOutput{200};
inline constexpr std::int64_t kMockCharactersPerToken = 4;

// `draw` is uniform over all 64-bit values. In [latency - latency_below, latency + latency_above).
Duration mock_latency(const MockModel& model, std::uint64_t draw);
// How long the answer is.
constexpr Tokens mock_output(Tokens output_max) { return output_max < kMockOutput ? output_max : kMockOutput; }
// The answer: kMockCharactersPerToken ASCII characters a token, the same for the same model and content.
std::string mock_answer(const MockModel& model, ContentKey content, Tokens output);

struct MockOptions {
  Millionths latency_scale{1'000'000};  // 0: everything comes at once, also a timeout
  std::uint64_t seed = 0;               // of its latencies
};

class MockProvider : public ProviderAdapter {
 public:
  explicit MockProvider(const MockModel& model, MockOptions options = {});

  [[nodiscard]] const ProviderConfig& config() const override { return config_; }
  Completion complete(const ProviderCall& call) override;

  // The next `calls` calls, after those already spoken for, end in this kind. Billing is that of the default profile:
  // malformed in full, timeout and truncated unknown, other failures nothing. A timeout takes until the deadline.
  void fail_next(std::int64_t calls, ReplyKind kind);

 private:
  struct Failures {
    std::int64_t calls = 0;
    ReplyKind kind = ReplyKind::ok;
  };

  [[nodiscard]] ReplyKind next_kind();
  [[nodiscard]] Duration scaled(Duration duration) const;

  MockModel model_;
  MockOptions options_;
  ProviderConfig config_;
  std::mutex mutex_;
  std::deque<Failures> failures_;  // under the mutex
};

class MockOpenAIProvider final : public MockProvider {
 public:
  explicit MockOpenAIProvider(MockOptions options = {}) : MockProvider(kMockOpenAI, options) {}
};

class MockAnthropicProvider final : public MockProvider {
 public:
  explicit MockAnthropicProvider(MockOptions options = {}) : MockProvider(kMockAnthropic, options) {}
};

}  // namespace windtunnel::monitor
