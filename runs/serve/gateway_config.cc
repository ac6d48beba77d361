#include "runs/serve/gateway_config.h"

#include <fmt/format.h>

#include <iterator>

#include "base/json_text.h"

namespace windtunnel::runs {
namespace {

// "127.0.0.1:18700" of "http://127.0.0.1:18700".
std::string_view host_of(std::string_view url) { return url.substr(url.find("//") + 2); }

std::string portkey(const sim::Scenario& /*scenario*/, const std::vector<std::string>& urls) {
  std::string targets;
  for (const std::string& url : urls) {
    targets += fmt::format(R"({}
    {{"provider": "openai", "api_key": "none", "custom_host": "{}/v1", "retry": {{"attempts": 2}}}})",
                           targets.empty() ? "" : ",", url);
  }
  return fmt::format("{{\n  \"strategy\": {{\"mode\": \"fallback\"}},\n  \"targets\": [{}\n  ]\n}}\n", targets);
}

std::string litellm(const sim::Scenario& scenario, const std::vector<std::string>& urls) {
  std::string text = "model_list:\n";
  std::string fallbacks;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const std::string name = json_string(i == 0 ? "windtunnel" : "windtunnel-" + scenario.providers[i].name);
    fmt::format_to(std::back_inserter(text),
                   "  - model_name: {}\n    litellm_params:\n      model: {}\n      api_base: {}/v1\n"
                   "      api_key: none\n",
                   name, json_string("openai/" + scenario.providers[i].model), urls[i]);
    if (i > 0) fallbacks += (fallbacks.empty() ? "" : ", ") + name;
  }
  text += "router_settings:\n  num_retries: 2\n  allowed_fails: 5\n  cooldown_time: 30\n";
  if (!fallbacks.empty()) text += "  fallbacks: [{\"windtunnel\": [" + fallbacks + "]}]\n";
  return text;
}

std::string nginx(const sim::Scenario& /*scenario*/, const std::vector<std::string>& urls) {
  std::string servers;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    fmt::format_to(std::back_inserter(servers), "    server {} max_fails=5 fail_timeout=30s{};\n", host_of(urls[i]),
                   i == 0 ? "" : " backup");
  }
  return "events {}\nhttp {\n  upstream providers {\n" + servers +
         "  }\n"
         "  server {\n"
         "    listen 127.0.0.1:8080;\n"
         "    location / {\n"
         "      proxy_pass http://providers;\n"
         "      proxy_http_version 1.1;\n"
         "      proxy_set_header Connection \"\";\n"
         "      proxy_buffering off;\n"
         "      proxy_read_timeout 30s;\n"
         "      proxy_next_upstream error timeout http_429 http_500 http_502 http_503 http_504 non_idempotent;\n"
         "    }\n"
         "  }\n"
         "}\n";
}

std::string envoy(const sim::Scenario& /*scenario*/, const std::vector<std::string>& urls) {
  std::string endpoints;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const std::string_view host = host_of(urls[i]);
    const std::size_t colon = host.find(':');
    fmt::format_to(std::back_inserter(endpoints),
                   "      - priority: {}\n        lb_endpoints:\n"
                   "        - endpoint: {{address: {{socket_address: {{address: {}, port_value: {}}}}}}}\n",
                   i, host.substr(0, colon), host.substr(colon + 1));
  }
  return "static_resources:\n"
         "  listeners:\n"
         "  - address: {socket_address: {address: 127.0.0.1, port_value: 8080}}\n"
         "    filter_chains:\n"
         "    - filters:\n"
         "      - name: envoy.filters.network.http_connection_manager\n"
         "        typed_config:\n"
         "          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
         "HttpConnectionManager\n"
         "          stat_prefix: providers\n"
         "          http_filters:\n"
         "          - name: envoy.filters.http.router\n"
         "            typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}\n"
         "          route_config:\n"
         "            virtual_hosts:\n"
         "            - name: providers\n"
         "              domains: [\"*\"]\n"
         "              routes:\n"
         "              - match: {prefix: /}\n"
         "                route:\n"
         "                  cluster: providers\n"
         "                  timeout: 30s\n"
         "                  retry_policy: {retry_on: \"5xx,reset,connect-failure,retriable-status-codes\", "
         "retriable_status_codes: [429], num_retries: 2}\n"
         "  clusters:\n"
         "  - name: providers\n"
         "    type: STATIC\n"
         "    outlier_detection: {consecutive_5xx: 5, base_ejection_time: 30s, max_ejection_percent: 100}\n"
         "    load_assignment:\n"
         "      cluster_name: providers\n"
         "      endpoints:\n" +
         endpoints;
}

// For a shell, and for what reads .env files. Every provider offers both interfaces.
std::string openai_sdk(const sim::Scenario& /*scenario*/, const std::vector<std::string>& urls) {
  return fmt::format("OPENAI_BASE_URL={}/v1\nOPENAI_API_KEY=none\nANTHROPIC_BASE_URL={}\nANTHROPIC_API_KEY=none\n",
                     urls.front(), urls.front());
}

}  // namespace

std::optional<std::string> gateway_config(std::string_view gateway, const sim::Scenario& scenario,
                                          const std::vector<std::string>& urls) {
  if (gateway == "portkey") return portkey(scenario, urls);
  if (gateway == "litellm") return litellm(scenario, urls);
  if (gateway == "nginx") return nginx(scenario, urls);
  if (gateway == "envoy") return envoy(scenario, urls);
  if (gateway == "openai-sdk") return openai_sdk(scenario, urls);
  return std::nullopt;
}

}  // namespace windtunnel::runs
