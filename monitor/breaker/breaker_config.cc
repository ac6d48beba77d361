#include "monitor/breaker/breaker_config.h"

#include <algorithm>

#include "base/check.h"

namespace windtunnel::monitor {
namespace {

bool within(std::int64_t value, std::int64_t least, std::int64_t most) { return value >= least && value <= most; }

std::optional<std::string> unsupported_slow_calls(const BreakerConfig& config) {
  if (config.slow_call_duration < Duration::zero() || config.slow_call_duration > kBreakerDurationMax) {
    return "slow_call_duration must be at least 0 and at most 100 years";
  }
  if (!config.slow_call_rate) return std::nullopt;
  if (!within(config.slow_call_rate->value, 0, kMillion)) return "slow_call_rate must be a fraction from 0 to 1";
  if (!config.window_type) return "slow_call_rate needs a window_type";
  if (config.slow_call_rate->value == 0 && config.failure_rate_compare == BreakerCompare::ge) {
    return "slow_call_rate 0 with failure_rate_compare ge: it could never close";
  }
  if (acts_by_origin(config.late_results))
    return "late_results by origin let each probe decide: without slow_call_rate";
  return std::nullopt;
}

std::optional<std::string> unsupported_rule(const BreakerConfig& config) {
  if (config.consecutive_threshold && !within(*config.consecutive_threshold, 1, kBreakerCountMax)) {
    return "consecutive_threshold must be at least 1 and at most a billion (null turns the rule off)";
  }
  if (config.failure_count_threshold && !within(*config.failure_count_threshold, 1, kBreakerCountMax)) {
    return "failure_count_threshold must be at least 1 and at most a billion (null turns the rule off)";
  }
  if (config.failure_rate_threshold && !within(config.failure_rate_threshold->value, 0, kMillion)) {
    return "failure_rate_threshold must be a fraction from 0 to 1";
  }
  const auto is_wrong = [](const std::optional<std::int64_t>& fails) {
    return fails && !within(*fails, 0, kBreakerCountMax);
  };
  if (is_wrong(config.allowed_fails) || std::ranges::any_of(config.allowed_fails_by, is_wrong)) {
    return "allowed_fails must be at least 0 and at most a billion (null turns the rule off)";
  }
  if (!within(config.minimum_calls, 0, kBreakerCountMax)) {
    return "minimum_calls must be at least 0 and at most a billion";
  }
  if (auto reason = unsupported_slow_calls(config)) return reason;
  if (!config.window_type && config.failure_rate_threshold) return "failure_rate_threshold needs a window_type";
  if (!config.window_type && config.failure_count_threshold) return "failure_count_threshold needs a window_type";
  if (config.consecutive_scope == ConsecutiveScope::window && !config.window_type) {
    return "consecutive_scope window needs a window_type";
  }
  return std::nullopt;
}

std::optional<std::string> unsupported_window(const BreakerConfig& config) {
  if (!within(config.window_buckets, 0, kBreakerWindowSizeMax)) {
    return "window_buckets must be at least 0 and at most 10 million";
  }
  if (config.window_type == WindowType::count && !within(config.window_size, 1, kBreakerWindowSizeMax)) {
    return "window_type count needs a window_size from 1 to 10 million";
  }
  const bool lasts = config.window_type == WindowType::time || config.window_type == WindowType::fixed;
  if (lasts && (config.window <= Duration::zero() || config.window > kBreakerDurationMax)) {
    return "window_type time and fixed need a window longer than 0 and at most 100 years";
  }
  if (config.window_type == WindowType::time && config.window.count() < config.window_buckets) {
    return "window_buckets would be shorter than a nanosecond";
  }
  if (config.consecutive_scope == ConsecutiveScope::window && config.bucket_of == BucketOf::start) {
    return "consecutive_scope window needs bucket_of result, because outcomes leave in the order in which they came";
  }
  if (!turns_by_outcomes(config.window_origin)) return std::nullopt;
  if (config.window_type != WindowType::time || config.window_buckets == 0) {
    return "window_origin rotate_one and stamped_ring need window_type time with window_buckets";
  }
  if (config.window < std::chrono::milliseconds{config.window_buckets}) {
    return "window_origin rotate_one and stamped_ring need buckets of a millisecond or longer";
  }
  if (config.bucket_of == BucketOf::start) {
    return "window_origin rotate_one and stamped_ring need bucket_of result";
  }
  return std::nullopt;
}

std::optional<std::string> unsupported_volume(const BreakerConfig& config) {
  if (config.volume == Volume::outcomes) return std::nullopt;
  const bool has_buckets = config.window_type == WindowType::time && config.window_buckets > 0;
  if (!has_buckets || config.window_origin != WindowOrigin::epoch) {
    return "volume attempts needs window_type time with window_buckets and window_origin epoch";
  }
  return std::nullopt;
}

std::optional<std::string> unsupported_origin(const BreakerConfig& config) {
  if (!acts_by_origin(config.late_results)) return std::nullopt;
  if (config.half_open_failure_rate || config.half_open_failure == HalfOpenFailure::ignore) {
    return "late_results by origin let each probe decide: without half_open_failure_rate and half_open_failure ignore";
  }
  if (config.late_results == LateResults::origin_forces && config.state_view != StateView::lazy) {
    return "late_results origin_forces needs state_view lazy, because a late failure prolongs OPEN";
  }
  return std::nullopt;
}

std::optional<std::string> unsupported_half_open_rate(const BreakerConfig& config) {
  if (!config.half_open_failure_rate) return std::nullopt;
  if (!within(config.half_open_failure_rate->value, 0, kMillion)) {
    return "half_open_failure_rate must be a fraction from 0 to 1";
  }
  if (config.half_open_max_calls == 0) {
    return "half_open_failure_rate needs a half_open_max_calls above 0: it judges once so many have reported";
  }
  if (config.half_open_failure == HalfOpenFailure::ignore) {
    return "half_open_failure ignore leaves half_open_failure_rate no failure to judge";
  }
  if (config.half_open_failure_rate->value == 0 && config.failure_rate_compare == BreakerCompare::ge) {
    return "half_open_failure_rate 0 with failure_rate_compare ge: it could never close";
  }
  return std::nullopt;
}

std::optional<std::string> unsupported_recovery(const BreakerConfig& config) {
  if (config.open < Duration::zero() || config.open > kBreakerDurationMax) {
    return "open must be at least 0 and at most 100 years";
  }
  if (!within(config.half_open_max_calls, 0, kBreakerCountMax)) {
    return "half_open_max_calls must be at least 0 (unlimited) and at most a billion";
  }
  if (!within(config.half_open_success_threshold, 1, kBreakerCountMax)) {
    return "half_open_success_threshold must be at least 1 and at most a billion";
  }
  if (config.half_open_max_calls != 0 && config.half_open_success_threshold > config.half_open_max_calls) {
    return "half_open_success_threshold is above half_open_max_calls: it could never close";
  }
  if (config.half_open_timeout &&
      (*config.half_open_timeout <= Duration::zero() || *config.half_open_timeout > kBreakerDurationMax)) {
    return "half_open_timeout must be longer than 0 and at most 100 years (null turns it off)";
  }
  if (auto reason = unsupported_half_open_rate(config)) return reason;
  if (auto reason = unsupported_origin(config)) return reason;
  if (!within(config.open_backoff_multiplier.value, kMillion, kMillion * kBreakerCountMax)) {
    return "open_backoff_multiplier must be at least 1 and at most a billion";
  }
  if (!within(config.open_jitter.value, 0, kMillion)) return "open_jitter must be a fraction from 0 to 1";
  if (config.open_jitter.value != 0 && config.late_results == LateResults::origin_forces) {
    return "late_results origin_forces starts the same open time again: without open_jitter";
  }
  if (config.open_max && (*config.open_max < Duration::zero() || *config.open_max > kBreakerDurationMax)) {
    return "open_max must be at least 0 and at most 100 years";
  }
  return std::nullopt;
}

}  // namespace

const char* name_of(BreakerState state) {
  switch (state) {
    case BreakerState::closed:
      return "closed";
    case BreakerState::open:
      return "open";
    case BreakerState::half_open:
      return "half_open";
  }
  fail_check("a breaker's state has a name", __FILE__, __LINE__);
}

std::optional<std::string> unsupported(const BreakerConfig& config) {
  if (auto reason = unsupported_rule(config)) return reason;
  if (auto reason = unsupported_window(config)) return reason;
  if (auto reason = unsupported_volume(config)) return reason;
  return unsupported_recovery(config);
}

}  // namespace windtunnel::monitor
