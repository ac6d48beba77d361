// A route is read as stages: the first deployments that may be asked, those that may follow, and so on, down to its
// fallbacks.
//
//   targets in file order    a stage for each
//   targets by weight, load  one stage of all, because any of them may be asked at any turn
//   tiers, nested routes     their stages, one after the other
//   a retry of the route     its stages once more for each retry
//   a fallback               the stages of that route behind those of this one
//
// A request goes on in its stage or to a later one; a stage may be passed over, because its deployments may cool down.

#include "runs/audit/route_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/visible_text.h"

namespace windtunnel::runs {
namespace {

using monitor::ProviderId;
using monitor::RouteConfig;
using monitor::RouteId;
using reports::LogAttempt;
using reports::LogRow;

constexpr std::size_t kFallbackDepthMost = 6;  // the route itself, and fallbacks five deep
// Fallbacks that lead to each other have more ways through them than can be listed.
constexpr std::size_t kWaysMost = 10'000;
constexpr std::int64_t kRoundsMost = monitor::kAttemptsMax;

using Stage = std::vector<ProviderId>;

struct RouteReach {
  std::int64_t calls_most = 0;
  std::vector<Stage> stages;

  void follow(const RouteReach& next) {
    calls_most += next.calls_most;
    stages.insert(stages.end(), next.stages.begin(), next.stages.end());
  }
  [[nodiscard]] Stage all() const {
    Stage all;
    for (const Stage& stage : stages) all.insert(all.end(), stage.begin(), stage.end());
    return all;
  }
};

class ReachReader {
 public:
  explicit ReachReader(const AuditRules& rules) : config_(*rules.config), entries_(rules.unsaid.asked) {}

  // With its fallbacks, and whatever its rules lead to.
  RouteReach asked(RouteId id, std::vector<RouteId> path = {}) {
    if (++ways_ > kWaysMost) return {};
    const RouteConfig& route = routes()[monitor::index_of(id)];
    if (is_entry(route)) path.push_back(id);
    RouteReach reach = own(route, path);
    for (const monitor::RouteRule& rule : route.rules) {
      if (is_on(path, rule.route)) continue;
      const RouteReach other = asked(rule.route, path);
      const Stage all = other.all();
      reach.calls_most = std::max(reach.calls_most, other.calls_most);
      reach.stages = {reach.all()};
      reach.stages.front().insert(reach.stages.front().end(), all.begin(), all.end());
    }
    if (!route.fallback && !is_entry(route)) return reach;
    const auto& fallbacks = route.fallback ? *route.fallback : config_.monitor.routing.default_fallback;
    for (const monitor::RouteFallback& fallback : fallbacks) {
      if (!is_on(path, fallback.route) && path.size() < kFallbackDepthMost) reach.follow(asked(fallback.route, path));
    }
    return reach;
  }

  // Not all of them were followed.
  [[nodiscard]] bool has_too_many_ways() const { return ways_ > kWaysMost; }

 private:
  [[nodiscard]] std::span<const RouteConfig> routes() const { return config_.monitor.routing.routes; }

  static bool is_on(const std::vector<RouteId>& path, RouteId id) { return std::ranges::find(path, id) != path.end(); }

  [[nodiscard]] bool is_entry(const RouteConfig& route) const {
    return std::ranges::find(entries_, route.name) != entries_.end();
  }

  [[nodiscard]] std::int64_t attempts_at(ProviderId id) const {
    return config_.providers[monitor::index_of(id)].max_attempts.value_or(
        config_.monitor.provider_call.retry.max_attempts);
  }

  // An import lists several fallbacks as targets of a route; what callers may ask for has fallbacks of its own there
  // too.
  RouteReach of_target(const monitor::RouteTarget& target, const RouteConfig& route, const std::vector<RouteId>& path) {
    if (target.route) {
      const RouteConfig& nested = routes()[monitor::index_of(*target.route)];
      if (!is_entry(nested)) return own(nested, path);
      return is_on(path, *target.route) || path.size() >= kFallbackDepthMost ? RouteReach{}
                                                                             : asked(*target.route, path);
    }
    const std::int64_t attempts =
        route.retry.per == monitor::RetryPer::route
            ? 1
            : route.retry.max_attempts.value_or(static_cast<std::int32_t>(attempts_at(*target.deployment)));
    return {.calls_most = attempts, .stages = {{*target.deployment}}};
  }

