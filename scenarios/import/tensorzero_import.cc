// This file is long because models, functions and their variants name each other, and one reader follows the names.

#include "scenarios/import/tensorzero_import.h"

#include <algorithm>
#include <array>
#include <map>

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::ReplySet;
using monitor::RouteId;

constexpr Duration kTensorzeroTimeout = 900s;  // gateway.global_outbound_http_timeout_ms
constexpr Duration kDelayMostByDefault = 10s;
constexpr const char* kOfAllProviders = ": of each call; TensorZero's is of all calls until the first token";

constexpr std::array<std::string_view, 5> kModelKeys{"model_name", "deployment_id", "model_id", "endpoint_name",
                                                     "endpoint_id"};
constexpr std::array<std::string_view, 13> kTensorzeroAccountKeys{
    "api_key_location", "credential_location", "api_base",      "endpoint",          "endpoint_url",  "region",
    "location",         "project_id",          "access_key_id", "secret_access_key", "session_token", "api_key",
    "account_id"};

struct TensorzeroReason {
  std::string_view key;
  const char* why;
};
constexpr std::array<TensorzeroReason, 11> kTensorzeroReasons{{
    {"metrics", "of feedback; it changes no routing"},
    {"tools", "of what is asked and answered; it changes no routing"},
    {"evaluations", "of evaluations; no request here is one"},
    {"embedding_models", "of embeddings; the requests here are inferences"},
    {"object_storage", "of the gateway's operation; it changes no routing"},
    {"postgres", "of the gateway's operation; it changes no routing"},
    {"clickhouse", "of the gateway's operation; it changes no routing"},
    {"provider_types", "defaults of credentials; they tell no providers apart here"},
    {"optimizers", "of optimization; it changes no routing"},
    {"gateway", "of the gateway's operation; it changes no routing"},
    {"autopilot", "of optimization; it changes no routing"},
}};

class TensorzeroReader {
 public:
  TensorzeroReader(ConfigReading& in, ImportedWorld& world) : in_(in), keys_(in.keys()), world_(world) {}

  void read(const JsonValue& root) {
    if (!in_.require_map(root)) return;
    read_gateway(root);
    if (const JsonValue* models = in_.map(root, "models")) {
      for (const JsonMember& model : models->members) add_model(model.key, model.value);
    }
    if (const JsonValue* functions = in_.map(root, "functions")) {
      for (const JsonMember& function : functions->members) add_function(function.key, function.value);
    }
    if (const JsonValue* limits = in_.map(root, "rate_limiting")) read_tensorzero_limits(*limits, in_, world_);
    for (const TensorzeroReason& reason : kTensorzeroReasons) {
      if (const JsonValue* given = ConfigReading::find(root, reason.key)) keys_.drop(*given, reason.why);
    }
    if (in_.has_errors() || world_.has_deployments()) return;
    in_.error(
        root, "the file names no model and no variant that can be imported",
        "write [models.NAME], or a variant with model = \"openai::gpt-4o\"; other files of a folder are not read");
  }

 private:
  void read_gateway(const JsonValue& root) {
    sim::Scenario& scenario = world_.scenario();
    scenario.monitor.circuit_breaker.consecutive_threshold.reset();  // TensorZero has none
    scenario.monitor.circuit_breaker.failure_rate_threshold.reset();
    auto& call = scenario.monitor.provider_call;
    call.timeout = kTensorzeroTimeout;
    call.retry_after_cap = Duration{0};  // it reads no Retry-After
    call.retry.base = 1s;
    call.retry.cap = kDelayMostByDefault;
    call.retry.jitter = monitor::Jitter::none;
    const JsonValue* gateway = in_.map(root, "gateway");
    if (gateway == nullptr) return;
    if (const auto most = in_.milliseconds(*gateway, "global_outbound_http_timeout_ms")) {
      if (*most > Duration{0}) call.timeout = *most;
      keys_.carry(*ConfigReading::find(*gateway, "global_outbound_http_timeout_ms"), "monitor.provider_call.timeout");
    }
  }

  // --- Models ------------------------------------------------------------------------------------------------------

