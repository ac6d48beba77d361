#include "scenarios/import/envoy_ai_import.h"

#include <algorithm>
#include <map>
#include <set>

#include "scenarios/import/envoy_policy.h"
#include "scenarios/import/envoy_quota.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::ReplySet;
using monitor::RouteId;

constexpr Duration kEnvoyTimeout = 60s;
constexpr const char* kModelHeader = "x-ai-eg-model";

// One header match of a rule: the model that it names, and the other headers.
struct Match {
  std::string model;  // empty: any
  monitor::Tags headers;
};

class EnvoyReader {
 public:
  EnvoyReader(ConfigReading& in, ImportedWorld& world) : in_(in), keys_(in.keys()), world_(world) {}

  void read(const JsonValue& documents) {
    set_gateway();
    for (const JsonValue& document : documents.items) {
      if (document.kind == JsonKind::null) continue;
      if (!in_.require_map(document)) return;
      const std::string kind = in_.text(document, "kind").value_or("");
      if (kind == "BackendTrafficPolicy") policies_.push_back(read_envoy_policy(document, in_));
      if (kind == "AIServiceBackend") read_backend(document);
      if (kind == "AIGatewayRoute") has_route_ = true;
    }
    for (const JsonValue& document : documents.items) {
      if (document.kind == JsonKind::object && in_.text(document, "kind") == "AIGatewayRoute") read_route(document);
    }
    add_entries();
    for (const EnvoyPolicy& policy : policies_) {
      if (policy.rate_limit != nullptr) read_envoy_limits(policy, limit_scope_of(policy), in_, world_);
    }
    read_envoy_quotas(documents, quota_backends_, in_, world_);
    for (const JsonValue& document : documents.items) list_document(document);
    if (in_.has_errors() || world_.has_deployments()) return;
    in_.error(documents,
              has_route_ ? "no rule of an AIGatewayRoute can be imported" : "no AIGatewayRoute is in the file",
              "put the route, its backends and its policies into one file");
  }

 private:
  void set_gateway() {
    sim::Scenario& scenario = world_.scenario();
    scenario.monitor.circuit_breaker.consecutive_threshold.reset();
    scenario.monitor.circuit_breaker.failure_rate_threshold.reset();
    auto& call = scenario.monitor.provider_call;
    call.timeout = monitor::kNoTimeout;
    call.retry_after_cap = Duration{0};  // Envoy follows it only where it is told to
    call.retry.base = 25ms;
    call.retry.cap = 250ms;
  }

  void read_backend(const JsonValue& document) {
    const JsonValue* metadata = in_.map(document, "metadata");
    const auto name = metadata == nullptr ? std::nullopt : in_.text(*metadata, "name");
    const JsonValue* spec = in_.map(document, "spec");
    if (!name || spec == nullptr) return;
    backends_.insert(*name);
    if (const JsonValue* schema = ConfigReading::find(*spec, "schema")) {
      keys_.carry(*schema, "providers." + *name);
    }
    keys_.drop(*spec, "of the connection to the backend; it changes no routing");
  }

  // --- Rules -------------------------------------------------------------------------------------------------------

  void read_route(const JsonValue& document) {
    const JsonValue* metadata = in_.map(document, "metadata");
    const std::string name = metadata == nullptr ? "" : in_.text(*metadata, "name").value_or("");
    const JsonValue* spec = in_.map(document, "spec");
    const JsonValue* rules = spec == nullptr ? nullptr : in_.list(*spec, "rules");
    if (rules == nullptr) {
      in_.error(document, "an AIGatewayRoute needs spec.rules", "write rules: [{matches, backendRefs}]");
      return;
    }
    const EnvoyPolicy* policy = policy_of(name, *spec);
    GatewayRoute& gateway_route = gateway_routes_.emplace_back();
    gateway_route.policy = policy;
    for (std::size_t i = 0; i < rules->items.size(); ++i) {
      const JsonValue& rule = rules->items[i];
      if (!in_.require_map(rule)) continue;
      const std::vector<Match> matches = matches_of(rule);
      if (matches.empty()) {
        keys_.drop(rule, "no match of this rule is carried");
        continue;
      }
      for (const Match& match : matches) {
        const std::string rule_name = name + " rule " + std::to_string(i);
        add_rule(rule, match, rule_name, policy);
        gateway_route.entries.insert(match.model.empty() ? rule_name : match.model);
      }
    }
    for (const JsonMember& member : spec->members) {
      if (member.key == "llmRequestCosts") {
        read_costs(member.value);
      } else {
        keys_.drop(member.value, "of the gateway that listens; it changes no routing");
      }
    }
  }

