#pragma once
// What a reply counts as for a breaker that does not say so itself (BreakerConfig::outcomes), for all that judge the
// pipeline or another gateway. Written apart from the pipeline's own, because that is judged by it.

#include "base/check.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/request.h"

namespace windtunnel::sim {

[[nodiscard]] inline monitor::BreakerOutcome default_outcome(monitor::ReplyKind kind, bool rate_limited_counts) {
  using monitor::BreakerOutcome;
  using monitor::ReplyKind;
  switch (kind) {
    case ReplyKind::ok:
      return BreakerOutcome::success;
    case ReplyKind::client_error:
    case ReplyKind::context_length:
    case ReplyKind::content_policy:
      return BreakerOutcome::ignored;
    case ReplyKind::rate_limited:
      return rate_limited_counts ? BreakerOutcome::failure : BreakerOutcome::ignored;
    case ReplyKind::timeout:
    case ReplyKind::connection_error:
    case ReplyKind::server_error:
    case ReplyKind::overloaded:
    case ReplyKind::malformed:
    case ReplyKind::truncated:
    case ReplyKind::auth_or_quota:
    case ReplyKind::not_found:
    case ReplyKind::auth:
    case ReplyKind::quota_exhausted:
      return BreakerOutcome::failure;
  }
  fail_check("a kind of reply has an outcome", __FILE__, __LINE__);
}

}  // namespace windtunnel::sim
