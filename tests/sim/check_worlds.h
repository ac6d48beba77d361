#pragma once
// Small random worlds in which every setting is drawn, for checks that must stay quiet in all of them. Draws have
// names, so that adding a setting moves no other.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel/chance.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : chance_(seed) {}
  std::int64_t below(std::string_view name, std::int64_t n) {
    return static_cast<std::int64_t>(sim::below(draw(chance_.stream(name), 0).a, static_cast<std::uint64_t>(n)));
  }
  bool coin(std::string_view name, std::int64_t percent = 50) { return below(name, 100) < percent; }
  template <typename T>
  T one_of(std::string_view name, const std::vector<T>& all) {
    return all[static_cast<std::size_t>(below(name, static_cast<std::int64_t>(all.size())))];
  }

 private:
  Chance chance_;
};

inline Duration seconds(double count) { return Duration{static_cast<std::int64_t>(count * 1e9)}; }

inline monitor::BreakerConfig random_breaker(Dice& dice) {
  using monitor::BreakerCompare;
  monitor::BreakerConfig config;
  if (dice.coin("consecutive", 70))
    config.consecutive_threshold = dice.one_of<std::int64_t>("consecutive at", {1, 3, 5});
  if (dice.coin("window", 75)) {
    config.window_type =
        dice.one_of<monitor::WindowType>("window type", {monitor::WindowType::count, monitor::WindowType::time,
                                                         monitor::WindowType::fixed, monitor::WindowType::lifetime});
    config.window_size =
        *config.window_type == monitor::WindowType::count ? dice.one_of<std::int64_t>("size", {2, 10, 20}) : 0;
    const bool timed =
        *config.window_type == monitor::WindowType::time || *config.window_type == monitor::WindowType::fixed;
    if (timed) config.window = seconds(dice.one_of<double>("window length", {2, 10, 60}));
    if (*config.window_type == monitor::WindowType::time && dice.coin("buckets")) {
      config.window_buckets = 10;
      if (dice.coin("bucket of start")) config.bucket_of = monitor::BucketOf::start;
      if (dice.coin("closed start")) config.window_origin = monitor::WindowOrigin::closed_start;
    }
    if (dice.coin("rate", 70))
      config.failure_rate_threshold = Millionths{dice.one_of<std::int64_t>("rate at", {200'000, 500'000})};
    if (dice.coin("count")) config.failure_count_threshold = dice.one_of<std::int64_t>("count at", {2, 6});
    config.minimum_calls = dice.one_of<std::int64_t>("minimum", {0, 2, 5});
    if (dice.coin("ge")) config.failure_rate_compare = BreakerCompare::ge;
    if (dice.coin("any")) config.evaluate_on = monitor::EvaluateOn::any;
  }
  config.open = seconds(dice.one_of<double>("open", {1, 5, 10, 30}));
  if (dice.coin("open gt", 25)) config.open_compare = BreakerCompare::gt;
  config.half_open_max_calls = dice.one_of<std::int64_t>("permits", {1, 1, 2, 3, 0});
  config.half_open_success_threshold = dice.one_of<std::int64_t>("successes", {1, 1, 2});
  if (dice.coin("forgive", 15)) config.half_open_failure = monitor::HalfOpenFailure::ignore;
  if (dice.coin("late acts", 20)) config.late_results = monitor::LateResults::current_state;
  config.on_close = dice.one_of<monitor::OnClose>(
      "on close",
      {monitor::OnClose::reset, monitor::OnClose::reset, monitor::OnClose::reset_plus_probe, monitor::OnClose::keep});
  if (dice.coin("backoff", 30)) {
    config.open_backoff_multiplier = Millionths{1'500'000};
    config.open_max = seconds(40);
  }
  return unsupported(config) ? monitor::seed_readme() : config;
}