  void read_costs(const JsonValue& costs) {
    if (!in_.require_list(costs)) return;
    for (const JsonValue& cost : costs.items) {
      if (!in_.require_map(cost)) continue;
      const auto key = in_.text(cost, "metadataKey");
      const auto type = in_.text(cost, "type");
      if (key && type) costs_.emplace(*key, *type);
      keys_.carry(cost, "what limits count");
    }
  }

  // Each AIGatewayRoute has counts of its own.
  [[nodiscard]] EnvoyLimitScope limit_scope_of(const EnvoyPolicy& policy) {
    EnvoyLimitScope scope{.costs = costs_};
    std::vector<const GatewayRoute*> limited;
    for (const GatewayRoute& route : gateway_routes_) {
      if (route.policy == &policy) limited.push_back(&route);
    }
    if (limited.empty()) {
      scope.why_not = "no AIGatewayRoute of the file is limited by it";
    } else if (limited.size() > 1) {
      scope.why_not = "no word for it: one limit for each of several groups of routes";
    } else if (gateway_routes_.size() == 1) {
      return scope;
    } else if (limited.front()->entries.size() > 1) {
      scope.why_not = "no word for it: one limit over some of the routes";
    } else if (const auto route = world_.find_route(*limited.front()->entries.begin())) {
      scope.route = world_.route(*route).name;
    }
    return scope;
  }

  const EnvoyPolicy* policy_of(const std::string& route, const JsonValue& spec) {
    const EnvoyPolicy* of_gateway = nullptr;
    for (const EnvoyPolicy& policy : policies_) {
      if (std::ranges::find(policy.targets, route) != policy.targets.end() && !policy.is_of_gateway) return &policy;
      const JsonValue* parents = ConfigReading::find(spec, "parentRefs");
      if (!policy.is_of_gateway || parents == nullptr) continue;
      for (const JsonValue& parent : parents->items) {
        const JsonValue* name = ConfigReading::find(parent, "name");
        if (name != nullptr && std::ranges::find(policy.targets, name->text) != policy.targets.end())
          of_gateway = &policy;
      }
    }
    return of_gateway;
  }

  std::vector<Match> matches_of(const JsonValue& rule) {
    const JsonValue* matches = in_.list(rule, "matches");
    if (matches == nullptr) return {Match{}};
    std::vector<Match> result;
    for (const JsonValue& match : matches->items) {
      if (!in_.require_map(match)) continue;
      if (const auto read = match_of(match)) result.push_back(*read);
    }
    return result;
  }

  std::optional<Match> match_of(const JsonValue& match) {
    Match result;
    const JsonValue* headers = in_.list(match, "headers");
    if (headers == nullptr) return result;
    for (const JsonValue& header : headers->items) {
      if (!in_.require_map(header)) continue;
      const auto name = in_.text(header, "name");
      const auto value = in_.text(header, "value");
      if (!name || !value) continue;
      if (in_.text(header, "type").value_or("Exact") != "Exact") {
        keys_.drop(match, "no word for it: a rule compares a header's whole value");
        return std::nullopt;
      }
      if (*name == kModelHeader) {
        result.model = *value;
      } else {
        result.headers.emplace_back(*name, *value);
      }
    }
    keys_.carry(match, result.model.empty() ? "rules of a route" : "routes." + result.model);
    return result;
  }

  void add_rule(const JsonValue& rule, const Match& match, const std::string& rule_name, const EnvoyPolicy* policy) {
    const std::string entry = match.model.empty() ? rule_name : match.model;
    auto& variants = entries_[entry];
    if (variants.empty()) order_.push_back(entry);
    std::string name = entry;
    for (const auto& [header, value] : match.headers) name += " " + header + " " + value;
    // Of rules that match alike the first counts.
    const bool is_known =
        std::ranges::any_of(variants, [&](const Variant& other) { return other.headers == match.headers; });
    if (is_known) return keys_.drop(rule, "an earlier rule matches the same requests");
    const bool is_plain = match.headers.empty();
    const auto id = world_.add_route(name, is_plain);
    if (!id) return keys_.drop(rule, "a scenario has at most " + std::to_string(monitor::kRoutesMax) + " routes");
    add_targets(*id, rule, match.model);
    set_policy(world_.route(*id), rule, policy);
    if (world_.route(*id).targets.empty()) return;
    variants.push_back({match.headers, *id});
  }

