// The gateway's settings. A log shows little of them, so that they are the defaults, but no default may forbid what the
// log shows: it is fitted where the log shows it, and lifted where the log only contradicts it.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

#include "monitor/breaker/breaker.h"
#include "monitor/breaker/breaker_presets.h"
#include "monitor/record.h"
#include "sim/fit/fit_estimates.h"
#include "sim/models/default_outcome.h"

namespace windtunnel::sim {
namespace {

constexpr Duration kTimeoutMost = std::chrono::hours{24 * 365 * 100};  // a scenario's longest duration
constexpr std::size_t kGrid = 31;

double at_share(const Law& law, double share) {
  if (law.kind == Law::Kind::fixed) return law.a + law.shift;
  const double at = share * static_cast<double>(law.table.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(at), law.table.size() - 1);
  const std::size_t above = std::min(below + 1, law.table.size() - 1);
  const double part = at - static_cast<double>(below);
  return (1 - part) * law.table[below] + part * law.table[above] + law.shift;
}

// The longest answer that the scenario can draw, and a quarter for the drawn factor of all lengths.
double longest_of(const Scenario& scenario) {
  double longest = 0;
  double output = 0;
  for (const WorkloadSpec& workload : scenario.workloads) {
    output = std::max(output, at_share(workload.output.law, 1));
  }
  for (const ProviderSpec& provider : scenario.providers) {
    longest = std::max(
        longest, at_share(provider.time_to_first_token, 1) + output * at_share(provider.time_per_output_token, 1));
  }
  return 1.25 * longest;
}

// The share of answers of a provider that take longer than this, over a grid of the three laws.
double share_beyond(const ProviderSpec& provider, const WorkloadSpec& workload, Duration timeout) {
  std::size_t beyond = 0;
  const auto share = [](std::size_t i) { return (static_cast<double>(i) + 0.5) / kGrid; };
  for (std::size_t i = 0; i < kGrid; ++i) {
    const double first = at_share(provider.time_to_first_token, share(i));
    for (std::size_t j = 0; j < kGrid; ++j) {
      const double each = at_share(provider.time_per_output_token, share(j));
      for (std::size_t k = 0; k < kGrid; ++k) {
        if (first + each * at_share(workload.output.law, share(k)) > static_cast<double>(timeout.count())) ++beyond;
      }
    }
  }
  return static_cast<double>(beyond) / (kGrid * kGrid * kGrid);
}

// Whose lengths a provider's answers have.
const WorkloadSpec& workload_of(const Scenario& scenario, const ProviderSpec& provider) {
  const auto own = std::ranges::find_if(
      scenario.workloads, [&](const WorkloadSpec& workload_spec) { return workload_spec.provider == provider.name; });
  return own == scenario.workloads.end() ? scenario.workloads.front() : *own;
}

Duration whole_seconds_above(double ns) {
  const double most = static_cast<double>(kTimeoutMost.count());
  return Duration{static_cast<std::int64_t>(std::min(std::ceil(ns / 1e9) * 1e9, most))};
}

// Without a timeout in the log nothing was cut. With some, the timeout is what they took; an answer that took longer
// contradicts that.
void fit_timeout(Fit& fit, const FitTally::Seen& seen) {
  Scenario& scenario = fit.scenario;
  Duration& timeout = scenario.monitor.provider_call.timeout;
  const double longest = longest_of(scenario);
  if (seen.timeouts.empty()) {
    if (longest <= static_cast<double>(timeout.count())) return;
    timeout = whole_seconds_above(longest);
    fit.notes.push_back(fmt::format(
        "{}: the timeout is lifted to {:.0f} s, above the longest answer",
        seen.failures_unknown > 0 ? "no failure of the log is known to be a timeout" : "no call of the log timed out",
        static_cast<double>(timeout.count()) / 1e9));
    return;
  }
  std::vector<Duration> taken = seen.timeouts;
  std::ranges::sort(taken);
  timeout = std::clamp(std::max(taken[taken.size() / 2], seen.answered_longest), Duration{1'000'000}, kTimeoutMost);
  fit.notes.push_back(fmt::format("{} calls of the log timed out: the timeout is {:.3f} s", taken.size(),
                                  static_cast<double>(timeout.count()) / 1e9));
  // An answer that the fitted latencies draw beyond the timeout is one of the log's timeouts already.
  for (ProviderSpec& provider : scenario.providers) {
    const double beyond = share_beyond(provider, workload_of(scenario, provider), timeout);
    for (auto& [kind, rate] : provider.errors.rates) {
      if (kind == monitor::ReplyKind::timeout) rate = std::max(0.0, std::round((rate - beyond) * 1e6) / 1e6);
    }
  }
}

void fit_attempts(Fit& fit, const FitTally::Seen& seen) {
  const auto providers = static_cast<std::int32_t>(fit.scenario.providers.size());
  const std::int32_t most = kFitAttemptsMax / std::max(1, providers);
  std::int32_t& attempts = fit.scenario.monitor.provider_call.retry.max_attempts;
  attempts = std::clamp(seen.attempts_at_one, 1, most);
  if (attempts > 1) {
    fit.notes.push_back(fmt::format("the log has {} calls of one request to one provider: max_attempts is {}",
                                    seen.attempts_at_one, attempts));
  }
}

// A failed call goes on to the next provider. Where the log shows that none did, its failures are written as one that
// ends the request: a failover to a dearer target would otherwise cost what the log's failures did not.
void fit_failover(Fit& fit, const FitTally::Seen& seen) {
  if (fit.scenario.providers.size() < 2 || seen.failed_over > 0) return;
  bool has_failures = false;
  for (ProviderSpec& provider : fit.scenario.providers) {
    double sum = 0;
    for (const auto& [kind, rate] : provider.errors.rates) sum += rate;
    if (sum <= 0) continue;
    has_failures = true;
    provider.errors.rates = {{monitor::ReplyKind::client_error, std::min(1.0, std::floor(sum * 1e6 + 1e-9) / 1e6)}};
  }
  if (!has_failures) return;
  fit.notes.emplace_back(
      "no failed call of the log went on to another target: failures are client_error, after which "
      "no target is tried");
}

// How many of the calls of one target were made where the default breaker, which has no outcomes of its own, would have
// been open.
std::int64_t refused_by_breaker(const monitor::MonitorConfig& config, std::vector<FitTally::SeenCall> calls) {
  std::ranges::stable_sort(calls, {}, &FitTally::SeenCall::begin);
  struct Open {
    Instant end{};
    monitor::Permit permit;
    monitor::ReplyKind kind{};
    bool operator>(const Open& other) const { return end > other.end; }
  };
  std::priority_queue<Open, std::vector<Open>, std::greater<>> open;
  monitor::Breaker breaker{config.circuit_breaker};
  std::int64_t refused = 0;
  for (const FitTally::SeenCall& call : calls) {
    const Instant begin{call.begin - calls.front().begin};
    for (; !open.empty() && open.top().end <= begin; open.pop()) {
      const Open& ended = open.top();
      breaker.report(ended.permit, default_outcome(ended.kind, config.provider_call.rate_limited_counts), ended.end,
                     ended.kind);
    }
    if (const auto permit = breaker.acquire(begin)) {
      open.push({begin + call.latency, *permit, call.kind});
    } else {
      ++refused;
    }
  }
  return refused;
}

// A breaker that would have refused more than one of a hundred calls of the log is not that of the log's gateway.
void fit_breaker(Fit& fit, const FitTally::Seen& seen) {
  std::int64_t all = 0;
  std::int64_t refused = 0;
  for (const auto& [target, calls] : seen.calls) {
    all += static_cast<std::int64_t>(calls.size());
    refused += refused_by_breaker(fit.scenario.monitor, calls);
  }
  if (refused * 100 <= all) return;
  fit.scenario.monitor.circuit_breaker = monitor::breaker_preset("none").value();
  fit.notes.push_back(fmt::format(
      "{} of the log's {} calls were made where the default breaker would have been open: it is off", refused, all));
}

}  // namespace

void fit_settings(Fit& fit, const FitTally::Seen& seen) {
  fit.scenario.monitor.cost_limiter.monthly.reset();
  // The log's cost is that of calls whose usage is known.
  fit.scenario.monitor.cost_limiter.unknown_usage = monitor::UnknownUsage::zero;
  fit.notes.emplace_back(
      "a log does not show its budget: the scenario has none (--set monitor.cost_limiter.monthly_usd=5000 sets one)");
  fit_attempts(fit, seen);
  fit_timeout(fit, seen);
  fit_breaker(fit, seen);
  fit_failover(fit, seen);
}

}  // namespace windtunnel::sim
