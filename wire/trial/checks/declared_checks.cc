// X6, X7, X9, X10 and X12: attempts, Retry-After, the class of an error, breakers and budgets, seen from outside.

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>
#include <utility>

#include "monitor/breaker/breaker.h"
#include "sim/models/default_outcome.h"
#include "wire/trial/checks/trial_case.h"
#include "wire/trial/trial_figures.h"

namespace windtunnel::wire {
namespace {

using monitor::Breaker;
using monitor::BreakerConfig;
using monitor::BreakerOutcome;
using monitor::ReplyKind;

std::int64_t in_ms(Duration duration) { return duration / std::chrono::milliseconds{1}; }

// Calls in the order of their ends, or of their arrivals.
std::vector<const CallLine*> calls_by(const TrialRun& run, Instant CallLine::*when) {
  std::vector<const CallLine*> calls;
  for (const CallLine& line : run.calls) {
    if (line.end != CallEnd::refused) calls.push_back(&line);
  }
  std::ranges::stable_sort(calls, {}, [when](const CallLine* line) { return line->*when; });
  return calls;
}

bool is_written(const sim::Scenario& declared, const std::string& pointer) {
  return declared.origins.contains(pointer);
}

// --- X10 -----------------------------------------------------------------------------------------------------------

BreakerOutcome outcome_of(const CallLine& line, const BreakerConfig& breaker, const sim::Scenario& declared) {
  // A gateway that leaves a call before its time-out does so because its own caller has left.
  const bool is_left = line.end == CallEnd::left || line.end == CallEnd::open;
  if (is_left && line.ended - line.arrived < declared.monitor.provider_call.timeout - kSlack) {
    return BreakerOutcome::ignored;
  }
  return breaker.outcomes[index_of(line.kind)].value_or(
      sim::default_outcome(line.kind, declared.monitor.provider_call.rate_limited_counts));
}

// The declared breaker, fed with what its provider saw. It hears of a result as late as the gateway may, and opens for
// a little less than is declared, so that no call is blamed for the time that bytes take.
class ExpectedBreaker {
 public:
  ExpectedBreaker(const BreakerConfig& config, const sim::Scenario& declared)
      : declared_(declared), config_(config), breaker_(with_slack(config)) {}

  // Whether it admits a call that arrives now.
  bool admits(const CallLine& line) {
    report_until(line.arrived - kSlack, breaker_, pending_);
    auto permit = breaker_.acquire(line.arrived);
    latest_ = std::max(latest_, line.arrived);
    if (!permit) {
      // The gateway may know already what ended a moment ago.
      Breaker informed = breaker_;
      std::deque<Pending> left = pending_;
      report_until(line.arrived, informed, left);
      permit = informed.acquire(line.arrived);
      if (!permit) return false;
      breaker_ = informed;
      pending_ = std::move(left);
    }
    const auto place = std::ranges::upper_bound(pending_, line.ended, {}, &Pending::ended);
    pending_.insert(
        place,
        {.ended = line.ended, .permit = *permit, .outcome = outcome_of(line, config_, declared_), .kind = line.kind});
    return true;
  }

 private:
  struct Pending {
    Instant ended{};
    monitor::Permit permit;
    BreakerOutcome outcome{};
    ReplyKind kind{};
  };

  static BreakerConfig with_slack(BreakerConfig config) {
    config.open = std::max(config.open - (config.half_open_timeout ? 4 : 2) * kSlack, Duration{1});
    config.open_jitter = Millionths{0};  // the share is of an instant that differs by the time that bytes take
    if (config.half_open_timeout) *config.half_open_timeout += 2 * kSlack;
    return config;
  }
  void report_until(Instant now, Breaker& breaker, std::deque<Pending>& pending) {
    for (; !pending.empty() && pending.front().ended <= now; pending.pop_front()) {
      latest_ = std::max(latest_, pending.front().ended);
      const Pending& call = pending.front();
      (void)breaker.report(call.permit, call.outcome, latest_, call.kind);
    }
    latest_ = std::max(latest_, now);
  }

