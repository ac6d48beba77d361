#include "monitor/routing/route.h"

#include <algorithm>

#include "base/check.h"

namespace windtunnel::monitor {
namespace {

// Of the deployments that a route reaches. `around` is what a route around it states.
void collect_breakers(const RoutesConfig& config, std::size_t route, const NamedBreaker* around, std::size_t depth,
                      std::vector<const NamedBreaker*>& breakers) {
  if (route >= config.routes.size() || depth > kRouteDepthMax) return;
  const NamedBreaker* const own = config.routes[route].breaker ? &*config.routes[route].breaker : around;
  for (const RouteTarget& target : config.routes[route].targets) {
    if (target.route) {
      collect_breakers(config, index_of(*target.route), own, depth + 1, breakers);
    } else if (own != nullptr && target.deployment && index_of(*target.deployment) < breakers.size()) {
      breakers[index_of(*target.deployment)] = own;
    }
  }
}

// Collects what is wrong, route by route.
class RouteReview {
 public:
  RouteReview(const RoutesConfig& config, std::size_t deployments) : config_(config), deployments_(deployments) {}

  std::vector<RouteProblem> run() {
    for (route_ = 0; route_ < config_.routes.size(); ++route_) review(config_.routes[route_]);
    for (const RouteFallback& fallback : config_.default_fallback) {
      if (index_of(fallback.route) >= config_.routes.size()) add("fallback", "it names no route");
    }
    return std::move(problems_);
  }

 private:
  void add(std::string key, std::string message) { problems_.push_back({route_, std::move(key), std::move(message)}); }

  void review(const RouteConfig& route) {
    if (route.targets.empty()) return add("targets", "a route needs a target: a deployment or another route");
    if (route.targets.size() > kTargetsMax) return add("targets", "a route has at most 64 targets");
    for (std::size_t i = 0; i < route.targets.size(); ++i) review_target(route, i);
    for (std::size_t i = 0; i < route.rules.size(); ++i) review_rule(route, i);
    if (route.balance == Balance::weighted) review_weights(route);
    const auto most = route.retry.max_attempts;
    if (most && *most < 1) add("retry/max_attempts", "a target is asked once at least");
    if (route.retry.attempts_per_priority && *route.retry.attempts_per_priority < 1)
      add("retry/attempts_per_priority", "a tier is asked once at least");
    review_breaker(route);
    if (!route.fallback) return;
    for (std::size_t i = 0; i < route.fallback->size(); ++i) {
      const std::size_t next = index_of((*route.fallback)[i].route);
      const std::string key = "fallback/" + std::to_string(i) + "/route";
      if (next >= config_.routes.size()) add(key, "it names no route");
      if (next == route_) add(key, "a route cannot be its own fallback; write \"retry\" to ask it again");
    }
  }

  void review_target(const RouteConfig& route, std::size_t place) {
    const RouteTarget& target = route.targets[place];
    const std::string key = "targets/" + std::to_string(place);
    if (target.weight < 0 || target.weight > kRouteWeightMax) add(key + "/weight", "a weight lies within 0 and 10^12");
    for (std::size_t i = 0; i < place; ++i) {
      const RouteTarget& other = route.targets[i];
      if (other.route == target.route && other.deployment == target.deployment)
        return add(key, "targets/" + std::to_string(i) + " is the same target; add up their weights");
    }
    if (target.route.has_value() == target.deployment.has_value()) {
      return add(key, "a target is a \"deployment\" or a \"route\", one of them");
    }
    if (!target.route) {
      if (index_of(*target.deployment) >= deployments_) add(key + "/deployment", "it names no deployment");
      return;
    }
    if (index_of(*target.route) >= config_.routes.size()) return add(key + "/route", "it names no route");
    std::vector<std::size_t> way{route_};
    follow(key + "/route", index_of(*target.route), way);
  }

  // A rule may lead to a route with rules, but never back.
  void review_rule(const RouteConfig& route, std::size_t place) {
    const std::string key = "rules/" + std::to_string(place) + "/route";
    if (route.rules[place].when.empty()) add("rules/" + std::to_string(place) + "/when", "a rule needs a tag to match");
    std::vector<std::size_t> reached{index_of(route.rules[place].route)};
    for (std::size_t i = 0; i < reached.size(); ++i) {
      if (reached[i] >= config_.routes.size()) return add(key, "it names no route");
      if (reached[i] == route_) return add(key, "rules go round in a circle; let this one lead elsewhere");
      for (const RouteRule& next : config_.routes[reached[i]].rules) {
        if (std::ranges::find(reached, index_of(next.route)) == reached.end()) reached.push_back(index_of(next.route));
      }
    }
  }

