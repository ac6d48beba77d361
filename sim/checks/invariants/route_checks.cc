#include "sim/checks/invariants/route_checks.h"

#include <algorithm>

#include "sim/checks/invariants/route_words.h"

namespace windtunnel::sim {

using monitor::Outcome;
using monitor::ProviderId;
using monitor::ReplyKind;
using monitor::RetryPer;
using monitor::RetryWhere;
using monitor::RouteConfig;
using monitor::RouteTarget;

namespace {

std::uint64_t target_bit(ProviderId deployment) { return std::uint64_t{1} << index_of(deployment); }
std::uint64_t route_bit(monitor::RouteId route) { return std::uint64_t{1} << index_of(route); }

bool is_askable(const RouteConfig& route, const RouteTarget& target) {
  return route.balance != monitor::Balance::weighted || target.weight > 0;
}

// A retry at the same target that its breaker refuses: the target has failed all the same.
bool is_same_again(const OpenRequest& open_request, const RouteConfig& route, ProviderId deployment) {
  return open_request.has_failed && route.retry.where == RetryWhere::same_target && deployment == open_request.provider;
}

// The failure that is acted on: an earlier one where the latest is the request's own fault and the route has no word
// about that.
ReplyKind acted_on(const Scenario& scenario, const OpenRequest& open_request,
                   const std::vector<monitor::RouteFallback>& fallbacks) {
  const ReplyKind kind = open_request.last_kind;
  const RouteConfig& route = *route_in(scenario, open_request.route);
  const bool is_named = may_retry_in(scenario, route, kind) || (route.failover && route.failover->has(kind)) ||
                        std::ranges::any_of(fallbacks, [&](const auto& fallback) { return fallback.on.has(kind); });
  if (!is_fault_of_request(kind) || is_named) return kind;
  const bool is_own = open_request.mendable_at == open_request.provider;
  return (is_own ? open_request.mendable_before : open_request.mendable).value_or(kind);
}

}  // namespace

RouteChecks::RouteChecks(CheckContext& context)
    : context_(context), on_(context.has_routes()), outstanding_(context.providers()) {}

// By the words of the route, of the deployment, of all calls.
Duration RouteChecks::pause_of(const OpenRequest& open_request, const RouteConfig& route, ProviderId deployment,
                               int backoffs) const {
  const auto& of_deployment = context_.scenario.providers[index_of(deployment)].backoff;
  const monitor::RetryConfig& retry = route.retry.backoff ? *route.retry.backoff
                                      : of_deployment     ? *of_deployment
                                                          : context_.config().provider_call.retry;
  const RetryModel model{.base = retry.base.count(),
                         .multiplier = retry.multiplier.value,
                         .cap = retry.cap.count(),
                         .jitter = retry.jitter == monitor::Jitter::full};
  return model.pause(backoffs, open_request.request.id, open_request.attempts);
}

void RouteChecks::arrive(OpenRequest& open_request) const {
  open_request.route = open_request.request.route;
  open_request.route_entered = context_.now;
  open_request.step_at = context_.now;
  open_request.routes_tried = route_bit(open_request.route);
}

void RouteChecks::turn(OpenRequest& open_request, ProviderId deployment) {
  const RouteConfig& route = *route_in(context_.scenario, open_request.route);
  if ((reached_by(context_.scenario, open_request.route) & target_bit(deployment)) == 0)
    context_.violations.report(CheckId::F15, context_.now, open_request.request.id,
                               "deployment {} has its turn, which route {} does not reach", index_of(deployment),
                               index_of(open_request.route));
  if (is_judged(open_request)) {
    if (!comes_again(open_request, route, deployment)) comes_next(open_request, route, deployment);
  }
  open_request.route_turns |= target_bit(deployment);
  open_request.step_at = context_.now;
  if (!is_same_again(open_request, route, deployment)) open_request.has_failed = false;
}

bool RouteChecks::comes_again(OpenRequest& open_request, const RouteConfig& route, ProviderId deployment) {
  const monitor::RouteRetry& retry = route.retry;
  // The route begins again, and the targets that had no turn are as good as the others.
  const bool begins_early =
      open_request.has_failed && retry.where == RetryWhere::whole_route && !may_fail_over(open_request, route);
  if ((open_request.route_turns & target_bit(deployment)) == 0 && !begins_early) return false;
  const int most = attempts_max_of(context_.scenario, open_request.route, open_request.provider);
  const bool is_same = open_request.has_failed && deployment == open_request.provider;
  const bool by_route = retry.per == RetryPer::route;
  const bool begins_again = retry.where != RetryWhere::same_target;
  int made = by_route ? open_request.route_calls : open_request.calls_in_a_row;
  if (begins_again && (!by_route || retry.where == RetryWhere::whole_route)) made = open_request.route_round;
  if ((!is_same && !begins_again) || open_request.route_calls <= 0 || made >= most)
    context_.violations.report(CheckId::F16, context_.now, open_request.request.id,
                               "deployment {} has its turn again after {} of {} attempts of route {}",
                               index_of(deployment), made, most, index_of(open_request.route));
  const ReplyKind kind = acted_on(context_.scenario, open_request, fallback_of(open_request));
  if (!may_retry_in(context_.scenario, route, kind))
    context_.violations.report(CheckId::F15, context_.now, open_request.request.id,
                               "deployment {} has its turn again after {}, which is not retried", index_of(deployment),
                               open_request.last_kind);
  const bool waits = retry.where != RetryWhere::another_target || deployment == open_request.provider;
  const int backoffs = begins_again ? open_request.route_round : open_request.calls_in_a_row;
  pauses(open_request, waits ? pause_of(open_request, route, deployment, backoffs) : Duration{0}, deployment);
  if (!begins_again) return true;
  ++open_request.route_round;
  open_request.route_turns = 0;
  return true;
}

void RouteChecks::comes_next(const OpenRequest& open_request, const RouteConfig& route, ProviderId deployment) {
  pauses(open_request, Duration{0}, deployment);
  const ReplyKind kind = open_request.last_kind;
  const bool by_retry = route.retry.where == RetryWhere::another_target && may_retry_in(context_.scenario, route, kind);
  const bool may_move = !open_request.has_failed || by_retry || may_fail_over(open_request, route);
  if (!may_move)
    context_.violations.report(CheckId::F15, context_.now, open_request.request.id,
                               "deployment {} is next after {}, which route {} does not fail over",
                               index_of(deployment), kind, index_of(open_request.route));
  is_first_of_tier(open_request, route, deployment);
}

void RouteChecks::pauses(const OpenRequest& open_request, Duration due, ProviderId deployment) {
  const Duration waited = context_.now - open_request.step_at;
  if (waited != due)
    context_.violations.report(CheckId::F16, context_.now, open_request.request.id,
                               "deployment {} has its turn after {} ns instead of {}", index_of(deployment),
                               waited.count(), due.count());
}

// Each target that comes before it, by tier or within the tier, has had its turn.
void RouteChecks::is_first_of_tier(const OpenRequest& open_request, const RouteConfig& route, ProviderId deployment) {
  const auto chosen =
      std::ranges::find_if(route.targets, [&](const RouteTarget& target) { return target.deployment == deployment; });
  if (chosen == route.targets.end()) return;
  if (!is_askable(route, *chosen))
    context_.violations.report(CheckId::F15, context_.now, open_request.request.id,
                               "deployment {} has its turn in route {} with weight 0", index_of(deployment),
                               index_of(open_request.route));
  for (const RouteTarget& other : route.targets) {
    if ((open_request.route_turns & target_bit(*other.deployment)) != 0 || !is_askable(route, other)) continue;
    if (is_before(route, other, *chosen, open_request))
      context_.violations.report(CheckId::F15, context_.now, open_request.request.id,
                                 "deployment {} has its turn before deployment {}", index_of(deployment),
                                 index_of(*other.deployment));
  }
}

bool RouteChecks::is_before(const RouteConfig& route, const RouteTarget& one, const RouteTarget& other,
                            const OpenRequest& open_request) const {
  if (one.priority != other.priority) return one.priority < other.priority;
  const auto worst_case = [&](const RouteTarget& target) {
    const auto& tariffs = context_.scenario.providers[index_of(*target.deployment)].tariffs;
    auto tariff = tariffs.begin();
    while (tariff + 1 != tariffs.end() && (tariff + 1)->from <= context_.wall()) ++tariff;
    return tariff->tariff.input.per_token * open_request.request.input.count() +
           tariff->tariff.output.per_token * open_request.grant.count();
  };
  switch (route.balance) {
    case monitor::Balance::in_order:
      return &one < &other;
    case monitor::Balance::least_busy:
      return outstanding_[index_of(*one.deployment)] < outstanding_[index_of(*other.deployment)];
    case monitor::Balance::lowest_cost:
      return worst_case(one) < worst_case(other);
    case monitor::Balance::weighted:
    case monitor::Balance::lowest_latency:
    case monitor::Balance::lowest_usage:
      return false;
  }
  return false;
}

void RouteChecks::on_attempt_start(OpenRequest& open_request, const monitor::AttemptStarted& event) {
  if (!on_) return;
  ++outstanding_[index_of(event.provider)];
  const bool same = open_request.route_calls > 0 && open_request.provider == event.provider;
  open_request.calls_in_a_row = static_cast<std::uint8_t>(same ? open_request.calls_in_a_row + 1 : 1);
  ++open_request.route_calls;
  if (open_request.attempts >= monitor::kAttemptsMax)
    context_.violations.report(CheckId::F16, event.at, event.request, "its attempt {} is more than a request makes",
                               open_request.attempts + 1);
}

void RouteChecks::on_attempt_end(OpenRequest& open_request, const monitor::AttemptEnded& event) {
  if (!on_) return;
  --outstanding_[index_of(event.provider)];
  open_request.step_at = event.at;
  open_request.has_failed = event.reply.kind != ReplyKind::ok;
  if (!is_mended_by_time(event.reply.kind)) return;
  if (open_request.mendable && open_request.mendable_at != event.provider)
    open_request.mendable_before = open_request.mendable;
  open_request.mendable = event.reply.kind;
  open_request.mendable_at = event.provider;
}

bool RouteChecks::is_time_over(const OpenRequest& open_request) const {
  const auto ends = route_ends(context_.scenario, open_request);
  return ends && context_.now >= *ends;
}

// Of a route with routes in it, or whose tiers end early, the turns are not followed.
bool RouteChecks::is_judged(const OpenRequest& open_request) const {
  const RouteConfig& route = *route_in(context_.scenario, open_request.route);
  return !is_nested_route(context_.scenario, open_request.route) && !route.retry.attempts_per_priority;
}

bool RouteChecks::may_fail_over(const OpenRequest& open_request, const RouteConfig& route) const {
  const ReplyKind kind = open_request.last_kind;
  const bool is_excused = acted_on(context_.scenario, open_request, fallback_of(open_request)) != kind;
  return is_excused || (route.failover && route.failover->has(kind));
}

bool RouteChecks::has_turn_left(const OpenRequest& open_request) const {
  const RouteConfig& route = *route_in(context_.scenario, open_request.route);
  if (!is_judged(open_request) || is_time_over(open_request)) return false;
  if (open_request.attempts == monitor::kAttemptsMax) return false;
  if (open_request.has_failed && !may_fail_over(open_request, route)) return false;
  return std::ranges::any_of(route.targets, [&](const RouteTarget& target) {
    return is_askable(route, target) && (open_request.route_turns & target_bit(*target.deployment)) == 0;
  });
}

const std::vector<monitor::RouteFallback>& RouteChecks::fallback_of(const OpenRequest& open_request) const {
  const auto& own = route_in(context_.scenario, open_request.route)->fallback;
  return own ? *own : context_.config().routing.default_fallback;
}

bool RouteChecks::leads_to(const OpenRequest& open_request, const monitor::RouteFallback& fallback) const {
  if ((open_request.routes_tried & route_bit(fallback.route)) != 0) return false;
  if (is_time_over(open_request)) return fallback.on.has(ReplyKind::timeout);
  if (open_request.attempts == 0) return fallback.on.has_all(monitor::ReplySet::any());
  return fallback.on.has(acted_on(context_.scenario, open_request, fallback_of(open_request)));
}

void RouteChecks::must_be_over(const OpenRequest& open_request, const char* what) {
  if (has_turn_left(open_request))
    context_.violations.report(CheckId::F16, context_.now, open_request.request.id,
                               "{} though route {} has a target without a turn; turns {:#b}", what,
                               index_of(open_request.route), open_request.route_turns);
}

void RouteChecks::on_route(OpenRequest& open_request, const monitor::RouteEntered& event) {
  if (!on_) return;
  must_be_over(open_request, "a fallback begins");
  const auto& list = fallback_of(open_request);
  const auto named = std::ranges::find_if(
      list, [&](const monitor::RouteFallback& fallback) { return leads_to(open_request, fallback); });
  if (named == list.end() || named->route != event.route)
    context_.violations.report(CheckId::F15, event.at, event.request,
                               "route {} follows route {} after {}, and another fallback or none is due",
                               index_of(event.route), index_of(open_request.route), open_request.last_kind);
  open_request.route = event.route;
  open_request.route_entered = event.at;
  open_request.routes_tried |= route_bit(event.route);
  open_request.route_turns = 0;
  open_request.route_round = 1;
  open_request.route_calls = 0;
  open_request.has_failed = false;
}

void RouteChecks::on_finish(const OpenRequest& open_request, const monitor::Record& record) {
  if (!on_) return;
  const bool gave_up = record.outcome == Outcome::failed || record.outcome == Outcome::stale_hit ||
                       record.outcome == Outcome::all_providers_unavailable || record.outcome == Outcome::client_error;
  if (!gave_up || open_request.saw_break || open_request.is_left) return;
  if (open_request.is_bypass) return;  // the last call of a request that had no target left
  must_be_over(open_request, "it gives up");
  const bool is_cut = open_request.attempts == monitor::kAttemptsMax;
  // A failure that is the request's own ends it at once, also where the route's time is over.
  const bool is_own = record.outcome == Outcome::client_error;
  const auto is_left = [&](const monitor::RouteFallback& fallback) {
    if (!is_own) return leads_to(open_request, fallback);
    return (open_request.routes_tried & route_bit(fallback.route)) == 0 && fallback.on.has(open_request.last_kind);
  };
  if (!is_cut && std::ranges::any_of(fallback_of(open_request), is_left))
    context_.violations.report(CheckId::F16, context_.now, open_request.request.id,
                               "it gives up after {} in route {}, and a fallback is left", open_request.last_kind,
                               index_of(open_request.route));
}

}  // namespace windtunnel::sim
