#include "sim/explore/shrink.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "monitor/record.h"
#include "sim/checks/claims/recovery.h"
#include "sim/checks/findings/registry.h"
#include "sim/explore/explore.h"
#include "sim/explore/shrink_limits.h"
#include "sim/explore/shrink_routes.h"

// This file is long because it lists every step that may make a scenario smaller, in the order in which they are tried.

namespace windtunnel::sim {
namespace {

using namespace std::chrono_literals;

bool has_provider(const Scenario& world, const std::string& name) {
  return std::ranges::any_of(world.providers,
                             [&](const ProviderSpec& provider_spec) { return provider_spec.name == name; });
}
bool has_fault(const Scenario& world, const std::optional<std::string>& id) {
  return !id || std::ranges::any_of(world.faults, [&](const FaultSpec& fault_spec) { return fault_spec.id == *id; });
}

// Whether a file can hold it: no name without its owner, nothing outside the run.
bool is_sound(const Scenario& world) {
  const Duration end = world.duration;
  if (end < 1ns || world.workloads.empty() || world.providers.empty()) return false;
  for (const WorkloadSpec& load : world.workloads) {
    if (load.start >= end || (load.provider && !has_provider(world, *load.provider))) return false;
    if (std::holds_alternative<Script>(load.executor) && load.requests.empty()) return false;
    for (const ListedRequest& request : load.requests) {
      if (request.provider && !has_provider(world, *request.provider)) return false;
    }
  }
  for (const FaultSpec& fault : world.faults) {
    if (fault.at >= end || (world.liveness && fault.at >= world.liveness->heal_at)) return false;
    if (!std::ranges::all_of(fault.providers, [&](const auto& name) { return has_provider(world, name); }))
      return false;
  }
  for (const ThresholdSpec& threshold : world.thresholds) {
    if (!has_fault(world, threshold.during) || !has_fault(world, threshold.after)) return false;
    if (threshold.provider && !has_provider(world, *threshold.provider)) return false;
  }
  if (world.liveness && world.liveness->heal_at >= end) return false;
  if (unsupported(world.monitor.circuit_breaker) || invalid(world.monitor.ab_router)) return false;
  for (std::size_t i = 0; i < world.providers.size(); ++i) {
    if (world.providers[i].rate_limit != world.providers[quota_of(world.providers, i)].rate_limit) return false;
  }
  if (!problems_of(world.monitor.routing, world.providers.size()).empty()) return false;
  const auto attempts = static_cast<std::size_t>(world.monitor.provider_call.retry.max_attempts);
  return !world.monitor.routing.routes.empty() || attempts * world.providers.size() <= monitor::kAttemptsMax;
}

// A round duration of at most half: 37 s becomes 15 s.
Duration round_half(Duration duration) {
  const std::int64_t half = duration.count() / 2;
  std::int64_t power = 1;
  while (power <= half / 10) power *= 10;
  for (const std::int64_t lead : {5, 3, 2, 1}) {
    if (lead * power <= half) return Duration{lead * power};
  }
  return Duration{half};
}

class Shrinker {
 public:
  Shrinker(const Scenario& world, const Finding& finding, const Scenario& defaults, const ShrinkOptions& options)
      : options_(options), defaults_(defaults), small_{.world = world, .finding = finding} {
    defaults_.monitor = monitor::MonitorConfig{};
    defaults_.breaker_preset = Scenario{}.breaker_preset;
    if (!options_.fails) {
      options_.fails = [checks = options.checks, stop = options.stop](const Scenario& scenario) {
        return first_failure(scenario, checks, stop);
      };
    }
  }

  Shrunk shrink() {
    drop_claims();
    do {
      changed_ = false;
      cut_after_violation();
      drop_items([](Scenario& world) -> auto& { return world.faults; });
      drop_items([](Scenario& world) -> auto& { return world.workloads; });
      drop_items([](Scenario& world) -> auto& { return world.thresholds; });
      for (Scenario& smaller : with_smaller_routes(world())) accept(std::move(smaller));
      for (Scenario& smaller : with_smaller_limits(world())) accept(std::move(smaller));
      drop_providers();
      shorten();
      lower_load();
      settings_to_defaults();
      breaker_to_defaults();
      providers_to_defaults();
      faults_to_defaults();
    } while (changed_ && !is_over());
    small_.is_minimal = !is_over();
    return std::move(small_);
  }