  const sim::Scenario& declared_;
  BreakerConfig config_;
  Breaker breaker_;
  std::deque<Pending> pending_;  // by their ends
  Instant latest_{};
};

}  // namespace

// --- X6 ------------------------------------------------------------------------------------------------------------

std::optional<std::int64_t> declared_attempts(const sim::Scenario& declared) {
  bool any = is_written(declared, "/monitor/provider_call/max_attempts") || !declared.monitor.routing.routes.empty();
  std::int64_t most = 0;
  for (const sim::ProviderSpec& provider : declared.providers) {
    any = any || is_written(declared, "/providers/" + provider.name + "/max_attempts");
    most += provider.max_attempts.value_or(declared.monitor.provider_call.retry.max_attempts);
  }
  return any ? std::optional{most} : std::nullopt;
}

TrialReason too_many_calls(const TrialCase& of, std::int64_t most) {
  if (std::ssize(of.calls) <= most) return {};
  return fmt::format("{} calls were made for it, and {} are declared", of.calls.size(), most);
}

// --- X7 ------------------------------------------------------------------------------------------------------------

std::optional<TrialBreach> early_calls(const TrialRun& run, Duration longest) {
  const std::vector<const CallLine*> ended = calls_by(run, &CallLine::ended);
  std::map<std::string, std::pair<Instant, const CallLine*>> closed;  // by provider: until when, and by which call
  auto next = ended.begin();
  for (const CallLine* const line : calls_by(run, &CallLine::arrived)) {
    // What ended less than the slack ago the gateway may not have read yet.
    for (; next != ended.end() && (*next)->ended <= line->arrived - kSlack; ++next) {
      if (!(*next)->retry_after) continue;
      auto& [until, by] = closed[(*next)->provider];
      const Instant end = (*next)->ended + std::min(*(*next)->retry_after, longest);
      if (end > until) std::tie(until, by) = std::pair{end, *next};
    }
    const auto found = closed.find(line->provider);
    if (found == closed.end()) continue;
    const auto& [until, by] = found->second;
    if (line->arrived + kSlack >= until) continue;
    return TrialBreach{fmt::format("call {} came to {} {} ms after call {} had been answered with {} and Retry-After "
                                   "{} ms",
                                   line->call, line->provider, in_ms(line->arrived - by->ended), by->call, by->status,
                                   in_ms(*by->retry_after)),
                       line->arrived};
  }
  return std::nullopt;
}

// --- X9 ------------------------------------------------------------------------------------------------------------

TrialReason wrong_class(const TrialCase& of, std::optional<Duration> deadline) {
  const TrialRequest& request = of.request;
  if (deadline && request.finished - request.arrived > *deadline + kSlack) {
    return fmt::format("it ended after {} ms, and its declared deadline is {} ms",
                       in_ms(request.finished - request.arrived), in_ms(*deadline));
  }
  if (request.end == RequestEnd::timed_out && request.status == 0) {
    Instant last = request.sent;
    for (const CallLine* const call : of.calls) last = std::max(last, call->ended);
    const Duration quiet = request.finished - last;
    const Duration patience = request.finished - request.sent;
    if (2 * quiet < patience || quiet < std::chrono::seconds{1}) return {};
    return fmt::format("nothing came for {} ms after its last call had ended, until its caller left", in_ms(quiet));
  }
  if (request.end != RequestEnd::answered || of.calls.empty()) return {};
  const bool all_refused = std::ranges::all_of(of.calls, [](const CallLine* call) {
    return call->status >= 400 && call->kind != ReplyKind::client_error && call->end == CallEnd::whole;
  });
  if (!all_refused) return {};
  // In a stream an error after 200 is seen.
  if (request.status == 200 && !(request.answer.has_error && of.calls.back()->stream)) {
    return fmt::format("call {} was answered with {}, and the caller got 200", of.calls.back()->call,
                       of.calls.back()->status);
  }
  const bool all_limited =
      std::ranges::all_of(of.calls, [](const CallLine* call) { return call->kind == ReplyKind::rate_limited; });
  const bool is_right = request.status == 429 || (request.status == 503 && request.names_wait);
  if (!all_limited || is_right) return {};
  return fmt::format("each of its calls was answered with 429, and the caller got {}{}", request.status,
                     request.status == 503 ? " without Retry-After" : "");
}

// --- X10, X12 ------------------------------------------------------------------------------------------------------

std::optional<TrialBreach> calls_past_breaker(const TrialRun& run, const sim::Scenario& declared, std::size_t index) {
  const sim::ProviderSpec& provider = declared.providers[index];
  ExpectedBreaker breaker{sim::breakers_of(declared)[index], declared};
  for (const CallLine* const line : calls_by(run, &CallLine::arrived)) {
    if (line->provider != provider.name || breaker.admits(*line)) continue;
    return TrialBreach{
        fmt::format("call {} came to {}, whose declared breaker admits none then", line->call, line->provider),
        line->arrived};
  }
  return std::nullopt;
}

std::optional<TrialBreach> calls_past_budget(const TrialRun& run, Usd limit, Usd spent) {
  const std::vector<const CallLine*> ended = calls_by(run, &CallLine::ended);
  UsdSum billed = UsdSum{} + spent;
  auto next = ended.begin();
  for (const CallLine* const line : calls_by(run, &CallLine::arrived)) {
    for (; next != ended.end() && (*next)->ended <= line->arrived - kSlack; ++next) billed += (*next)->cost;
    if (billed <= UsdSum{} + limit) continue;
    return TrialBreach{fmt::format("call {} was made when the bills of ended calls were {} pico-USD, above the "
                                   "declared {}",
                                   line->call, static_cast<std::int64_t>(billed.picos()), limit.picos()),
                       line->arrived};
  }
  return std::nullopt;
}

}  // namespace windtunnel::wire
