// What one object alone cannot see: references, contradictions, windows outside the run.
//
// This file is long because every rule between two objects of a scenario stands beside the others.

#include <algorithm>

#include "base/duration_text.h"
#include "base/words/json_pointer.h"
#include "monitor/record.h"
#include "scenarios/fields/breaker_codec.h"
#include "scenarios/fields/tables.h"
#include "scenarios/json/exact_numbers.h"
#include "sim/world/places.h"
#include "sim/world/replicas.h"

namespace windtunnel::scenarios {
namespace {

using sim::Arrival;
using sim::ThresholdSpec;

std::optional<std::string> unfit_for_a_command(const monitor::BreakerConfig& config);

// Checks one scenario; every method reports what it finds.
class ReferenceCheck {
 public:
  ReferenceCheck(Reading& reading, const Scenario& scenario) : reading_(reading), scenario_(scenario) {}

  void run() {
    check_monitor(reading_, scenario_, "/monitor");
    check_attempts();
    check_routes();
    check_limits();
    check_replicas();
    check_patience();
    for (const ProviderSpec& provider : scenario_.providers) check_provider(provider);
    for (const WorkloadSpec& workload : scenario_.workloads) check_workload(workload);
    for (std::size_t i = 0; i < scenario_.faults.size(); ++i) check_fault(i);
    for (const auto* list : {&scenario_.thresholds, &scenario_.forecast_thresholds}) {
      for (const ThresholdSpec& threshold : *list) check_threshold(threshold);
    }
    check_liveness();
    if (scenario_.gateway && !reading_.is_broken("/gateway")) check_gateway(reading_, *scenario_.gateway, "/gateway");
  }

 private:
  void error(const std::string& pointer, std::string message, std::string help = {}) {
    reading_.error_at(pointer, std::move(message), std::move(help));
  }
  [[nodiscard]] bool wrote(const std::string& pointer) const { return reading_.was_written(pointer); }

  void check_attempts() {
    const std::string pointer = "/monitor/provider_call/max_attempts";
    const auto attempts = static_cast<std::size_t>(scenario_.monitor.provider_call.retry.max_attempts);
    if (!scenario_.monitor.routing.routes.empty()) return;  // a route ends at the most of a request
    if (attempts * scenario_.providers.size() <= monitor::kAttemptsMax || reading_.is_broken(pointer)) return;
    error(pointer, std::to_string(attempts) + " attempts at each of " + std::to_string(scenario_.providers.size()) +
                       " providers are more than " + std::to_string(monitor::kAttemptsMax) + ", the most of a request");
  }

  void check_routes() {
    const monitor::RoutesConfig& routing = scenario_.monitor.routing;
    if (reading_.is_broken("/routes") || reading_.is_broken("/default_fallback")) return;
    for (const monitor::RouteProblem& problem : problems_of(routing, scenario_.providers.size())) {
      const std::string route =
          problem.route < routing.routes.size() ? pointer_step(routing.routes[problem.route].name) : "";
      error("/routes" + route + (problem.key.empty() ? "" : "/" + problem.key), problem.message);
    }
    if (routing.routes.empty()) return;
    if (!scenario_.monitor.ab_router.variants.empty()) {
      error("/monitor/ab_router", "an experiment assigns providers, and so do routes",
            "write a route with \"balance\": \"weighted\" and \"sticky\": \"user\"");
    }
  }

  void check_replicas() {
    if (reading_.is_broken("/replicas") || !sim::has_replicas(scenario_)) return;
    if (!scenario_.breaker_command.empty()) {
      error("/monitor/circuit_breaker/command", "breakers of another program belong to one gateway, never restarted");
    }
    for (const sim::ProviderSpec& provider : scenario_.providers) {
      if (provider.usage_late == 0) continue;
      const std::string& owner = provider.account.empty() ? provider.name : provider.account;
      error("/providers" + pointer_step(owner),
            "replicas, and gateways that restart, do not hear of usage that comes late",
            "write \"usage_late\": 0, or leave out the replicas and the fault \"gateway_restart\"");
    }
    for (std::size_t i = 0; i < scenario_.faults.size(); ++i) {
      if (sim::delays_usage(scenario_.faults[i].settings)) {
        error("/faults/" + std::to_string(i),
              "replicas, and gateways that restart, do not hear of usage that comes late",
              "leave out this fault, or the replicas and the fault \"gateway_restart\"");
      }
      const auto restart = sim::restart_of(scenario_.faults[i].settings);
      if (!restart || restart->replica <= scenario_.replicas.count) continue;
      error("/faults/" + std::to_string(i) + "/replica", "replicas.count is below this");
    }
  }

