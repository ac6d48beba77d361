#include "monitor/retry.h"

#include <algorithm>

#include "base/stable_hash.h"

namespace windtunnel::monitor {

Duration backoff(const RetryConfig& config, std::int32_t k, RequestId request, std::uint32_t attempt) {
  Int128 pause = config.base.count();
  for (std::int32_t i = 0; i < k && pause < config.cap.count(); ++i)
    pause = pause * config.multiplier.value / 1'000'000;
  const std::int64_t most = static_cast<std::int64_t>(std::min<Int128>(pause, config.cap.count()));
  if (config.jitter == Jitter::none) return Duration{most};
  const std::uint64_t share = mix(mix(number_of(request)) + attempt);
  return Duration{static_cast<std::int64_t>((static_cast<Uint128>(share) * static_cast<std::uint64_t>(most)) >> 64)};
}

Duration wait_of(const RetryAfter& retry_after, WallTime wall, Duration cap) {
  switch (retry_after.form) {
    case RetryAfter::Form::absent:
    case RetryAfter::Form::unreadable:
      return Duration{0};
    case RetryAfter::Form::date:
      if (retry_after.date <= wall) return Duration{0};
      // The difference of two far dates may not fit: compare before subtracting.
      return retry_after.date > wall + cap ? cap : retry_after.date - wall;
    case RetryAfter::Form::seconds: {
      const double nanoseconds = retry_after.seconds * 1e9;
      if (!(nanoseconds > 0)) return Duration{0};  // also NaN
      if (nanoseconds >= static_cast<double>(cap.count())) return cap;
      return Duration{static_cast<std::int64_t>(nanoseconds)};
    }
  }
  fail_check("a Retry-After has a form", __FILE__, __LINE__);
}

}  // namespace windtunnel::monitor