  void add_model(const std::string& name, const JsonValue& model) {
    if (!in_.require_map(model)) return;
    const auto id = world_.add_route(name, true);
    const JsonValue* routing = in_.list(model, "routing");
    const JsonValue* providers = in_.map(model, "providers");
    if (!id) return keys_.drop(model, "a scenario has at most " + std::to_string(monitor::kRoutesMax) + " routes");
    if (routing == nullptr || providers == nullptr || routing->items.empty()) {
      in_.error(model, "a model needs \"routing\" and \"providers\"",
                "write routing = [\"openai\"] and [models." + name + ".providers.openai]");
      return;
    }
    for (const JsonValue& item : routing->items) {
      const auto wanted = in_.text_of(item);
      if (!wanted) continue;
      const JsonValue* provider = ConfigReading::find(*providers, *wanted);
      if (provider == nullptr) {
        std::vector<std::string> names;
        for (const JsonMember& member : providers->members) names.push_back(member.key);
        in_.error(item, "this model has no provider \"" + excerpt(*wanted) + "\"", help_with_words(*wanted, names));
        continue;
      }
      keys_.carry(item, "targets of routes." + name);
      if (const auto deployment = add_provider(*provider))
        world_.route(*id).targets.push_back({.deployment = *deployment});
    }
    for (const JsonMember& member : providers->members) {
      keys_.drop(member.value, "routing does not name this provider");
    }
    monitor::RouteConfig& route = world_.route(*id);
    route.failover = every_failure();
    route.retry.max_attempts = 1;
    route.timeout = timeout_of(model, "timeout of routes." + name);
    route.first_token_timeout = first_token_of(model, "routes." + name, kOfAllProviders);
    keys_.drop(model, "it changes no routing");
    models_.emplace(name, *id);
  }

  std::optional<monitor::ProviderId> add_provider(const JsonValue& provider) {
    if (!in_.require_map(provider)) return std::nullopt;
    const std::string company = in_.text(provider, "type").value_or("");
    if (company.empty()) {
      in_.error(provider, "a provider needs \"type\"", "write type = \"openai\"");
      return std::nullopt;
    }
    std::string model;
    for (const std::string_view key : kModelKeys) {
      if (!model.empty()) continue;
      model = in_.text(provider, key).value_or("");
    }
    if (model.empty()) model = company;
    std::string account;
    for (const std::string_view key : kTensorzeroAccountKeys) {
      const JsonValue* value = ConfigReading::find(provider, key);
      account += '\n' + (value == nullptr ? std::string{} : json_line(*value));
    }
    const std::string name = world_.provider_of(company, account);
    const auto id = world_.add_deployment(name, model, tensorzero_tariff(provider, in_));
    if (!id) {
      keys_.drop(provider, "a scenario has at most " + std::to_string(monitor::kProvidersMax) + " deployments");
      return std::nullopt;
    }
    const std::string deployment = world_.name_of(*id);
    keys_.carry(*ConfigReading::find(provider, "type"), "providers." + name);
    for (const std::string_view key : kModelKeys) {
      if (const JsonValue* given = ConfigReading::find(provider, key))
        keys_.carry(*given, "the deployment " + deployment);
    }
    for (const std::string_view key : kTensorzeroAccountKeys) {
      if (const JsonValue* given = ConfigReading::find(provider, key)) {
        keys_.carry(*given, "providers." + name + ", an account that it tells apart from others");
      }
    }
    if (const auto timeout = timeout_of(provider, "attempt_timeout of " + deployment)) {
      world_.deployment(*id).attempt_timeout = timeout;
    }
    world_.deployment(*id).first_token_timeout = first_token_of(provider, deployment, nullptr);
    keys_.drop(provider, "of what is sent to the provider; it changes no routing");
    return id;
  }

  // Of calls that are not streamed.
  std::optional<Duration> timeout_of(const JsonValue& map, const std::string& to) {
    const JsonValue* timeouts = in_.map(map, "timeouts");
    if (timeouts == nullptr) return std::nullopt;
    const JsonValue* plain = in_.map(*timeouts, "non_streaming");
    if (plain == nullptr) return std::nullopt;
    const auto total = in_.milliseconds(*plain, "total_ms");
    if (!total || *total == Duration{0}) return std::nullopt;
    keys_.carry(*ConfigReading::find(*plain, "total_ms"), to);
    return total;
  }

  // Of streamed calls. `how` differs from a time of one call; nullptr: it does not.
  std::optional<Duration> first_token_of(const JsonValue& map, const std::string& to, const char* how) {
    const JsonValue* timeouts = in_.map(map, "timeouts");
    const JsonValue* streaming = timeouts == nullptr ? nullptr : in_.map(*timeouts, "streaming");
    if (streaming == nullptr) return std::nullopt;
    if (const JsonValue* total = ConfigReading::find(*streaming, "total_ms")) {
      keys_.drop(*total, "no word for it: the time of a whole streamed answer alone");
    }
    const auto time = in_.milliseconds(*streaming, "ttft_ms");
    if (!time || *time == Duration{0}) return std::nullopt;
    const JsonValue& given = *ConfigReading::find(*streaming, "ttft_ms");
    if (how == nullptr) {
      keys_.carry(given, "first_token_timeout of " + to);
    } else {
      keys_.differ(given, "first_token_timeout of " + to + how);
    }
    return time;
  }

