#pragma once
// Decides which deployment a request asks next, and after what.
//
//   begin ------> a target has its turn -- passed over (breaker, Retry-After) ---> the next target
//                        |
//                        `-- its call fails with a kind --> retry: the same target after a back-off, or another at once
//                                                           failover: the next target of the route
//                                                           fallback: the first target of another route
//                                                           over: no target is left
//
// Without routes the order is the assigned provider, then the others in file order, and every failure moves on.
//
// With routes a request visits routes, the one that it asks for first. A visit holds the set of targets that had their
// turn. The next one is drawn from those that had none: of the lowest tier that has one left, by the route's balance.
// A target that is a route is visited in its turn, so that visits form a stack; a visit with no target left ends, and
// its parent moves on, or, at the bottom, the fallback begins. A route is the bottom of a request's visits once at
// most, so that fallbacks end. What a visit allows after a failure:
//
//   retry     `on` names the kind and attempts are left: of the target, or of the route (`per`)
//   failover  `on` names the kind; a target that made no call is passed over whatever failover is
//   timeout   a visit's time ends it and all visits in it, as if its targets had ended with a timeout
//
// The position of a request is a value (Turn), so that a test can fork it. What the balances compare (calls
// outstanding, latencies, tokens of the minute) belongs to the plan. Draws are hashes of the request's number, or of
// its user: the plan needs no chance, and the same request draws the same in every run. Nothing here allocates after
// the construction.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/units.h"
#include "monitor/config.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

// Where a request stands in its plan.
struct Turn {
  // A route that is being tried.
  struct Visit {
    std::uint64_t had_turn = 0;     // targets, by bit
    Instant ends = Instant::max();  // of the route's time, or that of the visit around it
    RouteId route{};
    std::uint8_t target = 0;  // whose turn it is
    std::uint8_t calls = 0;   // in this visit
    std::uint8_t calls_in_tier = 0;
    std::uint8_t calls_in_round = 0;
    std::uint8_t rounds = 1;  // how often the targets were begun with
  };

  // Nothing stands in it before a visit begins: most requests of most scenarios make none.
  class Visits {
   public:
    Visits() {}  // NOLINT(modernize-use-equals-default): the union stays as it is
    [[nodiscard]] Visit& operator[](std::size_t i) { return visits_[i]; }
    [[nodiscard]] const Visit& operator[](std::size_t i) const { return visits_[i]; }

   private:
    union {
      std::array<Visit, kRouteDepthMax> visits_;
    };
  };

  ProviderId target{};             // whose turn it is, unless it is over
  ProviderId called{};             // by the latest call
  bool is_over = false;            // no target is left
  std::uint8_t attempts_here = 0;  // calls at the target since its turn began
  std::uint8_t place = 0;          // without routes: in the order of candidates
  std::uint8_t depth = 0;          // visits; the last is the innermost
  std::uint8_t picks = 0;          // draws made
  std::uint8_t moves = 0;          // to another target
  std::uint64_t visited = 0;       // routes that were the bottom of the stack, by bit
  Visits visits;

  [[nodiscard]] RouteId asked_route() const { return visits[0].route; }
};

// What a balance may depend on besides the plan's own state.
struct PlanQuery {
  const Request& request;
  Tokens output_max;  // granted
  Instant now{};
  WallTime wall{};
  std::span<const Tariff> tariffs;  // by deployment
};

// What follows a failed call.
enum class NextStep : std::uint8_t {
  retry,  // a back-off, then the target whose turn it is
  go_on,  // the target whose turn it is, at once
  over,   // no target is left
};

// The failures of a request that routes act on.
struct LastFailures {
  std::optional<ReplyKind> last;  // nothing: no call was made
  // Of another target than the last, where the last failure is the caller's own: a route that does not name that one
  // acts on this, because a fallback's own 400 is no word about the others.
  std::optional<ReplyKind> elsewhere = {};
};

class Plan {
 public:
  Plan(const RoutesConfig& routes, const ProviderCallConfig& call, const std::vector<ProviderConfig>& deployments);

  [[nodiscard]] bool has_routes() const { return !routes_.empty(); }

