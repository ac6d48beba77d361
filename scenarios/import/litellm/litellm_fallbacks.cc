// Other names of models, and who is asked once a route has no target left.

#include "scenarios/import/litellm/litellm_import.h"

namespace windtunnel::scenarios {
namespace {

using monitor::ReplyKind;
using monitor::ReplySet;
using monitor::RouteId;

constexpr const char* kNoSuchModel = "no model of this name is imported";

class FallbackReader {
 public:
  explicit FallbackReader(LitellmConfig& config) : config_(config), in_(config.in), world_(config.world) {}

  void read_aliases() {
    if (config_.router == nullptr) return;
    const JsonValue* aliases = in_.map(*config_.router, "model_group_alias");
    if (aliases == nullptr) return;
    for (const JsonMember& alias : aliases->members) {
      const bool is_map = alias.value.kind == JsonKind::object;
      const auto group = is_map ? in_.text(alias.value, "model") : in_.text_of(alias.value);
      const auto found = group ? config_.routes.find(*group) : config_.routes.end();
      if (found == config_.routes.end()) {
        in_.keys().drop(alias.value, kNoSuchModel);
        continue;
      }
      const auto id = world_.add_route(alias.key, true);
      if (!id) continue;
      const std::string name = world_.route(*id).name;
      world_.route(*id) = world_.route(found->second);
      world_.route(*id).name = name;
      config_.routes.emplace(alias.key, *id);
      if (is_map && ConfigReading::find(alias.value, "hidden") != nullptr) {
        in_.keys().drop(*ConfigReading::find(alias.value, "hidden"),
                        "whether LiteLLM lists the name; it changes no routing");
      }
      in_.keys().carry(alias.value, "routes." + name + ", a copy of routes." + *group);
    }
  }

  void read_fallbacks() {
    const JsonValue* plain = config_.setting("fallbacks");
    const JsonValue* windows = config_.setting("context_window_fallbacks");
    const JsonValue* policies = config_.setting("content_policy_fallbacks");
    // Where such a list exists, LiteLLM tries no other fallback after a failure of its kind.
    ReplySet rest = every_failure();
    if (windows != nullptr && !windows->items.empty()) rest.remove(ReplyKind::context_length);
    if (policies != nullptr && !policies->items.empty()) rest.remove(ReplyKind::content_policy);
    if (windows != nullptr) add_fallbacks(*windows, replies({ReplyKind::context_length}), " context fallbacks");
    if (policies != nullptr) add_fallbacks(*policies, replies({ReplyKind::content_policy}), " content fallbacks");
    if (plain != nullptr) add_fallbacks(*plain, rest, " fallbacks");
    if (const JsonValue* names = config_.setting("default_fallbacks")) {
      if (in_.require_list(*names)) add_default(*names, rest);
    }
    // A route that has no list of its own has the default one; a part of another has none.
    for (const auto& [group, id] : config_.routes) {
      for (const RouteId part : config_.tag_routes[group]) world_.route(part).fallback = world_.route(id).fallback;
    }
  }

 private:
  void add_fallbacks(const JsonValue& list, ReplySet on, const std::string& suffix) {
    if (!in_.require_list(list)) return;
    for (const JsonValue& item : list.items) {
      if (!in_.require_map(item)) continue;
      for (const JsonMember& member : item.members) {
        if (!in_.require_list(member.value)) continue;
        if (member.key == "*") {
          add_default(member.value, on);
          continue;
        }
        const auto group = config_.routes.find(member.key);
        if (group == config_.routes.end()) {
          in_.keys().drop(member.value, kNoSuchModel);
          continue;
        }
        const std::string& name = world_.route(group->second).name;
        if (const auto to = fallback_route(member.value, name + suffix, member.key)) {
          auto& own = world_.route(group->second).fallback;
          if (!own) own.emplace();
          own->push_back({*to, on});
        }
      }
    }
  }

  void add_default(const JsonValue& names, ReplySet on) {
    if (const auto to = fallback_route(names, "default fallbacks", "")) {
      world_.scenario().monitor.routing.default_fallback.push_back({*to, on});
    }
  }

  // The route that a list of names stands for: one, or several that are tried in turn.
  std::optional<RouteId> fallback_route(const JsonValue& names, const std::string& as, const std::string& from) {
    std::vector<RouteId> routes;
    for (const JsonValue& item : names.items) {
      if (item.kind == JsonKind::object) {
        in_.keys().drop(item, "no word for it: a fallback with other parameters of the call");
        continue;
      }
      const auto name = in_.text_of(item);
      const auto found = name ? config_.routes.find(*name) : config_.routes.end();
      if (found == config_.routes.end()) {
        in_.keys().drop(item, kNoSuchModel);
      } else if (*name == from) {
        in_.keys().drop(item, "LiteLLM passes over a fallback to the model itself");
      } else {
        routes.push_back(found->second);
      }
    }
    if (routes.empty()) return std::nullopt;
    if (routes.size() == 1) {
      in_.keys().carry(names, "fallback of routes." + (from.empty() ? std::string("without their own") : from));
      return routes.front();
    }
    const auto id = world_.add_route(as, false);
    if (!id) return std::nullopt;
    for (const RouteId route : routes) world_.route(*id).targets.push_back({.route = route});
    world_.route(*id).failover = every_failure();
    in_.keys().differ(names,
                      "routes." + world_.route(*id).name +
                          ", which tries them in turn: their own fallbacks hold only where a list names one model");
    return id;
  }

  LitellmConfig& config_;
  ConfigReading& in_;
  ImportedWorld& world_;
};

}  // namespace

void read_litellm_fallbacks(LitellmConfig& config) {
  FallbackReader reader(config);
  reader.read_aliases();
  reader.read_fallbacks();
}

}  // namespace windtunnel::scenarios