  void add_targets(RouteId id, const JsonValue& rule, const std::string& model) {
    const JsonValue* backends = in_.list(rule, "backendRefs");
    if (backends == nullptr) return;
    world_.route(id).balance = monitor::Balance::weighted;
    auto& pool = quota_backends_.pools.emplace_back();
    for (const JsonValue& backend : backends->items) {
      if (!in_.require_map(backend)) continue;
      const auto name = in_.text(backend, "name");
      if (!name) continue;
      const bool is_pool = in_.text(backend, "kind") == "InferencePool";
      if (!is_pool && !backends_.contains(*name)) {
        keys_.assume("the backend " + *name + ": a provider, though no AIServiceBackend of this name is in the file");
      }
      const auto override_name = in_.text(backend, "modelNameOverride");
      std::string served = override_name.value_or(model);
      if (served.empty()) {
        served = "gpt-4o";
        keys_.assume("model of " + *name + ": gpt-4o, because the caller names it");
      }
      // A backend that several routes name is one provider with one deployment for each model.
      const auto deployment = deployment_of(*name, served);
      if (!deployment) {
        keys_.drop(backend, "a scenario has at most " + std::to_string(monitor::kProvidersMax) + " deployments");
        continue;
      }
      pool.insert(*deployment);
      if (override_name) quota_backends_.overridden.emplace(std::pair{*name, served}, *deployment);
      monitor::RouteTarget target{.deployment = *deployment};
      target.weight = in_.count(backend, "weight").value_or(1);
      target.weight = std::min(target.weight, monitor::kRouteWeightMax);
      const std::int64_t priority = in_.count(backend, "priority").value_or(0);
      if (priority > monitor::kPriorityMax) {
        in_.error(*ConfigReading::find(backend, "priority"), "a priority above 1000", "write a lower number");
        continue;
      }
      target.priority = static_cast<std::int32_t>(priority);
      world_.route(id).targets.push_back(target);
      list_backend(backend, *name, is_pool);
    }
  }

  std::optional<monitor::ProviderId> deployment_of(const std::string& backend, const std::string& model) {
    const auto known = deployments_.find({backend, model});
    if (known != deployments_.end()) return known->second;
    const auto id = world_.add_deployment(world_.provider_of(backend, ""), model, std::nullopt);
    if (id) deployments_.emplace(std::pair{backend, model}, *id);
    return id;
  }

  void list_backend(const JsonValue& backend, const std::string& name, bool is_pool) {
    if (is_pool) {
      keys_.differ(*ConfigReading::find(backend, "name"),
                   "providers." + name + ": one host; the pool's picker chooses among several");
    }
    for (const char* key : {"name", "modelNameOverride", "weight", "priority"}) {
      if (const JsonValue* given = ConfigReading::find(backend, key)) keys_.carry(*given, "a target of " + name);
    }
    for (const char* key : {"kind", "group", "namespace"}) {
      if (const JsonValue* given = ConfigReading::find(backend, key)) keys_.carry(*given, "names the backend");
    }
    keys_.drop(backend, "of what is sent to the backend; it changes no routing");
  }

