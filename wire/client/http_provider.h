#pragma once
// A real provider for LlmMonitor: OpenAI, Azure OpenAI, Anthropic, or whatever else speaks like one of them.
//
//   monitor::LlmMonitorOptions options;
//   options.providers.push_back(std::make_unique<wire::HttpProvider>(wire::HttpProviderOptions{
//       .config = {.name = "openai", .model = "gpt-4o", .tariffs = {{.tariff = {...}}}},
//       .key = std::getenv("OPENAI_API_KEY")}));
//
// A call blocks its thread until the answer is whole, a failure is known or the deadline is over; then its connection
// is closed, so that the provider stops. Each call has a connection of its own. The questions are sent as a system
// text and one message of the user; what comes back is read as a gateway reads it, so that both mean the same by every
// kind of reply. TLS certificates are verified, always.

#include <cstdint>
#include <memory>
#include <string>

#include "monitor/realtime/provider_adapter.h"

namespace windtunnel::wire {

enum class HttpApi : std::uint8_t { openai, anthropic, azure };

struct HttpProviderOptions {
  monitor::ProviderConfig config;
  HttpApi api = HttpApi::openai;
  std::string base_url{};                  // empty: the interface's public one
  std::string key{};                       // never in an error's text
  std::string deployment{};                // of Azure; empty: the model
  std::string api_version = "2024-10-21";  // of Azure
  std::string ca_file{};                   // empty: the system's certificates
};

class HttpProvider final : public monitor::ProviderAdapter {
 public:
  // Throws std::invalid_argument for an address that is none, and TlsError for certificates that cannot be read.
  explicit HttpProvider(HttpProviderOptions options);
  ~HttpProvider() override;

  [[nodiscard]] const monitor::ProviderConfig& config() const override { return options_.config; }
  monitor::Completion complete(const monitor::ProviderCall& call) override;

 private:
  struct Target;
  HttpProviderOptions options_;
  std::unique_ptr<Target> target_;
};

}  // namespace windtunnel::wire
