// A program of somebody who installed Windtunnel and calls real providers: here at an address where none listens.
#include <cstdio>
#include <memory>
#include <utility>

#include "monitor/realtime/llm_monitor.h"
#include "wire/client/http_provider.h"

namespace monitor = windtunnel::monitor;
namespace wire = windtunnel::wire;

int main(int count, char** words) {
  if (count != 2) return 2;
  monitor::LlmMonitorOptions options;
  for (const auto& [name, api] :
       {std::pair{"openai", wire::HttpApi::openai}, {"anthropic", wire::HttpApi::anthropic}}) {
    options.providers.push_back(std::make_unique<wire::HttpProvider>(
        wire::HttpProviderOptions{.config = {.name = name, .model = "m", .tariffs = {monitor::DatedTariff{}}},
                                  .api = api,
                                  .base_url = words[1],
                                  .key = "none"}));
  }
  monitor::LlmMonitor llm{std::move(options)};
  const monitor::GenerateResult result = llm.generate({.user_profile = "An engineer", .provider = "openai"});
  std::printf("%s after %d attempts\n", result.ok() ? "served" : "all providers failed", result.attempts);
  return result.ok() ? 1 : 0;
}