  // Without routes: the provider that the request was assigned to is first.
  static void begin_with(Turn& turn, ProviderId assigned) { turn.target = assigned; }
  // With routes: the first target of the route that the request asks for.
  void begin(Turn& turn, const PlanQuery& query) const;

  // The call of the target whose turn it is failed with `kind`; nothing: it may not be called, and the next has its
  // turn. may_retry: false where a retry would come too late.
  [[nodiscard]] NextStep after(Turn& turn, ProviderId assigned, const PlanQuery& query, std::optional<ReplyKind> kind,
                               LastFailures failures, bool may_retry) const;
  // Whether a failure that is the caller's own leads anywhere from here.
  [[nodiscard]] bool goes_on_after(const Turn& turn, ReplyKind kind) const;
  // Which of the failures the fallbacks of the route that was asked for act on.
  [[nodiscard]] std::optional<ReplyKind> falls_back_after(const Turn& turn, const LastFailures& failures) const;
  // The back-offs that came before this retry.
  [[nodiscard]] std::int32_t backoffs(const Turn& turn) const {
    return turn.attempts_here > 0 ? turn.attempts_here - 1 : turn.visits[turn.depth - 1U].rounds - 2;
  }

  [[nodiscard]] Duration attempt_timeout(const Turn& turn) const;
  // Whether any streamed call is timed by its tokens.
  [[nodiscard]] bool times_streams() const { return times_streams_; }
  [[nodiscard]] Duration first_token_timeout(const Turn& turn) const;
  [[nodiscard]] Duration idle_timeout(const Turn& turn) const;
  // Of the retry that is due: the waits are those of the innermost route that states some, else of the deployment.
  [[nodiscard]] const RetryConfig& backoff(const Turn& turn) const;
  // When the innermost visit ends; never without routes.
  [[nodiscard]] Instant ends(const Turn& turn) const {
    return turn.depth == 0 ? Instant::max() : turn.visits[turn.depth - 1U].ends;
  }
  [[nodiscard]] const RouteConfig& route(RouteId id) const { return routes_[index_of(id)].config; }
  [[nodiscard]] bool may_bypass(const Turn& turn, RouteId asked, Instant now) const {
    return has_routes() && route(asked).when_all_open == WhenAllOpen::bypass && now < turn.visits[0].ends;
  }

  // Where it is over: this target of the last route is called past its breaker.
  static void bypass(Turn& turn, ProviderId target) {
    turn.depth = 1;
    turn.target = target;
  }
  // The target whose turn it is is called.
  void on_start(Turn& turn) {
    ++turn.attempts_here;
    if (!has_routes()) return;
    turn.called = turn.target;
    ++loads_[index_of(turn.target)].outstanding;
    for (std::size_t i = 0; i < turn.depth; ++i) count_call(turn.visits[i]);
  }
  // Of replicas: what the balances compare is exchanged, or heard from another replica as its calls start and end.
  void exchange_usage(Plan& other);
  void exchange_latency(Plan& other);
  void hear_start(ProviderId deployment) {
    if (has_routes()) ++loads_[index_of(deployment)].outstanding;
  }
  void hear_end(ProviderId deployment, Tokens used, WallTime wall) {
    if (!has_routes()) return;
    --loads_[index_of(deployment)].outstanding;
    count_usage(loads_[index_of(deployment)], used, wall);
  }
  void learn_latency(ProviderId deployment, ReplyKind kind, Duration latency, Instant now);
  // Its call has ended. The balances compare what is learnt here.
  void on_end(ProviderId deployment, ReplyKind kind, Duration latency, Tokens used, const PlanQuery& query) {
    if (has_routes()) learn(deployment, kind, latency, used, query);
  }

