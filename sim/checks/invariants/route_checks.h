#pragma once
// F15 and F16: with routes, who is asked next, after what, how often and when. Each turn (a permit that is asked for,
// or a target passed over under Retry-After) is judged by the words of the scenario alone.
//
// Omissions: what a draw by weight, an estimate of latencies or the tokens of a minute choose within a tier is left to
// the tests of the balances; of a route with routes in it, or with
// attempts_per_priority, only its reach and its fallbacks are judged.

#include <vector>

#include "sim/checks/invariants/check_context.h"
#include "sim/models/retry_model.h"

namespace windtunnel::sim {

class RouteChecks {
 public:
  explicit RouteChecks(CheckContext& context);

  void on_arrival(OpenRequest& open_request) const {
    if (on_) arrive(open_request);
  }
  // Before the masks of the request have this turn.
  void on_turn(OpenRequest& open_request, monitor::ProviderId deployment) {
    if (on_) turn(open_request, deployment);
  }
  void on_route(OpenRequest& open_request, const monitor::RouteEntered& event);
  void on_attempt_start(OpenRequest& open_request, const monitor::AttemptStarted& event);
  void on_attempt_end(OpenRequest& open_request, const monitor::AttemptEnded& event);
  void on_finish(const OpenRequest& open_request, const monitor::Record& record);

 private:
  void arrive(OpenRequest& open_request) const;
  void turn(OpenRequest& open_request, monitor::ProviderId deployment);
  // The same target again, or the targets from the begin. Returns whether it is such a turn.
  bool comes_again(OpenRequest& open_request, const monitor::RouteConfig& route, monitor::ProviderId deployment);
  void comes_next(const OpenRequest& open_request, const monitor::RouteConfig& route, monitor::ProviderId deployment);
  void is_first_of_tier(const OpenRequest& open_request, const monitor::RouteConfig& route,
                        monitor::ProviderId deployment);
  [[nodiscard]] bool is_before(const monitor::RouteConfig& route, const monitor::RouteTarget& one,
                               const monitor::RouteTarget& other, const OpenRequest& open_request) const;
  [[nodiscard]] Duration pause_of(const OpenRequest& open_request, const monitor::RouteConfig& route,
                                  monitor::ProviderId deployment, int backoffs) const;
  void pauses(const OpenRequest& open_request, Duration due, monitor::ProviderId deployment);
  [[nodiscard]] bool is_judged(const OpenRequest& open_request) const;
  [[nodiscard]] bool may_fail_over(const OpenRequest& open_request, const monitor::RouteConfig& route) const;
  [[nodiscard]] bool has_turn_left(const OpenRequest& open_request) const;
  [[nodiscard]] bool is_time_over(const OpenRequest& open_request) const;
  [[nodiscard]] bool leads_to(const OpenRequest& open_request, const monitor::RouteFallback& fallback) const;
  [[nodiscard]] const std::vector<monitor::RouteFallback>& fallback_of(const OpenRequest& open_request) const;
  void must_be_over(const OpenRequest& open_request, const char* what);

  CheckContext& context_;
  bool on_;
  std::vector<std::int64_t> outstanding_;  // calls by deployment
};

}  // namespace windtunnel::sim
