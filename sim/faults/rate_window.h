#pragma once
// A provider's own rate limit, as providers apply it: fixed windows of one UTC minute, requests and tokens. What is
// refused does not count. The minutes are those of true time, because a step of the monitor's wall clock does not move
// a provider's.

#include <cstdint>
#include <optional>

#include "base/units.h"

namespace windtunnel::sim {

// The refusals that carry the limit's `retry_after`: 429 alone, or also 529 and the other 5xx.
enum class RetryAfterOn : std::uint8_t { rate_limited, every_refusal };
// How a Retry-After is written: in seconds, as an HTTP date, which has whole seconds, or in a way that providers are
// known for. absent: there is no header. unreadable: words. nan, negative, days: a number that is none, is below 0, or
// is beyond any wait.
enum class RetryAfterForm : std::uint8_t { seconds, date, absent, unreadable, nan, negative, days };

struct RateLimit {
  std::optional<std::int64_t> requests_per_minute;
  std::optional<Tokens> tokens_per_minute;
  std::optional<Duration> retry_after;  // absent: the time to the end of the UTC minute
  RetryAfterOn retry_after_on = RetryAfterOn::rate_limited;
  RetryAfterForm retry_after_form = RetryAfterForm::seconds;
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

// What a limit leaves in a minute. Absent: that dimension has no limit.
struct RateLeft {
  std::optional<std::int64_t> requests;
  std::optional<Tokens> tokens;
  Duration until_reset{0};
};

class RateWindow {
 public:
  // Nothing if admitted, else the time to wait: the limit's own retry_after, or until the window ends.
  [[nodiscard]] std::optional<Duration> admit(const RateLimit& limit, Tokens tokens, WallTime true_time) {
    const std::int64_t ns = true_time.time_since_epoch().count();
    const std::int64_t minute = minute_of(ns);
    if (minute != minute_) {
      minute_ = minute;
      requests_ = 0;
      tokens_ = Tokens{};
    }
    const bool fits = (!limit.requests_per_minute || requests_ < *limit.requests_per_minute) &&
                      (!limit.tokens_per_minute || tokens_ + tokens <= *limit.tokens_per_minute);
    if (!fits) return limit.retry_after.value_or(Duration{(minute + 1) * kMinute - ns});
    ++requests_;
    tokens_ += tokens;
    return std::nullopt;
  }

  // What is left at this instant, which is not before the latest admit().
  [[nodiscard]] RateLeft left(const RateLimit& limit, WallTime true_time) const {
    const std::int64_t ns = true_time.time_since_epoch().count();
    const std::int64_t minute = minute_of(ns);
    const bool counts = minute == minute_;
    RateLeft left{.until_reset = Duration{(minute + 1) * kMinute - ns}};
    if (limit.requests_per_minute) left.requests = *limit.requests_per_minute - (counts ? requests_ : 0);
    if (limit.tokens_per_minute) left.tokens = *limit.tokens_per_minute - (counts ? tokens_ : Tokens{});
    return left;
  }

 private:
  static constexpr std::int64_t kMinute = 60'000'000'000;
  static constexpr std::int64_t minute_of(std::int64_t ns) {
    return ns >= 0 ? ns / kMinute : -((-ns + kMinute - 1) / kMinute);
  }

  std::int64_t minute_ = INT64_MIN;
  std::int64_t requests_ = 0;
  Tokens tokens_;
};

}  // namespace windtunnel::sim