 private:
  static constexpr std::size_t kLatenciesKept = 10;
  struct Load {
    std::int64_t outstanding = 0;
    Duration peak{0};  // the estimate of peak_ewma; 0: no answer yet
    Instant learnt_at{};
    std::array<Duration, kLatenciesKept> latencies;  // of the latest answers
    std::size_t answers = 0;
    WallTime minute = WallTime::min();
    Tokens used;  // in that minute
    std::int64_t calls = 0;
  };
  struct Deployment {
    std::int32_t max_attempts = 1;
    Duration timeout{};
    Duration first_token_timeout{};
    Duration idle_timeout{};
    RetryConfig backoff;
    std::optional<std::int64_t> requests_per_minute;
    std::optional<Tokens> tokens_per_minute;
  };
  struct Route {
    RouteConfig config;
    std::vector<RouteFallback> fallback;
    ReplySet retried;                  // kinds
    std::uint64_t salt = 0;            // of its draws
    std::vector<std::uint64_t> tiers;  // targets by bit, the lowest priority first
  };

  static void count_call(Turn::Visit& visit) { ++visit.calls, ++visit.calls_in_tier, ++visit.calls_in_round; }
  [[nodiscard]] NextStep next_in_file(Turn& turn, ProviderId assigned) const;
  // The target of the innermost visit has ended. Gives the next one its turn.
  [[nodiscard]] NextStep move_on(Turn& turn, const PlanQuery& query, std::optional<ReplyKind> kind,
                                 LastFailures failures, bool may_retry) const;
  [[nodiscard]] bool moves_on_after(RouteId route, ReplyKind kind) const;
  // Whether the route has a word about this failure: a retry, its failover or a fallback.
  [[nodiscard]] bool names(RouteId route, ReplyKind kind) const;
  // A retry without another target's failover; nothing: none is left. `is_leaf`: a deployment has failed, no route.
  [[nodiscard]] std::optional<NextStep> retry(Turn& turn, const PlanQuery& query, ReplyKind kind, bool is_leaf) const;
  // Begins with the targets of the innermost visit again, if that is left.
  [[nodiscard]] std::optional<NextStep> begin_again(Turn& turn, const PlanQuery& query,
                                                    std::optional<ReplyKind> kind) const;
  [[nodiscard]] NextStep fall_back(Turn& turn, const PlanQuery& query, std::optional<ReplyKind> kind) const;
  void enter(Turn& turn, RouteId route, Instant now) const;
  [[nodiscard]] std::int32_t attempts_max(const Turn& turn) const;
  // Gives a target of the innermost visit its turn; false: none is left in it, or in the routes that it enters.
  [[nodiscard]] bool pick(Turn& turn, const PlanQuery& query) const;
  [[nodiscard]] std::optional<std::uint8_t> choose(Turn& turn, const PlanQuery& query) const;
  [[nodiscard]] std::optional<std::uint8_t> choose_of(std::uint64_t eligible, const Route& route, Turn& turn,
                                                      const PlanQuery& query) const;
  [[nodiscard]] std::optional<std::uint8_t> draw_by_weight(std::uint64_t eligible, const Route& route, Turn& turn,
                                                           const PlanQuery& query) const;
  [[nodiscard]] static std::uint64_t draw(const Route& route, Turn& turn, const PlanQuery& query);
  // What the balance compares: the least is asked first. Of a nested route that of its best target.
  [[nodiscard]] Int128 rank(const RouteConfig& by, const RouteTarget& target, const PlanQuery& query) const;
  [[nodiscard]] Int128 rank(const RouteConfig& by, ProviderId deployment, const PlanQuery& query) const;
  [[nodiscard]] Int128 latency_of(const RouteConfig& by, ProviderId deployment, Instant now) const;
  static void count_usage(Load& load, Tokens used, WallTime wall);
  [[nodiscard]] static Int128 faded(const Load& load, Instant now);
  void learn(ProviderId deployment, ReplyKind kind, Duration latency, Tokens used, const PlanQuery& query);

  std::vector<Route> routes_;
  // The setting of the innermost route that states it.
  template <class V>
  [[nodiscard]] std::optional<V> of_routes(const Turn& turn, std::optional<V> RouteConfig::*setting) const {
    for (std::size_t i = turn.depth; i > 0; --i) {
      if (const auto& own = route(turn.visits[i - 1].route).*setting) return own;
    }
    return std::nullopt;
  }

  bool times_streams_ = false;
  ReplySet retried_;  // where a route has no words of its own
  std::vector<Deployment> deployments_;
  std::vector<Load> loads_;
};

}  // namespace windtunnel::monitor