 private:
  [[nodiscard]] Scenario& world() { return small_.world; }
  [[nodiscard]] bool is_over() const {
    return small_.runs >= options_.runs_max || (options_.stop != nullptr && options_.stop->load());
  }

  // Goes on with this world if it fails in the same way.
  bool accept(Scenario candidate) {
    if (is_over() || !is_sound(candidate)) return false;
    if (small_.finding.kind == Finding::Kind::liveness && !recovery_of(candidate).possible) return false;
    ++small_.runs;
    if (options_.on_run) options_.on_run(small_.runs);
    std::optional<Finding> found = options_.fails(candidate);
    if (!found || !same_failure(*found, small_.finding)) return false;
    small_.world = std::move(candidate);
    small_.finding = std::move(*found);
    changed_ = true;
    return true;
  }

  // `access` gives the place of a value in a scenario.
  template <typename Access, typename Value>
  bool set(Access access, const Value& value) {
    if (access(world()) == value) return false;
    Scenario candidate = world();
    access(candidate) = value;
    return accept(std::move(candidate));
  }
  template <typename Access>
  bool to_default(Access access) {
    return set(access, std::as_const(access(defaults_)));
  }

  // All at once, then halves, quarters, one by one.
  template <typename Access>
  void drop_items(Access items) {
    for (std::size_t chunk = items(world()).size(); chunk > 0; chunk /= 2) {
      for (std::size_t at = 0; at < items(world()).size();) {
        Scenario candidate = world();
        auto& list = items(candidate);
        const auto first = list.begin() + static_cast<std::ptrdiff_t>(at);
        list.erase(first, first + static_cast<std::ptrdiff_t>(std::min(chunk, list.size() - at)));
        if (!accept(std::move(candidate))) at += chunk;
      }
    }
  }

  // What the world claims besides.
  void drop_claims() {
    Scenario candidate = world();
    candidate.coverage.clear();
    candidate.counterexample.reset();
    candidate.forecast_thresholds.clear();
    candidate.explore = ExploreSpec{};
    candidate.server = ServerSpec{};
    small_.world = std::move(candidate);
    if (small_.finding.kind != Finding::Kind::liveness && world().liveness) {
      Scenario without = world();
      without.liveness.reset();
      accept(std::move(without));
    }
  }

  // Nothing after the violation matters.
  void cut_after_violation() {
    if (!small_.finding.at || small_.finding.kind != Finding::Kind::invariant) return;
    const Duration at = small_.finding.at->time_since_epoch();
    for (const Duration unit : {Duration{10s}, Duration{1s}, Duration{100ms}, Duration{1ms}, Duration{1ns}}) {
      const Duration end = (at / unit + 1) * unit;
      if (end < world().duration) set_duration(end);
    }
  }

  // Faults and loads that begin later go too; a claim of recovery keeps its distance from the end.
  bool set_duration(Duration end) {
    Scenario candidate = world();
    if (candidate.liveness) {
      const Duration cut = candidate.duration - end;
      if (candidate.liveness->heal_at <= cut) return false;
      candidate.liveness->heal_at -= cut;
    }
    candidate.duration = end;
    const Duration last = candidate.liveness ? candidate.liveness->heal_at : end;
    std::erase_if(candidate.faults, [&](const FaultSpec& fault) { return fault.at >= last; });
    std::erase_if(candidate.workloads, [&](const WorkloadSpec& load) { return load.start >= end; });
    return accept(std::move(candidate));
  }

