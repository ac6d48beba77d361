#pragma once
// What all checks of one run share: the claims' settings, the pipeline to inspect, time, and where to report what is
// wrong.

#include "monitor/pipeline.h"
#include "sim/checks/findings/violations.h"
#include "sim/checks/invariants/open_requests.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct CheckContext {
  const Scenario& scenario;
  Violations violations;
  OpenRequests open;
  const monitor::Pipeline* pipeline = nullptr;  // nullptr: only events are checked
  Instant now{};
  WallTime wall_at_zero{};  // followed through every step of the wall clock

  [[nodiscard]] const monitor::MonitorConfig& config() const { return scenario.monitor; }
  [[nodiscard]] WallTime wall() const { return wall_at_zero + now.time_since_epoch(); }
  // What a wall clock that was never stepped shows.
  [[nodiscard]] WallTime true_time() const { return scenario.start + now.time_since_epoch(); }
  // With routes, the plan's rules (route_checks.h) take the place of the order of the file.
  [[nodiscard]] bool has_routes() const { return !config().routing.routes.empty(); }
  [[nodiscard]] std::size_t providers() const { return scenario.providers.size(); }
};

// For the figures of a violation.
[[nodiscard]] inline std::int64_t instant_ns(Instant at) { return at.time_since_epoch().count(); }
// Another time may mend it: the provider failed, not the request and not its key.
[[nodiscard]] inline bool is_mended_by_time(monitor::ReplyKind kind) {
  switch (kind) {
    case monitor::ReplyKind::timeout:
    case monitor::ReplyKind::connection_error:
    case monitor::ReplyKind::server_error:
    case monitor::ReplyKind::overloaded:
    case monitor::ReplyKind::rate_limited:
    case monitor::ReplyKind::malformed:
    case monitor::ReplyKind::truncated:
      return true;
    case monitor::ReplyKind::ok:
    case monitor::ReplyKind::auth_or_quota:
    case monitor::ReplyKind::client_error:
    case monitor::ReplyKind::context_length:
    case monitor::ReplyKind::content_policy:
    case monitor::ReplyKind::not_found:
    case monitor::ReplyKind::auth:
    case monitor::ReplyKind::quota_exhausted:
      return false;
  }
  return false;
}
// The request itself is wrong: a 400 of any kind.
[[nodiscard]] inline bool is_fault_of_request(monitor::ReplyKind kind) {
  return kind == monitor::ReplyKind::client_error || kind == monitor::ReplyKind::context_length ||
         kind == monitor::ReplyKind::content_policy;
}
[[nodiscard]] inline std::uint64_t everybody_of(std::size_t providers) {
  return providers >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << providers) - 1;
}
// What a rate limiter counts of a request.
[[nodiscard]] inline std::int64_t asked_of(const OpenRequest& open_request) {
  return (open_request.request.input + open_request.request.max_tokens).count();
}

}  // namespace windtunnel::sim