inline monitor::MonitorConfig random_monitor(Dice& dice, std::size_t providers) {
  monitor::MonitorConfig config;
  config.circuit_breaker = random_breaker(dice);
  if (dice.coin("rate limit", 25))
    config.rate_limiter.requests_per_minute = dice.one_of<std::int64_t>("rpm", {0, 60, 300});
  if (dice.coin("token rate", 25))
    config.rate_limiter.tokens_per_minute = Tokens{dice.one_of<std::int64_t>("tpm", {9'000, 60'000})};
  config.token_limiter.mode = dice.one_of<monitor::TokenMode>(
      "token mode", {monitor::TokenMode::off, monitor::TokenMode::average, monitor::TokenMode::per_request});
  config.token_limiter.limit = Tokens{dice.one_of<std::int64_t>("token limit", {150, 250, 500})};
  config.token_limiter.min_output_tokens = Tokens{dice.one_of<std::int64_t>("least output", {0, 1, 20})};
  config.cost_limiter.monthly.reset();
  if (dice.coin("monthly"))
    config.cost_limiter.monthly = Usd::from_cents(dice.one_of<std::int64_t>("cents", {0, 10, 100, 500}));
  if (dice.coin("daily", 40))
    config.cost_limiter.daily = Usd::from_cents(dice.one_of<std::int64_t>("day cents", {3, 20, 200}));
  if (dice.coin("serve cached")) config.cost_limiter.on_exhausted = monitor::ExhaustedPolicy::serve_cached;
  if (dice.coin("unknown free", 40)) config.cost_limiter.unknown_usage = monitor::UnknownUsage::zero;
  config.cache.enabled = dice.coin("cache", 65);
  config.cache.ttl = seconds(dice.one_of<double>("ttl", {0, 1, 5, 20}));
  config.cache.capacity = static_cast<std::size_t>(dice.one_of<std::int64_t>("capacity", {1, 4, 30}));
  config.cache.stale_if_error = seconds(dice.one_of<double>("stale", {0, 5, 100}));
  if (dice.coin("scope")) config.cache.scope = monitor::CacheConfig::Scope::provider;
  config.provider_call.timeout = seconds(dice.one_of<double>("timeout", {0.5, 2, 8, 40}));
  if (dice.coin("deadline", 40))
    config.provider_call.deadline = seconds(dice.one_of<double>("deadline at", {1, 3, 10}));
  config.provider_call.retry.max_attempts = static_cast<std::int32_t>(dice.one_of<std::int64_t>("attempts", {1, 2, 3}));
  config.provider_call.retry.base = seconds(dice.one_of<double>("base", {0, 0.5, 2}));
  if (dice.coin("no jitter")) config.provider_call.retry.jitter = monitor::Jitter::none;
  config.provider_call.retry_after_cap = seconds(dice.one_of<double>("cap", {0, 5, 60}));
  config.provider_call.rate_limited_counts = dice.coin("429 counts");
  config.provider_call.rate_limited_retries = dice.coin("429 retries");
  if (dice.coin("experiment")) {
    config.ab_router.experiment_id = "e" + std::to_string(dice.below("experiment name", 9));
    for (std::size_t i = 0; i < 3; ++i) {
      config.ab_router.variants.push_back({.id = std::string(1, static_cast<char>('a' + i)),
                                           .provider = monitor::ProviderId{static_cast<std::uint8_t>(i % providers)},
                                           .weight = static_cast<std::int64_t>(3 - i)});
    }
  }
  return config;
}

