#include "monitor/realtime/llm_monitor_stats.h"

#include <fmt/format.h>

#include <iterator>
#include <numeric>
#include <string_view>

namespace windtunnel::monitor {
namespace {

std::string grouped(std::int64_t value) {
  std::string text = fmt::format("{}", value);
  for (std::size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, 1, ',');
  return text;
}

// Four decimals, halves up.
std::string rounded_dollars(Usd money) {
  const auto ten_thousandths = static_cast<std::int64_t>((Int128{money.picos()} + 50'000'000) / 100'000'000);
  return fmt::format("${}.{:04}", ten_thousandths / 10'000, ten_thousandths % 10'000);
}

// One decimal, halves up.
std::string rounded_percent(std::int64_t part, std::int64_t whole, std::string_view of_nothing) {
  if (whole == 0) return std::string(of_nothing);
  const auto thousandths = static_cast<std::int64_t>((Int128{2000} * part + whole) / (Int128{2} * whole));
  return fmt::format("{}.{}%", thousandths / 10, thousandths % 10);
}

std::string rounded_milliseconds(std::optional<Duration> duration) {
  return duration ? fmt::format("{}ms", (duration->count() + 500'000) / 1'000'000) : "-";
}

std::string upper_case(std::string text) {
  for (char& letter : text) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return text;
}

std::string_view marked_state(BreakerState state) {
  switch (state) {
    case BreakerState::closed:
      return "🟢 closed";
    case BreakerState::open:
      return "🔴 open";
    case BreakerState::half_open:
      return "🟡 half_open";
  }
  fail_check("a breaker's state has a mark", __FILE__, __LINE__);
}

// The limiter opens a window with the first request in it, so that its latest one may be over.
BudgetStats budget_of(const CostLimiter& limiter, bool daily, WallTime wall) {
  for (const BudgetWindow& window : limiter.windows()) {
    const bool is_present = window.live && window.current && wall < window.end;
    if (is_present && window.daily == daily) return {window.settled, window.reserved, window.limit};
  }
  return {.spent = {}, .reserved = {}, .limit = daily ? limiter.config().daily : limiter.config().monthly};
}

BreakerStats breaker_stats(const Breaker& breaker, const Pipeline& pipeline, Instant now) {
  BreakerStats stats;
  stats.state = breaker.state(now);
  stats.failures = breaker.window_failures(now);
  stats.successes = breaker.window_successes(now);
  stats.calls = breaker.window_calls(now);
  if (const auto opened_at = breaker.opened_at()) stats.opened_at = pipeline.wall_at(*opened_at);
  return stats;
}

ProviderStats provider_stats(const Pipeline& pipeline, ProviderId id, Instant now) {
  const ProviderMetrics& metrics = pipeline.metrics().provider(id);
  ProviderStats stats;
  stats.name = pipeline.provider(id).name;
  stats.model = pipeline.provider(id).model;
  stats.requests = metrics.calls;
  stats.successes = metrics.successes();
  stats.input = metrics.input;
  stats.output = metrics.output;
  stats.cost = metrics.cost;
  stats.cost_unknown = metrics.cost_unknown;
  stats.latency = latency_stats(metrics.latency);
  stats.breaker = breaker_stats(pipeline.breaker(id), pipeline, now);
  return stats;
}

}  // namespace

LatencyStats latency_stats(const Histogram& histogram) {
  LatencyStats stats;
  stats.p50 = histogram.quantile(Millionths{500'000});
  stats.p95 = histogram.quantile(Millionths{950'000});
  stats.p99 = histogram.quantile(Millionths{990'000});
  stats.average = histogram.mean();
  stats.min = histogram.min();
  stats.max = histogram.max();
  return stats;
}

std::int64_t MonitorStats::user_requests() const {
  return std::accumulate(outcomes.begin(), outcomes.end(), std::int64_t{0});
}

MonitorStats stats_of(const Pipeline& pipeline, Instant now, WallTime wall) {
  MonitorStats stats;
  stats.total_requests = pipeline.metrics().calls();
  stats.total_cost = pipeline.metrics().cost();
  for (std::size_t i = 0; i < pipeline.provider_count(); ++i) {
    stats.providers.push_back(provider_stats(pipeline, ProviderId{static_cast<std::uint8_t>(i)}, now));
  }
  stats.outcomes = pipeline.metrics().all().outcomes;
  stats.month = budget_of(pipeline.cost_limiter(), false, wall);
  stats.day = budget_of(pipeline.cost_limiter(), true, wall);
  stats.settled_tokens = pipeline.token_limiter().settled_tokens();
  stats.settled_requests = pipeline.token_limiter().settled_requests();
  stats.requests_in_flight = pipeline.token_limiter().in_flight();
  stats.cache_hits = pipeline.cache().hits();
  stats.cache_stale_hits = pipeline.cache().stale_hits();
  stats.cache_misses = pipeline.cache().misses();
  stats.bills_above_reservation = pipeline.cost_limiter().overruns();
  return stats;
}

std::string stats_text(const MonitorStats& stats) {
  const std::string rule(60, '=');
  std::string text = fmt::format("{0}\nLLM MONITORING STATISTICS\n{0}\n\nTotal Requests: {1}\nTotal Cost: {2}\n", rule,
                                 grouped(stats.total_requests), rounded_dollars(stats.total_cost));
  const auto to = std::back_inserter(text);
  text += "\nProvider Statistics:\n";
  for (const ProviderStats& one : stats.providers) {
    fmt::format_to(to, "\n  {}:\n    Requests: {}\n    Success Rate: {}\n", upper_case(one.name), grouped(one.requests),
                   rounded_percent(one.successes, one.requests, "-"));
    fmt::format_to(to, "    Total Tokens: {}\n    Total Cost: {}\n", grouped((one.input + one.output).count()),
                   rounded_dollars(one.cost));
    fmt::format_to(to, "    Latency - P50: {}, P95: {}, P99: {}\n", rounded_milliseconds(one.latency.p50),
                   rounded_milliseconds(one.latency.p95), rounded_milliseconds(one.latency.p99));
  }
  text += "\nCircuit Breaker States:\n";
  for (const ProviderStats& one : stats.providers) {
    fmt::format_to(to, "  {}: {} (Failures: {}, Error Rate: {})\n", one.name, marked_state(one.breaker.state),
                   grouped(one.breaker.failures), rounded_percent(one.breaker.failures, one.breaker.calls, "0.0%"));
  }
  return text + rule + "\n";
}

}  // namespace windtunnel::monitor
