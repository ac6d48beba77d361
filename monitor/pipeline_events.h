#pragma once
// The events of the pipeline: every decision, in order, at the instant at which it is made.
//
// An event is a plain value. A reference model can follow along without access to the pipeline, and a recorded run is a
// vector of events. A new event is a struct here, an alternative of Event, and the line of the pipeline that emits it:
// only the handlers that need it change.

#include <cstdint>
#include <variant>

#include "base/deliver.h"
#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/cost_limiter.h"
#include "monitor/record.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

struct RequestArrived {
  Instant at{};
  Request request;
};

struct TokensGranted {
  Instant at{};
  RequestId request{};
  Tokens asked;  // the request's max_tokens
  Tokens output;
};

// The request's reservation is now `amount`.
struct MoneyReserved {
  Instant at{};
  RequestId request{};
  Usd amount;
  WallTime wall{};  // the calendar instant of the request's admission
};

// A reservation is handed back unused (a cache hit, a refusal, the end).
struct MoneyReleased {
  Instant at{};
  RequestId request{};
  Usd amount;
};

// When limits are asked.
enum class LimitStage : std::uint8_t {
  admission,  // of the request
  target,     // before a call of it, by limits on calls
  call,       // the call is about to be made
};

// What the list of limits said, where it was asked.
struct LimitsAsked {
  Instant at{};
  RequestId request{};
  LimitStage stage = LimitStage::admission;
  std::optional<ProviderId> target;
  Tokens output_max;
  Usd worst;  // the most money that a call may take
  bool is_admitted = false;
  std::uint32_t held = 0;       // limits that count it from now on, by bit
  std::uint32_t exhausted = 0;  // without room for it
  std::optional<std::uint8_t> refused_by;
  bool is_passed_over = false;  // the next target is asked
  RouteId route{};              // that the request asks for now
};

// A breaker was asked for a permit.
struct PermitAsked {
  Instant at{};
  RequestId request{};
  ProviderId provider{};
  bool admitted = false;
  BreakerState state = BreakerState::closed;  // after the answer
  std::uint64_t epoch = 0;                    // of the permit, or of the refusing breaker
};

// A candidate was passed over because it is under Retry-After.
struct CoolingSkipped {
  Instant at{};
  RequestId request{};
  ProviderId provider{};
};

// A fallback begins. The route that a request asks for is entered without this event.
struct RouteEntered {
  Instant at{};
  RequestId request{};
  RouteId route{};
  std::optional<ReplyKind> after;  // the failure that it follows; nothing: no call was made
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
  std::uint64_t epoch = 0;                  // of its permit
  bool is_bypass = false;                   // without a permit, because every breaker refuses
  Instant first_token_by = Instant::max();  // of a streamed call, and the longest pause between two tokens
  Duration idle = Duration::max();
};

struct AttemptEnded {
  Instant at{};
  RequestId request{};
  ProviderId provider{};
  std::uint8_t ordinal = 0;
  Reply reply;
  BreakerOutcome counted = BreakerOutcome::ignored;  // as reported to the breaker
  std::uint64_t epoch = 0;                           // of its permit
  bool late = false;                                 // its permit was of an earlier epoch
  BreakerState state_before = BreakerState::closed;  // of the breaker, when the result came in
  Usd settled;
  Usd reserved;         // before it settled
  Duration latency{0};  // since the attempt started
};

// The usage of a call that ended without one has come. Its bill takes the place of what the call was settled for, in
// the budget's windows of the request's admission.
struct UsageLearned {
  Instant at{};
  RequestId request{};
  ProviderId provider{};
  std::uint8_t ordinal = 0;
  Usage usage;
  Usd settled;  // until now
  Usd billed;
};

struct BreakerMoved {
  ProviderId provider{};
  BreakerTransition transition;
};

struct RetryAfterSet {
  Instant at{};
  ProviderId provider{};
  Instant until{};
};

struct BudgetChanged {
  Instant at{};
  BudgetEvent budget;
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

// The request came at the very instant at which its cached answer stopped being fresh.
struct CacheEdgeMet {
  Instant at{};
  RequestId request{};
};

// The last is the one terminal record of a request.
using Event = std::variant<RequestArrived, TokensGranted, MoneyReserved, MoneyReleased, PermitAsked, CoolingSkipped,
                           LimitsAsked, RouteEntered, AttemptStarted, AttemptEnded, UsageLearned, BreakerMoved,
                           RetryAfterSet, BudgetChanged, CacheStored, CacheServed, CacheEdgeMet, Record>;

// Gets every event, in order. Without a handler no event is made.
using Observer = HandlerRef<Event>;

}  // namespace windtunnel::monitor
