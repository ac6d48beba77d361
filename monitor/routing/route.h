#pragma once
// What a caller asks for: a route lists its targets and states who is asked first, who next, and after which replies.
//
//   chat: {openai, azure: weights 3 and 1}, {anthropic: priority 1}     tiers, the lowest priority first
//   retry      the route asks again, the same target or another one
//   failover   the next target is asked once a target's retries end
//   fallback   another route is asked once this one has no target left
//
// Targets are deployments, or routes whose targets are then tried as one target of this route. Such a nested route
// keeps its own balance, retry and failover; its fallback holds only where it is asked for by itself, so that no
// request leaves a route without a word in the file. Plan (monitor/plan.h) follows these settings.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_presets.h"
#include "monitor/breaker/reply_kind.h"
#include "monitor/routing/backoff.h"
#include "monitor/routing/provider_id.h"

namespace windtunnel::monitor {

// Who of a tier is asked first. Of several that are alike, the first in file order.
enum class Balance : std::uint8_t {
  in_order,        // the first in file order
  weighted,        // a draw by weight for each request, or for each user
  least_busy,      // with the fewest calls outstanding
  lowest_latency,  // by an estimate
  lowest_cost,     // of the request's worst case, at today's prices
  lowest_usage,    // with the fewest tokens this minute, of those within their quota
};

// peak_ewma: estimate x (calls outstanding + 1). A slower answer is the estimate at once; in a time t between two
// answers the estimate falls by the share t / (t + 10 s), and a quicker answer takes that share. window_mean: the mean
// of the last ten answers; of all that lie within 1 + buffer of the lowest one is drawn. Timeouts count as answers. A
// deployment without an answer comes first; with peak_ewma only until it is called.
enum class Estimator : std::uint8_t { peak_ewma, window_mean };

enum class RetryPer : std::uint8_t { target, route };
// same_target: the one that failed, after a back-off. another_target: the next one at once; with none left, all over
// again. whole_route: the targets by failover, and then, after a back-off, the route from its begin.
enum class RetryWhere : std::uint8_t { same_target, another_target, whole_route };

// refuse: where every breaker refuses, no call is made. bypass: the first target is called all the same.
enum class WhenAllOpen : std::uint8_t { refuse, bypass };

struct RouteTarget {
  std::optional<ProviderId> deployment;  // one of these two
  std::optional<RouteId> route;
  std::int64_t weight = 1;    // [0, kRouteWeightMax]; 0: never asked where the balance is weighted
  std::int32_t priority = 0;  // the tier; the lowest is asked first
  friend bool operator==(const RouteTarget&, const RouteTarget&) = default;
};
inline constexpr std::int64_t kRouteWeightMax = 1'000'000'000'000;
inline constexpr std::int32_t kPriorityMax = 1'000;
inline constexpr std::size_t kTargetsMax = 64;
inline constexpr std::size_t kRouteDepthMax = 4;  // a route in a route in a route in a route

struct RouteRetry {
  std::optional<std::int32_t> max_attempts;  // with the first; nothing: that of the deployment
  RetryPer per = RetryPer::target;
  RetryWhere where = RetryWhere::same_target;
  std::optional<std::int32_t> attempts_per_priority;  // then the next tier is asked
  std::optional<ReplySet> on;                         // nothing: what time may mend
  std::optional<RetryConfig> backoff;                 // nothing: that of the deployment; its max_attempts has no say
  friend bool operator==(const RouteRetry&, const RouteRetry&) = default;
};

struct RouteFallback {
  RouteId route{};
  ReplySet on = ReplySet::any();
  friend bool operator==(const RouteFallback&, const RouteFallback&) = default;
};

// Words that a caller attaches to its requests: name and value.
using Tags = std::vector<std::pair<std::string, std::string>>;

// Another route in place of this one, for requests whose tags have all of these values. The driver follows rules,
// because it has the tags; the first that matches counts.
struct RouteRule {
  Tags when;
  RouteId route{};
  friend bool operator==(const RouteRule&, const RouteRule&) = default;
};

struct RouteConfig {
  std::string name;
  std::vector<RouteRule> rules;
  std::vector<RouteTarget> targets;
  Balance balance = Balance::in_order;
  bool is_sticky = false;  // the draw of `weighted` is by user
  Estimator estimator = Estimator::peak_ewma;
  Millionths buffer{0};  // of window_mean
  RouteRetry retry;
  std::optional<ReplySet> failover = ReplySet::any();  // nothing: never
  std::optional<std::vector<RouteFallback>> fallback;  // nothing: the default fallback
  std::optional<Duration> attempt_timeout;             // of one call; nothing: that of the deployment
  std::optional<Duration> first_token_timeout;         // of a streamed call; nothing: that of the deployment
  std::optional<Duration> idle_timeout;                // likewise
  std::optional<Duration> timeout;                     // of the whole route, since it was entered
  std::optional<NamedBreaker> breaker;                 // of the deployments that it reaches; nothing: their own
  WhenAllOpen when_all_open = WhenAllOpen::refuse;
  friend bool operator==(const RouteConfig&, const RouteConfig&) = default;
};

struct RoutesConfig {
  std::vector<RouteConfig> routes;              // none: the providers in file order are the only route
  std::vector<RouteFallback> default_fallback;  // of routes without their own
  friend bool operator==(const RoutesConfig&, const RoutesConfig&) = default;
};

// What is wrong with these settings, as a place and a sentence; nothing if they can be followed.
struct RouteProblem {
  std::size_t route = 0;
  std::string key;  // "targets/1/route"; empty: the whole route
  std::string message;
};
[[nodiscard]] std::vector<RouteProblem> problems_of(const RoutesConfig& config, std::size_t deployments);

// The breakers that routes state, by deployment: of the innermost route that reaches it and states one. A deployment
// has one breaker, whichever route leads to it. nullptr: no route states one.
[[nodiscard]] std::vector<const NamedBreaker*> breakers_of_routes(const RoutesConfig& config, std::size_t deployments);

// The route that a request with these tags asks for, by the rules of `asked` and of those that they lead to.
[[nodiscard]] RouteId route_by_rules(const RoutesConfig& config, RouteId asked, const Tags& tags);

[[nodiscard]] const char* name_of(Balance balance);

}  // namespace windtunnel::monitor