  void check_limits() {
    const monitor::LimitsConfig& limits = scenario_.monitor.limits;
    if (reading_.is_broken("/limits")) return;
    for (const monitor::LimitProblem& problem : problems_of(limits, !scenario_.monitor.routing.routes.empty())) {
      const std::string limit = "/limits/" + std::to_string(problem.limit);
      error(limit + (problem.key.empty() ? "" : "/" + problem.key), problem.message);
    }
    for (std::size_t i = 0; i < limits.limits.size(); ++i) {
      const std::string limit = "/limits/" + std::to_string(i);
      const bool per_minute = wrote(limit + "/requests_per_minute") || wrote(limit + "/tokens_per_minute");
      if (per_minute && limits.limits[i].period != Duration{std::chrono::minutes{1}}) {
        error(limit + "/period", "an amount per minute has the period of a minute", "write requests and tokens");
      }
      check_words_of(limits.limits[i], limit);
    }
  }

  // Whether anything could carry what a limit counts by.
  void check_words_of(const monitor::LimitConfig& limit, const std::string& pointer) {
    using monitor::LimitScope;
    for (const monitor::LimitCondition& condition : limit.when) {
      const std::string place = pointer + "/when/" + name_of(condition.word.scope);
      if (condition.word.scope == LimitScope::deployment) check_provider_name(place, condition.value);
      if (condition.word.scope == LimitScope::route) check_route_name(place, condition.value);
      if (condition.word.scope == LimitScope::provider) check_account_name(place, condition.value);
    }
    std::vector<monitor::LimitWord> words = limit.per;
    for (const monitor::LimitCondition& condition : limit.when) words.push_back(condition.word);
    for (const monitor::LimitWord& word : words) {
      const bool is_carried = std::ranges::any_of(
          scenario_.workloads, [&](const WorkloadSpec& workload) { return carries(workload, word); });
      if (is_carried) continue;
      reading_.warning_at(pointer,
                          std::string("no workload has a ") + name_of(word.scope) + ": this limit counts nothing");
    }
  }

  void check_account_name(const std::string& pointer, const std::string& value) {
    std::vector<std::string> known;
    for (const ProviderSpec& provider : scenario_.providers) {
      known.push_back(provider.account.empty() ? provider.name : provider.account);
    }
    if (std::ranges::find(known, value) != known.end()) return;
    error(pointer, "no provider is named \"" + excerpt(value) + "\"", help_with_words(value, known));
  }

  static bool carries(const WorkloadSpec& workload, const monitor::LimitWord& word) {
    using monitor::LimitScope;
    const auto any_row = [&](auto member) {
      return std::ranges::any_of(workload.requests, [&](const auto& row) { return (row.*member).has_value(); });
    };
    const auto is_named = [&](const auto& tag) { return tag.first == word.tag; };
    switch (word.scope) {
      case LimitScope::key:
        return !workload.key.empty() || workload.keys.count > 0 || any_row(&sim::ListedRequest::key);
      case LimitScope::team:
        return !workload.team.empty() || workload.teams.count > 0 || any_row(&sim::ListedRequest::team);
      case LimitScope::user:
        return workload.users.count > 0 || any_row(&sim::ListedRequest::user);
      case LimitScope::tag:
        return std::ranges::any_of(workload.tags, is_named) || std::ranges::any_of(workload.tag_catalogues, is_named);
      case LimitScope::route:
      case LimitScope::deployment:
      case LimitScope::provider:
        return true;
    }
    return true;
  }

  // A route decides who is asked.
  void check_choice(const std::string& pointer, const std::optional<std::string>& provider) {
    if (!provider) return;
    check_provider_name(pointer, *provider);
    if (scenario_.monitor.routing.routes.empty()) return;
    error(pointer, "with routes a caller names a route and no provider", "write a route with this one target");
  }

  void check_route_name(const std::string& pointer, const std::optional<std::string>& route) {
    const auto& known = reading_.names.routes;
    if (!route || std::ranges::find(known, *route) != known.end() || reading_.is_broken("/routes")) return;
    error(pointer, "no route is named \"" + excerpt(*route) + "\"",
          known.empty() ? "write \"routes\" at the top of the file" : help_with_words(*route, known));
  }

