#pragma once
// Samples of a fit from the rows of a log.

#include <functional>
#include <optional>
#include <string>

#include "reports/logs/log_row.h"
#include "sim/fit/fit_log.h"

namespace windtunnel::reports {

// An Anthropic usage report counts tokens and no requests, so that their size is assumed.
inline constexpr Tokens kTokensAssumed{2'000};

// Calls `add` with each request of the row: one, or those of a bucket. Why the row is of no use, if so. A row without a
// cost has its price in `cost`.
[[nodiscard]] std::optional<std::string> add_samples(LogRow& row,
                                                     const std::function<void(const sim::FitSample&)>& add);

// Whether the row says nothing of lengths and cost without its tokens: an answer or a bucket, and no failure or hit of
// a cache.
[[nodiscard]] bool needs_tokens(const LogRow& row);
// Whether it has the counts of input and of output, of which either may be 0.
[[nodiscard]] inline bool has_counts(const LogRow& row) { return row.input && row.output; }

// The requests of a bucket: those that it counts, or what its tokens are at kTokensAssumed each.
[[nodiscard]] std::int64_t requests_of(const LogRow& row);

}  // namespace windtunnel::reports