  // Without its fallbacks.
  RouteReach own(const RouteConfig& route, const std::vector<RouteId>& path) {
    std::map<std::int32_t, std::vector<const monitor::RouteTarget*>> tiers;
    for (const monitor::RouteTarget& target : route.targets) tiers[target.priority].push_back(&target);
    RouteReach pass;
    std::int64_t calls_of_one = 0;
    for (const auto& [priority, tier] : tiers) {
      RouteReach reach;
      for (const monitor::RouteTarget* target : tier) {
        const RouteReach next = of_target(*target, route, path);
        calls_of_one = std::max(calls_of_one, next.calls_most);
        reach.follow(next);
      }
      if (route.balance != monitor::Balance::in_order) reach.stages = {reach.all()};
      pass.follow(reach);
    }
    if (!route.failover) pass.calls_most = calls_of_one;
    if (route.retry.per == monitor::RetryPer::target) return pass;
    return again(route, pass);
  }

  // The route retries, and not each of its targets.
  [[nodiscard]] RouteReach again(const RouteConfig& route, const RouteReach& pass) const {
    std::int64_t attempts = route.retry.max_attempts.value_or(0);
    if (!route.retry.max_attempts) {
      for (const ProviderId id : pass.all()) attempts = std::max(attempts, attempts_at(id));
    }
    const bool has_nested =
        std::ranges::any_of(route.targets, [](const auto& target) { return target.route.has_value(); });
    const bool is_whole = route.retry.where == monitor::RetryWhere::whole_route || has_nested;
    RouteReach reach;
    for (std::int64_t round = 0; round < std::clamp<std::int64_t>(attempts, 1, kRoundsMost); ++round) {
      reach.stages.insert(reach.stages.end(), pass.stages.begin(), pass.stages.end());
    }
    // Failover asks the others of a pass that fail in a way which is not retried.
    const std::int64_t others = is_whole || !route.failover ? 0 : pass.calls_most - 1;
    reach.calls_most = std::max<std::int64_t>(attempts, 1) * (is_whole ? pass.calls_most : 1) + others;
    return reach;
  }

  const sim::Scenario& config_;
  const std::vector<std::string>& entries_;  // the names of routes that callers ask for
  std::size_t ways_ = 0;
};

struct AskedRoute {
  std::string name;
  RouteReach reach;
  bool has_too_many_ways = false;
};

// The routes of a file by the names that callers ask for, read once each.
class AskedRoutes {
 public:
  explicit AskedRoutes(const AuditRules& rules) : rules_(rules) {}

  // Nothing: the log does not say which route, the file has none of this name, or it has too many ways to list.
  const AskedRoute* route_of(const LogRow& row) {
    const std::vector<std::string>& asked = rules_.unsaid.asked;
    const std::string& name = row.route.empty() && asked.size() == 1 ? asked.front() : row.route;
    if (std::ranges::find(asked, name) == asked.end()) return nullptr;
    auto found = routes_.find(name);
    if (found == routes_.end()) found = routes_.emplace(name, read(name)).first;
    has_too_many_ways_ = has_too_many_ways_ || found->second.has_too_many_ways;
    return found->second.has_too_many_ways ? nullptr : &found->second;
  }

  [[nodiscard]] std::string why_none(const AuditedLog& log) const {
    if (has_too_many_ways_) return "the file's fallbacks lead to each other in too many ways";
    const bool has_routes =
        std::ranges::any_of(log.rows, [](const AuditedRow& audited) { return !audited.row.route.empty(); });
    if (!has_routes) return "the file has several routes, and the log does not say which was asked";
    return "the file has no route of a name that the log's requests ask for";
  }

 private:
  AskedRoute read(const std::string& name) const {
    const std::vector<RouteConfig>& routes = rules_.config->monitor.routing.routes;
    const auto found = std::ranges::find(routes, name, &RouteConfig::name);
    const RouteId id{static_cast<std::uint8_t>(found - routes.begin())};
    ReachReader reader{rules_};
    RouteReach reach = reader.asked(id);
    return {name, std::move(reach), reader.has_too_many_ways()};
  }

