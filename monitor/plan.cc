// This file is long because what a failure leads to stands beside how a balance chooses who is asked.

#include "monitor/plan.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/stable_hash.h"

namespace windtunnel::monitor {
namespace {

constexpr std::uint64_t bit(std::size_t place) { return std::uint64_t{1} << place; }

// What may be retried where a route says nothing: what another time may mend.
ReplySet retried_by_default(const ProviderCallConfig& call) {
  ReplySet set;
  for (std::size_t i = 1; i < kReplyKinds; ++i) {
    if (is_retriable(static_cast<ReplyKind>(i))) set.add(static_cast<ReplyKind>(i));
  }
  if (!call.rate_limited_retries) set.remove(ReplyKind::rate_limited);
  return set;
}

std::vector<std::uint64_t> tiers_of(const std::vector<RouteTarget>& targets) {
  std::vector<std::int32_t> priorities;
  for (const RouteTarget& target : targets) priorities.push_back(target.priority);
  std::ranges::sort(priorities);
  const auto repeated = std::ranges::unique(priorities);
  priorities.erase(repeated.begin(), repeated.end());
  std::vector<std::uint64_t> tiers(priorities.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto tier = std::ranges::lower_bound(priorities, targets[i].priority) - priorities.begin();
    tiers[static_cast<std::size_t>(tier)] |= bit(i);
  }
  return tiers;
}

constexpr Duration kDecay = std::chrono::seconds{10};  // of peak_ewma
// Behind every estimate: a deployment that has not answered yet and has calls outstanding.
constexpr Int128 kUnknown = Int128{1} << 80;
// Behind every deployment within its quota.
constexpr Int128 kOverQuota = Int128{1} << 100;

}  // namespace

Plan::Plan(const RoutesConfig& routes, const ProviderCallConfig& call, const std::vector<ProviderConfig>& deployments)
    : retried_(retried_by_default(call)) {
  check(problems_of(routes, deployments.size()).empty(), "the routes can be followed");
  for (const ProviderConfig& deployment : deployments) {
    deployments_.push_back(
        {.max_attempts = deployment.max_attempts.value_or(call.retry.max_attempts),
         .timeout = deployment.attempt_timeout.value_or(call.timeout),
         .first_token_timeout = deployment.first_token_timeout.value_or(call.first_token_timeout.value_or(kNoTimeout)),
         .idle_timeout = deployment.idle_timeout.value_or(call.idle_timeout.value_or(kNoTimeout)),
         .backoff = deployment.backoff.value_or(call.retry),
         .requests_per_minute = deployment.requests_per_minute,
         .tokens_per_minute = deployment.tokens_per_minute});
  }
  times_streams_ =
      std::ranges::any_of(deployments_,
                          [](const Deployment& deployment) {
                            return std::min(deployment.first_token_timeout, deployment.idle_timeout) != kNoTimeout;
                          }) ||
      std::ranges::any_of(routes.routes,
                          [](const RouteConfig& route) { return route.first_token_timeout || route.idle_timeout; });
  if (routes.routes.empty()) return;
  loads_.resize(deployments.size());
  for (const RouteConfig& config : routes.routes) {
    routes_.push_back({.config = config,
                       .fallback = config.fallback.value_or(routes.default_fallback),
                       .retried = config.retry.on.value_or(retried_),
                       .salt = stable_hash(config.name),
                       .tiers = tiers_of(config.targets)});
  }
}

void Plan::begin(Turn& turn, const PlanQuery& query) const {
  check(index_of(query.request.route) < routes_.size(), "a request asks for a route that exists");
  enter(turn, query.request.route, query.now);
  check(pick(turn, query), "a route has a target");
}

NextStep Plan::after(Turn& turn, ProviderId assigned, const PlanQuery& query, std::optional<ReplyKind> kind,
                     LastFailures failures, bool may_retry) const {
  if (has_routes()) return move_on(turn, query, kind, failures, may_retry);
  const bool is_left = kind && turn.attempts_here < deployments_[index_of(turn.target)].max_attempts;
  if (is_left && may_retry && retried_.has(*kind)) return NextStep::retry;
  return next_in_file(turn, assigned);
}

// The assigned provider first, then the others in file order.
NextStep Plan::next_in_file(Turn& turn, ProviderId assigned) const {
  ++turn.place;
  turn.attempts_here = 0;
  if (turn.place >= deployments_.size()) {
    turn.is_over = true;
    return NextStep::over;
  }
  const auto before = static_cast<std::uint8_t>(turn.place - 1U);
  turn.target = before < index_of(assigned) ? ProviderId{before} : ProviderId{turn.place};
  ++turn.moves;
  return NextStep::go_on;
}

NextStep Plan::move_on(Turn& turn, const PlanQuery& query, std::optional<ReplyKind> kind, LastFailures failures,
                       bool may_retry) const {
  for (bool is_leaf = true; turn.depth > 0; --turn.depth, is_leaf = false) {
    const Turn::Visit& visit = turn.visits[turn.depth - 1U];
    if (query.now >= visit.ends) {
      kind = ReplyKind::timeout;
      failures = {kind};
      continue;
    }
    if (failures.elsewhere && !goes_on_after(turn, *failures.last)) {
      kind.reset();
      failures = {failures.elsewhere};
    }
    if (kind && may_retry) {
      if (const auto step = retry(turn, query, *kind, is_leaf)) return *step;
    }
    const auto& failover = routes_[index_of(visit.route)].config.failover;
    if ((!kind || (failover && failover->has(*kind))) && pick(turn, query)) return NextStep::go_on;
    if (may_retry) {
      if (const auto step = begin_again(turn, query, kind ? kind : failures.last)) return *step;
    }
  }
  return fall_back(turn, query, falls_back_after(turn, failures));
}

std::optional<NextStep> Plan::retry(Turn& turn, const PlanQuery& query, ReplyKind kind, bool is_leaf) const {
  const Turn::Visit& visit = turn.visits[turn.depth - 1U];
  const Route& route = routes_[index_of(visit.route)];
  const RouteRetry& settings = route.config.retry;
  if (!route.retried.has(kind)) return std::nullopt;
  const std::int32_t most = attempts_max(turn);
  switch (settings.where) {
    case RetryWhere::same_target: {
      const std::int32_t made = settings.per == RetryPer::target ? turn.attempts_here : visit.calls;
      const bool leaves_tier = settings.attempts_per_priority && visit.calls_in_tier >= *settings.attempts_per_priority;
      if (!is_leaf || made >= most || leaves_tier) return std::nullopt;
      return NextStep::retry;
    }
    case RetryWhere::another_target:
      if (settings.per == RetryPer::route && visit.calls >= most) return std::nullopt;
      if (pick(turn, query)) return NextStep::go_on;
      return begin_again(turn, query, kind);
    case RetryWhere::whole_route:
      return std::nullopt;  // failover comes first
  }
  fail_check("a place of retries is known", __FILE__, __LINE__);
}

// A round without a call is the last, because the next one would make none either.
std::optional<NextStep> Plan::begin_again(Turn& turn, const PlanQuery& query, std::optional<ReplyKind> kind) const {
  Turn::Visit& visit = turn.visits[turn.depth - 1U];
  const Route& route = routes_[index_of(visit.route)];
  const RouteRetry& settings = route.config.retry;
  if (settings.where == RetryWhere::same_target || visit.calls_in_round == 0) return std::nullopt;
  if (!kind || !route.retried.has(*kind)) return std::nullopt;
  const bool by_calls = settings.where == RetryWhere::another_target && settings.per == RetryPer::route;
  if ((by_calls ? visit.calls : visit.rounds) >= attempts_max(turn)) return std::nullopt;
  visit.had_turn = 0;
  visit.calls_in_round = 0;
  visit.calls_in_tier = 0;
  ++visit.rounds;
  if (!pick(turn, query)) return std::nullopt;
  const bool moves = settings.where == RetryWhere::another_target && turn.target != turn.called;
  return moves ? NextStep::go_on : NextStep::retry;
}

NextStep Plan::fall_back(Turn& turn, const PlanQuery& query, std::optional<ReplyKind> kind) const {
  for (const RouteFallback& fallback : routes_[index_of(turn.asked_route())].fallback) {
    const bool is_meant = kind ? fallback.on.has(*kind) : fallback.on.has_all(ReplySet::any());
    if (!is_meant || (turn.visited & bit(index_of(fallback.route))) != 0) continue;
    enter(turn, fallback.route, query.now);
    check(pick(turn, query), "a route has a target");
    return NextStep::go_on;
  }
  turn.is_over = true;
  return NextStep::over;
}

bool Plan::goes_on_after(const Turn& turn, ReplyKind kind) const {
  if (turn.depth == 0) return false;
  for (std::size_t i = 1; i < turn.depth; ++i) {
    if (moves_on_after(turn.visits[i].route, kind)) return true;
  }
  return names(turn.asked_route(), kind);
}

bool Plan::moves_on_after(RouteId id, ReplyKind kind) const {
  const Route& route = routes_[index_of(id)];
  return route.retried.has(kind) || (route.config.failover && route.config.failover->has(kind));
}

bool Plan::names(RouteId id, ReplyKind kind) const {
  return moves_on_after(id, kind) || std::ranges::any_of(routes_[index_of(id)].fallback,
                                                         [&](const RouteFallback& next) { return next.on.has(kind); });
}

std::optional<ReplyKind> Plan::falls_back_after(const Turn& turn, const LastFailures& failures) const {
  const bool is_named = !failures.elsewhere || names(turn.asked_route(), *failures.last);
  return is_named ? failures.last : failures.elsewhere;
}

Duration Plan::attempt_timeout(const Turn& turn) const {
  return of_routes(turn, &RouteConfig::attempt_timeout).value_or(deployments_[index_of(turn.target)].timeout);
}

Duration Plan::first_token_timeout(const Turn& turn) const {
  return of_routes(turn, &RouteConfig::first_token_timeout)
      .value_or(deployments_[index_of(turn.target)].first_token_timeout);
}

Duration Plan::idle_timeout(const Turn& turn) const {
  return of_routes(turn, &RouteConfig::idle_timeout).value_or(deployments_[index_of(turn.target)].idle_timeout);
}

const RetryConfig& Plan::backoff(const Turn& turn) const {
  for (std::size_t i = turn.depth; i > 0; --i) {
    if (const auto& own = route(turn.visits[i - 1].route).retry.backoff) return *own;
  }
  return deployments_[index_of(turn.target)].backoff;
}

// Where the route has no number, that of the deployment that was called last.
std::int32_t Plan::attempts_max(const Turn& turn) const {
  const auto& own = route(turn.visits[turn.depth - 1U].route).retry.max_attempts;
  return own.value_or(deployments_[index_of(turn.called)].max_attempts);
}

void Plan::enter(Turn& turn, RouteId id, Instant now) const {
  check(turn.depth < kRouteDepthMax, "routes are nested four deep at most");
  if (turn.depth == 0) turn.visited |= bit(index_of(id));
  const auto& timeout = route(id).timeout;
  Instant ends = turn.depth == 0 ? Instant::max() : turn.visits[turn.depth - 1U].ends;
  if (timeout) ends = std::min(ends, now + *timeout);
  turn.visits[turn.depth++] = {.ends = ends, .route = id};
}

bool Plan::pick(Turn& turn, const PlanQuery& query) const {
  const std::uint8_t depth = turn.depth;
  for (;;) {
    const auto chosen = choose(turn, query);
    if (!chosen) {
      if (turn.depth == depth) return false;
      --turn.depth;
      continue;
    }
    Turn::Visit& visit = turn.visits[turn.depth - 1U];
    const std::vector<RouteTarget>& targets = route(visit.route).targets;
    const RouteTarget& target = targets[*chosen];
    if (target.priority != targets[visit.target].priority) visit.calls_in_tier = 0;
    visit.target = *chosen;
    visit.had_turn |= bit(*chosen);
    if (target.route) {
      enter(turn, *target.route, query.now);
      continue;
    }
    turn.target = *target.deployment;
    turn.attempts_here = 0;
    ++turn.moves;
    return true;
  }
}

// Of the lowest tier that has a target left.
std::optional<std::uint8_t> Plan::choose(Turn& turn, const PlanQuery& query) const {
  Turn::Visit& visit = turn.visits[turn.depth - 1U];
  const Route& route = routes_[index_of(visit.route)];
  const auto& most = route.config.retry.attempts_per_priority;
  for (const std::uint64_t tier : route.tiers) {
    if (most && visit.calls_in_tier >= *most && (tier & bit(visit.target)) != 0) visit.had_turn |= tier;
    const std::uint64_t left = tier & ~visit.had_turn;
    if (left == 0) continue;
    if (const auto chosen = choose_of(left, route, turn, query)) return chosen;
  }
  return std::nullopt;
}

std::optional<std::uint8_t> Plan::choose_of(std::uint64_t eligible, const Route& route, Turn& turn,
                                            const PlanQuery& query) const {
  const RouteConfig& by = route.config;
  if (by.balance == Balance::weighted) return draw_by_weight(eligible, route, turn, query);
  const auto first = static_cast<std::uint8_t>(std::countr_zero(eligible));
  if (by.balance == Balance::in_order) return first;
  std::array<Int128, kTargetsMax> ranks;
  Int128 least = ranks[first] = rank(by, by.targets[first], query);
  std::uint8_t best = first;
  for (std::uint64_t rest = eligible & (eligible - 1); rest != 0; rest &= rest - 1) {
    const auto place = static_cast<std::uint8_t>(std::countr_zero(rest));
    ranks[place] = rank(by, by.targets[place], query);
    if (ranks[place] >= least) continue;
    least = ranks[place];
    best = place;
  }
  if (by.balance != Balance::lowest_latency || by.estimator != Estimator::window_mean) return best;
  std::uint64_t near = 0;
  for (std::uint64_t rest = eligible; rest != 0; rest &= rest - 1) {
    const auto place = static_cast<std::size_t>(std::countr_zero(rest));
    if (ranks[place] - least <= least * by.buffer.value / kMillion) near |= bit(place);
  }
  const auto count = static_cast<std::uint64_t>(std::popcount(near));
  if (count == 1) return best;
  const auto skipped = static_cast<std::uint64_t>(Uint128{draw(route, turn, query)} * count >> 64);
  for (std::uint64_t i = 0; i < skipped; ++i) near &= near - 1;
  return static_cast<std::uint8_t>(std::countr_zero(near));
}

std::optional<std::uint8_t> Plan::draw_by_weight(std::uint64_t eligible, const Route& route, Turn& turn,
                                                 const PlanQuery& query) const {
  std::uint64_t sum = 0;
  for (std::uint64_t rest = eligible; rest != 0; rest &= rest - 1) {
    sum += static_cast<std::uint64_t>(route.config.targets[static_cast<std::size_t>(std::countr_zero(rest))].weight);
  }
  if (sum == 0) return std::nullopt;
  auto point = static_cast<std::uint64_t>(Uint128{draw(route, turn, query)} * sum >> 64);
  for (std::uint64_t rest = eligible;; rest &= rest - 1) {
    const auto place = static_cast<std::size_t>(std::countr_zero(rest));
    const auto weight = static_cast<std::uint64_t>(route.config.targets[place].weight);
    if (point < weight) return static_cast<std::uint8_t>(place);
    point -= weight;
  }
}

std::uint64_t Plan::draw(const Route& route, Turn& turn, const PlanQuery& query) {
  if (route.config.is_sticky) return stable_hash(query.request.user, route.salt);
  return stable_hash(number_of(query.request.id), mix(route.salt + ++turn.picks));
}

// --- What the balances compare -------------------------------------------------------------------------------------

Int128 Plan::rank(const RouteConfig& by, const RouteTarget& target, const PlanQuery& query) const {
  if (!target.route) return rank(by, *target.deployment, query);
  const std::vector<RouteTarget>& targets = route(*target.route).targets;
  Int128 least = rank(by, targets.front(), query);
  for (std::size_t i = 1; i < targets.size(); ++i) least = std::min(least, rank(by, targets[i], query));
  return least;
}

Int128 Plan::rank(const RouteConfig& by, ProviderId deployment, const PlanQuery& query) const {
  const Load& load = loads_[index_of(deployment)];
  const Tokens input = query.request.input;
  switch (by.balance) {
    case Balance::in_order:
    case Balance::weighted:
      return 0;  // they compare nothing
    case Balance::least_busy:
      return load.outstanding;
    case Balance::lowest_latency:
      return latency_of(by, deployment, query.now);
    case Balance::lowest_cost:
      return cost(query.tariffs[index_of(deployment)], input, query.output_max).picos();
    case Balance::lowest_usage: {
      const Deployment& settings = deployments_[index_of(deployment)];
      const bool is_now = load.minute == std::chrono::floor<std::chrono::minutes>(query.wall);
      const Tokens used = is_now ? load.used : Tokens{};
      const std::int64_t calls = is_now ? load.calls : 0;
      const bool is_full =
          (settings.requests_per_minute && calls >= *settings.requests_per_minute) ||
          (settings.tokens_per_minute && used + input + query.output_max > *settings.tokens_per_minute);
      return used.count() + (is_full ? kOverQuota : 0);
    }
  }
  fail_check("a balance is known", __FILE__, __LINE__);
}

Int128 Plan::latency_of(const RouteConfig& by, ProviderId deployment, Instant now) const {
  const Load& load = loads_[index_of(deployment)];
  if (load.answers == 0 && by.estimator == Estimator::window_mean) return 0;
  if (load.answers == 0) return load.outstanding == 0 ? 0 : kUnknown + load.outstanding;
  if (by.estimator == Estimator::window_mean) {
    const std::size_t kept = std::min(load.answers, kLatenciesKept);
    Int128 sum = 0;
    for (std::size_t i = 0; i < kept; ++i) sum += load.latencies[i].count();
    return sum / static_cast<std::int64_t>(kept);
  }
  return faded(load, now) * (load.outstanding + 1);
}

// What is left of the estimate of peak_ewma.
Int128 Plan::faded(const Load& load, Instant now) {
  const Int128 since = (now - load.learnt_at).count();
  return Int128{load.peak.count()} * kDecay.count() / (kDecay.count() + since);
}

void Plan::learn(ProviderId deployment, ReplyKind kind, Duration latency, Tokens used, const PlanQuery& query) {
  Load& load = loads_[index_of(deployment)];
  --load.outstanding;
  count_usage(load, used, query.wall);
  learn_latency(deployment, kind, latency, query.now);
}

void Plan::count_usage(Load& load, Tokens used, WallTime wall) {
  const WallTime minute = std::chrono::floor<std::chrono::minutes>(wall);
  if (load.minute != minute) {
    load.minute = minute;
    load.used = {};
    load.calls = 0;
  }
  load.used += used;
  ++load.calls;
}

void Plan::learn_latency(ProviderId deployment, ReplyKind kind, Duration latency, Instant now) {
  if (kind != ReplyKind::ok && kind != ReplyKind::timeout) return;
  Load& load = loads_[index_of(deployment)];
  const Int128 left = faded(load, now);
  const Int128 since = (now - load.learnt_at).count();
  const Int128 mixed = left + Int128{latency.count()} * since / (kDecay.count() + since);
  const bool is_peak = load.answers == 0 || latency.count() > left;
  load.peak = is_peak ? latency : Duration{static_cast<std::int64_t>(mixed)};
  load.learnt_at = now;
  load.latencies[load.answers++ % kLatenciesKept] = latency;
}

}  // namespace windtunnel::monitor
