// A swarm's limits: every word of them, and callers whom they count.

#include <fmt/format.h>

#include <algorithm>

#include "sim/explore/swarm_draws.h"

namespace windtunnel::sim::swarm {
namespace {

using monitor::LimitConfig;
using monitor::LimitScope;
using monitor::LimitWord;
using monitor::OnExhausted;
using namespace std::chrono_literals;

void draw_callers(const Draft& draft, WorkloadSpec& load, std::uint64_t i) {
  const Dice& dice = draft.dice;
  load.key.clear();
  load.team.clear();
  load.keys = {};
  load.teams = {};
  load.tag_catalogues.clear();
  if (dice.coin(60, "teams", i)) load.teams = {.count = dice.between({1, 4}, "team count", i), .zipf = 1};
  if (dice.coin(40, "keys", i)) load.keys = {.count = dice.between({1, 3}, "key count", i), .zipf = 0};
  if (dice.coin(20, "named team", i)) {
    load.teams = {};
    load.team = "red";
  }
  if (dice.coin(30, "customers", i))
    load.tag_catalogues.emplace_back("customer", CallerCatalogue{.count = 3, .zipf = 1});
}

LimitWord draw_word(const Draft& draft, std::uint64_t member) {
  using enum LimitScope;
  const LimitScope scope =
      draft.dice.one_of({team, team, team, key, user, tag, route, deployment, provider}, "limit per", member);
  if (scope == route && draft.world.monitor.routing.routes.empty()) return {.scope = team};
  return {.scope = scope, .tag = scope == tag ? "customer" : ""};
}

void draw_amounts(const Draft& draft, LimitConfig& limit, std::uint64_t i) {
  const Dice& dice = draft.dice;
  if (dice.coin(60, "limit requests", i)) {
    limit.requests = dice.one_of<std::int64_t>({1, 5, 20, 100, 400}, "requests of", i);
  }
  if (dice.coin(30, "limit tokens", i)) {
    limit.tokens = Tokens{dice.one_of<std::int64_t>({500, 3'000, 20'000, 200'000}, "tokens of", i)};
    limit.input_weight = Millionths{dice.one_of<std::int64_t>({1'000'000, 500'000, 0}, "input weight", i)};
    limit.output_weight = Millionths{dice.one_of<std::int64_t>({1'000'000, 4'000'000}, "output weight", i)};
  }
  if (dice.coin(30, "limit money", i)) {
    limit.usd = Usd::from_picos(dice.one_of<std::int64_t>({10, 100, 1'000}, "money of", i) * 1'000'000'000);
  }
  const bool has_none = !limit.requests && !limit.tokens && !limit.usd;
  if (has_none || dice.coin(30, "limit slots", i)) {
    limit.parallel_requests = dice.one_of<std::int64_t>({1, 2, 5}, "slots of", i);
  }
  if (dice.coin(2, "limit nothing", i)) limit.requests = 0;
}

void draw_period(const Draft& draft, LimitConfig& limit, std::uint64_t i) {
  using monitor::LimitAlgorithm;
  using monitor::LimitWindow;
  const Dice& dice = draft.dice;
  limit.period = dice.one_of<Duration>({1s, 10s, 60s, 300s, 24h, 7 * 24h}, "limit period", i);
  limit.algorithm = dice.one_of({LimitAlgorithm::fixed_window, LimitAlgorithm::fixed_window,
                                 LimitAlgorithm::sliding_window, LimitAlgorithm::token_bucket},
                                "limit algorithm", i);
  if (limit.algorithm != LimitAlgorithm::fixed_window) return;
  limit.window =
      dice.one_of({LimitWindow::calendar, LimitWindow::rolling, LimitWindow::from_first_use}, "limit window", i);
  if (limit.window == LimitWindow::calendar && dice.coin(20, "limit month", i)) limit.period.reset();
}

LimitConfig draw_limit(const Draft& draft, std::uint64_t i) {
  const Dice& dice = draft.dice;
  LimitConfig limit;
  const std::int64_t words = dice.one_of<std::int64_t>({0, 1, 1, 1, 2}, "limit words", i);
  for (std::int64_t k = 0; k < words; ++k) {
    const LimitWord word = draw_word(draft, i * 8 + static_cast<std::uint64_t>(k));
    if (std::ranges::find(limit.per, word) == limit.per.end()) limit.per.push_back(word);
  }
  if (dice.coin(15, "limit when", i)) limit.when.push_back({{.scope = LimitScope::team}, "team-1"});
  if (!limit.per.empty()) limit.is_total = dice.coin(20, "limit total", i);
  draw_amounts(draft, limit, i);
  draw_period(draft, limit, i);
  const auto& routes = draft.world.monitor.routing.routes;
  if (dice.coin(20, "limit alerts", i)) {
    limit.on_exhausted = OnExhausted::alert;
  } else if (limit.is_of_targets() && dice.coin(70, "limit passes", i)) {
    limit.on_exhausted = OnExhausted::next_target;
  } else if (!limit.is_of_targets() && !routes.empty() && dice.coin(40, "limit reroutes", i)) {
    limit.on_exhausted = OnExhausted::route;
    limit.route = monitor::RouteId{static_cast<std::uint8_t>(below(dice.bits("limit route", i), routes.size()))};
  }
  limit.priority = dice.one_of<std::int32_t>({0, 1, 2}, "limit priority", i);
  limit.is_always = dice.coin(15, "limit always", i);
  return limit;
}

}  // namespace

void draw_replicas(Draft& draft) {
  if (draft.keeps(SwarmPart::replicas)) return;
  const Dice& dice = draft.dice;
  ReplicasSpec& replicas = draft.world.replicas;
  replicas = {};
  // Breakers of another program belong to one gateway.
  if (!draft.world.breaker_command.empty() || !dice.coin(15, "replicas")) return;
  replicas.count = dice.between({1, 3}, "number of replicas");
  const auto sharing = [&](const char* what) {
    return dice.one_of<Sharing>({std::nullopt, Duration{0}, Duration{1s}, Duration{10s}}, what);
  };
  replicas.spend = sharing("shared spend");
  replicas.limits = sharing("shared limits");
  replicas.breakers = sharing("shared breakers");
  replicas.usage = sharing("shared usage");
  replicas.latency = sharing("shared latency");
}

void draw_limit_list(Draft& draft) {
  using monitor::LimitCombine;
  monitor::LimitsConfig& limits = draft.world.monitor.limits;
  if (draft.keeps(SwarmPart::limits)) {
    // Other routes may have been drawn, or none.
    if (!draft.keeps(SwarmPart::routes)) forget_routes(limits);
    return;
  }
  limits = {};
  if (!draft.dice.coin(35, "limits")) return;
  const auto count = static_cast<std::uint64_t>(draft.dice.between({1, 4}, "number of limits"));
  for (std::uint64_t i = 0; i < count; ++i) limits.limits.push_back(draw_limit(draft, i));
  limits.combine = draft.dice.one_of(
      {LimitCombine::all, LimitCombine::all, LimitCombine::any, LimitCombine::first_priority}, "combine limits");
  if (draft.keeps(SwarmPart::workload)) return;
  std::uint64_t i = 0;
  for (WorkloadSpec& load : draft.world.workloads) draw_callers(draft, load, i++);
}

}  // namespace windtunnel::sim::swarm
