#include "sim/checks/claims/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/words/json_pointer.h"
#include "sim/checks/claims/recovery.h"
#include "sim/world/world.h"

namespace windtunnel::sim {
namespace {

using monitor::Outcome;
using monitor::ReplyKind;

std::string which_is(std::string name, const std::optional<Duration>& limit) {
  if (!limit) return name;
  return fmt::format("{}, which is {} s", name, static_cast<double>(limit->count()) / 1e9);
}

// What makes a provider answer so by itself: its own limits, or the errors that it is said to have.
std::string setting_of(const Scenario& scenario, const ProviderSpec& spec, ReplyKind kind) {
  const auto named = [&](const char* key) { return setting_name(scenario, spec, key); };
  if (kind == ReplyKind::rate_limited && limits_anything(spec.rate_limit)) return named("rate_limit");
  if (kind == ReplyKind::overloaded && spec.concurrency) {
    return fmt::format("{}, which is {}", named("concurrency"), *spec.concurrency);
  }
  if (kind == ReplyKind::context_length && spec.context_window) {
    return fmt::format("{}, which is {}", named("context_window"), spec.context_window->count());
  }
  return named("errors");
}

// Where nothing has shown which of them it is.
std::string in_general(const monitor::MonitorConfig& monitor, Outcome outcome) {
  const bool has_rates = monitor.rate_limiter.requests_per_minute || monitor.rate_limiter.tokens_per_minute;
  const bool has_budget = monitor.cost_limiter.monthly || monitor.cost_limiter.daily;
  const bool is_of_limits =
      (outcome == Outcome::refused_rate && !has_rates) || (outcome == Outcome::refused_budget && !has_budget);
  if (is_of_limits && !monitor.limits.limits.empty()) return "limits";
  return monitor::settings_behind(outcome);
}

}  // namespace

bool is_written(const Scenario& scenario, const std::string& pointer) {
  const auto found = scenario.origins.lower_bound(pointer);
  if (found == scenario.origins.end()) return false;
  const std::string& next = found->first;
  return next == pointer || next.starts_with(pointer + "/");
}

std::string setting_name(const Scenario& scenario, const ProviderSpec& provider, const std::string& key) {
  const std::string account = provider.account.empty() ? provider.name : provider.account;
  std::string of_account = "providers." + account + "." + key;
  if (provider.account.empty()) return of_account;
  const std::string model = provider.name.substr(account.size() + 1);
  const std::string of_all = "/providers" + pointer_step(account);
  const bool is_own = is_written(scenario, of_all + "/models" + pointer_step(model) + pointer_step(key));
  // Quotas, places and errors are the provider's, unless its model states them.
  const bool is_shared = key == "rate_limit" || key == "concurrency" || key == "errors";
  if (!is_own && (is_shared || is_written(scenario, of_all + pointer_step(key)))) return of_account;
  return "providers." + account + ".models." + model + "." + key;
}

Causes::Causes(const Scenario& scenario)
    : scenario_(scenario),
      by_limit_(scenario.monitor.limits.limits.size()),
      cut_off_(scenario.providers.size()),
      failures_(scenario.providers.size()) {
  for (const ProviderSpec& provider : scenario.providers) {
    errs_by_timeout_.push_back(std::ranges::any_of(
        provider.errors.rates, [](const auto& rate) { return rate.first == ReplyKind::timeout && rate.second > 0; }));
    latency_max_.push_back(errs_by_timeout_.back() ? healthy_latency_max(scenario, provider) : 0);
  }
}

void Causes::on(const FaultHit& event) { hit_by_fault_.insert(event.request); }

void Causes::on(const monitor::BudgetChanged& event) {
  const monitor::BudgetEvent& budget = event.budget;
  if (budget.kind != monitor::BudgetEvent::Kind::budget_refused) return;
  (budget.daily ? day_refused_ : month_refused_) = true;
}

void Causes::on(const monitor::BreakerMoved& event) {
  has_opened_ = has_opened_ || event.transition.to == monitor::BreakerState::open;
}

void Causes::on(const CallerLeft& event) {
  if (scenario_.monitor.provider_call.on_caller_gone == monitor::OnCallerGone::cancel) left_ = event.request;
}

void Causes::on(const monitor::Record& record) {
  const auto outcome = static_cast<std::size_t>(record.outcome);
  ++outcomes_[outcome];
  if (left_ == record.request.id) {
    ++cancelled_;
    left_.reset();
    hit_by_fault_.erase(record.request.id);
    return;
  }
  if (record.limit) ++by_limit_[*record.limit][outcome];
  const monitor::Attempt* last = record.last_attempt();
  if (record.outcome == Outcome::failed && last != nullptr && last->kind == ReplyKind::timeout) ++failed_by_timeout_;
  if (!hit_by_fault_.empty() && hit_by_fault_.erase(record.request.id) > 0) return;
  bool is_cut_off = false;
  for (const monitor::Attempt& attempt : record.attempts()) {
    if (attempt.kind == ReplyKind::ok) continue;
    const std::size_t provider = index_of(attempt.provider);
    if (attempt.kind != ReplyKind::timeout) {
      ++failures_[provider][static_cast<std::size_t>(attempt.kind)];
      continue;
    }
    const TimeLimit limit = limit_of(record, attempt);
    const auto length = static_cast<double>(attempt.latency.count());
    if (errs_by_timeout_[provider] && length >= latency_max_[provider]) {
      ++failures_[provider][static_cast<std::size_t>(ReplyKind::timeout)];
      if (record.outcome == Outcome::failed && &attempt == last) --failed_by_timeout_;
      continue;
    }
    ++timed_out_[limit];
    const bool is_of_all = limit.owner == Owner::call && limit.limit == Limit::attempt;
    if (is_of_all && !std::exchange(is_cut_off, true)) ++cut_off_[provider];
  }
}

// By the time that the call took. The request's deadline and the route's timeout count from the arrival; where a
// fallback began later, what is left is taken for the fallback's.
Causes::TimeLimit Causes::limit_of(const monitor::Record& record, const monitor::Attempt& attempt) const {
  const monitor::ProviderCallConfig& call = scenario_.monitor.provider_call;
  const std::vector<monitor::RouteConfig>& routes = scenario_.monitor.routing.routes;
  const ProviderSpec& provider = scenario_.providers[index_of(attempt.provider)];
  TimeLimit found{.provider = index_of(attempt.provider)};
  const auto is = [&](Owner owner, Limit limit, std::size_t route = 0) {
    found.owner = owner;
    found.limit = limit;
    found.route = route;
    return found;
  };
  const Duration since_arrival = attempt.started + attempt.latency - record.arrived;
  if (call.deadline && since_arrival == *call.deadline) return is(Owner::call, Limit::whole);
  const std::size_t asked = index_of(record.request.route);
  // That of the request comes first, then the others in file order.
  const auto route_with = [&](auto&& holds) -> std::optional<std::size_t> {
    if (asked < routes.size() && holds(routes[asked])) return asked;
    const auto other = std::ranges::find_if(routes, holds);
    return other == routes.end() ? std::nullopt : std::optional<std::size_t>{other - routes.begin()};
  };
  const auto of_route = [&](std::optional<Duration> monitor::RouteConfig::*limit, Duration length) {
    return route_with([&](const monitor::RouteConfig& route) { return route.*limit == length; });
  };
  if (const auto route = of_route(&monitor::RouteConfig::timeout, since_arrival)) {
    return is(Owner::route, Limit::whole, *route);
  }
  const Duration length = attempt.latency;
  if (const auto route = of_route(&monitor::RouteConfig::attempt_timeout, length)) {
    return is(Owner::route, Limit::attempt, *route);
  }
  if (provider.attempt_timeout == length) return is(Owner::provider, Limit::attempt);
  if (!provider.attempt_timeout && call.timeout == length) return is(Owner::call, Limit::attempt);
  if (record.request.stream) {
    if (const auto route = of_route(&monitor::RouteConfig::first_token_timeout, length)) {
      return is(Owner::route, Limit::first_token, *route);
    }
    if (provider.first_token_timeout == length) return is(Owner::provider, Limit::first_token);
    if (call.first_token_timeout == length) return is(Owner::call, Limit::first_token);
    if (const auto route = route_with([](const monitor::RouteConfig& each) { return each.idle_timeout.has_value(); })) {
      return is(Owner::route, Limit::idle, *route);
    }
    if (provider.idle_timeout) return is(Owner::provider, Limit::idle);
    if (call.idle_timeout) return is(Owner::call, Limit::idle);
  }
  if (const auto route = route_with([](const monitor::RouteConfig& each) { return each.timeout.has_value(); })) {
    return is(Owner::route, Limit::whole, *route);
  }
  return is(Owner::call, Limit::attempt);
}

std::string Causes::words_of(const TimeLimit& limit) const {
  const auto value = [&](const auto& of) -> std::optional<Duration> {
    if (limit.limit == Limit::first_token) return of.first_token_timeout;
    if (limit.limit == Limit::idle) return of.idle_timeout;
    return std::nullopt;
  };
  const std::string key = limit.limit == Limit::first_token ? "first_token_timeout"
                          : limit.limit == Limit::idle      ? "idle_timeout"
                                                            : "attempt_timeout";
  if (limit.owner == Owner::call) {
    const monitor::ProviderCallConfig& call = scenario_.monitor.provider_call;
    if (limit.limit == Limit::whole) return which_is("monitor.provider_call.deadline", call.deadline);
    if (limit.limit == Limit::attempt) return which_is("monitor.provider_call.timeout", call.timeout);
    return which_is("monitor.provider_call." + key, value(call));
  }
  if (limit.owner == Owner::provider) {
    const ProviderSpec& provider = scenario_.providers[limit.provider];
    return which_is(setting_name(scenario_, provider, key),
                    limit.limit == Limit::attempt ? provider.attempt_timeout : value(provider));
  }
  const monitor::RouteConfig& route = scenario_.monitor.routing.routes[limit.route];
  const std::string name = "routes." + route.name + ".";
  if (limit.limit == Limit::whole) return which_is(name + "timeout", route.timeout);
  return which_is(name + key, limit.limit == Limit::attempt ? route.attempt_timeout : value(route));
}

Causes::Failing Causes::timed_out() const {
  std::map<std::string, std::int64_t> calls;  // a setting may end those to several providers
  for (const auto& [limit, count] : timed_out_) calls[words_of(limit)] += count;
  Failing most;
  for (const auto& [setting, count] : calls) {
    if (count > most.calls) most = {setting, count};
  }
  return most;
}

Causes::Failing Causes::refused() const {
  Failing most;
  for (std::size_t provider = 0; provider < failures_.size(); ++provider) {
    for (std::size_t kind = 0; kind < monitor::kReplyKinds; ++kind) {
      const std::int64_t calls = failures_[provider][kind];
      if (calls <= most.calls) continue;
      most = {setting_of(scenario_, scenario_.providers[provider], static_cast<ReplyKind>(kind)), calls};
    }
  }
  return most;
}

// The limit of the list that refused most of them; empty: other settings refused half of them or more.
std::string Causes::limit_behind(Outcome outcome) const {
  const auto place = static_cast<std::size_t>(outcome);
  std::int64_t sum = 0;
  std::size_t most = 0;
  for (std::size_t i = 0; i < by_limit_.size(); ++i) {
    sum += by_limit_[i][place];
    if (by_limit_[i][place] > by_limit_[most][place]) most = i;
  }
  if (2 * sum <= outcomes_[place] || !is_refused(outcome)) return {};
  return "limits." + limit_name(scenario_.monitor.limits, most);
}

// The window that refused, or both.
std::string Causes::budget() const {
  if (day_refused_ == month_refused_) return "monitor.cost_limiter";
  if (day_refused_) return "monitor.cost_limiter.daily_usd";
  const std::string setting = "monitor.cost_limiter.monthly_usd";
  const bool is_default = is_written(scenario_, "/workload") && !is_written(scenario_, "/monitor/cost_limiter");
  if (!is_default || !scenario_.monitor.cost_limiter.monthly) return setting;
  return fmt::format("{}, which is {:g} by default", setting, scenario_.monitor.cost_limiter.monthly->dollars());
}

// Nothing was called, because of what was seen of earlier calls.
std::string Causes::of_stuck(const FaultCount* fault, const std::string& fault_name) const {
  const Failing late = timed_out();
  const Failing own = refused();
  const bool by_fault = fault != nullptr && fault->affected > 0 && fault->affected >= std::max(late.calls, own.calls);
  const char* const kept = has_opened_ ? "kept monitor.circuit_breaker open" : "made calls wait for its Retry-After";
  if (by_fault) return fault_name + ", which " + kept;
  if (late.calls == 0 && own.calls == 0) return monitor::settings_behind(Outcome::all_providers_unavailable);
  return (late.calls >= own.calls ? late.setting : own.setting) + ", and " + kept;
}

std::string Causes::of(Outcome outcome, const std::vector<FaultCount>& faults) const {
  const std::int64_t count = outcomes_[static_cast<std::size_t>(outcome)];
  if (count == 0) return in_general(scenario_.monitor, outcome);
  const auto most = std::ranges::max_element(faults, {}, &FaultCount::affected);
  const FaultCount* fault = most == faults.end() ? nullptr : &*most;
  std::string fault_name =
      fault == nullptr ? "" : "faults." + scenario_.faults[static_cast<std::size_t>(most - faults.begin())].id;
  if (std::string limit = limit_behind(outcome); !limit.empty()) return limit;
  switch (outcome) {
    case Outcome::refused_budget:
      return budget();
    case Outcome::refused_tokens:
      return fmt::format("monitor.token_limiter, whose limit is {}", scenario_.monitor.token_limiter.limit.count());
    case Outcome::deadline_exceeded:
      return which_is("monitor.provider_call.deadline", scenario_.monitor.provider_call.deadline);
    case Outcome::all_providers_unavailable:
      return of_stuck(fault, fault_name);
    case Outcome::failed:
    case Outcome::client_error:
    case Outcome::broken_stream: {
      if (outcome == Outcome::client_error && 2 * cancelled_ >= count && cancelled_ > 0) {
        return "callers who had gone (monitor.provider_call.on_caller_gone)";
      }
      if (fault != nullptr && fault->affected > 0 && 2 * fault->affected >= count) return fault_name;
      const Failing late = timed_out();
      const Failing own = refused();
      const bool is_late = outcome == Outcome::failed ? 2 * failed_by_timeout_ >= count && late.calls > 0
                                                      : outcome == Outcome::broken_stream && late.calls > own.calls;
      if (is_late || (own.calls == 0 && late.calls > 0)) return late.setting;
      if (own.calls > 0) return own.setting;
      break;
    }
    default:
      break;
  }
  return in_general(scenario_.monitor, outcome);
}

std::vector<std::string> Causes::of_each(const std::vector<FaultCount>& faults) const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) all.push_back(of(static_cast<Outcome>(i), faults));
  return all;
}

}  // namespace windtunnel::sim
