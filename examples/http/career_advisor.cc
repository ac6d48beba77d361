// The usage example of the monitor, with real API clients in place of the mocks:
//
//   OPENAI_API_KEY=... ANTHROPIC_API_KEY=... career_advisor
//
// Two addresses as arguments stand in for the public ones: career_advisor http://127.0.0.1:18700/v1
// http://127.0.0.1:18701

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "monitor/realtime/llm_monitor.h"
#include "monitor/realtime/mock_provider.h"
#include "wire/client/http_provider.h"

namespace {

using windtunnel::Usd;
using windtunnel::monitor::ProviderConfig;
using windtunnel::wire::HttpApi;
using windtunnel::wire::HttpProvider;

std::string key_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? std::string() : value;
}

ProviderConfig priced(const char* name, const char* model, std::int64_t input, std::int64_t output) {
  using windtunnel::monitor::usd_per_million_tokens;
  return {.name = name,
          .model = model,
          .tariffs = {{.tariff = {usd_per_million_tokens(input), usd_per_million_tokens(output)}}}};
}

}  // namespace

int main(int argc, char** argv) {
  windtunnel::monitor::LlmMonitorOptions options{.log_file = "telemetry.jsonl"};
  options.providers.push_back(
      std::make_unique<HttpProvider>(windtunnel::wire::HttpProviderOptions{.config = priced("openai", "gpt-4", 30, 60),
                                                                           .base_url = argc > 1 ? argv[1] : "",
                                                                           .key = key_of("OPENAI_API_KEY")}));
  options.providers.push_back(std::make_unique<HttpProvider>(
      windtunnel::wire::HttpProviderOptions{.config = priced("anthropic", "claude-3-5-sonnet-latest", 3, 15),
                                            .api = HttpApi::anthropic,
                                            .base_url = argc > 2 ? argv[2] : "",
                                            .key = key_of("ANTHROPIC_API_KEY")}));
  windtunnel::monitor::LlmMonitor monitor{std::move(options)};
  const windtunnel::monitor::GenerateResult response =
      monitor.generate({.user_profile = "Software Engineer, 5 years, Python/Java, interested in AI/ML",
                        .job_market_data = "AI Engineer: $120k-180k, ML Engineer: $130k-200k",
                        .system_prompt = "You are a career advisor.",
                        .provider = "openai",
                        .feature_version = "1.2.3",
                        .prompt_version = "v2.1",
                        .experiment_id = "provider_comparison",
                        .variant_id = "variant_a"});
  std::printf("%s %s: %s\n", response.ok() ? "answered by" : "no answer of", response.provider.c_str(),
              response.ok() ? response.text.c_str() : response.detail.c_str());
  monitor.print_stats();
  return response.ok() ? 0 : 1;
}
