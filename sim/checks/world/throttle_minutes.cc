#include "sim/checks/world/throttle_minutes.h"

#include <algorithm>
#include <chrono>

namespace windtunnel::sim {

ThrottleMinutes::ThrottleMinutes(const WorldWatch& watch) : watch_(watch), own_(watch.scenario.providers.size()) {
  for (const FaultSpec& spec : watch.scenario.faults) {
    Fault& fault = faults_.emplace_back();
    fault.providers = providers_of(spec, watch.scenario);
    fault.minutes.resize(watch.scenario.providers.size());
    const auto* throttle = std::get_if<Throttle>(&spec.settings);
    if (throttle == nullptr || spec.fraction < 1 || spec.ramp > Duration{0}) continue;
    fault.limit = &throttle->limit;
    has_throttle_ = true;
  }
}

bool ThrottleMinutes::admits(Minute& minute, const RateLimit& limit, const ThrottledCall& call) {
  const std::int64_t number = std::chrono::floor<std::chrono::minutes>(call.wall.time_since_epoch()).count();
  if (number != minute.number) minute = {.number = number};
  if (limit.requests_per_minute && minute.requests + 1 > *limit.requests_per_minute) return false;
  if (limit.tokens_per_minute && minute.tokens + call.tokens > limit.tokens_per_minute->count()) return false;
  ++minute.requests;
  minute.tokens += call.tokens;
  return true;
}

// Outages come before throttles, so that a call which one of them hit reaches no throttle.
void ThrottleMinutes::on_call(const ThrottledCall& call, std::span<const std::size_t> hits) {
  if (!has_throttle_) return;
  const auto is_outage = [&](std::size_t fault) {
    return precedence_of(watch_.scenario.faults[fault].settings) == Precedence::outage;
  };
  if (std::ranges::any_of(hits, is_outage)) return;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    Fault& fault = faults_[i];
    const bool has_hit = std::ranges::find(hits, i) != hits.end();
    if (fault.limit != nullptr && fault.acts && (fault.providers >> call.provider & 1U) != 0) {
      const bool is_refused = !admits(fault.minutes[call.provider], *fault.limit, call);
      const Minute& minute = fault.minutes[call.provider];
      watch_.must(is_refused == has_hit, call.at, call.request,
                  "fault {} refuses its call of {} tokens to provider {}: {}; the minute has {} requests and {} tokens",
                  watch_.scenario.faults[i].id, call.tokens, call.provider, has_hit, minute.requests, minute.tokens);
    }
    const bool is_throttle = precedence_of(watch_.scenario.faults[i].settings) == Precedence::throttle;
    if (has_hit && is_throttle) return;
  }
}

bool ThrottleMinutes::own_limit_refuses(const ThrottledCall& call) {
  return !admits(own_[call.provider], watch_.scenario.providers[call.provider].rate_limit, call);
}

}  // namespace windtunnel::sim
