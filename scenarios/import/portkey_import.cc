// The tree of targets becomes a tree of routes. What a target inherits (retry, timeout, parameters) comes down with it.
//
// A target that calls a provider is a deployment. Its attempts and timeout stand at the deployment; what it retries
// stands at its route, so that a target whose statuses differ from those around it has a route of its own.

#include "scenarios/import/portkey_import.h"

#include <algorithm>
#include <array>

#include "scenarios/import/portkey_target.h"
#include "scenarios/import/world/status_codes.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::Balance;
using monitor::ReplySet;
using monitor::RouteId;
using monitor::RouteTarget;

constexpr const char* kRouteName = "portkey";
constexpr Duration kPortkeyTimeout = 300s;  // of Node's fetch until the headers come
constexpr Duration kWaitMost = 60s;

struct Retry {
  std::int64_t attempts = 0;
  ReplySet on;
};

struct Inherited {
  Retry retry;
  std::optional<Duration> timeout;
  std::optional<std::string> model;
  std::string host;
};

class PortkeyReader {
 public:
  PortkeyReader(ConfigReading& in, ImportedWorld& world) : in_(in), keys_(in.keys()), world_(world) {}

  void read(const JsonValue& root) {
    if (!in_.require_map(root)) return;
    set_gateway();
    const auto entry = world_.add_route(kRouteName, true);
    entry_ = *entry;
    fill(*entry, root, {}, kRouteName, 1);
    if (!honours_retry_after_) world_.scenario().monitor.provider_call.retry_after_cap = Duration{0};
    if (in_.has_errors() || world_.has_deployments()) return;
    in_.error(root, "no target of this config can be imported", "name a provider: {\"provider\": \"openai\"}");
  }

 private:
  void set_gateway() {
    sim::Scenario& scenario = world_.scenario();
    scenario.monitor.circuit_breaker.consecutive_threshold.reset();  // the open gateway has none
    scenario.monitor.circuit_breaker.failure_rate_threshold.reset();
    auto& call = scenario.monitor.provider_call;
    call.timeout = kPortkeyTimeout;
    call.retry.base = 1s;
    call.retry.cap = kWaitMost;
    call.retry.jitter = monitor::Jitter::none;
    keys_.assume("timeout without request_timeout: 5 minutes, that of Node's fetch");
  }

  // --- The tree ----------------------------------------------------------------------------------------------------

  void fill(RouteId id, const JsonValue& node, Inherited inherited, const std::string& path, std::size_t depth) {
    inherit(node, inherited);
    read_portkey_cache(node, depth, in_, world_);
    const JsonValue* strategy = portkey_find(node, "strategy");
    const JsonValue* targets = portkey_find(node, "targets");
    if (strategy == nullptr || targets == nullptr) {
      if (targets != nullptr) keys_.drop(*targets, "Portkey reads targets only beside a strategy");
      add_leaf(id, node, inherited);
      list_the_rest(node);
      return;
    }
    if (!in_.require_map(*strategy) || !in_.require_list(*targets)) return;
    if (targets->items.empty()) {
      in_.error(*targets, "a strategy needs at least one target", "write a target: {\"provider\": \"openai\"}");
      return;
    }
    const std::string mode = in_.text(*strategy, "mode").value_or("");
    if (mode == "fallback") {
      fill_fallback(id, *strategy, *targets, inherited, path, depth);
    } else if (mode == "loadbalance") {
      fill_loadbalance(id, *targets, inherited, path, depth);
    } else if (mode == "single") {
      fill_single(id, *targets, inherited, path, depth);
    } else if (mode == "conditional") {
      fill_conditional(id, *strategy, *targets, inherited, path, depth);
    } else {
      const JsonValue* given = ConfigReading::find(*strategy, "mode");
      in_.error(given == nullptr ? *strategy : *given, "\"" + excerpt(mode) + "\" is no mode of a strategy",
                "the modes are single, fallback, loadbalance, conditional");
      return;
    }
    if (const JsonValue* given = ConfigReading::find(*strategy, "mode")) keys_.carry(*given, "routes." + name_of(id));
    list_the_rest(node);
  }