  void set_policy(monitor::RouteConfig& route, const JsonValue& rule, const EnvoyPolicy* policy) {
    route.failover.reset();  // Envoy moves on by retries alone
    route.retry.max_attempts = 1;
    route.retry.per = monitor::RetryPer::route;
    route.timeout = kEnvoyTimeout;
    auto& call = world_.scenario().monitor.provider_call;
    if (policy != nullptr) {
      route.retry = policy->retry;
      route.attempt_timeout = policy->attempt_timeout;
      if (policy->wait_base) {
        call.retry.base = *policy->wait_base;
        call.retry.cap = policy->wait_cap.value_or(*policy->wait_base * 10);
      }
      if (policy->breaker) {
        world_.scenario().monitor.circuit_breaker = *policy->breaker;
        world_.scenario().breaker_preset = "envoy";
      }
    }
    if (route.targets.size() == 1 && route.retry.where == monitor::RetryWhere::another_target) {
      route.retry.where = monitor::RetryWhere::same_target;
    }
    if (const JsonValue* timeouts = in_.map(rule, "timeouts")) read_timeouts(*timeouts, route);
    if (const auto idle = envoy_duration(rule, "streamIdleTimeout", in_)) {
      if (*idle > Duration{0}) route.idle_timeout = *idle;
      keys_.differ(*ConfigReading::find(rule, "streamIdleTimeout"),
                   "idle_timeout of routes." + route.name + ": of streamed answers; Envoy's holds for every answer");
    }
    for (const char* key : {"name", "modelsOwnedBy", "modelsCreatedAt"}) {
      if (const JsonValue* given = ConfigReading::find(rule, key))
        keys_.drop(*given, "how the gateway lists the model");
    }
  }

  void read_timeouts(const JsonValue& timeouts, monitor::RouteConfig& route) {
    if (const auto whole = envoy_duration(timeouts, "request", in_)) {
      route.timeout = *whole == Duration{0} ? std::nullopt : std::optional{*whole};
      keys_.carry(*ConfigReading::find(timeouts, "request"), "timeout of routes." + route.name);
    }
    if (const auto each = envoy_duration(timeouts, "backendRequest", in_)) {
      if (*each > Duration{0}) route.attempt_timeout = *each;
      keys_.carry(*ConfigReading::find(timeouts, "backendRequest"), "attempt_timeout of routes." + route.name);
    }
  }

  // Of the rules for a model the one with most headers counts first.
  void add_entries() {
    for (const std::string& name : order_) {
      std::vector<Variant>& variants = entries_[name];
      if (variants.empty()) continue;
      std::ranges::stable_sort(variants, std::ranges::greater{}, [](const Variant& v) { return v.headers.size(); });
      std::optional<RouteId> plain;
      if (variants.back().headers.empty()) plain = variants.back().route;
      if (!plain) {
        plain = world_.add_route(name, true);
        if (!plain) continue;
        world_.route(*plain).targets.push_back({.route = variants.back().route});
        keys_.assume("a request for " + name +
                     " without the headers of a rule is sent by the last of its rules; Envoy answers 404");
      }
      for (const Variant& variant : variants) {
        if (variant.headers.empty()) continue;
        world_.route(*plain).rules.push_back({variant.headers, variant.route});
        world_.add_tagged_callers(*plain, variant.headers);
      }
    }
  }

  void list_document(const JsonValue& document) {
    for (const JsonMember& member : document.members) {
      if (member.key == "apiVersion" || member.key == "kind") {
        keys_.carry(member.value, "what the resource is");
      } else if (member.key == "metadata") {
        if (const JsonValue* name = ConfigReading::find(member.value, "name")) keys_.carry(*name, "names the resource");
        keys_.drop(member.value, "of the cluster; it changes no routing");
      } else {
        keys_.drop(member.value, "a resource of the cluster; it changes no routing");
      }
    }
  }

  struct Variant {
    monitor::Tags headers;
    RouteId route{};
  };

  ConfigReading& in_;
  KeyList& keys_;
  ImportedWorld& world_;
  std::vector<EnvoyPolicy> policies_;
  std::set<std::string> backends_;
  std::map<std::pair<std::string, std::string>, monitor::ProviderId> deployments_;
  std::map<std::string, std::vector<Variant>> entries_;
  std::vector<std::string> order_;
  struct GatewayRoute {
    const EnvoyPolicy* policy = nullptr;
    std::set<std::string> entries;  // names that callers ask for
  };
  std::vector<GatewayRoute> gateway_routes_;
  EnvoyBackends quota_backends_;
  std::map<std::string, std::string> costs_;
  bool has_route_ = false;
};

}  // namespace

void import_envoy_ai(const JsonValue& root, ConfigReading& in, ImportedWorld& world) {
  EnvoyReader(in, world).read(root);
  in.keys().drop_the_rest("Envoy AI Gateway 1.1.0 gives this key no part in routing");
}

}  // namespace windtunnel::scenarios