  // Walks through the nested routes. One message is enough for each target.
  bool follow(const std::string& key, std::size_t route, std::vector<std::size_t>& way) {
    if (std::ranges::find(way, route) != way.end()) {
      add(key, "routes go round in a circle: " + way_text(way, route) + "; let one of them name deployments");
      return false;
    }
    way.push_back(route);
    if (way.size() > kRouteDepthMax) {
      add(key, "routes are nested more than four deep: " + way_text(way, std::nullopt));
      return false;
    }
    for (const RouteTarget& target : config_.routes[route].targets) {
      if (!target.route || index_of(*target.route) >= config_.routes.size()) continue;
      if (!follow(key, index_of(*target.route), way)) return false;
    }
    way.pop_back();
    return true;
  }

  [[nodiscard]] std::string way_text(const std::vector<std::size_t>& way, std::optional<std::size_t> last) const {
    std::string text;
    for (const std::size_t route : way) text += (text.empty() ? "" : " -> ") + config_.routes[route].name;
    if (last) text += " -> " + config_.routes[*last].name;
    return text;
  }

  // A deployment has one breaker, so that routes agree about it.
  void review_breaker(const RouteConfig& route) {
    if (!route.breaker) return;
    if (const auto why = unsupported(route.breaker->config)) return add("circuit_breaker", *why);
    std::vector<const NamedBreaker*> here(deployments_);
    std::vector<const NamedBreaker*> elsewhere(deployments_);
    collect_breakers(config_, route_, nullptr, 0, here);
    for (std::size_t other = 0; other < route_; ++other) collect_breakers(config_, other, nullptr, 0, elsewhere);
    for (std::size_t i = 0; i < deployments_; ++i) {
      if (here[i] == nullptr || elsewhere[i] == nullptr || *here[i] == *elsewhere[i]) continue;
      return add("circuit_breaker",
                 "another route states another breaker for the same deployment, which has one; "
                 "state it at the deployment");
    }
  }

  void review_weights(const RouteConfig& route) {
    for (const RouteTarget& target : route.targets) {
      const bool is_asked = std::ranges::any_of(route.targets, [&](const RouteTarget& other) {
        return other.priority == target.priority && other.weight > 0;
      });
      if (is_asked) continue;
      return add("targets", "all targets of priority " + std::to_string(target.priority) +
                                " have weight 0, so that none of them is ever asked; give one a weight");
    }
  }

  const RoutesConfig& config_;
  std::size_t deployments_;
  std::size_t route_ = 0;
  std::vector<RouteProblem> problems_;
};

}  // namespace

std::vector<RouteProblem> problems_of(const RoutesConfig& config, std::size_t deployments) {
  return RouteReview{config, deployments}.run();
}

std::vector<const NamedBreaker*> breakers_of_routes(const RoutesConfig& config, std::size_t deployments) {
  std::vector<const NamedBreaker*> breakers(deployments);
  for (std::size_t route = 0; route < config.routes.size(); ++route) {
    collect_breakers(config, route, nullptr, 0, breakers);
  }
  return breakers;
}

RouteId route_by_rules(const RoutesConfig& config, RouteId asked, const Tags& tags) {
  const auto matches = [&](const RouteRule& rule) {
    return std::ranges::all_of(rule.when, [&](const auto& tag) { return std::ranges::find(tags, tag) != tags.end(); });
  };
  for (std::size_t followed = 0; followed < config.routes.size(); ++followed) {
    const std::vector<RouteRule>& rules = config.routes[index_of(asked)].rules;
    const auto rule = std::ranges::find_if(rules, matches);
    if (rule == rules.end()) return asked;
    asked = rule->route;
  }
  fail_check("rules end at a route", __FILE__, __LINE__);
}

const char* name_of(Balance balance) {
  switch (balance) {
    case Balance::in_order:
      return "in_order";
    case Balance::weighted:
      return "weighted";
    case Balance::least_busy:
      return "least_busy";
    case Balance::lowest_latency:
      return "lowest_latency";
    case Balance::lowest_cost:
      return "lowest_cost";
    case Balance::lowest_usage:
      return "lowest_usage";
  }
  fail_check("a balance has a name", __FILE__, __LINE__);
}

}  // namespace windtunnel::monitor
