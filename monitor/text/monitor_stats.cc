#include "monitor/text/monitor_stats.h"

#include <numeric>
#include <string_view>

#include "base/exact_decimal.h"
#include "monitor/breaker/breaker_rules.h"

namespace windtunnel::monitor {
namespace {

std::string rounded_dollars(UsdSum money) { return "$" + rounded_decimal(money.picos(), kDollarDecimals, 4); }

std::string rounded_milliseconds(std::optional<Duration> duration) {
  return duration ? rounded_decimal(duration->count(), kMillisecondDecimals, 0) + "ms" : "-";
}

std::string upper_case(std::string text) {
  for (char& letter : text) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return text;
}

std::string user_requests(const MonitorStats& stats) {
  std::string text = "\nUser Requests: " + with_thousands(stats.user_requests()) + "\n";
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    const std::int64_t requests = stats.outcomes[i];
    if (requests == 0) continue;
    text += "  " + std::string(name_of(static_cast<Outcome>(i))) + ": " + with_thousands(requests) + " (" +
            percent(requests, stats.user_requests()) + ")\n";
  }
  return text;
}

std::string provider_section(const ProviderStats& stats) {
  const Int128 tokens = Int128{stats.input.count()} + stats.output.count();
  return "\n  " + upper_case(stats.name) + ":\n" +                                 //
         "    Requests: " + with_thousands(stats.requests) + "\n" +                //
         "    Success Rate: " + percent(stats.successes, stats.requests) + "\n" +  //
         "    Total Tokens: " + with_thousands(tokens) + "\n" +                    //
         "    Total Cost: " + rounded_dollars(stats.cost) + "\n" +                 //
         "    Latency - P50: " + rounded_milliseconds(stats.latency.p50) +         //
         ", P95: " + rounded_milliseconds(stats.latency.p95) +                     //
         ", P99: " + rounded_milliseconds(stats.latency.p99) + "\n";
}

std::string breaker_line(const ProviderStats& provider, const StatsStyle& style) {
  const BreakerStats& breaker = provider.breaker;
  const std::string name = "  " + provider.name + ": ";
  // Without a rule it counts nothing.
  if (breaker.is_off) return name + "off (Failures: -, Error Rate: -)\n";
  return name + style.state(breaker.state) + " (Failures: " + with_thousands(breaker.failures) +
         ", Error Rate: " + percent(breaker.failures, breaker.calls) + ")\n";
}

// The limiter opens a window with the first request in it, so that the present one may have no account.
BudgetStats budget_of(const CostLimiter& limiter, bool daily, WallTime wall) {
  if (const BudgetWindow* window = limiter.window_at(wall, daily)) {
    return {window->settled, window->reserved, window->limit};
  }
  return {.spent = {}, .reserved = {}, .limit = daily ? limiter.config().daily : limiter.config().monthly};
}

BreakerStats breaker_stats(const Breaker& breaker, const Pipeline& pipeline, Instant now) {
  BreakerStats stats;
  stats.state = breaker.state(now);
  stats.failures = breaker.window_failures(now);
  stats.successes = breaker.window_successes(now);
  stats.calls = breaker.window_calls(now);
  stats.is_off = !can_open(breaker.config());
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

std::string marked_state(BreakerState state) {
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

std::string stats_text(const MonitorStats& stats, const StatsStyle& style) {
  const std::string rule = std::string(kStatsWidth, '=') + "\n";
  std::string text = rule + "LLM MONITORING STATISTICS\n" + rule;
  text += "\nTotal Requests: " + with_thousands(stats.total_requests) + "\n";
  text += "Total Cost: " + rounded_dollars(stats.total_cost) + "\n";
  if (style.outcomes) text += user_requests(stats);
  text += "\nProvider Statistics:\n";
  for (const ProviderStats& provider : stats.providers) text += provider_section(provider);
  if (!style.breakers) return text + "\nCircuit Breaker States: not observed\n" + rule;
  text += "\nCircuit Breaker States:\n";
  for (const ProviderStats& provider : stats.providers) text += breaker_line(provider, style);
  return text + rule;
}

}  // namespace windtunnel::monitor
