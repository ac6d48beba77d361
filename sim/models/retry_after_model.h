#pragma once
// The wait that a Retry-After header requests, within [0, cap] whatever was sent.

#include "base/units.h"
#include "monitor/request.h"

namespace windtunnel::sim {

inline Duration wait_asked(const monitor::RetryAfter& sent, WallTime wall, Duration cap) {
  Int128 asked = 0;  // nanoseconds
  if (sent.form == monitor::RetryAfter::Form::date) {
    asked = Int128{sent.date.time_since_epoch().count()} - wall.time_since_epoch().count();
  } else if (sent.form == monitor::RetryAfter::Form::seconds && sent.seconds > 0) {  // not NaN
    const double nanoseconds = sent.seconds * 1e9;
    asked = nanoseconds < 9e18 ? static_cast<std::int64_t>(nanoseconds) : INT64_MAX;
  }
  if (asked <= 0) return Duration{0};
  return asked > cap.count() ? cap : Duration{static_cast<std::int64_t>(asked)};
}

}  // namespace windtunnel::sim
