#include "sim/checks/world/throttle_minutes.h"

#include <algorithm>

namespace windtunnel::sim {
namespace {

using Clause = QuotaClause;

RateModel minutes_of(const RateLimit& limit) { return {limit.requests_per_minute, limit.tokens_per_minute}; }

Clause::Shape shape_of(const RateLimit& limit, bool daily) {
  switch (limit.algorithm) {
    case QuotaAlgorithm::fixed_window:
      return daily && limit.day_ends == QuotaDay::pacific ? Clause::Shape::pacific_day : Clause::Shape::window;
    case QuotaAlgorithm::sliding_window:
      return Clause::Shape::sliding;
    case QuotaAlgorithm::token_bucket:
      return Clause::Shape::bucket;
  }
  fail_check("an algorithm of quotas is known", __FILE__, __LINE__);
}

QuotaModel quotas_of(const RateLimit& limit) {
  using std::chrono::hours;
  QuotaModel model;
  const auto add = [&](Clause::Of of, std::optional<std::int64_t> amount, bool daily) {
    if (!amount) return;
    model.add({of, shape_of(limit, daily), *amount, daily ? Duration{hours{24}} : Duration{hours{1}} / 60});
  };
  const auto add_tokens = [&](Clause::Of of, std::optional<Tokens> amount, bool daily) {
    if (amount) add(of, amount->count(), daily);
  };
  add(Clause::Of::requests, limit.requests_per_minute, false);
  add(Clause::Of::requests, limit.requests_per_day, true);
  add_tokens(Clause::Of::tokens, limit.tokens_per_minute, false);
  add_tokens(Clause::Of::tokens, limit.tokens_per_day, true);
  add_tokens(Clause::Of::input, limit.input_tokens_per_minute, false);
  add_tokens(Clause::Of::input, limit.input_tokens_per_day, true);
  add_tokens(Clause::Of::output, limit.output_tokens_per_minute, false);
  add_tokens(Clause::Of::output, limit.output_tokens_per_day, true);
  return model;
}

}  // namespace

ThrottleMinutes::ThrottleMinutes(const WorldWatch& watch) : watch_(watch) {
  for (const ProviderSpec& provider : watch.scenario.providers) own_.push_back(quotas_of(provider.rate_limit));
  for (const FaultSpec& spec : watch.scenario.faults) {
    Fault& fault = faults_.emplace_back();
    fault.providers = providers_of(spec, watch.scenario);
    const auto* throttle = std::get_if<Throttle>(&spec.settings);
    if (throttle == nullptr || spec.fraction < 1 || spec.ramp > Duration{0} || spec.ramp_down > Duration{0}) continue;
    fault.minutes.assign(watch.scenario.providers.size(), minutes_of(throttle->limit));
    has_throttle_ = true;
  }
}

// Outages come before throttles, so that a call which one of them hit reaches no throttle.
void ThrottleMinutes::on_call(const ThrottledCall& call, std::span<const std::size_t> hits) {
  const auto is_outage = [&](std::size_t fault) {
    return precedence_of(watch_.scenario.faults[fault].settings) == Precedence::outage;
  };
  if (std::ranges::any_of(hits, is_outage)) return;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    Fault& fault = faults_[i];
    const bool has_hit = std::ranges::find(hits, i) != hits.end();
    if (!fault.minutes.empty() && fault.acts && (fault.providers >> call.provider & 1U) != 0) {
      RateModel& minute = fault.minutes[call.provider];
      const bool is_refused = !minute.admits(call.true_time, call.tokens);
      if (is_refused != has_hit)
        watch_.report(
            call.at, call.request,
            "fault {} refuses its call of {} tokens to provider {}: {}; the minute has {} requests and {} tokens",
            watch_.scenario.faults[i].id, call.tokens, call.provider, has_hit, minute.requests(), minute.tokens());
    }
    const bool is_throttle = precedence_of(watch_.scenario.faults[i].settings) == Precedence::throttle;
    if (has_hit && is_throttle) return;
  }
}

bool ThrottleMinutes::own_limit_refuses(const ThrottledCall& call) {
  return !own_[quota_of(watch_.scenario.providers, call.provider)].admits(call.true_time, call.input,
                                                                          call.tokens - call.input);
}

}  // namespace windtunnel::sim