  // The target as one of a route: a deployment, or a route of its own.
  void add_target(RouteId id, const JsonValue& target, const Inherited& inherited, const std::string& path,
                  std::size_t depth, std::int64_t weight) {
    if (!in_.require_map(target)) return;
    Inherited own = inherited;
    inherit(target, own);
    const bool is_leaf = portkey_find(target, "strategy") == nullptr || portkey_find(target, "targets") == nullptr;
    monitor::RouteConfig& route = world_.route(id);
    const bool is_alike = route.targets.empty() || route.retry.on.value_or(ReplySet{}) == own.retry.on;
    if (is_leaf && is_alike) {
      add_leaf(id, target, own, weight);
      read_portkey_cache(target, depth + 1, in_, world_);
      list_the_rest(target);
      return;
    }
    if (depth >= monitor::kRouteDepthMax) {
      keys_.drop(target, "routes are nested " + std::to_string(monitor::kRouteDepthMax) + " deep at most");
      return;
    }
    const auto nested = world_.add_route(name_for(target, path), false);
    if (!nested) {
      keys_.drop(target, "a scenario has at most " + std::to_string(monitor::kRoutesMax) + " routes");
      return;
    }
    fill(*nested, target, inherited, path, depth + 1);
    if (!world_.route(*nested).targets.empty()) {
      world_.route(id).targets.push_back({.route = *nested, .weight = weight});
    }
  }

  std::string name_for(const JsonValue& target, const std::string& path) {
    const JsonValue* name = ConfigReading::find(target, "name");
    return name != nullptr && name->kind == JsonKind::string && !world_.find_route(name->text) ? name->text : path;
  }
  std::string name_of(RouteId id) { return world_.route(id).name; }
  static std::string path_of(const std::string& path, std::size_t i) { return path + ".targets." + std::to_string(i); }

  void fill_fallback(RouteId id, const JsonValue& strategy, const JsonValue& targets, const Inherited& inherited,
                     const std::string& path, std::size_t depth) {
    ReplySet on = every_failure();
    on = without(on, unseen_by_status());
    if (const JsonValue* codes = portkey_find(strategy, "on_status_codes"))
      on = read_statuses(*codes, "failover.on of routes." + name_of(id), in_);
    for (std::size_t i = 0; i < targets.items.size(); ++i) {
      add_target(id, targets.items[i], inherited, path_of(path, i), depth, 1);
      drop_weight(targets.items[i]);
    }
    world_.route(id).failover = on.empty() ? std::nullopt : std::optional{on};
  }

  void drop_weight(const JsonValue& target) {
    if (const JsonValue* weight = ConfigReading::find(target, "weight")) {
      keys_.drop(*weight, "only a loadbalance strategy reads it");
    }
  }

  void fill_loadbalance(RouteId id, const JsonValue& targets, const Inherited& inherited, const std::string& path,
                        std::size_t depth) {
    std::vector<std::int64_t> weights;
    std::int64_t sum = 0;
    for (const JsonValue& target : targets.items) {
      if (!in_.require_map(target)) return;
      weights.push_back(in_.number(target, "weight", 6).value_or(1'000'000));
      if (const JsonValue* given = ConfigReading::find(target, "weight")) {
        keys_.carry(*given, "weight in routes." + name_of(id));
      }
      weights.back() = std::min(weights.back(), monitor::kRouteWeightMax);
      sum += weights.back();
    }
    if (sum == 0) {
      in_.error(targets, "every weight is 0, so that Portkey chooses no target", "give a target a weight above 0");
      return;
    }
    world_.route(id).balance = Balance::weighted;
    world_.route(id).failover.reset();
    for (std::size_t i = 0; i < targets.items.size(); ++i) {
      add_target(id, targets.items[i], inherited, path_of(path, i), depth, weights[i]);
    }
  }

  void fill_single(RouteId id, const JsonValue& targets, const Inherited& inherited, const std::string& path,
                   std::size_t depth) {
    add_target(id, targets.items.front(), inherited, path_of(path, 0), depth, 1);
    drop_weight(targets.items.front());
    world_.route(id).failover.reset();
    for (std::size_t i = 1; i < targets.items.size(); ++i) {
      keys_.drop(targets.items[i], "mode single asks the first target alone");
    }
  }

  // --- Conditions --------------------------------------------------------------------------------------------------