  // --- Functions ---------------------------------------------------------------------------------------------------

  // A name of [models], or "openai::gpt-4o", which needs no such section.
  std::optional<RouteId> model_route(const std::string& name) {
    const auto found = models_.find(name);
    if (found != models_.end()) return found->second;
    const std::size_t colons = name.find("::");
    if (colons == std::string::npos) return std::nullopt;
    const auto id = world_.add_route(name, false);
    const auto deployment =
        world_.add_deployment(world_.provider_of(name.substr(0, colons), ""), name.substr(colons + 2), {});
    if (!id || !deployment) return std::nullopt;
    world_.route(*id).targets.push_back({.deployment = *deployment});
    world_.route(*id).failover = every_failure();
    world_.route(*id).retry.max_attempts = 1;
    models_.emplace(name, *id);
    return id;
  }

  void add_function(const std::string& name, const JsonValue& function) {
    const JsonValue* variants = in_.require_map(function) ? in_.map(function, "variants") : nullptr;
    if (variants == nullptr) return keys_.drop(function, "a function without variants");
    const auto id = world_.add_route(name, true);
    if (!id) return keys_.drop(function, "a scenario has at most " + std::to_string(monitor::kRoutesMax) + " routes");
    std::map<std::string, RouteId> routes;
    for (const JsonMember& variant : variants->members) {
      if (const auto route = add_variant(name, variant.key, variant.value)) routes.emplace(variant.key, *route);
    }
    const JsonValue* experiment = in_.map(function, "experimentation");
    world_.route(*id).balance = monitor::Balance::weighted;
    world_.route(*id).failover = every_failure();
    if (experiment != nullptr) {
      add_candidates(*id, *experiment, routes, *variants);
    } else {
      add_by_weight(*id, *variants, routes);
    }
    keys_.drop(function, "of what is asked and answered; it changes no routing");
    if (!world_.route(*id).targets.empty() || in_.has_errors()) return;
    in_.error(function, "no variant of this function can be imported",
              "a variant of type chat_completion names its model: model = \"openai::gpt-4o\"");
  }

  std::optional<RouteId> add_variant(const std::string& function, const std::string& name, const JsonValue& variant) {
    if (!in_.require_map(variant)) return std::nullopt;
    const std::string type = in_.text(variant, "type").value_or("chat_completion");
    if (type != "chat_completion") {
      keys_.drop(variant, "no word for it: a variant that makes several calls for one answer");
      return std::nullopt;
    }
    const auto model = in_.text(variant, "model");
    const auto target = model ? model_route(*model) : std::nullopt;
    const JsonValue* given = ConfigReading::find(variant, "model");
    if (!target) {
      if (given == nullptr) {
        in_.error(variant, "a variant needs \"model\"", "write model = \"openai::gpt-4o\"");
      } else if (model) {
        std::vector<std::string> names;
        for (const auto& [known, id] : models_) names.push_back(known);
        in_.error(*given, "no model is named \"" + excerpt(*model) + "\"", help_with_words(*model, names));
      }
      return std::nullopt;
    }
    const auto id = world_.add_route(function + " " + name, false);
    if (!id) {
      keys_.drop(variant, "a scenario has at most " + std::to_string(monitor::kRoutesMax) + " routes");
      return std::nullopt;
    }
    monitor::RouteConfig& route = world_.route(*id);
    route.targets.push_back({.route = *target});
    route.failover = every_failure();
    route.retry.where = monitor::RetryWhere::whole_route;
    route.retry.per = monitor::RetryPer::route;
    route.retry.max_attempts = 1;
    route.retry.on = every_failure();
    route.timeout = timeout_of(variant, "timeout of routes." + route.name);
    route.first_token_timeout = first_token_of(variant, "routes." + route.name, kOfAllProviders);
    keys_.carry(*given, "targets of routes." + route.name);
    if (const JsonValue* kind = ConfigReading::find(variant, "type")) keys_.carry(*kind, "routes." + route.name);
    read_retries(variant, route);
    for (const JsonMember& member : variant.members) {
      if (member.key == "weight") continue;
      keys_.drop(member.value, "of what is asked and answered; it changes no routing");
    }
    return id;
  }

  void read_retries(const JsonValue& variant, monitor::RouteConfig& route) {
    const JsonValue* retries = in_.map(variant, "retries");
    if (retries == nullptr) return;
    if (const auto count = in_.count(*retries, "num_retries")) {
      const auto most = static_cast<std::int64_t>(monitor::kAttemptsMax);
      route.retry.max_attempts = static_cast<std::int32_t>(std::min(*count + 1, most));
      keys_.carry(*ConfigReading::find(*retries, "num_retries"),
                  "retry.max_attempts of routes." + route.name + ", one more");
    }
    if (const auto delay = in_.seconds(*retries, "max_delay_s")) {
      auto& cap = world_.scenario().monitor.provider_call.retry.cap;
      cap = has_delay_ ? std::max(cap, *delay) : *delay;
      has_delay_ = true;
      keys_.differ(*ConfigReading::find(*retries, "max_delay_s"),
                   "monitor.provider_call.backoff.cap: one for all variants, the longest; TensorZero adds a random "
                   "share to each "
                   "wait");
    }
  }

