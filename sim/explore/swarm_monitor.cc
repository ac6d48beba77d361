// A swarm's settings of the monitor, each feature switched on and off.

#include <algorithm>
#include <string>

#include "monitor/record.h"
#include "sim/checks/claims/recovery.h"
#include "sim/explore/swarm_draws.h"

namespace windtunnel::sim::swarm {
namespace {

using monitor::BreakerConfig;
using namespace std::chrono_literals;

void draw_window(const Draft& draft, BreakerConfig& breaker) {
  using monitor::WindowType;
  const Dice& dice = draft.dice;
  breaker.window_type =
      dice.one_of({WindowType::count, WindowType::time, WindowType::fixed, WindowType::lifetime}, "window type");
  if (breaker.window_type == WindowType::count)
    breaker.window_size = dice.one_of<std::int64_t>({2, 10, 20}, "window size");
  const bool lasts = breaker.window_type == WindowType::time || breaker.window_type == WindowType::fixed;
  if (lasts) breaker.window = draft.on_grid(dice.one_of<Duration>({2s, 10s, 60s}, "window"));
  if (breaker.window_type == WindowType::time && dice.coin(50, "buckets")) {
    breaker.window_buckets = 10;
    if (dice.coin(50, "closed start")) breaker.window_origin = monitor::WindowOrigin::closed_start;
    if (dice.coin(50, "bucket of start")) breaker.bucket_of = monitor::BucketOf::start;
    if (dice.coin(20, "volume of attempts")) {
      breaker.window_origin = monitor::WindowOrigin::epoch;
      breaker.volume = monitor::Volume::attempts;
    }
  }
  if (breaker.window_buckets > 0 && dice.coin(15, "buckets turned by outcomes")) {
    breaker.window_origin =
        dice.coin(50, "stamps") ? monitor::WindowOrigin::stamped_ring : monitor::WindowOrigin::rotate_one;
    breaker.bucket_of = monitor::BucketOf::result;
    breaker.volume = monitor::Volume::outcomes;
  }
  if (breaker.bucket_of == monitor::BucketOf::result && dice.coin(10, "run in the window")) {
    breaker.consecutive_scope = monitor::ConsecutiveScope::window;
  }
  if (dice.coin(70, "rate rule")) {
    breaker.failure_rate_threshold =
        Millionths{dice.one_of<std::int64_t>({200'000, 500'000, 800'000}, "rate threshold")};
  }
  if (dice.coin(40, "count rule"))
    breaker.failure_count_threshold = dice.one_of<std::int64_t>({2, 6}, "count threshold");
  breaker.minimum_calls = dice.one_of<std::int64_t>({0, 2, 5, 10}, "minimum calls");
  if (dice.coin(10, "whole percent")) breaker.rate_rounding = monitor::RateRounding::percent_int;
  if (dice.coin(50, "ge")) breaker.failure_rate_compare = monitor::BreakerCompare::ge;
  if (dice.coin(50, "any")) breaker.evaluate_on = monitor::EvaluateOn::any;
}

void draw_probes(const Draft& draft, BreakerConfig& breaker) {
  using monitor::HalfOpenFailure;
  const Dice& dice = draft.dice;
  breaker.half_open_max_calls = dice.one_of<std::int64_t>({1, 1, 2, 3, 0}, "probes");
  breaker.half_open_success_threshold = dice.one_of<std::int64_t>({1, 1, 2}, "successes");
  if (breaker.half_open_max_calls == 1) breaker.half_open_success_threshold = 1;
  if (dice.coin(15, "forgives")) breaker.half_open_failure = HalfOpenFailure::ignore;
  if (dice.coin(20, "late results act")) breaker.late_results = monitor::LateResults::current_state;
  if (dice.coin(50, "late success counts")) breaker.late_success_in_open = monitor::LateSuccessInOpen::count;
  if (dice.coin(15, "open until a call")) breaker.state_view = monitor::StateView::lazy;
  if (dice.coin(10, "late results by origin")) {
    breaker.late_results = dice.coin(30, "old probes count nowhere") ? monitor::LateResults::origin_counts
                                                                     : monitor::LateResults::origin_counts_stale_probe;
    if (breaker.state_view == monitor::StateView::lazy) breaker.late_results = monitor::LateResults::origin_forces;
    breaker.half_open_failure = HalfOpenFailure::reopen;
  }
  using monitor::OnClose;
  if (dice.coin(10, "cleared when it opens")) breaker.on_open = monitor::OnOpen::reset;
  breaker.on_close =
      dice.one_of({OnClose::reset, OnClose::reset, OnClose::reset_plus_probe, OnClose::keep}, "on close");
  if (breaker.on_close == OnClose::keep && dice.coin(50, "forgets failures")) {
    breaker.on_close = OnClose::reset_failures;
  }
  const bool can_judge = breaker.half_open_max_calls != 0 && breaker.half_open_failure != HalfOpenFailure::ignore &&
                         !monitor::acts_by_origin(breaker.late_results);
  if (can_judge && dice.coin(25, "half-open rate")) {
    breaker.half_open_failure_rate =
        Millionths{dice.one_of<std::int64_t>({200'000, 500'000, 800'000}, "half-open rate of")};
  }
}

// The times in which a breaker stays open lie around the timeout, on both sides: a late result needs a timeout beyond
// the open time.
Duration draw_open(const Draft& draft) {
  const Dice& dice = draft.dice;
  const Range<Duration> range = draft.ranges.open;
  if (dice.coin(50, "open by itself")) return draft.on_grid(dice.round_one(range, "open"));
  const Duration timeout = draft.patience();
  return draft.on_grid(std::clamp(timeout * dice.one_of({1, 2, 4, 8}, "open by timeout") / 4, range.least, range.most));
}

void draw_slow_calls(const Draft& draft, BreakerConfig& breaker) {
  const Dice& dice = draft.dice;
  if (!breaker.window_type || monitor::acts_by_origin(breaker.late_results) || !dice.coin(12, "slow-call rule")) return;
  breaker.slow_call_duration = draft.on_grid(draft.patience() * dice.one_of({2, 3}, "slow-call duration by") / 4);
  breaker.slow_call_rate = Millionths{dice.one_of<std::int64_t>({300'000, 600'000, 1'000'000}, "slow-call rate")};
}

void draw_own_breaker(Draft& draft) {
  const Dice& dice = draft.dice;
  BreakerConfig breaker;
  if (dice.coin(70, "consecutive rule")) {
    breaker.consecutive_threshold = dice.one_of<std::int64_t>({1, 3, 5}, "consecutive threshold");
  }
  if (dice.coin(75, "has window")) draw_window(draft, breaker);
  draw_probes(draft, breaker);
  draw_slow_calls(draft, breaker);
  using monitor::ReplyKind;
  if (dice.coin(15, "429 opens")) {
    breaker.outcomes[index_of(ReplyKind::rate_limited)] = monitor::BreakerOutcome::fatal;
  }
  if (dice.coin(10, "connection error ignored")) {
    breaker.outcomes[index_of(ReplyKind::connection_error)] = monitor::BreakerOutcome::ignored;
  }
  if (dice.coin(15, "allowed fails")) breaker.allowed_fails = dice.one_of<std::int64_t>({3, 6}, "fails allowed");
  if (dice.coin(15, "allowed 429s")) breaker.allowed_fails_by[index_of(ReplyKind::rate_limited)] = 2;
  breaker.open = draw_open(draft);
  if (dice.coin(25, "open gt")) breaker.open_compare = monitor::BreakerCompare::gt;
  // Where several probes decide, it may end before they have come, and no recovery can be claimed.
  const bool is_single = breaker.half_open_success_threshold == 1 && !breaker.half_open_failure_rate;
  if (dice.coin(is_single ? 20 : 2, "half-open timeout")) {
    const Duration timeout = draft.patience();
    breaker.half_open_timeout = draft.on_grid(timeout * dice.one_of({2, 3, 4}, "half-open timeout by") / 4);
    if (breaker.half_open_timeout == Duration{0}) breaker.half_open_timeout.reset();
  }
  if (dice.coin(30, "backoff")) {
    breaker.open_backoff_multiplier = Millionths{dice.one_of<std::int64_t>({1'500'000, 2'000'000}, "backoff by")};
    breaker.open_max = breaker.open * 3;
  }
  if (breaker.late_results != monitor::LateResults::origin_forces && draft.grid == 0ns &&
      dice.coin(20, "open jitter")) {
    breaker.open_jitter = Millionths{dice.one_of<std::int64_t>({100'000, 500'000, 1'000'000}, "open jitter of")};
  }
  draft.world.breaker_preset = "seed-readme";
  draft.world.monitor.circuit_breaker = unsupported(breaker) ? monitor::seed_readme() : breaker;
}

void draw_preset(Draft& draft) {
  const auto presets = monitor::breaker_presets();
  const std::string name{presets[below(draft.dice.bits("preset"), presets.size())].name};
  draft.world.breaker_preset = name;
  draft.world.monitor.circuit_breaker = *monitor::breaker_preset(name);
  BreakerConfig& breaker = draft.world.monitor.circuit_breaker;
  breaker.open = std::clamp(breaker.open, draft.ranges.open.least, draft.ranges.open.most);
}

// Makes what takes too long for the run's time quicker, one setting after the other.
void fit_recovery(Draft& draft) {
  const auto fits = [&] {
    return recovery_of(draft.world).time <= std::max(draft.world.duration, draft.ranges.duration.most) / 3;
  };
  BreakerConfig& breaker = draft.world.monitor.circuit_breaker;
  if (!fits()) {
    breaker.half_open_success_threshold = 1;
    breaker.half_open_failure_rate.reset();
  }
  if (!fits() && breaker.open_max) breaker.open_max = breaker.open;
  if (!fits()) breaker.open = draft.on_grid(std::clamp<Duration>(5s, draft.ranges.open.least, draft.ranges.open.most));
  if (!fits() && breaker.open_max) breaker.open_max = breaker.open;
  if (!fits() && !draft.keeps(SwarmPart::provider_call)) draft.world.monitor.provider_call.retry_after_cap = 5s;
}

// Money with two digits that matter.
Usd rounded(double picos) {
  std::int64_t unit = 1;
  while (picos / static_cast<double>(unit) >= 100) unit *= 10;
  return Usd::from_picos(static_cast<std::int64_t>(picos / static_cast<double>(unit)) * unit);
}

// What the run might spend if every request were served by the first provider.
struct Expected {
  double requests = 0;
  double tokens = 0;
  double picos = 0;
};

Expected expected_of(const Scenario& world) {
  Expected sum;
  const Tariff& tariff = world.providers.front().tariffs.back().tariff;
  for (const WorkloadSpec& load : world.workloads) {
    double requests = static_cast<double>(load.requests.size());
    const double lasts = static_cast<double>(world.duration.count());
    if (const Law* pause = pause_of(load.executor)) {
      requests = static_cast<double>(users_most(load.executor)) * lasts / std::max(1e6, pause->mean());
    } else if (source_of(load.executor) == ArrivalSource::rate) {
      requests = static_cast<double>(load.rate.count.value) / 1e6 * lasts / static_cast<double>(load.rate.unit.count());
    }
    const double asked = static_cast<double>(load.max_tokens.value_or(Tokens{500}).count());
    const double input = load.input.law.mean();
    const double output = std::min(asked, load.output.law.mean());
    sum.requests += requests;
    sum.tokens += requests * (input + asked);
    sum.picos += requests * (input * static_cast<double>(tariff.input.per_token.picos()) +
                             output * static_cast<double>(tariff.output.per_token.picos()));
  }
  return sum;
}

void draw_rate_limiter(Draft& draft, const Expected& expected) {
  const Dice& dice = draft.dice;
  const double minutes = std::max(1.0, static_cast<double>(draft.world.duration.count()) / 60e9);
  monitor::RateLimiterConfig limiter;
  if (dice.coin(25, "requests a minute")) {
    const double share = dice.one_of({0.5, 1.0, 2.0}, "requests a minute by");
    limiter.requests_per_minute = static_cast<std::int64_t>(expected.requests / minutes * share) + 1;
  }
  if (dice.coin(20, "tokens a minute")) {
    const double share = dice.one_of({0.5, 1.0, 2.0}, "tokens a minute by");
    limiter.tokens_per_minute = Tokens{static_cast<std::int64_t>(expected.tokens / minutes * share) + 1};
  }
  if (dice.coin(1, "nothing a minute")) limiter.requests_per_minute = 0;
  draft.world.monitor.rate_limiter = limiter;
}

void draw_token_limiter(Draft& draft) {
  using monitor::TokenMode;
  const Dice& dice = draft.dice;
  monitor::TokenLimiterConfig limiter;
  limiter.mode =
      dice.one_of({TokenMode::off, TokenMode::average, TokenMode::average, TokenMode::per_request}, "token mode");
  limiter.limit = Tokens{dice.one_of<std::int64_t>({150, 400, 700, 700, 1000}, "token limit")};
  limiter.min_output_tokens = Tokens{dice.one_of<std::int64_t>({0, 1, 20, 100, 300}, "least output")};
  draft.world.monitor.token_limiter = limiter;
}

void draw_cost_limiter(Draft& draft, const Expected& expected) {
  const Dice& dice = draft.dice;
  monitor::CostLimiterConfig limiter;
  limiter.monthly.reset();
  if (dice.coin(35, "monthly")) {
    limiter.monthly = rounded(expected.picos * dice.one_of({0.3, 0.9, 2.0, 10.0}, "monthly by"));
  }
  if (dice.coin(20, "daily")) {
    limiter.daily = rounded(expected.picos * dice.one_of({0.1, 0.8, 2.0}, "daily by"));
  }
  if (dice.coin(1, "no money")) limiter.monthly = Usd{};
  if (dice.coin(20, "other alerts")) limiter.alerts = {{500'000}, {1'000'000}};
  if (dice.coin(5, "no alerts")) limiter.alerts.clear();
  if (dice.coin(50, "serves cached")) limiter.on_exhausted = monitor::ExhaustedPolicy::serve_cached;
  if (dice.coin(40, "unknown is free")) limiter.unknown_usage = monitor::UnknownUsage::zero;
  // What was spent before the run leaves some of the month's budget, or just nothing.
  if (dice.coin(30, "carried in")) {
    const Usd limit = limiter.monthly.value_or(rounded(expected.picos));
    draft.world.month_spent = Usd::from_picos(limit.picos() / 10 * dice.one_of<std::int64_t>({1, 5, 10}, "carried by"));
  }
  draft.world.monitor.cost_limiter = limiter;
}

void draw_cache(Draft& draft) {
  const Dice& dice = draft.dice;
  monitor::CacheConfig cache;
  cache.enabled = dice.coin(50, "cache");
  cache.ttl = dice.one_of<Duration>({0s, 1s, 5s, 20s, 3600s}, "ttl");
  cache.capacity = static_cast<std::size_t>(dice.one_of<std::int64_t>({1, 4, 30, 10'000}, "capacity"));
  cache.stale_if_error = dice.one_of<Duration>({0s, 5s, 100s}, "stale if error");
  if (dice.coin(50, "scope")) cache.scope = monitor::CacheConfig::Scope::provider;
  if (dice.coin(25, "ttl from")) cache.ttl_from = monitor::CacheConfig::TtlFrom::last_hit;
  draft.world.monitor.cache = cache;
}

void draw_router(Draft& draft) {
  const Dice& dice = draft.dice;
  monitor::RouterConfig router;
  if (dice.coin(50, "experiment")) {
    router.experiment_id = "experiment-" + std::to_string(dice.between({1, 9}, "experiment"));
    const std::size_t providers = draft.world.providers.size();
    for (std::size_t i = 0; i < 3; ++i) {
      const std::int64_t weight = dice.one_of<std::int64_t>({1, 1, 3, 0}, "weight", i) + (i == 0 ? 1 : 0);
      router.variants.push_back({.id = std::string("variant-") + static_cast<char>('a' + i),
                                 .provider = monitor::ProviderId{static_cast<std::uint8_t>(i % providers)},
                                 .weight = weight});
    }
  }
  draft.world.monitor.ab_router = router;
}

}  // namespace

void draw_calls(Draft& draft) {
  if (draft.keeps(SwarmPart::provider_call)) return;
  const Dice& dice = draft.dice;
  monitor::ProviderCallConfig call;
  call.timeout = draft.on_grid(dice.round_one(draft.ranges.timeout, "timeout"));
  if (dice.coin(40, "deadline"))
    call.deadline = draft.on_grid(call.timeout * dice.one_of({4, 5, 8, 16}, "deadline by") / 4);
  const auto attempts_max = static_cast<std::int64_t>(kSwarmAttemptsMax / draft.world.providers.size());
  call.retry.max_attempts = static_cast<std::int32_t>(std::clamp<std::int64_t>(
      dice.one_of<std::int64_t>({1, 2, 3}, "attempts"), 1, std::max<std::int64_t>(1, attempts_max)));
  call.retry.base = dice.one_of<Duration>({0s, 500ms, 2s}, "base");
  if (draft.grid > 0ns && call.retry.base > 0s) call.retry.base = draft.on_grid(call.retry.base);
  if (draft.grid > 0ns || dice.coin(50, "no jitter")) call.retry.jitter = monitor::Jitter::none;
  call.retry_after_cap = dice.one_of<Duration>({5s, 20s, 60s, 0s}, "retry after cap");
  if (dice.coin(15, "first token")) call.first_token_timeout = call.timeout;
  if (dice.coin(15, "pause between tokens")) call.idle_timeout = call.timeout;
  if (dice.coin(30, "streams begin again")) call.on_broken_stream = monitor::OnBrokenStream::restart;
  if (dice.coin(50, "callers who go are seen")) call.on_caller_gone = monitor::OnCallerGone::cancel;
  call.rate_limited_counts = dice.coin(50, "429 counts");
  call.rate_limited_retries = dice.coin(50, "429 retries");
  draft.world.monitor.provider_call = call;
}

void draw_breaker(Draft& draft) {
  if (draft.keeps(SwarmPart::circuit_breaker)) return;
  draft.world.breaker_held_to.reset();
  if (draft.dice.coin(25, "from preset")) {
    draw_preset(draft);
  } else {
    draw_own_breaker(draft);
  }
  // Old failures that open it again at a success, long after all is well, are a setting of their own, and rare.
  BreakerConfig& breaker = draft.world.monitor.circuit_breaker;
  if (reopens_late(breaker) && draft.dice.between({0, 99}, "reopens late") > 1) {
    breaker.evaluate_on = monitor::EvaluateOn::failure;
  }
  fit_recovery(draft);
}

void draw_limits(Draft& draft) {
  const Expected expected = expected_of(draft.world);
  if (!draft.keeps(SwarmPart::rate_limiter)) draw_rate_limiter(draft, expected);
  if (!draft.keeps(SwarmPart::token_limiter)) draw_token_limiter(draft);
  if (!draft.keeps(SwarmPart::cost_limiter)) draw_cost_limiter(draft, expected);
}

void draw_cache_and_routes(Draft& draft) {
  if (!draft.keeps(SwarmPart::cache)) draw_cache(draft);
  if (!draft.keeps(SwarmPart::ab_router)) draw_router(draft);
}

}  // namespace windtunnel::sim::swarm
