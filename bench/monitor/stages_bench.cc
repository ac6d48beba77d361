// Each stage of the chain alone, as a request passes it.

#include <benchmark/benchmark.h>

#include <cstdint>

#include "base/histogram.h"
#include "base/stable_hash.h"
#include "monitor/breaker/breaker.h"
#include "monitor/breaker/breaker_presets.h"
#include "monitor/cache.h"
#include "monitor/cost_limiter.h"
#include "monitor/limits/token_limiter.h"
#include "monitor/router.h"

namespace windtunnel::bench {
namespace {

using monitor::Breaker;
using monitor::BreakerOutcome;
using monitor::ContentKey;

ContentKey key_of_prompt(std::uint64_t prompt) { return {mix(prompt + 1), prompt}; }

// Admit and settle.
void token_limiter(benchmark::State& state) {
  monitor::TokenLimiter limiter;
  for (auto _ : state) {
    const auto grant = limiter.admit(Tokens{150}, Tokens{500});
    if (!grant) state.SkipWithError("refused");
    limiter.settle(*grant, Tokens{150}, Tokens{80});
  }
}

// Reserve at admission, again at the attempt, settle, close.
void cost_limiter(benchmark::State& state) {
  monitor::CostLimiter limiter{{.monthly = Usd::from_dollars(9'000'000)}};
  WallTime wall{};
  for (auto _ : state) {
    wall += Duration{20'000'000};
    monitor::BudgetTicket ticket;
    const bool reserved = limiter.reserve(ticket, Usd::from_picos(45'000'000'000), wall);
    if (!reserved || !limiter.re_reserve(ticket, Usd::from_picos(30'000'000'000))) state.SkipWithError("refused");
    limiter.settle(ticket, Usd::from_picos(12'345));
    limiter.close(ticket);
    limiter.clear_events();
  }
}

void router(benchmark::State& state) {
  const monitor::Router split{{"experiment", {{"a", monitor::ProviderId{0}, 1}, {"b", monitor::ProviderId{1}, 1}}}};
  monitor::Request request;
  for (auto _ : state) {
    ++request.user;
    benchmark::DoNotOptimize(split.choose(request));
  }
}

void cache_hit(benchmark::State& state) {
  monitor::Cache cache;
  for (std::uint64_t i = 0; i < 10'000; ++i) cache.keep(key_of_prompt(i), {}, Instant{});
  std::uint64_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(cache.find(key_of_prompt(++i * 7919 % 10'000), Instant{}));
}

// Looked for in vain, then stored over the least recently used of 10,000.
void cache_miss(benchmark::State& state) {
  monitor::Cache cache;
  std::uint64_t i = 0;
  for (; i < 20'000; ++i) cache.keep(key_of_prompt(i), {}, Instant{});
  for (auto _ : state) {
    const ContentKey key = key_of_prompt(++i);
    if (cache.find(key, Instant{})) state.SkipWithError("a hit");
    benchmark::DoNotOptimize(cache.keep(key, {}, Instant{}));
  }
}

void breaker_closed(benchmark::State& state) {
  Breaker breaker{monitor::seed_readme()};
  Instant now{};
  for (auto _ : state) {
    now += Duration{1'000'000};
    const auto permit = breaker.acquire(now);
    benchmark::DoNotOptimize(breaker.report(*permit, BreakerOutcome::success, now));
  }
}

void breaker_open(benchmark::State& state) {
  Breaker breaker{monitor::seed_readme()};
  Instant now{};
  for (int i = 0; i < 5; ++i) breaker.report(*breaker.acquire(now), BreakerOutcome::failure, now);
  for (auto _ : state) benchmark::DoNotOptimize(breaker.acquire(now));
}

// A probe fails: half-open, open again, and the wait is over.
void breaker_half_open(benchmark::State& state) {
  Breaker breaker{monitor::seed_readme()};
  Instant now{};
  for (int i = 0; i < 5; ++i) breaker.report(*breaker.acquire(now), BreakerOutcome::failure, now);
  for (auto _ : state) {
    now += std::chrono::seconds{31};
    benchmark::DoNotOptimize(breaker.report(*breaker.acquire(now), BreakerOutcome::failure, now));
  }
}

void histogram(benchmark::State& state) {
  Histogram latencies;
  std::uint64_t i = 0;
  for (auto _ : state) latencies.record(Duration{static_cast<std::int64_t>(mix(++i) % 2'000'000'000)});
}

BENCHMARK(token_limiter)->Name("stage/token_limiter");
BENCHMARK(cost_limiter)->Name("stage/cost_limiter");
BENCHMARK(router)->Name("stage/router");
BENCHMARK(cache_hit)->Name("stage/cache_hit");
BENCHMARK(cache_miss)->Name("stage/cache_miss_and_store");
BENCHMARK(breaker_closed)->Name("stage/breaker/closed");
BENCHMARK(breaker_open)->Name("stage/breaker/open");
BENCHMARK(breaker_half_open)->Name("stage/breaker/half_open");
BENCHMARK(histogram)->Name("stage/histogram");

}  // namespace
}  // namespace windtunnel::bench