  // Deployments that share a quota have one limit.
  void check_quota(const ProviderSpec& provider, const std::string& pointer) {
    for (const ProviderSpec& other : scenario_.providers) {
      if (&other == &provider) return;
      if (provider.quota.empty() || other.quota != provider.quota || other.rate_limit == provider.rate_limit) continue;
      error(pointer + "/rate_limit",
            "quota \"" + excerpt(provider.quota) + "\" has another rate limit at " + other.name,
            "write the same \"rate_limit\" at both");
      return;
    }
  }

  void check_breaker(const ProviderSpec& provider, const std::string& pointer) {
    if (!provider.breaker) return;
    auto why = monitor::unsupported(provider.breaker->config);
    if (!why && !scenario_.breaker_command.empty()) why = unfit_for_a_command(provider.breaker->config);
    if (why) error(pointer + "/circuit_breaker", *why);
  }

  // Without a timeout and a deadline a call that hangs never ends.
  void check_patience() {
    const monitor::ProviderCallConfig& call = scenario_.monitor.provider_call;
    if (call.timeout != monitor::kNoTimeout || call.deadline) return;
    const std::string reason = "a call that hangs would never end";
    const std::string help = "write monitor.provider_call.timeout or .deadline";
    for (const ProviderSpec& provider : scenario_.providers) {
      const bool hangs = std::ranges::any_of(provider.errors.rates, [](const auto& error) {
        return error.first == monitor::ReplyKind::timeout && error.second > 0;
      });
      if (hangs) error(pointer_of(provider) + "/errors", reason, help);
    }
    for (std::size_t i = 0; i < scenario_.faults.size(); ++i) {
      const std::string pointer = "/faults/" + std::to_string(i);
      if (!reading_.is_broken(pointer) && sim::may_hang(scenario_.faults[i].settings)) error(pointer, reason, help);
    }
  }

  static std::string pointer_of(const ProviderSpec& provider) {
    if (provider.account.empty()) return "/providers" + pointer_step(provider.name);
    return "/providers" + pointer_step(provider.account) + "/models" +
           pointer_step(provider.name.substr(provider.account.size() + 1));
  }

  bool check_provider_name(const std::string& pointer, const std::string& name) {
    const auto& known = reading_.names.providers;
    if (std::find(known.begin(), known.end(), name) != known.end()) return true;
    error(pointer, "no provider is named \"" + excerpt(name) + "\"", help_with_words(name, known));
    return false;
  }

  void check_provider(const ProviderSpec& provider) {
    const std::string pointer = pointer_of(provider);
    if (reading_.is_broken(pointer)) return;
    check_quota(provider, pointer);
    check_breaker(provider, pointer);
    double sum = 0;
    for (const auto& [kind, rate] : provider.errors.rates) sum += rate;
    if (sum > 1 + 1e-9) error(pointer + "/errors", "these rates add up to more than 1");
    if (!provider.tariffs.empty() && provider.tariffs.front().from > scenario_.start) {
      error(pointer + "/price_usd_per_million", "no price holds at the start of the run");
    }
    if (provider.queue > 0 && !provider.concurrency)
      error(pointer + "/queue", "a queue needs \"concurrency\" too, because no call waits without it");
  }

  void check_workload(const WorkloadSpec& workload) {
    const std::string pointer = "/workload" + pointer_step(workload.name);
    if (reading_.is_broken(pointer)) return;
    check_choice(pointer + "/provider", workload.provider);
    check_route_name(pointer + "/route", workload.route);
    const auto problem = [&](const auto& executor) { return executor.problem(workload.requests.size()); };
    if (const auto reason = std::visit(problem, workload.executor)) error(pointer, *reason);
    if (std::holds_alternative<sim::Script>(workload.executor)) check_script(workload, pointer);
    if (workload.client && source_of(workload.executor) == sim::ArrivalSource::users) {
      error(pointer + "/client", "a virtual user waits for its answer and does not try again",
            "choose an executor whose requests come by themselves");
    }
    if (!reading_.is_broken("/duration") && workload.start >= scenario_.duration) {
      error(pointer + "/start", "it starts at " + duration_text(workload.start) + ", but the run ends at " +
                                    duration_text(scenario_.duration));
    }
  }

