#include "runs/gateway/upstream_settings.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "runs/problem.h"

namespace windtunnel::runs {
namespace {

std::string trimmed(std::string text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text.resize(end == std::string::npos ? 0 : end + 1);
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? std::string() : text.substr(begin);
}

std::string key_of(const std::string& provider, const sim::EndpointSpec& endpoint) {
  std::string key;
  if (!endpoint.key_env.empty()) {
    const char* const value = std::getenv(endpoint.key_env.c_str());
    if (value == nullptr && endpoint.key_file.empty()) {
      refuse(ProblemKind::file,
             "provider " + provider + ": the variable " + endpoint.key_env + " that holds its key is not set");
    }
    if (value != nullptr) key = value;
  }
  if (key.empty() && !endpoint.key_file.empty()) {
    std::ifstream file(endpoint.key_file, std::ios::binary);
    if (!file) refuse(ProblemKind::file, endpoint.key_file + ": cannot read the key of provider " + provider);
    key.assign(std::istreambuf_iterator<char>(file), {});
  }
  key = trimmed(std::move(key));
  // A line end in a key would be a header of its own.
  for (const char c : key) {
    if (static_cast<unsigned char>(c) < 0x21 || static_cast<unsigned char>(c) > 0x7e) {
      refuse(ProblemKind::file, "provider " + provider + ": its key holds a byte that no header can hold");
    }
  }
  return key;
}

}  // namespace

std::vector<wire::Upstream> upstreams_of(const sim::Scenario& scenario) {
  std::vector<wire::Upstream> upstreams;
  for (const sim::ProviderSpec& spec : scenario.providers) {
    if (!spec.endpoint) {
      refuse(ProblemKind::scenario, "provider " + spec.name +
                                        " has no endpoint, so that it can only be simulated: "
                                        "\"endpoint\": {\"base_url\": \"https://...\", \"key_env\": \"...\"}");
    }
    const sim::EndpointSpec& endpoint = *spec.endpoint;
    const std::string text =
        endpoint.base_url.empty() ? std::string(wire::public_url(endpoint.api)) : endpoint.base_url;
    const auto url = wire::base_url(text);
    if (!url) {
      refuse(ProblemKind::scenario, text.empty()
                                        ? "provider " + spec.name + ": Azure has no public address: endpoint.base_url"
                                        : "provider " + spec.name + ": \"" + text + "\" is no address of a provider");
    }
    const std::string model = endpoint.model.empty() ? spec.model : endpoint.model;
    upstreams.push_back({.api = endpoint.api,
                         .url = *url,
                         .model = model,
                         .deployment = endpoint.deployment.empty() ? model : endpoint.deployment,
                         .api_version = endpoint.api_version,
                         .key = key_of(spec.name, endpoint),
                         .bill_on_failure = spec.bill_on_failure});
  }
  return upstreams;
}

}  // namespace windtunnel::runs
