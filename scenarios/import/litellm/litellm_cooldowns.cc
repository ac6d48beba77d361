// Cooldowns: when a deployment is asked no longer, and for how long.

#include <algorithm>

#include "monitor/breaker/breaker_presets.h"
#include "scenarios/import/litellm/litellm_import.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::BreakerConfig;
using monitor::BreakerOutcome;
using monitor::ReplyKind;

constexpr std::int64_t kAllowedFailsByDefault = 3;

class CooldownReader {
 public:
  explicit CooldownReader(LitellmConfig& config) : config_(config), in_(config.in), keys_(config.in.keys()) {}

  void read() {
    scenario().breaker_preset = "litellm";
    BreakerConfig& breaker = scenario().monitor.circuit_breaker;
    breaker = *monitor::breaker_preset("litellm");
    if (const JsonValue* off = config_.router_key("disable_cooldowns");
        off != nullptr && in_.flag(*config_.router, "disable_cooldowns")) {
      const bool is_off = off->flag;
      keys_.carry(*off, is_off ? "monitor.circuit_breaker, which no rule opens" : "monitor.circuit_breaker");
      if (is_off) switch_off(breaker);
    }
    read_cooldown_time(breaker);
    read_allowed_fails(breaker);
    for (const LitellmEntry& entry : config_.entries) read_own_cooldown(entry, breaker);
  }

 private:
  sim::Scenario& scenario() { return config_.world.scenario(); }

  // It also goes before a provider's Retry-After.
  void read_own_cooldown(const LitellmEntry& entry, const BreakerConfig& usual) {
    const JsonValue* given = ConfigReading::find(*entry.params, "cooldown_time");
    const auto time = in_.seconds(*entry.params, "cooldown_time");
    if (given == nullptr || !time) return;
    sim::ProviderSpec& deployment = config_.world.deployment(entry.deployment);
    if (*time < 1ms) {
      keys_.drop(*given, "no word for it: a cooldown of 0, after which the deployment is asked at once");
      return;
    }
    deployment.breaker = monitor::NamedBreaker{.preset = "litellm", .config = usual};
    deployment.breaker->config.open = std::min(*time, monitor::kBreakerDurationMax);
    keys_.differ(*given, "circuit_breaker.open of " + deployment.name +
                             ": LiteLLM still counts failures by the router's cooldown time");
  }

  static void switch_off(BreakerConfig& breaker) {
    breaker.failure_rate_threshold.reset();
    breaker.consecutive_threshold.reset();
    breaker.failure_count_threshold.reset();
    for (auto& outcome : breaker.outcomes) {
      if (outcome == BreakerOutcome::fatal) outcome = BreakerOutcome::failure;
    }
  }

  void read_cooldown_time(BreakerConfig& breaker) {
    const JsonValue* given = config_.router_key("cooldown_time");
    if (given == nullptr) return;
    const auto time = in_.seconds(*config_.router, "cooldown_time");
    if (!time) return;
    if (*time > Duration{0}) breaker.open = *time;  // 0 is the default there
    keys_.differ(*given,
                 "monitor.circuit_breaker.open: LiteLLM takes a provider's Retry-After instead where there is one");
  }

  // More than N failures, each within the cooldown time of the one before it, whatever else the deployment answers.
  void read_allowed_fails(BreakerConfig& breaker) {
    const JsonValue* fails = config_.router_key("allowed_fails");
    const JsonValue* policy = config_.router_key("allowed_fails_policy");
    if (const JsonValue* given = config_.settings_key("allowed_fails")) {
      keys_.drop(*given,
                 "LiteLLM 1.93.0 compares router_settings.allowed_fails with it, and without that one the share of "
                 "failures decides");
    }
    const std::int64_t allowed =
        fails == nullptr ? kAllowedFailsByDefault : in_.number_of(*fails, 0).value_or(kAllowedFailsByDefault);
    const JsonValue* other = config_.settings_key("allowed_fails");
    const std::int64_t usual =
        other == nullptr ? kAllowedFailsByDefault : in_.number_of(*other, 0).value_or(kAllowedFailsByDefault);
    if (policy == nullptr && (fails == nullptr || allowed == usual)) {
      if (fails != nullptr) {
        keys_.drop(*fails, "it is LiteLLM's default, and then the share of failures decides");
      }
      return;
    }
    switch_off(breaker);
    breaker.allowed_fails = std::min(allowed, monitor::kBreakerCountMax);
    breaker.outcomes[monitor::index_of(ReplyKind::not_found)] = BreakerOutcome::failure;
    if (fails != nullptr) keys_.carry(*fails, "monitor.circuit_breaker.allowed_fails");
    if (policy != nullptr) read_policy(*policy, breaker);
  }

  void read_policy(const JsonValue& policy, BreakerConfig& breaker) {
    if (!in_.require_map(policy)) return;
    const std::vector<std::pair<const char*, std::vector<ReplyKind>>> kinds{
        {"AuthenticationErrorAllowedFails", {ReplyKind::auth, ReplyKind::auth_or_quota}},
        {"TimeoutErrorAllowedFails", {ReplyKind::timeout}},
        {"RateLimitErrorAllowedFails", {ReplyKind::rate_limited}}};
    for (const auto& [key, replies] : kinds) {
      const auto count = in_.count(policy, key);
      if (!count) continue;
      const JsonValue& given = *ConfigReading::find(policy, key);
      if (*count == 0) {
        keys_.drop(given, "LiteLLM takes 0 for no number, and allowed_fails holds");
        continue;
      }
      for (const ReplyKind reply : replies) {
        breaker.allowed_fails_by[monitor::index_of(reply)] = std::min(*count, monitor::kBreakerCountMax);
      }
      keys_.carry(given, "monitor.circuit_breaker.allowed_fails_by");
    }
    for (const char* key : {"BadRequestErrorAllowedFails", "ContentPolicyViolationErrorAllowedFails"}) {
      if (const JsonValue* given = ConfigReading::find(policy, key)) {
        keys_.drop(*given, "a failure with status 400 cools no deployment in LiteLLM, whatever this number is");
      }
    }
    if (const JsonValue* given = ConfigReading::find(policy, "InternalServerErrorAllowedFails")) {
      keys_.drop(*given, "LiteLLM 1.93.0 declares this key and reads it nowhere");
    }
    keys_.drop(policy, "LiteLLM 1.93.0 has no such key of this policy");
  }

  LitellmConfig& config_;
  ConfigReading& in_;
  KeyList& keys_;
};

}  // namespace

void read_litellm_cooldowns(LitellmConfig& config) { CooldownReader(config).read(); }

}  // namespace windtunnel::scenarios