  void shorten() {
    while (set_duration(round_half(world().duration)) || set_duration(world().duration / 2)) {
    }
    if (world().liveness) shorten_recovery();
    for (std::size_t i = 0; i < world().faults.size(); ++i) {
      const auto length = [i](Scenario& scenario) -> auto& { return scenario.faults[i].duration; };
      const auto at = [i](Scenario& scenario) -> auto& { return scenario.faults[i].at; };
      const auto ramp = [i](Scenario& scenario) -> auto& { return scenario.faults[i].ramp; };
      set(at, Duration{0}) || set(at, round_half(at(world())));
      set(ramp, Duration{0});
      set([i](Scenario& scenario) -> auto& { return scenario.faults[i].ramp_of; }, RampOf::fraction);
      set([i](Scenario& scenario) -> auto& { return scenario.faults[i].ramp_down; }, Duration{0});
      halve(ramp);
      const FaultSpec& fault = world().faults[i];
      if (!lasts(fault.settings)) continue;
      const Duration end = world().liveness ? world().liveness->heal_at : world().duration;
      const Duration now = fault.duration.value_or(end - fault.at);
      if (now > 1ns) halve_optional(length, now);
    }
    for (std::size_t i = 0; i < world().workloads.size(); ++i) {
      const auto lasts = [i](Scenario& scenario) -> auto& { return scenario.workloads[i].duration; };
      if (!has_duration(world().workloads[i].executor)) continue;
      set(lasts, std::optional<Duration>{});
      if (world().workloads[i].duration) halve_optional(lasts, *world().workloads[i].duration);
    }
  }
  template <typename Access>
  void halve(Access place) {
    while (place(world()) > 0ns && (set(place, round_half(place(world()))) || set(place, place(world()) / 2))) {
    }
  }
  template <typename Access>
  void halve_optional(Access place, Duration now) {
    while (now > 1ns) {
      if (set(place, std::optional<Duration>{round_half(now)})) {
        now = round_half(now);
      } else if (set(place, std::optional<Duration>{now / 2})) {
        now /= 2;
      } else {
        return;
      }
    }
  }
  void shorten_recovery() {
    halve([](Scenario& scenario) -> auto& { return scenario.liveness->recover_within; });
    halve([](Scenario& scenario) -> auto& { return scenario.liveness->heal_at; });
  }

  // From the last to the first: the others keep their places.
  void drop_providers() {
    for (std::size_t i = world().providers.size(); i-- > 1;) {
      Scenario candidate = world();
      const std::string name = candidate.providers[i].name;
      candidate.providers.erase(candidate.providers.begin() + static_cast<std::ptrdiff_t>(i));
      for (monitor::Variant& variant : candidate.monitor.ab_router.variants) {
        if (index_of(variant.provider) == i) variant.provider = monitor::ProviderId{};
        if (index_of(variant.provider) > i)
          variant.provider = monitor::ProviderId{static_cast<std::uint8_t>(index_of(variant.provider) - 1)};
      }
      drop_deployment(candidate.monitor.routing, i);
      for (WorkloadSpec& load : candidate.workloads) {
        if (load.provider == name) load.provider.reset();
      }
      std::erase_if(candidate.faults,
                    [&](FaultSpec& fault) { return std::erase(fault.providers, name) > 0 && fault.providers.empty(); });
      accept(std::move(candidate));
    }
  }

