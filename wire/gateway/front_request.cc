#include "wire/gateway/front_request.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/stable_hash.h"
#include "monitor/content_key.h"

namespace windtunnel::wire {
namespace {

namespace dom = simdjson::dom;
using monitor::ProviderId;

constexpr Tokens kMaxTokensDefault{500};
constexpr std::string_view kDefaultModel = "default";
constexpr std::size_t kLabelMax = 200;

// What names the caller or the form of the answer, and not the answer itself.
bool changes_answer(std::string_view key) {
  static constexpr std::array<std::string_view, 11> kOthers = {"user",
                                                               "metadata",
                                                               "stream",
                                                               "stream_options",
                                                               "max_tokens",
                                                               "max_completion_tokens",
                                                               "max_output_tokens",
                                                               "store",
                                                               "safety_identifier",
                                                               "prompt_cache_key",
                                                               "service_tier"};
  return std::ranges::find(kOthers, key) == kOthers.end();
}

struct BodyFacts {
  monitor::ContentKey content;
  dom::element metadata;
  bool has_metadata = false;
};

std::string label(std::string_view text) { return std::string(text.substr(0, kLabelMax)); }

std::string metadata_text(const BodyFacts& facts, std::string_view key) {
  std::string_view text;
  if (!facts.has_metadata || facts.metadata[key].get(text) != simdjson::SUCCESS) return {};
  return label(text);
}

monitor::ContentKey content_of(Api api, dom::object root) {
  std::string text(name_of(api));
  for (const auto& [key, value] : root) {
    if (!changes_answer(key)) continue;
    text += '\n';
    text += key;
    text += ':';
    text += simdjson::minify(value);
  }
  return monitor::content_key(text, {}, {});
}

std::optional<std::uint64_t> number_in(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Attribution attribution_of(const HttpRequest& request, const BodyFacts& facts, const ModelRequest& model,
                           bool is_trial) {
  const auto either = [&](const char* header, const char* key) {
    const std::string_view value = header_of(request.headers, header);
    return value.empty() ? metadata_text(facts, key) : label(value);
  };
  Attribution who{.feature_version = either("x-windtunnel-feature-version", "feature_version"),
                  .prompt_version = either("x-windtunnel-prompt-version", "prompt_version"),
                  .experiment = either("x-windtunnel-experiment", "experiment_id"),
                  .variant = either("x-windtunnel-variant", "variant_id"),
                  .user = either("x-windtunnel-user", "user_id"),
                  .team = either("x-windtunnel-team", "team")};
  if (who.user.empty() && !is_trial) who.user = label(model.user);
  return who;
}

TrialNames trial_names(const HttpRequest& request) {
  TrialNames names{.request = number_in(header_of(request.headers, "x-windtunnel-request"), 10),
                   .user_key = number_in(header_of(request.headers, "x-windtunnel-user-key"), 16)};
  const auto expected = number_in(header_of(request.headers, "x-windtunnel-expects"), 10);
  if (expected && *expected <= static_cast<std::uint64_t>(kTokensMax.count())) {
    names.expected = Tokens{static_cast<std::int64_t>(*expected)};
  }
  return names;
}

std::optional<ProviderId> provider_named(const sim::Scenario& scenario, std::string_view name) {
  const auto found = std::ranges::find(scenario.providers, name, &sim::ProviderSpec::name);
  if (found == scenario.providers.end()) return std::nullopt;
  return ProviderId{static_cast<std::uint8_t>(found - scenario.providers.begin())};
}

// The first provider that offers this model.
std::optional<ProviderId> provider_of_model(const sim::Scenario& scenario, std::string_view model) {
  const auto found = std::ranges::find_if(scenario.providers, [&](const sim::ProviderSpec& spec) {
    return spec.model == model || (spec.endpoint && !spec.endpoint->model.empty() && spec.endpoint->model == model);
  });
  if (found == scenario.providers.end()) return std::nullopt;
  return ProviderId{static_cast<std::uint8_t>(found - scenario.providers.begin())};
}

std::optional<monitor::RouteId> route_named(const sim::Scenario& scenario, std::string_view name) {
  const auto& routes = scenario.monitor.routing.routes;
  const auto found = std::ranges::find(routes, name, &monitor::RouteConfig::name);
  if (found == routes.end()) return std::nullopt;
  return monitor::RouteId{static_cast<std::uint8_t>(found - routes.begin())};
}

// Where the request goes, by headers and model. False: nothing here has that name.
bool direct(const sim::Scenario& scenario, const HttpRequest& http, std::string_view model, monitor::Request& request) {
  const std::string_view provider = header_of(http.headers, "x-windtunnel-provider");
  const std::string_view route = header_of(http.headers, "x-windtunnel-route");
  if (!provider.empty()) {
    request.provider = provider_named(scenario, provider);
    return request.provider.has_value();
  }
  if (const auto id = route_named(scenario, route.empty() ? model : route)) {
    request.route = *id;
    return true;
  }
  if (!route.empty()) return false;
  if (model == kDefaultModel) return true;
  request.provider = provider_named(scenario, model);
  if (!request.provider) request.provider = provider_of_model(scenario, model);
  // With routes a provider is asked for through one of them.
  if (request.provider && !scenario.monitor.routing.routes.empty()) request.provider.reset();
  return request.provider.has_value() || !scenario.monitor.routing.routes.empty();
}

ErrorReply unknown_model(Api api, std::string_view model) {
  return refusal(family_of(api), 404,
                 "The model `" + label(model) + "` does not exist here; GET /v1/models lists what does", "model");
}

}  // namespace

DecodedFront decode_front(Api api, HttpRequest http, const sim::Scenario& scenario, bool is_trial) {
  DecodedRequest decoded = decode_request(api, http.target, http.body);
  if (!decoded.request) return {{}, refusal(family_of(api), 400, decoded.problem, decoded.parameter)};
  dom::parser parser;
  dom::element root;
  dom::object object;
  // decode_request() has read the same bytes.
  if (parser.parse(http.body).get(root) != simdjson::SUCCESS || root.get(object) != simdjson::SUCCESS) {
    return {{}, refusal(family_of(api), 400, "We could not parse the JSON body of your request.", "")};
  }
  BodyFacts facts;
  facts.has_metadata = root["metadata"].get(facts.metadata) == simdjson::SUCCESS && facts.metadata.is_object();
  FrontRequest front{.model = *std::move(decoded.request)};
  monitor::Request& request = front.request;
  if (!direct(scenario, http, front.model.model, request)) return {{}, unknown_model(api, front.model.model)};
  front.attribution = attribution_of(http, facts, front.model, is_trial);
  if (is_trial) front.trial = trial_names(http);
  request.content = content_of(api, object);
  request.input = tokens_of_text(front.model.text_size);
  request.prompt_length = static_cast<std::uint32_t>(std::min<std::size_t>(front.model.text_size, UINT32_MAX));
  request.stream = front.model.stream;
  const auto& limiter = scenario.monitor.token_limiter;
  request.max_tokens = front.model.max_tokens.value_or(kMaxTokensDefault);
  if (!front.model.max_tokens && limiter.mode == monitor::TokenMode::per_request) {
    request.max_tokens = std::max(Tokens{}, limiter.limit - request.input);
  }
  if (front.trial.expected) {
    request.max_tokens = *front.trial.expected;
    request.max_tokens_is_asked = false;
  }
  // An embedding has no output, and the token limiter grants at least one.
  if (api == Api::embeddings) request.max_tokens = Tokens{1};
  request.user = !front.attribution.user.empty() ? stable_hash(front.attribution.user) : request.content.high;
  if (front.trial.user_key) request.user = *front.trial.user_key;
  front.traceparent = label(header_of(http.headers, "traceparent"));
  front.body = std::move(http.body);
  return {std::move(front), {}};
}

}  // namespace windtunnel::wire
