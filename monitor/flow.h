#pragma once
// The state of one request inside the pipeline: a plain copyable value, so that a test can fork it on every answer.

#include <cstdint>
#include <new>
#include <optional>
#include <type_traits>
#include <variant>

#include "base/units.h"
#include "monitor/breaker/breaker.h"
#include "monitor/cost_limiter.h"
#include "monitor/limits/limit_ticket.h"
#include "monitor/limits/token_limiter.h"
#include "monitor/plan.h"
#include "monitor/record.h"

namespace windtunnel::monitor {

// Make this call and come back with on_reply, exactly once, at or before the deadline; a reply that would come later is
// reported as a timeout at the deadline.
struct CallProvider {
  ProviderId provider{};
  std::uint8_t attempt = 0;  // ordinal in the request, from 0
  Instant deadline{};
  Tokens output_max;  // the provider must not bill more output than this
  // Of a streamed call: without a first token by then, or after so long a pause, it is reported as a timeout.
  Instant first_token_by = Instant::max();
  Duration idle = Duration::max();
};

// Come back with on_wakeup at this instant or later.
struct WaitUntil {
  Instant at{};
};

// The request has ended; its record is complete.
struct Finished {
  Outcome outcome{};
};

// What the caller must do next for this request. Exactly one of these is outstanding at any time.
using Step = std::variant<CallProvider, WaitUntil, Finished>;

enum class Awaiting : std::uint8_t { begin, reply, wakeup, nothing };

struct Flow {
  Record record;
  TokenGrant grant;
  BudgetTicket ticket;  // the money reserved for this request
  WallTime admitted{};  // the calendar instant of admission; the wall clock may step while the request lives
  Permit permit;        // of the outstanding call
  Tariff tariff;        // of the outstanding call
  ContentKey cache_key;
  Turn turn;                     // who is asked next
  LimitTicket limits;            // what it holds of its limits
  std::uint32_t cache_slot = 0;  // of a hit, or where the answer was stored: for a driver that keeps texts
  bool stored = false;           // the answer went into cache_slot
  bool granted = false;          // the token limiter holds tokens for this request
  bool is_bypass = false;        // the outstanding call was made without a permit
  // The limit that refused a target or the request, how such a refusal ends, and when to come again.
  std::optional<std::uint8_t> limited;
  Outcome limited_as = Outcome::refused_rate;
  Duration limited_for{0};
  bool is_broken = false;  // the latest call broke off a stream, and the next one begins it once more
  Awaiting awaiting = Awaiting::begin;
};

// A call that ended without its usage, as far as the bill that may come later needs it. It outlives its request.
struct UnbilledCall {
  RequestId request{};
  ProviderId provider{};
  std::uint8_t ordinal = 0;
  WallTime admitted{};  // the request, on the calendar
  Tariff tariff;
  Usd settled;
  LimitTicket limits;  // as it stood before the call was settled
};

// Makes a used flow new. Unlike `flow = Flow{}` it does not touch the room of all attempts.
inline void renew(Flow& flow) {
  static_assert(std::is_trivially_destructible_v<Flow>);
  ::new (static_cast<void*>(&flow)) Flow;
}

}  // namespace windtunnel::monitor