  void check_script(const WorkloadSpec& workload, const std::string& pointer) {
    for (std::size_t i = 0; i < workload.requests.size(); ++i) {
      const std::string item = pointer + "/requests/" + std::to_string(i);
      const sim::ListedRequest& request = workload.requests[i];
      if (i > 0 && request.at < workload.requests[i - 1].at) {
        error(item + "/at", "requests are listed by time, and this one is earlier than the one before it");
      }
      check_choice(item + "/provider", request.provider);
    }
  }

  void check_fault(std::size_t i) {
    const FaultSpec& fault = scenario_.faults[i];
    const std::string pointer = "/faults/" + std::to_string(i);
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (fault.id.empty() || scenario_.faults[earlier].id != fault.id) continue;
      error(pointer + "/id", "another fault is named \"" + excerpt(fault.id) + "\" already",
            "it is /faults/" + std::to_string(earlier));
    }
    if (reading_.is_broken(pointer)) return;
    if (!reading_.is_broken("/duration") && fault.at >= scenario_.duration) {
      error(pointer + "/at", "it starts at " + duration_text(fault.at) + ", but the run ends at " +
                                 duration_text(scenario_.duration) + ": it could touch nothing");
    }
    check_ramp_of_places(fault, pointer);
    const auto is_written = [&](std::string_view key) { return wrote(pointer + pointer_step(key)); };
    for (const sim::FaultProblem& problem : problems_of(fault.settings, is_written)) {
      error(problem.key.empty() ? pointer : pointer + pointer_step(problem.key), problem.message);
    }
  }

  void check_ramp_of_places(const FaultSpec& fault, const std::string& pointer) {
    if (fault.ramp_of != sim::RampOf::size || !sim::capacity_of(fault.settings)) return;
    for (const sim::ProviderSpec& provider : scenario_.providers) {
      if (provider.concurrency || !sim::acts_on(fault, provider)) continue;
      error(pointer + "/ramp_of",
            "the ramp takes places of provider \"" + provider.name + "\", which serves any number of calls",
            "write its \"concurrency\", or leave ramp_of out");
      return;
    }
  }

  void check_threshold(const ThresholdSpec& threshold) {
    // The tags stand in the key, which is the threshold's parent.
    const std::string key = "/thresholds" + pointer_step(threshold.metric);
    if (threshold.provider) check_provider_name(key, *threshold.provider);
    if (threshold.served_by) check_provider_name(key, *threshold.served_by);
    if (threshold.route) check_route_name(key, threshold.route);
    if (threshold.variant) check_variant(key, *threshold.variant);
    if (threshold.limit) check_limit_name(key, *threshold.limit);
    if (threshold.team && scenario_.monitor.limits.limits.empty() && !reading_.is_broken("/limits")) {
      error(key, "requests have a team only where there are limits");
    }
    const std::string& text = threshold.origin.pointer;
    const std::string entry = text.ends_with("/threshold") ? text.substr(0, text.size() - 10) : text;
    check_fault_name(entry + "/during", threshold.during);
    check_fault_name(entry + "/after", threshold.after);
  }

  // Whether a name that is not among `known` may be one that could not be read.
  [[nodiscard]] bool may_be_unread(const std::string& pointer, const std::vector<std::string>& known) const {
    return reading_.is_broken(pointer) && (known.empty() || std::find(known.begin(), known.end(), "") != known.end());
  }

  void check_limit_name(const std::string& pointer, const std::string& id) {
    std::vector<std::string> known;
    const monitor::LimitsConfig& limits = scenario_.monitor.limits;
    for (std::size_t i = 0; i < limits.limits.size(); ++i) known.push_back(limit_name(limits, i));
    if (std::find(known.begin(), known.end(), id) != known.end() || reading_.is_broken("/limits")) return;
    error(pointer, "no limit is named \"" + excerpt(id) + "\"", help_with_words(id, known));
  }

  void check_variant(const std::string& pointer, const std::string& id) {
    std::vector<std::string> known;
    for (const monitor::Variant& variant : scenario_.monitor.ab_router.variants) known.push_back(variant.id);
    if (std::find(known.begin(), known.end(), id) != known.end() || may_be_unread("/monitor/ab_router", known)) return;
    error(pointer, "no variant is named \"" + excerpt(id) + "\"", help_with_words(id, known));
  }

