#include "scenarios/import/envoy_policy.h"

#include <algorithm>

#include "monitor/breaker/breaker_presets.h"
#include "scenarios/import/world/status_codes.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;
using monitor::ReplySet;

constexpr std::int64_t kEnvoyRetries = 2;
constexpr const char* kRetry = "retry of the routes";

struct Trigger {
  const char* word;
  ReplySet kinds;
  const char* difference;  // nullptr: none
};

const std::vector<Trigger>& triggers() {
  static const std::vector<Trigger> all{
      {"5xx",
       replies({ReplyKind::server_error, ReplyKind::overloaded, ReplyKind::connection_error, ReplyKind::timeout}),
       nullptr},
      {"gateway-error", replies({ReplyKind::server_error, ReplyKind::timeout}),
       "here the statuses 500 to 504 are one kind"},
      {"reset", replies({ReplyKind::connection_error, ReplyKind::truncated, ReplyKind::timeout}), nullptr},
      {"reset-before-request", replies({ReplyKind::connection_error}), nullptr},
      {"connect-failure", replies({ReplyKind::connection_error}), nullptr},
      {"refused-stream", replies({ReplyKind::connection_error}), nullptr},
      {"retriable-4xx", ReplySet{}, "no reply here has status 409 by itself"},
      {"retriable-status-codes", ReplySet{}, nullptr},
  };
  return all;
}

class PolicyReader {
 public:
  PolicyReader(const JsonValue& document, ConfigReading& in) : document_(document), in_(in), keys_(in.keys()) {}

  EnvoyPolicy read() {
    policy_.retry.per = monitor::RetryPer::route;
    policy_.retry.where = monitor::RetryWhere::another_target;
    policy_.retry.max_attempts = 1;
    policy_.spec = in_.map(document_, "spec");
    const JsonValue* metadata = in_.map(document_, "metadata");
    if (metadata != nullptr) policy_.name = in_.text(*metadata, "name").value_or("");
    if (policy_.spec == nullptr) return policy_;
    read_targets();
    if (const JsonValue* retry = in_.map(*policy_.spec, "retry")) read_retry(*retry);
    if (const JsonValue* health = in_.map(*policy_.spec, "healthCheck")) read_health(*health);
    for (const JsonMember& member : policy_.spec->members) {
      if (member.key == "rateLimit") {
        policy_.rate_limit = &member.value;
      } else if (member.key == "circuitBreaker") {
        keys_.drop(member.value, "no word for it yet: calls at once of a backend, held back before the call");
      } else if (member.key == "faultInjection") {
        keys_.drop(member.value, "faults of the scenario are written apart: --with FILE adds them");
      } else if (member.key == "loadBalancer") {
        keys_.drop(member.value, "of the hosts of one backend; a provider here is one host");
      } else {
        keys_.drop(member.value, "of the connection to the backend; it changes no routing");
      }
    }
    return policy_;
  }

 private:
  void read_targets() {
    const auto add = [&](const JsonValue& target) {
      if (!in_.require_map(target)) return;
      if (const auto name = in_.text(target, "name")) policy_.targets.push_back(*name);
      policy_.is_of_gateway = policy_.is_of_gateway || in_.text(target, "kind") == "Gateway";
      keys_.carry(target, "the routes that the policy is of");
    };
    if (const JsonValue* targets = in_.list(*policy_.spec, "targetRefs")) {
      for (const JsonValue& target : targets->items) add(target);
    }
    if (const JsonValue* target = ConfigReading::find(*policy_.spec, "targetRef")) add(*target);
  }

  void read_retry(const JsonValue& retry) {
    monitor::RouteRetry& to = policy_.retry;
    const auto most = static_cast<std::int64_t>(monitor::kAttemptsMax);
    const std::int64_t retries = in_.count(retry, "numRetries").value_or(kEnvoyRetries);
    to.max_attempts = static_cast<std::int32_t>(std::min(retries + 1, most));
    if (const JsonValue* given = ConfigReading::find(retry, "numRetries"))
      keys_.carry(*given, "retry.max_attempts of the routes, one more");
    const auto in_tier = in_.count(retry, "numAttemptsPerPriority");
    if (in_tier && *in_tier > 0) to.attempts_per_priority = static_cast<std::int32_t>(std::min(*in_tier, most));
    if (const JsonValue* given = ConfigReading::find(retry, "numAttemptsPerPriority")) {
      keys_.carry(*given, "retry.attempts_per_priority of the routes");
    }
    read_triggers(retry);
    const JsonValue* each = in_.map(retry, "perRetry");
    if (each == nullptr) return;
    policy_.attempt_timeout = envoy_duration(*each, "timeout", in_);
    if (const JsonValue* given = ConfigReading::find(*each, "timeout"))
      keys_.carry(*given, "attempt_timeout of the routes");
    const JsonValue* wait = in_.map(*each, "backOff");
    if (wait == nullptr) return;
    policy_.wait_base = envoy_duration(*wait, "baseInterval", in_);
    policy_.wait_cap = envoy_duration(*wait, "maxInterval", in_);
    keys_.differ(*wait, "monitor.provider_call.backoff: here the move to another target waits no time");
  }

