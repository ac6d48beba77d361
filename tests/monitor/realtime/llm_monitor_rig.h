#pragma once
// A real-time monitor on time that a test turns, over mocks or over an adapter that does what the test says.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "monitor/realtime/llm_monitor.h"
#include "monitor/realtime/mock_provider.h"
#include "tests/monitor/realtime/manual_time.h"

namespace windtunnel::monitor::llm_monitor_rig {

// Two mocks on time that a test turns, and their owner.
struct Rig {
  explicit Rig(std::optional<MonitorConfig> config = MonitorConfig{}, MockOptions mocks = {}) {
    LlmMonitorOptions options;
    options.config = std::move(config);
    auto first = std::make_unique<MockOpenAIProvider>(mocks);
    auto second = std::make_unique<MockAnthropicProvider>(mocks);
    openai = first.get();
    anthropic = second.get();
    options.providers.push_back(std::move(first));
    options.providers.push_back(std::move(second));
    options.time = &time;
    monitor.emplace(std::move(options));
  }

  GenerateResult ask(const std::string& profile, std::optional<std::string> provider = "openai") {
    return monitor->generate({.user_profile = profile, .provider = std::move(provider)});
  }

  ManualTime time;
  MockProvider* openai = nullptr;
  MockProvider* anthropic = nullptr;
  std::optional<LlmMonitor> monitor;
};

// An adapter that does what a test says.
class Scripted final : public ProviderAdapter {
 public:
  explicit Scripted(std::function<Completion(const ProviderCall&)> script, std::string name = "scripted")
      : script_(std::move(script)), config_{std::move(name), "model-1", {{WallTime::min(), kMockOpenAI.tariff}}} {}
  [[nodiscard]] const ProviderConfig& config() const override { return config_; }
  Completion complete(const ProviderCall& call) override { return script_(call); }

 private:
  std::function<Completion(const ProviderCall&)> script_;
  ProviderConfig config_;
};

// An adapter that is never called.
class Described final : public ProviderAdapter {
 public:
  explicit Described(ProviderConfig config) : config_(std::move(config)) {}
  [[nodiscard]] const ProviderConfig& config() const override { return config_; }
  Completion complete(const ProviderCall& /*call*/) override { return {}; }

 private:
  ProviderConfig config_;
};

inline LlmMonitorOptions scripted(ManualTime& time, std::function<Completion(const ProviderCall&)> script) {
  LlmMonitorOptions options;
  options.config.emplace();
  options.providers.push_back(std::make_unique<Scripted>(std::move(script)));
  options.time = &time;
  return options;
}

inline Completion answer(const ProviderCall& call, const std::string& text) {
  return {.reply = {.kind = ReplyKind::ok, .usage = Usage{call.input, Tokens{10}}}, .text = text, .detail = {}};
}

}  // namespace windtunnel::monitor::llm_monitor_rig