  void lower_load() {
    const WorkloadSpec plain;
    for (std::size_t i = 0; i < world().workloads.size(); ++i) {
      const auto part = [i](auto member) {
        return [i, member](Scenario& scenario) -> auto& { return scenario.workloads[i].*member; };
      };
      if (std::holds_alternative<TraceReplay>(world().workloads[i].executor)) list_requests(i);
      if (std::holds_alternative<Script>(world().workloads[i].executor)) {
        drop_items([i](Scenario& scenario) -> auto& { return scenario.workloads[i].requests; });
      }
      const Executor executor = world().workloads[i].executor;  // a step that succeeds replaces the world
      if (std::holds_alternative<RampingArrivalRate>(executor) || std::holds_alternative<Diurnal>(executor))
        make_constant(i);
      if (const auto* ramp = std::get_if<RampingVus>(&executor)) {
        set(part(&WorkloadSpec::executor),
            Executor{ConstantVus{.vus = ramp->users_most(), .think_time = ramp->think_time}});
      }
      lower_rate(i);
      if (std::holds_alternative<ConstantVus>(world().workloads[i].executor)) lower_users(i);
      const auto arrival = part(&WorkloadSpec::arrival);
      const bool is_odd = arrival(world()) == Arrival::gamma || arrival(world()) == Arrival::mmpp;
      if (!set(arrival, Arrival::uniform) && is_odd) set(arrival, Arrival::poisson);
      set(part(&WorkloadSpec::start), Duration{0});
      set(part(&WorkloadSpec::prompts), plain.prompts);
      set(part(&WorkloadSpec::users), plain.users);
      set(part(&WorkloadSpec::input), plain.input);
      set(part(&WorkloadSpec::output), plain.output);
      set(part(&WorkloadSpec::cached_input), plain.cached_input);
      set(part(&WorkloadSpec::cache_write), plain.cache_write);
      set(part(&WorkloadSpec::reasoning), plain.reasoning);
      set(part(&WorkloadSpec::max_tokens), plain.max_tokens);
      set(part(&WorkloadSpec::stream), plain.stream);
      set(part(&WorkloadSpec::client), plain.client);
      set(part(&WorkloadSpec::provider), plain.provider);
    }
  }
  void lower_users(std::size_t i) {
    const auto users = [i](Scenario& scenario) -> auto& {
      return std::get<ConstantVus>(scenario.workloads[i].executor).vus;
    };
    while (users(world()) > 1 && set(users, users(world()) / 2)) {
    }
  }
  // A trace as a list that can lose requests.
  void list_requests(std::size_t i) {
    constexpr std::size_t kListedMax = 2'000;  // more would be no file for a person
    Scenario candidate = world();
    WorkloadSpec& load = candidate.workloads[i];
    const auto& replay = std::get<TraceReplay>(load.executor);
    if (load.requests.size() > kListedMax || replay.time_scale != 1 || replay.rate_scale != 1) return;
    load.executor = Script{};
    accept(std::move(candidate));
  }
  void make_constant(std::size_t i) {
    Scenario candidate = world();
    WorkloadSpec& load = candidate.workloads[i];
    load.executor = ConstantArrivalRate{};
    if (load.rate.count.value > 0) accept(std::move(candidate));
  }
  // Half as many, again and again: to whole rates first, and by longer units where there is one request a unit.
  void lower_rate(std::size_t i) {
    for (;;) {
      const Rate now = world().workloads[i].rate;
      if (now.count.value < 2) return;
      const auto rate = [i](Scenario& scenario) -> auto& { return scenario.workloads[i].rate; };
      const Rate slower =
          now.count.value == 1'000'000 ? Rate{now.count, now.unit * 2} : Rate{{now.count.value / 2}, now.unit};
      const Rate whole{{now.count.value / 2'000'000 * 1'000'000}, now.unit};
      if (slower.unit > world().duration * 4) return;
      if (!(whole.count.value > 0 && set(rate, whole)) && !set(rate, slower)) return;
    }
  }

  void settings_to_defaults() {
    to_default([](Scenario& scenario) -> auto& { return scenario.start; });
    to_default([](Scenario& scenario) -> auto& { return scenario.month_spent; });
    // A whole block if it may go, else key by key.
    to_default([](Scenario& scenario) -> auto& { return scenario.monitor.rate_limiter; });
    to_default([](Scenario& scenario) -> auto& { return scenario.monitor.token_limiter; });
    to_default([](Scenario& scenario) -> auto& { return scenario.monitor.cost_limiter; });
    to_default([](Scenario& scenario) -> auto& { return scenario.monitor.ab_router; });
    to_default([](Scenario& scenario) -> auto& { return scenario.monitor.cache; });
    to_default([](Scenario& scenario) -> auto& { return scenario.monitor.provider_call; });
    fields_to_default([](Scenario& scenario) -> auto& { return scenario.monitor.rate_limiter; },
                      &monitor::RateLimiterConfig::requests_per_minute, &monitor::RateLimiterConfig::tokens_per_minute);
    using T = monitor::TokenLimiterConfig;
    fields_to_default([](Scenario& scenario) -> auto& { return scenario.monitor.token_limiter; }, &T::mode, &T::limit,
                      &T::min_output_tokens);
    using C = monitor::CostLimiterConfig;
    fields_to_default([](Scenario& scenario) -> auto& { return scenario.monitor.cost_limiter; }, &C::monthly, &C::daily,
                      &C::alerts, &C::on_exhausted, &C::unknown_usage);
    using H = monitor::CacheConfig;
    fields_to_default([](Scenario& scenario) -> auto& { return scenario.monitor.cache; }, &H::enabled, &H::ttl,
                      &H::capacity, &H::scope, &H::stale_if_error, &H::ttl_from);
    using P = monitor::ProviderCallConfig;
    fields_to_default([](Scenario& scenario) -> auto& { return scenario.monitor.provider_call; }, &P::timeout,
                      &P::deadline, &P::retry, &P::retry_after_cap, &P::rate_limited_counts, &P::rate_limited_retries,
                      &P::first_token_timeout, &P::idle_timeout, &P::on_broken_stream, &P::on_caller_gone);
    using R = monitor::RetryConfig;
    fields_to_default([](Scenario& scenario) -> auto& { return scenario.monitor.provider_call.retry; },
                      &R::max_attempts, &R::base, &R::multiplier, &R::cap, &R::jitter);
  }
  template <typename Block, typename... Members>
  void fields_to_default(Block block, Members... members) {
    (to_default([block, members](Scenario& scenario) -> auto& { return block(scenario).*members; }), ...);
  }

