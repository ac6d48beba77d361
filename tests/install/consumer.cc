// A program of somebody who installed Windtunnel: a provider of their own fails, and the other one answers.
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "monitor/realtime/llm_monitor.h"
#include "monitor/realtime/mock_provider.h"

namespace monitor = windtunnel::monitor;

namespace {

class DownProvider final : public monitor::ProviderAdapter {
 public:
  [[nodiscard]] const monitor::ProviderConfig& config() const override { return config_; }
  monitor::Completion complete(const monitor::ProviderCall& /*call*/) override {
    monitor::Completion completion;
    completion.reply.kind = monitor::ReplyKind::connection_error;
    completion.reply.usage = monitor::Usage{monitor::Tokens{0}, monitor::Tokens{0}};  // known: nothing is billed
    return completion;
  }

 private:
  monitor::ProviderConfig config_{.name = "own", .model = "own-1", .tariffs = {monitor::DatedTariff{}}};
};

}  // namespace

int main() {
  monitor::LlmMonitorOptions options;
  options.providers.push_back(std::make_unique<DownProvider>());
  options.providers.push_back(std::make_unique<monitor::MockAnthropicProvider>(
      monitor::MockOptions{.latency_scale = windtunnel::Millionths{0}}));
  if (const auto why = monitor::invalid(options)) {
    std::printf("%s\n", why->c_str());
    return 2;
  }
  monitor::LlmMonitor llm{std::move(options)};
  const monitor::GenerateResult result = llm.generate({.user_profile = "An engineer", .provider = "own"});
  std::printf("%s after %d attempts by %s\n", result.ok() ? "served" : result.error.c_str(), result.attempts,
              result.provider.c_str());
  return result.ok() && result.attempts == 2 ? 0 : 1;
}