  void fill_conditional(RouteId id, const JsonValue& strategy, const JsonValue& targets, const Inherited& inherited,
                        const std::string& path, std::size_t depth) {
    if (depth >= monitor::kRouteDepthMax) {
      keys_.drop(targets, "routes are nested " + std::to_string(monitor::kRouteDepthMax) + " deep at most");
      return;
    }
    std::vector<std::optional<RouteId>> routes(targets.items.size());
    for (std::size_t i = 0; i < targets.items.size(); ++i) {
      if (!in_.require_map(targets.items[i])) return;
      drop_weight(targets.items[i]);
      routes[i] = world_.add_route(name_for(targets.items[i], path_of(path, i)), false);
      if (routes[i]) fill(*routes[i], targets.items[i], inherited, path_of(path, i), depth + 1);
    }
    const auto find_target = [&](const JsonValue& name) -> std::optional<RouteId> {
      for (std::size_t i = 0; i < targets.items.size(); ++i) {
        const JsonValue* own = ConfigReading::find(targets.items[i], "name");
        if (own == nullptr || own->text != name.text) continue;
        keys_.carry(*own, "the target that conditions name");
        return routes[i];
      }
      std::vector<std::string> names;
      for (const JsonValue& target : targets.items) {
        if (const JsonValue* own = ConfigReading::find(target, "name")) names.push_back(own->text);
      }
      in_.error(name, "no target is named \"" + excerpt(name.text) + "\"", help_with_words(name.text, names));
      return std::nullopt;
    };
    add_conditions(id, strategy, find_target);
    const JsonValue* fallback = ConfigReading::find(strategy, "default");
    const auto rest = fallback == nullptr ? routes.front() : find_target(*fallback);
    if (!rest) return;
    world_.route(id).targets.push_back({.route = *rest});
    world_.route(id).failover.reset();
    if (fallback != nullptr) {
      keys_.carry(*fallback, "targets of routes." + name_of(id));
    } else {
      keys_.assume("a request that no condition matches is sent to the first target; Portkey refuses it");
    }
  }

  template <class FindTarget>
  void add_conditions(RouteId id, const JsonValue& strategy, FindTarget find_target) {
    const JsonValue* conditions = in_.list(strategy, "conditions");
    if (conditions == nullptr) {
      if (ConfigReading::find(strategy, "conditions") == nullptr) {
        in_.error(strategy, "a conditional strategy needs \"conditions\"", "write conditions: [{query, then}]");
      }
      return;
    }
    for (const JsonValue& condition : conditions->items) {
      if (!in_.require_map(condition)) continue;
      const JsonValue* query = in_.map(condition, "query");
      const JsonValue* then = ConfigReading::find(condition, "then");
      if (query == nullptr || then == nullptr) {
        in_.error(condition, "a condition needs \"query\" and \"then\"",
                  "write {\"query\": {...}, \"then\": \"NAME\"}");
        continue;
      }
      const auto target = find_target(*then);
      if (!target) continue;
      std::vector<monitor::Tags> alternatives{{}};
      if (id != entry_) {
        keys_.drop(condition, "no word for it: rules hold for what a caller asks for, not for a part of it");
        continue;
      }
      if (!portkey_tags(*query, alternatives)) {
        keys_.drop(condition, "no word for it: a rule compares metadata for equality");
        continue;
      }
      keys_.carry(condition, "rules of routes." + name_of(id));
      for (monitor::Tags& tags : alternatives) {
        world_.route(id).rules.push_back({tags, *target});
        world_.add_tagged_callers(id, tags);
      }
    }
  }

  // --- A target that calls a provider ------------------------------------------------------------------------------

  void inherit(const JsonValue& node, Inherited& inherited) {
    if (const JsonValue* retry = portkey_find(node, "retry"); retry != nullptr && in_.require_map(*retry)) {
      inherited.retry = retry_of(*retry);
    }
    if (portkey_find(node, "request_timeout") != nullptr) {
      const std::string key = portkey_key(node, "request_timeout");
      const auto timeout = in_.milliseconds(node, key);
      if (timeout && *timeout > Duration{0}) inherited.timeout = timeout;
      keys_.differ(*ConfigReading::find(node, key),
                   "attempt_timeout of the deployments: Portkey's ends once the headers of the "
                   "answer have come");
    }
    if (const JsonValue* parameters = portkey_find(node, "override_params");
        parameters != nullptr && in_.require_map(*parameters)) {
      if (const auto model = in_.text(*parameters, "model")) {
        inherited.model = model;
        keys_.carry(*ConfigReading::find(*parameters, "model"), "the deployments' model");
      }
      keys_.drop(*parameters, "a parameter of the call; it changes what is answered, not who answers");
    }
    if (const JsonValue* host = portkey_find(node, "custom_host"); host != nullptr && host->kind == JsonKind::string) {
      inherited.host = host->text;
    }
  }