  void add_by_weight(RouteId id, const JsonValue& variants, const std::map<std::string, RouteId>& routes) {
    const bool has_weights = std::ranges::any_of(variants.members, [](const JsonMember& variant) {
      return ConfigReading::find(variant.value, "weight") != nullptr;
    });
    std::int32_t priority = 0;
    for (const JsonMember& variant : variants.members) {
      const auto route = routes.find(variant.key);
      const auto weight = in_.number(variant.value, "weight", 6);
      if (const JsonValue* given = ConfigReading::find(variant.value, "weight")) {
        keys_.carry(*given, "weight in routes." + world_.route(id).name);
      }
      if (route == routes.end()) continue;
      monitor::RouteTarget target{.route = route->second, .weight = has_weights ? weight.value_or(0) : 1};
      target.weight = std::min(target.weight, monitor::kRouteWeightMax);
      // Without a weight, a variant is asked only once the others have failed.
      if (has_weights && target.weight == 0) {
        target.weight = 1;
        target.priority = ++priority;
      }
      world_.route(id).targets.push_back(target);
    }
  }

  void add_candidates(RouteId id, const JsonValue& experiment, const std::map<std::string, RouteId>& routes,
                      const JsonValue& variants) {
    const std::string& name = world_.route(id).name;
    const std::string type = in_.text(experiment, "type").value_or("static");
    if (const JsonValue* given = ConfigReading::find(experiment, "type")) list_experiment(*given, type, name);
    std::vector<std::string> named;
    const auto add = [&](const JsonValue& at, const std::string& variant, std::int64_t weight, std::int32_t priority) {
      named.push_back(variant);
      if (ConfigReading::find(variants, variant) == nullptr) {
        std::vector<std::string> known;
        for (const JsonMember& member : variants.members) known.push_back(member.key);
        in_.error(at, "this function has no variant \"" + excerpt(variant) + "\"", help_with_words(variant, known));
        return;
      }
      const auto route = routes.find(variant);
      if (route == routes.end()) return keys_.drop(at, "the variant is not carried");
      world_.route(id).targets.push_back(
          {.route = route->second, .weight = std::min(weight, monitor::kRouteWeightMax), .priority = priority});
      keys_.carry(at, "targets of routes." + name);
    };
    const JsonValue* candidates = ConfigReading::find(experiment, "candidate_variants");
    if (candidates != nullptr && candidates->kind == JsonKind::array) {
      for (const JsonValue& item : candidates->items) add(item, item.text, 1, 0);
    } else if (candidates != nullptr && in_.require_map(*candidates)) {
      for (const JsonMember& member : candidates->members) {
        if (const auto weight = in_.number_of(member.value, 6)) add(member.value, member.key, *weight, 0);
      }
    }
    std::int32_t priority = 0;
    if (const JsonValue* rest = in_.list(experiment, "fallback_variants")) {
      for (const JsonValue& item : rest->items) add(item, item.text, 1, ++priority);
    }
    if (named.empty()) {
      for (const auto& [variant, route] : routes) world_.route(id).targets.push_back({.route = route});
    }
    keys_.drop(experiment, type == "static" ? "no word for it: an experiment of a namespace"
                                            : "no word for it: probabilities that follow feedback");
  }

  void list_experiment(const JsonValue& given, const std::string& type, const std::string& route) {
    if (type == "static" || type == "static_weights" || type == "uniform") {
      keys_.carry(given, "balance of routes." + route + ": weighted");
    } else if (type == "adaptive" || type == "track_and_stop") {
      keys_.differ(given,
                   "balance of routes." + route + ": weighted, all alike: no feedback changes the probabilities here");
    } else {
      in_.error(given, "\"" + excerpt(type) + "\" is no type of an experiment", "the types are static and adaptive");
    }
  }

  ConfigReading& in_;
  KeyList& keys_;
  ImportedWorld& world_;
  std::map<std::string, RouteId> models_;
  bool has_delay_ = false;
};

}  // namespace

void import_tensorzero(const JsonValue& root, ConfigReading& in, ImportedWorld& world) {
  TensorzeroReader(in, world).read(root);
  in.keys().drop_the_rest("TensorZero 2026.4.1 gives this key no part in routing");
}

}  // namespace windtunnel::scenarios