  void read_triggers(const JsonValue& retry) {
    const JsonValue* on = in_.map(retry, "retryOn");
    ReplySet set;
    if (on == nullptr) {  // connect-failure, refused-stream, unavailable, cancelled, and status 503
      set = kinds_of_status(503);
      policy_.retry.on = set;
      return;
    }
    bool has_codes = false;
    if (const JsonValue* words = in_.list(*on, "triggers")) {
      for (const JsonValue& word : words->items) {
        const auto text = in_.text_of(word);
        if (!text) continue;
        has_codes = has_codes || *text == "retriable-status-codes";
        add_trigger(word, *text, set);
      }
    }
    if (const JsonValue* codes = in_.list(*on, "httpStatusCodes")) {
      for (const JsonValue& code : codes->items) add_code(code, has_codes, set);
    }
    policy_.retry.on = set;
    if (set.empty()) {
      policy_.retry.on.reset();
      policy_.retry.max_attempts = 1;
    }
  }

  void add_trigger(const JsonValue& word, const std::string& text, ReplySet& set) {
    std::vector<std::string> known;
    for (const Trigger& trigger : triggers()) {
      known.emplace_back(trigger.word);
      if (text != trigger.word) continue;
      set.add(trigger.kinds);
      if (trigger.difference == nullptr) return keys_.carry(word, kRetry);
      return keys_.differ(word, std::string(kRetry) + ": " + trigger.difference);
    }
    for (const char* grpc : {"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"}) {
      if (text == grpc) return keys_.drop(word, "a status of gRPC; no provider here answers with one");
    }
    in_.error(word, "\"" + excerpt(text) + "\" is no trigger of a retry", help_with_words(text, known));
  }

  void add_code(const JsonValue& code, bool has_codes, ReplySet& set) {
    const auto status = in_.number_of(code, 0);
    if (!status) return;
    if (!has_codes) return keys_.drop(code, "only the trigger retriable-status-codes makes Envoy read it");
    const ReplySet kinds = kinds_of_status(*status);
    set.add(kinds);
    if (kinds.empty()) return keys_.drop(code, "no reply here has this status");
    if (*status >= 500 && *status != 529) {
      return keys_.differ(code, std::string(kRetry) + ": here the statuses 500 to 504 are one kind");
    }
    keys_.carry(code, kRetry);
  }

  // Passive health checks eject a backend; the breaker does.
  void read_health(const JsonValue& health) {
    if (const JsonValue* active = ConfigReading::find(health, "active")) {
      keys_.drop(*active, "no word for it: checks of health between requests");
    }
    const JsonValue* passive = in_.map(health, "passive");
    if (passive == nullptr) return keys_.drop(health, "no word for it: a threshold of panic");
    monitor::BreakerConfig breaker = *monitor::breaker_preset("envoy");
    if (const auto run = in_.number(*passive, "consecutive5XxErrors", 0)) {
      breaker.consecutive_threshold =
          *run == 0 ? std::nullopt : std::optional{std::min(*run, monitor::kBreakerCountMax)};
    }
    if (const JsonValue* given = ConfigReading::find(*passive, "consecutive5XxErrors")) {
      keys_.differ(
          *given,
          "monitor.circuit_breaker.consecutive_threshold: Envoy ejects at its next sweep, and at most a share of "
          "the hosts");
    }
    if (const auto time = envoy_duration(*passive, "baseEjectionTime", in_)) breaker.open = *time;
    if (const JsonValue* given = ConfigReading::find(*passive, "baseEjectionTime")) {
      keys_.differ(*given, "monitor.circuit_breaker.open: Envoy multiplies it by the number of ejections so far");
    }
    policy_.breaker = breaker;
    keys_.drop(*passive, "no word for it: sweeps, a share of ejected hosts, gateway errors apart");
    keys_.drop(health, "no word for it: a threshold of panic");
  }

  const JsonValue& document_;
  ConfigReading& in_;
  KeyList& keys_;
  EnvoyPolicy policy_;
};

}  // namespace

std::optional<Duration> envoy_duration(const JsonValue& map, std::string_view key, ConfigReading& in) {
  const auto text = in.text(map, key);
  if (!text) return std::nullopt;
  const ExactNumber ns = exact_duration(*text);
  if (ns.problem == NumberProblem::none && ns.value >= 0) return Duration{ns.value};
  in.error(*ConfigReading::find(map, key), "\"" + excerpt(*text) + "\" is no duration", "write \"30s\" or \"100ms\"");
  return std::nullopt;
}

EnvoyPolicy read_envoy_policy(const JsonValue& document, ConfigReading& in) {
  return PolicyReader(document, in).read();
}

}  // namespace windtunnel::scenarios