  Retry retry_of(const JsonValue& retry) {
    Retry result;
    result.attempts = in_.count(retry, "attempts").value_or(0);
    if (const JsonValue* given = ConfigReading::find(retry, "attempts")) {
      keys_.carry(*given, "max_attempts of the deployments, one more");
    }
    for (const std::int64_t status : {429, 500, 502, 503, 504}) result.on.add(kinds_of_status(status));
    if (const JsonValue* codes = portkey_find(retry, "on_status_codes"))
      result.on = read_statuses(*codes, "retry.on of the routes", in_);
    for (const char* key : {"use_retry_after_header", "use_retry_after_headers"}) {
      const JsonValue* given = portkey_find(retry, key);
      if (given == nullptr) continue;
      const bool is_on = in_.flag(retry, portkey_key(retry, key)).value_or(false);
      if (std::string_view(key) == "use_retry_after_headers") {
        keys_.drop(*given, "the open gateway reads use_retry_after_header, without the s");
        continue;
      }
      honours_retry_after_ = honours_retry_after_ || is_on;
      if (is_on) {
        keys_.differ(
            *given,
            "monitor.provider_call.retry_after_cap: here a Retry-After holds for all requests to the provider, "
            "and the next target is asked meanwhile; Portkey's request waits for it");
      } else {
        keys_.carry(*given, "monitor.provider_call.retry_after_cap: 0s");
      }
    }
    if (result.attempts == 0) result.on = {};
    return result;
  }

  void add_leaf(RouteId id, const JsonValue& node, const Inherited& inherited, std::int64_t weight = 1) {
    const std::string company = portkey_company(node);
    const std::string provider = world_.provider_of(company, inherited.host + portkey_account(node));
    std::string model = inherited.model.value_or("");
    if (model.starts_with('@') && model.find('/') != std::string::npos) model = model.substr(model.find('/') + 1);
    if (model.empty()) {
      model = portkey_usual_model(company);
      keys_.assume("model of " + provider + ": " + model + ", because the caller names it");
    }
    const auto deployment = world_.add_deployment(provider, model, std::nullopt);
    if (!deployment) {
      keys_.drop(node, "a scenario has at most " + std::to_string(monitor::kProvidersMax) + " deployments");
      return;
    }
    sim::ProviderSpec& spec = world_.deployment(*deployment);
    spec.attempt_timeout = inherited.timeout;
    const auto most = static_cast<std::int64_t>(monitor::kAttemptsMax);
    spec.max_attempts = static_cast<std::int32_t>(std::min(inherited.retry.attempts + 1, most));
    monitor::RouteConfig& route = world_.route(id);
    route.retry.on = inherited.retry.on;
    if (route.retry.on->empty()) route.retry.on.reset();
    route.targets.push_back({.deployment = *deployment, .weight = weight});
    if (const JsonValue* given = ConfigReading::find(node, "provider")) keys_.carry(*given, "providers." + provider);
    for (const std::string_view key : kPortkeyAccountKeys) {
      if (const JsonValue* given = portkey_find(node, key)) {
        keys_.carry(*given, "providers." + provider + ", an account that it tells apart from others");
      }
    }
  }

  void list_the_rest(const JsonValue& node) {
    for (const JsonMember& member : node.members) {
      if (member.key.find("guardrail") != std::string::npos || member.key.find("hooks") != std::string::npos ||
          member.key.find("mutator") != std::string::npos) {
        keys_.drop(member.value, "no word for it: a guardrail");
      } else if (member.key == "name") {
        keys_.carry(member.value, "the name of a route or target");
      } else if (member.key == "cb_config" || member.key == "circuit_breaker") {
        keys_.drop(member.value, "the open gateway has no circuit breaker");
      } else if (member.key != "strategy" && member.key != "targets" && member.key != "weight") {
        keys_.drop(member.value, "Portkey sends it to the provider or ignores it; it changes no routing");
      }
    }
  }

  static ReplySet without(ReplySet set, ReplySet other) {
    for (std::size_t i = 1; i < monitor::kReplyKinds; ++i) {
      if (other.has(static_cast<monitor::ReplyKind>(i))) set.remove(static_cast<monitor::ReplyKind>(i));
    }
    return set;
  }

  ConfigReading& in_;
  KeyList& keys_;
  ImportedWorld& world_;
  RouteId entry_{};
  bool honours_retry_after_ = false;
};

}  // namespace

void import_portkey(const JsonValue& root, ConfigReading& in, ImportedWorld& world) {
  PortkeyReader(in, world).read(root);
  in.keys().drop_the_rest("the open gateway of Portkey 1.15.2 gives this key no part in routing");
}

}  // namespace windtunnel::scenarios