  const AuditRules& rules_;
  std::map<std::string, AskedRoute> routes_;
  bool has_too_many_ways_ = false;  // one that was asked for
};

std::string_view without_slash(std::string_view address) {
  while (address.ends_with('/')) address.remove_suffix(1);
  return address;
}

// Gateways add the path of their call to the address that the file states.
bool is_at(std::string_view called, std::string_view stated) {
  stated = without_slash(stated);
  return !stated.empty() && called.starts_with(stated) &&
         (called.size() == stated.size() || called[stated.size()] == '/');
}

std::vector<ProviderId> deployments_called(const AuditRules& rules, const LogAttempt& call, std::string_view model) {
  std::vector<ProviderId> called = deployments_of(rules, call.deployment, call.address, model);
  if (!called.empty()) return called;
  const auto& providers = rules.config->providers;
  const auto named = std::ranges::find(providers, call.provider, &sim::ProviderSpec::name);
  if (named != providers.end()) called.push_back(static_cast<ProviderId>(named - providers.begin()));
  return called;
}

bool has_any(const Stage& stage, const std::vector<ProviderId>& called) {
  return std::ranges::any_of(called, [&](ProviderId id) { return std::ranges::find(stage, id) != stage.end(); });
}

// What is wrong with the order of the calls; empty: nothing.
std::string wrong_order(const AuditRules& rules, const AskedRoute& route, std::span<const LogAttempt> calls,
                        std::string_view model, bool& is_shown) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    // The row has the model of its last call alone.
    const auto called = deployments_called(rules, calls[i], i + 1 == calls.size() ? model : std::string_view{});
    if (called.empty()) continue;
    is_shown = true;
    const std::string name = visible_text(rules.config->providers[monitor::index_of(called.front())].name);
    std::size_t next = at;
    while (next < route.reach.stages.size() && !has_any(route.reach.stages[next], called)) ++next;
    if (next < route.reach.stages.size()) {
      at = next;
      continue;
    }
    if (!has_any(route.reach.all(), called)) {
      return fmt::format("call {} is at {}, which is no target of {} or its fallbacks", i + 1, name,
                         visible_text(route.name));
    }
    return fmt::format("call {} is at {}, which comes before the call in front of it in {}", i + 1, name,
                       visible_text(route.name));
  }
  return {};
}

}  // namespace

std::vector<ProviderId> deployments_of(const AuditRules& rules, std::string_view id, std::string_view address,
                                       std::string_view model) {
  const auto place_of = [&](const scenarios::DeploymentIdentity& identity) {
    const auto& providers = rules.config->providers;
    const auto found = std::ranges::find(providers, identity.name, &sim::ProviderSpec::name);
    return static_cast<ProviderId>(found - providers.begin());
  };
  std::vector<ProviderId> called;
  for (const auto& identity : rules.unsaid.deployments) {
    if (!id.empty() && identity.id == id) called.push_back(place_of(identity));
  }
  if (!called.empty()) return called;
  for (const auto& identity : rules.unsaid.deployments) {
    if (is_at(address, identity.address)) called.push_back(place_of(identity));
  }
  const auto is_other = [&](ProviderId place) {
    return rules.config->providers[monitor::index_of(place)].model != model;
  };
  if (called.size() > 1 && !std::ranges::all_of(called, is_other)) std::erase_if(called, is_other);
  return called;
}

AuditClaim bounded_by_routes(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "attempts.bounded",
                   .sentence = "A request has at most the calls of its route and of the fallbacks behind it.",
                   .not_shown = rules.unsaid.attempts};
  if (!claim.not_shown.empty()) return claim;
  AskedRoutes routes{rules};
  bool has_attempts = false;
  for (const auto& [row, record] : log.rows) {
    if (row.attempts.empty()) continue;
    has_attempts = true;
    const AskedRoute* route = routes.route_of(row);
    if (route == nullptr) continue;
    ++claim.checked;
    const auto calls = static_cast<std::int64_t>(row.attempts.size());
    if (calls > route->reach.calls_most) {
      claim.find(record,
                 fmt::format("{} calls, and {} allows {}", calls, visible_text(route->name), route->reach.calls_most));
    }
  }
  if (!has_attempts) {
    claim.not_shown = "its records have no attempts";
  } else if (claim.checked == 0) {
    claim.not_shown = routes.why_none(log);
  }
  return claim;
}

AuditClaim ordered_by_routes(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "failover.order",
                   .sentence = "A request calls targets of its route, in the order of the route and its fallbacks."};
  AskedRoutes routes{rules};
  bool has_route = false;
  for (const auto& [row, record] : log.rows) {
    const AskedRoute* route = row.is_bucket || row.cache_hit.value_or(false) ? nullptr : routes.route_of(row);
    if (route == nullptr) continue;
    has_route = true;
    std::vector<LogAttempt> calls = row.attempts;
    if (calls.empty()) {
      calls.push_back({.provider = row.provider, .deployment = row.deployment, .address = row.address});
    }
    bool is_shown = false;
    const std::string wrong = wrong_order(rules, *route, calls, row.model, is_shown);
    if (is_shown) ++claim.checked;
    if (!wrong.empty()) claim.find(record, wrong);
  }
  if (claim.checked > 0) return claim;
  claim.not_shown = has_route ? "its records name no deployment of the file, by an id or an address that it states"
                              : routes.why_none(log);
  return claim;
}

}  // namespace windtunnel::runs
