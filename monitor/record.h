#pragma once
// What is known of one request: its arrival, its attempts, its end. Grows while the request lives; at its end it is the
// one terminal record that metrics, telemetry and checks read.

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

// A request makes at most this many attempts: the sum of max_attempts over all providers must not exceed it.
inline constexpr std::size_t kAttemptsMax = 64;

// One call to one provider.
struct Attempt {
  Instant started{};
  Duration latency{0};
  Usd cost;  // the bill if the usage is known, else what the limiter settled for it
  ProviderId provider{};
  ReplyKind kind = ReplyKind::ok;
  bool usage_known = false;
  BreakerState breaker = BreakerState::closed;  // when the call was admitted
};

// The place of a request's attempts. Nothing stands in it before an attempt is written there: most requests make one,
// and to clear the room of all would cost more than to decide on a request.
class AttemptRoom {
 public:
  AttemptRoom() {}  // NOLINT(modernize-use-equals-default): the union stays as it is
  [[nodiscard]] Attempt& operator[](std::size_t i) { return attempts_[i]; }
  [[nodiscard]] const Attempt& operator[](std::size_t i) const { return attempts_[i]; }
  [[nodiscard]] const Attempt* data() const { return attempts_.data(); }

 private:
  union {
    std::array<Attempt, kAttemptsMax> attempts_;
  };
};

struct Record {
  Request request;
  Instant arrived{};
  Instant finished{};
  Outcome outcome = Outcome::served;
  std::optional<std::uint16_t> variant;   // the A/B arm; failover never changes it
  std::optional<ProviderId> assigned;     // by the router; nothing if a limiter refused before it
  std::optional<ProviderId> answered_by;  // of served, cache_hit and stale_hit: who produced the answer
  Tokens granted_output;                  // the output cap that the token limiter granted
  Tokens input;                           // of the answer, 0 if there is none or it came from the cache
  Tokens output;
  TokenKinds kinds;                 // of these
  Duration time_to_first_token{0};  // of the answer, since arrival; 0 for a hit
  std::uint32_t response_length = 0;
  Duration retry_after{0};                      // of refused_rate: until the next window begins
  std::optional<std::uint8_t> limit;            // of the list of limits: the one that refused it
  BreakerState breaker = BreakerState::closed;  // of the last called provider, after its reply
  std::uint8_t attempt_count = 0;
  std::uint8_t failovers = 0;   // moves to another candidate after a failed attempt or a refusing breaker
  std::uint8_t restarts = 0;    // streams that began once more after their caller had seen the break
  AttemptRoom attempt_storage;  // the first attempt_count hold an attempt

  [[nodiscard]] std::span<const Attempt> attempts() const { return {attempt_storage.data(), attempt_count}; }
  [[nodiscard]] const Attempt* last_attempt() const {
    return attempt_count == 0 ? nullptr : &attempt_storage[attempt_count - 1U];
  }
  [[nodiscard]] Duration latency() const { return finished - arrived; }
  // The attempts whose usage is known; the cost of an unknown one is known to the provider alone.
  [[nodiscard]] Usd confirmed_cost() const { return settled(true); }
  // What the limiter settled for the other attempts: their reservations.
  [[nodiscard]] Usd reserved_cost() const { return settled(false); }

 private:
  [[nodiscard]] Usd settled(bool usage_known) const {
    Usd sum;
    for (const Attempt& attempt : attempts()) {
      if (attempt.usage_known == usage_known) sum += attempt.cost;
    }
    return sum;
  }
};

}  // namespace windtunnel::monitor
