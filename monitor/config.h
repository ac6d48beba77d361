#pragma once
// Every knob of the pipeline, stage by stage. The defaults are the product's; a scenario's `monitor` block names them.

#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/breaker/breaker_presets.h"
#include "monitor/cache.h"
#include "monitor/cost_limiter.h"
#include "monitor/limits/limit.h"
#include "monitor/limits/rate_limiter.h"
#include "monitor/limits/token_limiter.h"
#include "monitor/router.h"
#include "monitor/routing/backoff.h"
#include "monitor/routing/route.h"

namespace windtunnel::monitor {

// What follows a stream that breaks off after its caller has read the first of it. fail: the request ends as
// broken_stream. restart: another call is made, and the caller reads from the begin once more.
enum class OnBrokenStream : std::uint8_t { fail, restart };

// What becomes of a request whose caller has gone. go_on: it is worked on to its end. cancel: it ends at once. A driver
// of callers that the pipeline cannot see reads it, and calls Pipeline::abandon.
enum class OnCallerGone : std::uint8_t { go_on, cancel };

// A timeout that never comes.
inline constexpr Duration kNoTimeout = Duration::max();

struct ProviderCallConfig {
  Duration timeout = std::chrono::seconds{30};  // of one attempt; kNoTimeout: the answer is waited for
  std::optional<Duration> deadline;             // of the whole request, from its arrival
  RetryConfig retry;
  Duration retry_after_cap = std::chrono::seconds{60};
  bool rate_limited_counts = true;   // a 429 is a failure for the breaker; false: neutral
  bool rate_limited_retries = true;  // a 429 may be retried at the same provider; false: straight to the next
  OnBrokenStream on_broken_stream = OnBrokenStream::fail;
  OnCallerGone on_caller_gone = OnCallerGone::go_on;
  std::optional<Duration> first_token_timeout;  // of a streamed call, from its start
  std::optional<Duration> idle_timeout;         // of a streamed call, between two tokens
  friend bool operator==(const ProviderCallConfig&, const ProviderCallConfig&) = default;
};

struct MonitorConfig {
  RateLimiterConfig rate_limiter;
  TokenLimiterConfig token_limiter;
  CostLimiterConfig cost_limiter;
  RouterConfig ab_router;
  CacheConfig cache;
  BreakerConfig circuit_breaker = seed_readme();
  ProviderCallConfig provider_call;
  RoutesConfig routing;
  LimitsConfig limits;
};

// A price that holds from an instant on, until the next one.
struct DatedTariff {
  WallTime from = WallTime::min();
  Tariff tariff;
  friend bool operator==(const DatedTariff&, const DatedTariff&) = default;
};

// The pipeline's settings of a provider, or of a deployment: one model at one provider.
struct ProviderConfig {
  std::string name;
  std::string model;
  std::vector<DatedTariff> tariffs;                 // ascending by `from`, at least one
  std::optional<Duration> attempt_timeout;          // instead of provider_call.timeout
  std::optional<Duration> first_token_timeout;      // likewise, of a streamed call
  std::optional<Duration> idle_timeout;             // likewise
  std::optional<std::int32_t> max_attempts;         // instead of provider_call.max_attempts
  std::optional<RetryConfig> backoff;               // instead of provider_call's; its max_attempts has no say
  std::optional<BreakerConfig> breaker;             // instead of circuit_breaker
  std::optional<std::int64_t> requests_per_minute;  // of its quota, for Balance::lowest_usage
  std::optional<Tokens> tokens_per_minute;
  std::string account;  // the provider of a deployment; empty: its own name
};

}  // namespace windtunnel::monitor
