#include "wire/gateway/upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "wire/gateway/translation/request_body.h"

namespace windtunnel::wire {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

const char* path_of_api(Api api) {
  switch (api) {
    case Api::chat:
      return "/chat/completions";
    case Api::responses:
      return "/responses";
    case Api::embeddings:
      return "/embeddings";
    case Api::messages:
      return "/messages";
    case Api::models:
      return "/models";
    case Api::health:
      break;
  }
  return "/";
}

}  // namespace

std::string BaseUrl::authority() const {
  const bool is_usual = port == (tls ? kHttpsPort : kHttpPort);
  return is_usual ? host : fmt::format("{}:{}", host, port);
}

std::optional<BaseUrl> base_url(std::string_view text) {
  BaseUrl url;
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  url.tls = text.starts_with(kHttps);
  if (!url.tls && !text.starts_with(kHttp)) return std::nullopt;
  text.remove_prefix(url.tls ? kHttps.size() : kHttp.size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  url.path = text.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  const std::string_view authority = text.substr(0, slash);
  const std::size_t colon = authority.find(':');
  url.host = authority.substr(0, colon);
  url.port = url.tls ? kHttpsPort : kHttpPort;
  if (colon != std::string_view::npos) {
    const char* const end = authority.data() + authority.size();
    const auto [stop, error] = std::from_chars(authority.data() + colon + 1, end, url.port);
    if (error != std::errc{} || stop != end || url.port == 0) return std::nullopt;
  }
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  if (url.host.empty() || !std::ranges::all_of(url.host, is_plain)) return std::nullopt;
  return url;
}

std::string_view public_url(sim::EndpointApi api) {
  switch (api) {
    case sim::EndpointApi::openai:
      return "https://api.openai.com/v1";
    case sim::EndpointApi::anthropic:
      return "https://api.anthropic.com";
    case sim::EndpointApi::azure:
      break;
  }
  return {};
}

std::optional<Api> upstream_api(const Upstream& upstream, Api caller) {
  if (upstream.api == sim::EndpointApi::anthropic) {
    return can_translate(caller, Api::messages) ? std::optional(Api::messages) : std::nullopt;
  }
  return caller == Api::messages ? Api::chat : caller;
}

std::string target_of(const Upstream& upstream, Api api) {
  std::string target = upstream.url.path;
  if (upstream.api == sim::EndpointApi::azure) {
    // Azure's responses have no deployment in their path.
    if (!target.ends_with("/openai")) target += "/openai";
    if (api != Api::responses) target += "/deployments/" + upstream.deployment;
    return target + path_of_api(api) + "?api-version=" + upstream.api_version;
  }
  if (upstream.api == sim::EndpointApi::anthropic && !target.ends_with("/v1")) target += "/v1";
  return target + path_of_api(api);
}

std::vector<HttpHeader> key_headers(const Upstream& upstream) {
  std::vector<HttpHeader> headers;
  if (upstream.api == sim::EndpointApi::anthropic) headers.push_back({"anthropic-version", "2023-06-01"});
  if (upstream.key.empty()) return headers;
  switch (upstream.api) {
    case sim::EndpointApi::openai:
      headers.push_back({"authorization", "Bearer " + upstream.key});
      break;
    case sim::EndpointApi::anthropic:
      headers.push_back({"x-api-key", upstream.key});
      break;
    case sim::EndpointApi::azure:
      headers.push_back({"api-key", upstream.key});
      break;
  }
  return headers;
}

}  // namespace windtunnel::wire
