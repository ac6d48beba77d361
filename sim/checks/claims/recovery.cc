#include "sim/checks/claims/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include "sim/kernel/law.h"
#include "sim/load/client.h"
#include "sim/models/default_outcome.h"

namespace windtunnel::sim {
namespace {

constexpr double kSecond = 1e9;
// A chance that no number of seeds will show.
constexpr double kNegligible = 1e-12;

double most_of(const Law& law) { return std::max(0.0, sample(law, ~std::uint64_t{0})); }

double in_seconds(Duration duration) { return static_cast<double>(duration.count()) / kSecond; }

// The most output tokens of one answer.
double output_max(const Scenario& scenario, const WorkloadSpec& load) {
  double drawn = std::min(most_of(load.output.law), static_cast<double>(load.output.most.count()));
  double asked = 500;
  if (load.max_tokens) asked = static_cast<double>(load.max_tokens->count());
  const auto& limiter = scenario.monitor.token_limiter;
  const bool per_request = limiter.mode == monitor::TokenMode::per_request;
  if (!load.max_tokens && per_request) asked = static_cast<double>(limiter.limit.count());
  for (const ListedRequest& request : load.requests) {
    if (request.output) drawn = std::max(drawn, static_cast<double>(request.output->count()));
    if (request.max_tokens) asked = std::max(asked, static_cast<double>(request.max_tokens->count()));
  }
  return std::min(drawn, asked);
}

// The load's peak; laws that are burstier than Poisson count as a higher rate.
LoadPeak peak_of(const WorkloadSpec& load, double latency) {
  const double unit = in_seconds(load.rate.unit);
  const double rate = static_cast<double>(load.rate.count.value) / 1e6 / unit;
  const auto ask = [&](const auto& entry) { return entry.peak(rate, unit, latency, load.requests.size()); };
  LoadPeak peak = std::visit(ask, load.executor);
  if (source_of(load.executor) != ArrivalSource::rate) return peak;
  if (load.arrival == Arrival::mmpp) peak.per_second *= *std::ranges::max_element(load.mmpp.factors);
  if (load.arrival == Arrival::gamma) peak.per_second *= 1 + 3 / load.gamma_shape;
  return peak;
}

monitor::BreakerOutcome outcome_of(const Scenario& scenario, const monitor::BreakerConfig& breaker,
                                   monitor::ReplyKind kind) {
  return breaker.outcomes[index_of(kind)].value_or(
      default_outcome(kind, scenario.monitor.provider_call.rate_limited_counts));
}

double counted_errors(const Scenario& scenario, const monitor::BreakerConfig& breaker, const ProviderSpec& provider) {
  double sum = 0;
  for (const auto& [kind, rate] : provider.errors.rates) {
    if (outcome_of(scenario, breaker, kind) != monitor::BreakerOutcome::ignored) sum += rate;
  }
  return sum;
}

bool has_fatal_errors(const Scenario& scenario, const monitor::BreakerConfig& breaker, const ProviderSpec& provider) {
  return std::ranges::any_of(provider.errors.rates, [&](const auto& entry) {
    return entry.second > 0 && outcome_of(scenario, breaker, entry.first) == monitor::BreakerOutcome::fatal;
  });
}

// The chance that `least` of `calls` fail, from above.
double chance_of_failures(double rate, std::int64_t least, std::int64_t calls) {
  double chance = 1;
  for (std::int64_t i = 0; i < least && i < 64; ++i) {
    chance *= rate * static_cast<double>(calls - i) / static_cast<double>(i + 1);
  }
  return chance;
}

// The chance that a healthy provider's own errors open its breaker, at any one call.
double chance_of_trip(const monitor::BreakerConfig& breaker, double rate) {
  double chance = 0;
  if (breaker.consecutive_threshold) {
    chance += chance_of_failures(rate, *breaker.consecutive_threshold, *breaker.consecutive_threshold);
  }
  if (breaker.failure_rate_threshold) {
    // The fewest failures that suffice, at the least number of calls.
    const std::int64_t calls = std::max<std::int64_t>(1, breaker.minimum_calls);
    const auto share = static_cast<double>(breaker.failure_rate_threshold->value) / 1e6;
    const auto least = static_cast<std::int64_t>(share * static_cast<double>(calls)) + 1;
    chance += share <= 2 * rate ? 1 : chance_of_failures(rate, std::min(least, calls), calls);
  }
  if (breaker.failure_count_threshold) {
    const bool counted = breaker.window_type == monitor::WindowType::count;
    chance += counted ? chance_of_failures(rate, *breaker.failure_count_threshold, breaker.window_size) : 1;
  }
  const bool allows_few = breaker.allowed_fails || std::ranges::any_of(breaker.allowed_fails_by, [](const auto& fails) {
                            return fails.has_value();
                          });
  if (allows_few) chance += 1;
  return chance;
}

Duration open_longest(const monitor::BreakerConfig& breaker, Duration wrong_for) {
  Duration longest = breaker.open;
  if (breaker.open_backoff_multiplier.value > kMillion) {
    // The last OPEN is at most `multiplier` times the one before it, which ended while something was wrong.
    const double grown = in_seconds(wrong_for) * static_cast<double>(breaker.open_backoff_multiplier.value) / 1e6;
    longest = std::max(longest, Duration{static_cast<std::int64_t>(std::min(grown, 1e9) * kSecond)});
  }
  if (breaker.open_max) longest = std::min(longest, *breaker.open_max);
  return longest + Duration{static_cast<std::int64_t>(Int128{longest.count()} * breaker.open_jitter.value / kMillion)};
}

bool judges_rate_at_success(const monitor::BreakerConfig& breaker) {
  const bool has_rate = breaker.failure_rate_threshold || breaker.slow_call_rate;
  return breaker.evaluate_on == monitor::EvaluateOn::any && has_rate;
}

// The shortest and the longest time that a call to this provider is waited for, by whatever word.
Duration timeout_least(const Scenario& scenario, const ProviderSpec& provider) {
  Duration least = provider.attempt_timeout.value_or(scenario.monitor.provider_call.timeout);
  for (const monitor::RouteConfig& route : scenario.monitor.routing.routes) {
    least = std::min({least, route.attempt_timeout.value_or(least), route.timeout.value_or(least)});
  }
  return least;
}
Duration timeout_most(const Scenario& scenario) {
  Duration most = scenario.monitor.provider_call.timeout;
  for (const ProviderSpec& provider : scenario.providers)
    most = std::max(most, provider.attempt_timeout.value_or(most));
  for (const monitor::RouteConfig& route : scenario.monitor.routing.routes) {
    most = std::max(most, route.attempt_timeout.value_or(most));
  }
  return most;
}

// The shortest time that a level states for the tokens of a streamed call; nothing: no call is streamed, or none does.
std::optional<Duration> token_time_least(const Scenario& scenario, const ProviderSpec& provider) {
  if (std::ranges::none_of(scenario.workloads, &WorkloadSpec::stream)) return std::nullopt;
  std::optional<Duration> least;
  const auto take = [&](const std::optional<Duration>& time) {
    if (time) least = std::min(*time, least.value_or(*time));
  };
  take(scenario.monitor.provider_call.first_token_timeout), take(scenario.monitor.provider_call.idle_timeout);
  take(provider.first_token_timeout), take(provider.idle_timeout);
  for (const monitor::RouteConfig& route : scenario.monitor.routing.routes) {
    take(route.first_token_timeout), take(route.idle_timeout);
  }
  return least;
}

// The most that one call takes of a quota.
double most_of_quota(const Scenario& scenario, QuotaKind kind) {
  double most = 0;
  for (const WorkloadSpec& load : scenario.workloads) {
    const double input = most_of(load.input.law);
    const auto output = static_cast<double>(load.max_tokens.value_or(Tokens{500}).count());
    const std::array amounts{1.0, input + output, input, output};  // by QuotaKind
    most = std::max(most, amounts[static_cast<std::size_t>(kind)]);
  }
  return most;
}

std::optional<std::string> quota_cannot(const Scenario& scenario, const ProviderSpec& provider) {
  constexpr std::array kWords{"calls", "tokens", "input tokens", "output tokens"};  // by QuotaKind
  const RateLimit& limit = provider.rate_limit;
  // The steps of a sliding window hold a sixtieth more than its period.
  const double longer = limit.algorithm == QuotaAlgorithm::sliding_window ? 61.0 / 60 : 1;
  const double minutes = std::clamp(static_cast<double>(scenario.duration.count()) / 60e9, 1.0, 24.0 * 60);
  for (std::size_t kind = 0; kind < kQuotaKinds; ++kind) {
    for (const QuotaPeriod period : {QuotaPeriod::minute, QuotaPeriod::day}) {
      const auto amount = amount_of(limit, static_cast<QuotaKind>(kind), period);
      const bool daily = period == QuotaPeriod::day;
      const double needed = healthy_calls_per_minute(scenario) * (daily ? minutes : 1) * longer *
                            most_of_quota(scenario, static_cast<QuotaKind>(kind));
      if (!amount || static_cast<double>(*amount) >= needed) continue;
      return fmt::format("{} admits {} {} a {}, the load needs up to {:.0f}", provider.name, *amount, kWords[kind],
                         daily ? "day" : "minute", needed);
    }
  }
  return std::nullopt;
}

std::optional<std::string> provider_cannot(const Scenario& scenario, const monitor::BreakerConfig& breaker,
                                           const ProviderSpec& provider) {
  const double latency = healthy_latency_max(scenario, provider);
  const monitor::ProviderCallConfig& call = scenario.monitor.provider_call;
  const auto takes = [&] {
    return fmt::format("{} takes up to {:.3f} s when all is well", provider.name, latency / kSecond);
  };
  if (breaker.half_open_timeout) {
    const std::int64_t probes =
        breaker.half_open_failure_rate ? breaker.half_open_max_calls : breaker.half_open_success_threshold;
    if (probes > 1) return fmt::format("half_open_timeout may end before {} probes have come", probes);
    if (latency >= static_cast<double>(breaker.half_open_timeout->count())) {
      return fmt::format("{}, half_open_timeout is {:.3f} s", takes(), in_seconds(*breaker.half_open_timeout));
    }
  }
  if (breaker.slow_call_rate && latency > static_cast<double>(breaker.slow_call_duration.count())) {
    return fmt::format("{}, slow_call_duration is {:.3f} s", takes(), in_seconds(breaker.slow_call_duration));
  }
  const Duration timeout = timeout_least(scenario, provider);
  if (latency > static_cast<double>(timeout.count())) {
    return fmt::format("{}, the timeout is {:.3f} s", takes(), in_seconds(timeout));
  }
  if (const auto time = token_time_least(scenario, provider); time && latency > static_cast<double>(time->count())) {
    return fmt::format("{}, a first token or the next one is waited for {:.3f} s", takes(), in_seconds(*time));
  }
  if (call.deadline && latency > static_cast<double>(call.deadline->count())) {
    return fmt::format("{}, the deadline is {:.3f} s", takes(), in_seconds(*call.deadline));
  }
  // A caller who leaves as the answer comes may miss it, calls again, and takes twice what the load is said to need.
  for (const WorkloadSpec& load : scenario.workloads) {
    const auto patience = load.client ? try_timeout_of(*load.client) : std::nullopt;
    if (patience && latency >= static_cast<double>(patience->count())) {
      return fmt::format("{}, callers of {} wait for {:.3f} s", takes(), load.name, in_seconds(*patience));
    }
  }
  const double errors = counted_errors(scenario, breaker, provider);
  if (errors > 0.02) return fmt::format("{} fails {:.1f} % of its calls when all is well", provider.name, errors * 100);
  if (errors > 0 && (has_fatal_errors(scenario, breaker, provider) || chance_of_trip(breaker, errors) > kNegligible)) {
    return fmt::format("{} fails {:.2f} % of its calls when all is well, enough to open its breaker at times",
                       provider.name, errors * 100);
  }
  if (provider.concurrency && static_cast<double>(*provider.concurrency) < healthy_calls_at_once(scenario)) {
    return fmt::format("{} serves {} calls at once, the load needs up to {:.0f}", provider.name, *provider.concurrency,
                       healthy_calls_at_once(scenario));
  }
  return quota_cannot(scenario, provider);
}

// How much longer than a timeout providers may work on for callers who have gone, so that their places are taken after
// everything is healed.
Duration work_left_behind(const Scenario& scenario) {
  const bool browns_out = std::ranges::any_of(
      scenario.faults, [](const FaultSpec& fault) { return capacity_of(fault.settings).has_value(); });
  double longest = 0;
  for (const ProviderSpec& provider : scenario.providers) {
    if (provider.on_disconnect == Disconnect::stop || (!provider.concurrency && !browns_out)) continue;
    double latency = healthy_latency_max(scenario, provider);
    for (const FaultSpec& fault : scenario.faults) latency = slowed_by(fault.settings, latency);
    const std::int64_t places = provider.concurrency.value_or(1);
    const std::int64_t turns = 1 + (provider.concurrency ? (provider.queue + places - 1) / places : 0);
    longest = std::max(longest, latency * static_cast<double>(turns));
  }
  const auto patience = static_cast<double>(timeout_most(scenario).count());
  return Duration{static_cast<std::int64_t>(std::clamp(longest - patience, 0.0, 1e18))};
}

// With a liveness block: that the run and the claim leave the time.
std::optional<std::string> claim_cannot(const Scenario& scenario, Duration time) {
  if (!scenario.liveness) return std::nullopt;
  const LivenessSpec& claim = *scenario.liveness;
  if (claim.recover_within < time) {
    return fmt::format("recover_within is {:.3f} s, these settings need up to {:.3f} s",
                       in_seconds(claim.recover_within), in_seconds(time));
  }
  if (claim.heal_at + time >= scenario.duration) {
    return fmt::format("the run ends {:.3f} s after heal_at, these settings need up to {:.3f} s",
                       in_seconds(scenario.duration - claim.heal_at), in_seconds(time));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> reopens_late(const monitor::BreakerConfig& breaker) {
  if (breaker.evaluate_on == monitor::EvaluateOn::failure) return std::nullopt;
  if (breaker.on_close == monitor::OnClose::keep && breaker.window_type) {
    return "on_close keep with evaluate_on any: the failures of before open the breaker again at each success";
  }
  if (!judges_rate_at_success(breaker)) return std::nullopt;
  const bool ge = breaker.failure_rate_compare == monitor::BreakerCompare::ge;
  if (ge && breaker.failure_rate_threshold == Millionths{0}) {
    return "failure_rate_threshold 0 with failure_rate_compare ge and evaluate_on any: every success opens the breaker";
  }
  if (ge && breaker.bucket_of == monitor::BucketOf::start && breaker.minimum_calls == 0) {
    return "failure_rate_compare ge over a window of starts without minimum_calls: an answer that outlives the window "
           "opens the breaker";
  }
  const bool by_calls = breaker.window_type == monitor::WindowType::count ||
                        breaker.window_type == monitor::WindowType::lifetime ||
                        monitor::turns_by_outcomes(breaker.window_origin);
  if (by_calls && breaker.minimum_calls > 1) {
    return fmt::format(
        "evaluate_on any over a window of calls: the failures of before open the breaker when it holds {} "
        "calls, however late",
        breaker.minimum_calls);
  }
  return std::nullopt;
}

double healthy_latency_max(const Scenario& scenario, const ProviderSpec& provider) {
  double tokens = 0;
  for (const WorkloadSpec& load : scenario.workloads) tokens = std::max(tokens, output_max(scenario, load));
  return most_of(provider.time_to_first_token) + tokens * most_of(provider.time_per_output_token);
}

double healthy_calls_at_once(const Scenario& scenario) {
  double latency = 0;
  for (const ProviderSpec& provider : scenario.providers)
    latency = std::max(latency, healthy_latency_max(scenario, provider));
  double mean = 0;
  double at_once = 0;
  for (const WorkloadSpec& load : scenario.workloads) {
    const LoadPeak peak = peak_of(load, latency);
    at_once += peak.at_once;
    if (source_of(load.executor) != ArrivalSource::users) mean += peak.per_second * latency / kSecond;
  }
  // Ten standard deviations of a Poisson number.
  return at_once + mean + 10 * std::sqrt(mean) + 20;
}

double healthy_calls_per_minute(const Scenario& scenario) {
  double at_once = 0;
  double mean = 0;
  for (const WorkloadSpec& load : scenario.workloads) {
    const LoadPeak peak = peak_of(load, 0);
    mean += 60 * peak.per_second;
    at_once += peak.at_once;
  }
  return at_once + mean + 10 * std::sqrt(mean) + 20;
}

Recovery recovery_of(const Scenario& scenario) {
  const monitor::ProviderCallConfig& call = scenario.monitor.provider_call;
  const std::vector<monitor::BreakerConfig> breakers = breakers_of(scenario);
  Recovery recovery;
  double latency = 0;
  for (const ProviderSpec& provider : scenario.providers)
    latency = std::max(latency, healthy_latency_max(scenario, provider));
  const Duration probe{static_cast<std::int64_t>(std::min(latency, 1e18))};
  const Duration timeout = timeout_most(scenario);
  const Duration patience = timeout == monitor::kNoTimeout ? probe : timeout;
  const Duration last_failure = std::max(patience, call.deadline.value_or(Duration{0}));
  const Duration wrong_for = (scenario.liveness ? scenario.liveness->heal_at : scenario.duration) + last_failure;
  const Duration left_behind = work_left_behind(scenario);
  std::optional<std::string> reason;
  for (std::size_t i = 0; i < breakers.size(); ++i) {
    const monitor::BreakerConfig& breaker = breakers[i];
    const Duration open = open_longest(breaker, wrong_for);
    const Duration probes =
        std::min(probe, timeout) *
        (breaker.half_open_failure_rate ? breaker.half_open_max_calls : breaker.half_open_success_threshold);
    Duration time = last_failure + std::max(call.retry_after_cap, open) + probes + left_behind;
    // Failed or slow probes of before are judged with those to come, and may reopen it once more.
    if (breaker.half_open_failure_rate || breaker.slow_call_rate) time += open + probes;
    // Failures of before stay in a window of time and may open the breaker there while successes leave it.
    if (judges_rate_at_success(breaker)) time += breaker.window;
    recovery.time = std::max(recovery.time, time);
    if (!reason) reason = reopens_late(breaker);
  }
  for (std::size_t i = 0; i < breakers.size(); ++i) {
    if (!reason) reason = provider_cannot(scenario, breakers[i], scenario.providers[i]);
  }
  if (!reason) reason = claim_cannot(scenario, recovery.time);
  recovery.possible = !reason;
  recovery.reason = reason.value_or("");
  return recovery;
}

}  // namespace windtunnel::sim
