#pragma once
// A provider as the gateway calls it: its address, its interface, its key. The key is in the headers of calls and
// nowhere else.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world/scenario.h"
#include "wire/dialects/api.h"
#include "wire/http/http_message.h"

namespace windtunnel::wire {

// The parts of "https://api.openai.com/v1".
struct BaseUrl {
  bool tls = false;
  std::string host;  // a name or an IPv4 address
  std::uint16_t port = 0;
  std::string path;  // without a slash at its end

  // As the Host header has it.
  [[nodiscard]] std::string authority() const;
};
[[nodiscard]] std::optional<BaseUrl> base_url(std::string_view text);

struct Upstream {
  sim::EndpointApi api = sim::EndpointApi::openai;
  BaseUrl url;
  std::string model;
  std::string deployment;
  std::string api_version;
  std::string key;  // empty: calls carry none
  sim::FailureBill bill_on_failure = sim::FailureBill::none;
};

// The address of a provider that states none; empty: the interface has no public one.
[[nodiscard]] std::string_view public_url(sim::EndpointApi api);

// The interface that a call of the caller's interface is made to; nothing: this provider has none for it.
[[nodiscard]] std::optional<Api> upstream_api(const Upstream& upstream, Api caller);
[[nodiscard]] std::string target_of(const Upstream& upstream, Api api);
[[nodiscard]] std::vector<HttpHeader> key_headers(const Upstream& upstream);

}  // namespace windtunnel::wire