  void check_fault_name(const std::string& pointer, const std::optional<std::string>& id) {
    if (!id) return;
    std::vector<std::string> known;
    for (const FaultSpec& fault : scenario_.faults) known.push_back(fault.id);
    if (std::find(known.begin(), known.end(), *id) != known.end() || may_be_unread("/faults", known)) return;
    error(pointer, "no fault is named \"" + excerpt(*id) + "\"", help_with_words(*id, known));
  }

  void check_liveness() {
    if (!scenario_.liveness || reading_.is_broken("/liveness") || reading_.is_broken("/duration")) return;
    const Duration heal_at = scenario_.liveness->heal_at;
    if (heal_at >= scenario_.duration) {
      error("/liveness/heal_at",
            duration_text(heal_at) + " is not before the end of the run at " + duration_text(scenario_.duration));
      return;
    }
    if (scenario_.liveness->recover_within > scenario_.duration - heal_at) {
      reading_.warning_at("/liveness/recover_within", "the run ends at " + duration_text(scenario_.duration) +
                                                          ", before the time to recover is over");
    }
    for (std::size_t i = 0; i < scenario_.faults.size(); ++i) {
      const FaultSpec& fault = scenario_.faults[i];
      const std::string pointer = "/faults/" + std::to_string(i);
      if (fault.at >= heal_at && fault.at < scenario_.duration && !reading_.is_broken(pointer)) {
        error(pointer + "/at", "it starts at " + duration_text(fault.at) + ", but liveness heals everything at " +
                                   duration_text(heal_at) + ": it could touch nothing");
      } else if (fault.duration && *fault.duration > heal_at - fault.at) {
        reading_.warning_at(pointer + "/duration",
                            "liveness heals it at " + duration_text(heal_at) + ", before its time is over");
      }
    }
  }

  Reading& reading_;
  const Scenario& scenario_;
};

// What a breaker of another program cannot be asked for, or could not show.
std::optional<std::string> unfit_for_a_command(const monitor::BreakerConfig& config) {
  if (!in_whole_milliseconds(config)) {
    return "a breaker of another program knows whole milliseconds only: open, window, open_max";
  }
  if (config.open == Duration{0} || config.open_max == Duration{0}) {
    return "a breaker of another program that is open for no time at all would never be seen open";
  }
  const auto is_set = [](const auto& fails) { return fails.has_value(); };
  if (std::ranges::any_of(config.allowed_fails_by, is_set)) {
    return "a breaker of another program gets outcomes and no kinds of replies: allowed_fails_by";
  }
  const auto opens = [](const auto& outcome) { return outcome == monitor::BreakerOutcome::fatal; };
  if (std::ranges::any_of(config.outcomes, opens)) {
    return "a breaker of another program gets successes and failures, and none that opens it at once: outcomes";
  }
  return std::nullopt;
}

}  // namespace

void check_monitor(Reading& reading, const Scenario& scenario, const std::string& pointer) {
  const monitor::MonitorConfig& config = scenario.monitor;
  const auto refuse = [&](const char* block, const std::optional<std::string>& reason) {
    const std::string at = pointer + block;
    if (reason && !reading.is_broken(at)) reading.error_at(at, *reason);
  };
  refuse("/rate_limiter", monitor::invalid(config.rate_limiter));
  refuse("/token_limiter", monitor::invalid(config.token_limiter));
  refuse("/cost_limiter", monitor::invalid(config.cost_limiter));
  refuse("/ab_router", monitor::invalid(config.ab_router));
  refuse("/cache", monitor::invalid(config.cache));
  refuse("/circuit_breaker", monitor::unsupported(config.circuit_breaker));
  if (!scenario.breaker_command.empty()) refuse("/circuit_breaker", unfit_for_a_command(config.circuit_breaker));
  const monitor::ProviderCallConfig& call = config.provider_call;
  if (call.deadline && call.timeout != monitor::kNoTimeout && *call.deadline < call.timeout) {
    reading.warning_at(pointer + "/provider_call/deadline",
                       "the deadline " + duration_text(*call.deadline) + " is shorter than the timeout " +
                           duration_text(call.timeout) +
                           " of one attempt: an attempt that it cuts counts as a timeout");
  }
}

void check_references(Reading& reading, const Scenario& scenario) { ReferenceCheck(reading, scenario).run(); }

}  // namespace windtunnel::scenarios
