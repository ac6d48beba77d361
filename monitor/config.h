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
#include "monitor/limits/rate_limiter.h"
#include "monitor/router.h"
#include "monitor/routing/route.h"
#include "monitor/token_limiter.h"

namespace windtunnel::monitor {

enum class Jitter : std::uint8_t { full, none };

// Exponential back-off before a retry at the same provider: the k-th retry waits at most min(cap, base x multiplier^k),
// k from 0; full jitter takes a uniform share of that, from a stable hash of request and attempt.
struct RetryConfig {
  std::int32_t max_attempts = 1;  // per provider, >= 1; 1 means no retry
  Duration base = std::chrono::milliseconds{500};
  Millionths multiplier{2'000'000};
  Duration cap = std::chrono::seconds{8};
  Jitter jitter = Jitter::full;
  friend bool operator==(const RetryConfig&, const RetryConfig&) = default;
};

// A timeout that never comes.
inline constexpr Duration kNoTimeout = Duration::max();

struct ProviderCallConfig {
  Duration timeout = std::chrono::seconds{30};  // of one attempt; kNoTimeout: the answer is waited for
  std::optional<Duration> deadline;             // of the whole request, from its arrival
  RetryConfig retry;
  Duration retry_after_cap = std::chrono::seconds{60};
  bool rate_limited_counts = true;   // a 429 is a failure for the breaker; false: neutral
  bool rate_limited_retries = true;  // a 429 may be retried at the same provider; false: straight to the next
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
  std::optional<std::int32_t> max_attempts;         // instead of provider_call.max_attempts
  std::optional<BreakerConfig> breaker;             // instead of circuit_breaker
  std::optional<std::int64_t> requests_per_minute;  // of its quota, for Balance::lowest_usage
  std::optional<Tokens> tokens_per_minute;
};

}  // namespace windtunnel::monitor
