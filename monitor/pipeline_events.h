#pragma once
// What the pipeline says while it works. An Observer is told every decision, in order, at the instant it is made; it
// may look but has no way to act. Every event is a plain value, so that a reference model can follow along without
// knowing the pipeline.

#include <cstdint>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/cost_limiter.h"
#include "monitor/record.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

// A breaker was asked for a permit.
struct PermitAsked {
  Instant at{};
  RequestId request{};
  ProviderId provider{};
  bool admitted = false;
  BreakerState state = BreakerState::closed;  // after the answer
  std::uint64_t epoch = 0;                    // of the permit, or of the refusing breaker
};

// A call is about to be made. Its completion is owed at or before the deadline.
struct AttemptStarted {
  Instant at{};
  RequestId request{};
  ProviderId provider{};
  std::uint8_t ordinal = 0;  // 0 is the request's first attempt
  Instant deadline{};
  Tokens input;
  Tokens output_max;  // the grant
  Usd reserved;
  std::uint64_t epoch = 0;  // of its permit
};

struct AttemptEnded {
  Instant at{};
  RequestId request{};
  ProviderId provider{};
  std::uint8_t ordinal = 0;
  Reply reply;
  BreakerOutcome counted = BreakerOutcome::ignored;  // as the breaker was told
  std::uint64_t epoch = 0;                           // of its permit
  bool late = false;                                 // its permit was of an earlier epoch
  BreakerState state_before = BreakerState::closed;  // of the breaker, when the result came in
  Usd settled;
  Usd reserved;         // before it settled
  Duration latency{0};  // since the attempt started
};

// An answer went into the cache.
struct CacheStored {
  Instant at{};
  RequestId request{};
  ContentKey key;  // content, requested max_tokens and, with scope `provider`, the provider
  ProviderId provider{};
};

// A cached answer is served.
struct CacheServed {
  Instant at{};
  RequestId request{};
  ContentKey key;
  ProviderId provider{};
  Duration age{0};
  bool stale = false;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_arrival(const Request& /*request*/, Instant /*now*/) {}
  virtual void on_granted(const Request& /*request*/, Tokens /*output*/, Instant /*now*/) {}
  // The request's reservation is now `amount`; `wall` is the calendar instant of its admission.
  virtual void on_reserved(RequestId /*request*/, Usd /*amount*/, WallTime /*wall*/, Instant /*now*/) {}
  // A reservation is handed back unused (a cache hit, a refusal, the end).
  virtual void on_released(RequestId /*request*/, Usd /*amount*/, Instant /*now*/) {}
  virtual void on_permit(const PermitAsked& /*event*/) {}
  // A candidate was passed over because it is under Retry-After.
  virtual void on_cooling_skip(RequestId /*request*/, ProviderId /*provider*/, Instant /*now*/) {}
  virtual void on_attempt_start(const AttemptStarted& /*event*/) {}
  virtual void on_attempt_end(const AttemptEnded& /*event*/) {}
  virtual void on_transition(ProviderId /*provider*/, const BreakerTransition& /*event*/) {}
  virtual void on_retry_after(ProviderId /*provider*/, Instant /*until*/, Instant /*now*/) {}
  virtual void on_budget(const BudgetEvent& /*event*/, Instant /*now*/) {}
  virtual void on_cache_stored(const CacheStored& /*event*/) {}
  virtual void on_cache_served(const CacheServed& /*event*/) {}
  // The request came at the very instant at which its cached answer stopped being fresh.
  virtual void on_cache_edge(RequestId /*request*/, Instant /*now*/) {}
  // The one terminal record of a request.
  virtual void on_finish(const Record& /*record*/) {}
};

}  // namespace windtunnel::monitor