inline ProviderSpec random_provider(Dice& dice, std::size_t index, bool grid) {
  const std::string tag = std::to_string(index);
  ProviderSpec spec = provider("p" + tag);
  const double middle = dice.one_of<double>("latency " + tag, {0, 0.1, 0.5, 1});
  spec.time_to_first_token = grid ? Law::fixed(middle * 1e9) : Law::exponential(middle * 1e9 + 1);
  spec.time_per_output_token = grid ? Law::fixed(0) : Law::fixed(1e6);
  spec.tariffs = {{WallTime::min(), tariff(30'000'000, 60'000'000 + 1'000'000 * static_cast<std::int64_t>(index))}};
  if (dice.coin("price change " + tag, 30)) {
    spec.tariffs.push_back({WallTime{std::chrono::seconds{1'709'164'800}}, tariff(20'000'000, 90'000'000)});
  }
  if (dice.coin("errors " + tag, 60)) {
    using Kind = monitor::ReplyKind;
    for (const Kind kind :
         {Kind::server_error, Kind::client_error, Kind::auth_or_quota, Kind::overloaded, Kind::malformed,
          Kind::truncated, Kind::rate_limited, Kind::timeout, Kind::connection_error}) {
      spec.errors.rates.emplace_back(kind, dice.one_of<double>("error " + tag + name_of(kind), {0, 0.02, 0.06}));
    }
  }
  if (dice.coin("bills failures " + tag)) spec.bill_on_failure = FailureBill::input;
  spec.bill_on_timeout =
      dice.one_of<TimeoutBill>("bills timeouts " + tag, {TimeoutBill::full, TimeoutBill::input, TimeoutBill::none});
  if (dice.coin("concurrency " + tag, 30)) {
    spec.concurrency = dice.one_of<std::int64_t>("places " + tag, {1, 4});
    spec.queue = dice.one_of<std::int64_t>("queue " + tag, {0, 5});
  }
  if (dice.coin("limited " + tag, 30)) {
    spec.rate_limit.requests_per_minute = dice.one_of<std::int64_t>("limit " + tag, {20, 200});
    if (dice.coin("wait " + tag))
      spec.rate_limit.retry_after = seconds(dice.one_of<double>("wait s " + tag, {0, 3, 500}));
  }
  return spec;
}

inline FaultSpec random_fault(Dice& dice, std::size_t index, std::size_t providers) {
  const std::string tag = std::to_string(index);
  FaultSpec spec = fault("fault" + tag, static_cast<FaultKind>(dice.below("kind " + tag, 10)),
                         seconds(static_cast<double>(dice.below("at " + tag, 30))),
                         seconds(static_cast<double>(1 + dice.below("lasts " + tag, 25))));
  if (dice.coin("named " + tag) && spec.kind != FaultKind::wall_clock_step) {
    spec.providers = {"p" + std::to_string(dice.below("which " + tag, static_cast<std::int64_t>(providers)))};
  }
  if (dice.coin("hangs " + tag)) spec.mode = OutageMode::hang;
  spec.fraction = dice.one_of<double>("fraction " + tag, {0.3, 1});
  spec.rate = dice.one_of<double>("burst " + tag, {0.3, 0.9});
  spec.errors = {{monitor::ReplyKind::server_error, 0.7}, {monitor::ReplyKind::rate_limited, 0.3}};
  if (dice.coin("gilbert " + tag, 30)) spec.gilbert_elliott = GilbertElliott{0.01, 0.8, seconds(5), seconds(3)};
  spec.factor = 4;
  spec.add = seconds(1);
  spec.limit.requests_per_minute = 30;
  if (dice.coin("asks " + tag)) spec.limit.retry_after = seconds(dice.one_of<double>("asks for " + tag, {0, 4, 1e6}));
  spec.up = Law::fixed(3e9);
  spec.down = Law::fixed(2e9);
  spec.offset = seconds(dice.one_of<double>("offset " + tag, {-90'000, -30, 45, 90'000}));
  return spec;
}

// About a thousand requests in a minute or less of virtual time. Half of the worlds lie on a grid of time, so that ends
// of windows, deadlines and answers fall on the same instants.
inline Scenario random_world(std::uint64_t seed) {
  Dice dice{seed};
  const bool grid = dice.coin("grid");
  const auto providers = static_cast<std::size_t>(1 + dice.below("providers", 3));
  WorkloadSpec load = workload("load", per_second(dice.one_of<std::int64_t>("load", {1, 10, 20})),
                               grid ? Arrival::uniform : Arrival::poisson);
  if (dice.coin("closed loop", 20)) {
    load.executor = Executor::constant_vus;
    load.vus = 4;
    load.think_time = Law::fixed(grid ? 1e8 : 1.37e8);
  }
  load.prompts.count = dice.one_of<std::int64_t>("prompts", {0, 3, 40});
  load.users.count = dice.one_of<std::int64_t>("users", {0, 5});
  load.output.law = grid ? Law::fixed(100) : Law::lognormal_p50_p95(80, 400);
  load.max_tokens = Tokens{dice.one_of<std::int64_t>("max tokens", {100, 300})};
  Scenario scenario = world(seconds(static_cast<double>(10 + dice.below("length", 50))), load);
  scenario.seed = seed;
  scenario.start = WallTime{std::chrono::seconds{1'709'164'770}};  // 2024-02-28T23:59:30Z
  if (dice.coin("month's end")) scenario.start += std::chrono::hours{24};
  scenario.providers.clear();
  for (std::size_t i = 0; i < providers; ++i) scenario.providers.push_back(random_provider(dice, i, grid));
  scenario.monitor = random_monitor(dice, providers);
  const auto faults = static_cast<std::size_t>(dice.below("faults", 5));
  for (std::size_t i = 0; i < faults; ++i) scenario.faults.push_back(random_fault(dice, i, providers));
  return scenario;
}

}  // namespace windtunnel::sim
