#pragma once
// The values of a log's fields, which every program writes in its own way. Each function returns nothing for a text
// that is no such value.

#include <optional>
#include <string_view>

#include "base/units.h"

namespace windtunnel::reports {

// "2026-01-20T10:00:00Z", with a space for the T, a fraction, an offset such as +02:00, or no zone, which is UTC. A
// number is a time since 1970 in seconds, milliseconds, microseconds or nanoseconds: no two of them overlap from 1973
// to 2159.
[[nodiscard]] std::optional<WallTime> log_time(std::string_view text);

// A decimal in units of 10^-decimals. Digits beyond are rounded.
[[nodiscard]] std::optional<std::int64_t> log_decimal(std::string_view text, int decimals);

// A whole number; 12.0 is whole, 12.5 is not.
[[nodiscard]] std::optional<std::int64_t> log_count(std::string_view text);

// true, yes, 1, success, ok, hit, default, debug, warning; false, no, 0, failure, failed, error, miss, disabled. Upper
// and lower case are one.
[[nodiscard]] std::optional<bool> log_word(std::string_view text);

// The status of a span of OpenTelemetry: unset, 0, ok and 1 are no failure, error and 2 are one.
[[nodiscard]] std::optional<bool> log_span_status(std::string_view text);

}  // namespace windtunnel::reports