  void breaker_to_defaults() {
    const auto breaker = [](Scenario& scenario) -> auto& { return scenario.monitor.circuit_breaker; };
    if (!(breaker(world()) == breaker(defaults_) && world().breaker_preset == defaults_.breaker_preset)) {
      Scenario candidate = world();
      candidate.breaker_preset = defaults_.breaker_preset;
      breaker(candidate) = breaker(defaults_);
      accept(std::move(candidate));
    }
    using B = monitor::BreakerConfig;
    fields_to_default(breaker, &B::consecutive_threshold, &B::consecutive_scope, &B::on_open,
                      &B::failure_rate_threshold, &B::failure_rate_compare, &B::rate_rounding,
                      &B::failure_count_threshold, &B::slow_call_duration, &B::slow_call_rate, &B::minimum_calls,
                      &B::volume, &B::window_type, &B::window_size, &B::window, &B::window_buckets, &B::window_origin,
                      &B::bucket_of, &B::evaluate_on, &B::open, &B::open_compare, &B::state_view,
                      &B::half_open_max_calls, &B::half_open_success_threshold, &B::half_open_failure_rate,
                      &B::half_open_failure, &B::late_results, &B::late_success_in_open, &B::half_open_timeout,
                      &B::on_close, &B::open_backoff_multiplier, &B::open_max, &B::open_jitter, &B::outcomes,
                      &B::allowed_fails, &B::allowed_fails_by);
  }

  void providers_to_defaults() {
    using P = ProviderSpec;
    for (std::size_t i = 0; i < world().providers.size(); ++i) {
      const auto known = std::ranges::find_if(defaults_.providers,
                                              [&](const P& entry) { return entry.name == world().providers[i].name; });
      if (known == defaults_.providers.end()) continue;
      const auto reset = [&](auto member) {
        set([i, member](Scenario& scenario) -> auto& { return scenario.providers[i].*member; },
            std::as_const((*known).*member));
      };
      reset(&P::time_to_first_token), reset(&P::time_per_output_token), reset(&P::tariffs), reset(&P::errors),
          reset(&P::usage_missing);
      reset(&P::usage_late), reset(&P::usage_delay);
      reset(&P::bill_on_failure), reset(&P::bill_on_timeout), reset(&P::on_disconnect), reset(&P::queue),
          reset(&P::queue_timeout), reset(&P::concurrency), reset(&P::rate_limit);
    }
  }

  void faults_to_defaults() {
    using F = FaultSpec;
    const F plain;
    for (std::size_t i = 0; i < world().faults.size(); ++i) {
      const auto reset = [&](auto member) {
        set([i, member](Scenario& scenario) -> auto& { return scenario.faults[i].*member; },
            std::as_const(plain.*member));
      };
      reset(&F::fraction);
      const Fault kind = fault_of(world().faults[i].kind());
      std::visit([&](const auto& settings) { settings_of_fault_to_defaults(i, settings); }, kind);
      reset(&F::min_affected), reset(&F::providers);
    }
  }
  template <class F>
  void settings_of_fault_to_defaults(std::size_t i, const F& defaults) {
    const auto reset = [&](auto member) {
      set([i, member](Scenario& scenario) -> auto& { return std::get<F>(scenario.faults[i].settings).*member; },
          defaults.*member);
    };
    std::apply([&](auto... members) { (reset(members), ...); }, F::shrinks());
  }

  ShrinkOptions options_;
  Scenario defaults_;
  Shrunk small_;
  bool changed_ = false;
};

}  // namespace

bool same_failure(const Finding& a, const Finding& b) {
  // Both findings of liveness mean that it did not recover.
  return a.kind == b.kind && (a.kind == Finding::Kind::liveness || a.id == b.id);
}

Shrunk shrink(const Scenario& world, const Finding& finding, const Scenario& defaults, const ShrinkOptions& options) {
  return Shrinker{world, finding, defaults, options}.shrink();
}

}  // namespace windtunnel::sim
