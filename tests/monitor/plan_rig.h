#pragma once
// A plan over plain deployments, and the hands to take requests through it without a pipeline.

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "monitor/plan.h"

namespace windtunnel::monitor::plan_rig {

using namespace std::chrono_literals;

constexpr ProviderId deployment(std::size_t place) { return ProviderId{static_cast<std::uint8_t>(place)}; }
constexpr RouteId route_id(std::size_t place) { return RouteId{static_cast<std::uint8_t>(place)}; }
constexpr Instant at(Duration since_start) { return Instant{since_start}; }

inline RouteTarget target(std::size_t place, std::int64_t weight = 1, std::int32_t priority = 0) {
  return {.deployment = deployment(place), .weight = weight, .priority = priority};
}
inline RouteTarget nested(std::size_t route, std::int32_t priority = 0) {
  return {.route = route_id(route), .priority = priority};
}

// A route over the first `count` deployments.
inline RouteConfig route_over(std::size_t count, Balance balance = Balance::in_order) {
  RouteConfig route{.name = "chat", .balance = balance};
  for (std::size_t i = 0; i < count; ++i) route.targets.push_back(target(i));
  return route;
}

inline ReplySet kinds(std::initializer_list<ReplyKind> list) {
  ReplySet set;
  for (const ReplyKind kind : list) set.add(kind);
  return set;
}

inline std::optional<std::vector<RouteFallback>> fallbacks(std::vector<RouteFallback> list) { return list; }

class PlanRig {
 public:
  explicit PlanRig(RoutesConfig routes, std::size_t count = 4, ProviderCallConfig call = {})
      : deployments_(make(count)), plan(routes, call, deployments_), tariffs(count) {
    for (std::size_t i = 0; i < count; ++i) tariffs[i] = {{Usd::from_cents(1)}, {Usd::from_cents(1)}};
  }

  // A request that has asked no target yet.
  struct Asked {
    Request request;
    Turn turn;
    Instant now{};
  };

  [[nodiscard]] PlanQuery query(const Asked& asked) const {
    return {.request = asked.request,
            .output_max = Tokens{100},
            .now = asked.now,
            .wall = WallTime{} + asked.now.time_since_epoch(),
            .tariffs = tariffs};
  }
  Asked begin(std::uint64_t id, Instant now = Instant{}, std::uint64_t user = 0, std::size_t route = 0) {
    Asked asked;
    asked.request.id = RequestId{id};
    asked.request.user = user;
    asked.request.route = route_id(route);
    asked.request.input = Tokens{100};
    asked.now = now;
    plan.begin(asked.turn, query(asked));
    return asked;
  }
  std::size_t start(Asked& asked) {
    plan.on_start(asked.turn);
    return index_of(asked.turn.target);
  }
  void end(const Asked& asked, ReplyKind kind = ReplyKind::ok, Duration latency = 1s, std::int64_t tokens = 200) {
    plan.on_end(asked.turn.target, kind, latency, Tokens{tokens}, query(asked));
  }
  // The call is made and fails; what follows.
  NextStep fail(Asked& asked, ReplyKind kind = ReplyKind::server_error) {
    start(asked);
    end(asked, kind);
    return plan.after(asked.turn, {}, query(asked), kind, {kind}, true);
  }
  // The same, where another target failed with `elsewhere` before.
  NextStep fail_after(Asked& asked, ReplyKind elsewhere, ReplyKind kind) {
    start(asked);
    end(asked, kind);
    return plan.after(asked.turn, {}, query(asked), kind, {kind, elsewhere}, true);
  }
  NextStep pass_over(Asked& asked) { return plan.after(asked.turn, {}, query(asked), std::nullopt, {}, true); }
  // Fails each call with this kind until no target is left: "0 0~ 1" where ~ is a wait before the call.
  std::string order(std::uint64_t id = 1, ReplyKind kind = ReplyKind::server_error) {
    Asked asked = begin(id);
    std::string text;
    for (NextStep step = NextStep::go_on; step != NextStep::over;) {
      text += (text.empty() ? "" : " ") + std::string(step == NextStep::retry ? "~" : "");
      text += std::to_string(index_of(asked.turn.target));
      step = fail(asked, kind);
    }
    return text;
  }

 private:
  static std::vector<ProviderConfig> make(std::size_t count) {
    std::vector<ProviderConfig> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back({.name = std::string(1, static_cast<char>('a' + i)), .model = "model", .tariffs = {{}}});
    }
    return all;
  }

  std::vector<ProviderConfig> deployments_;

 public:
  Plan plan;
  std::vector<Tariff> tariffs;
};

}  // namespace windtunnel::monitor::plan_rig
