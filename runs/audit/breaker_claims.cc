// No call at a provider whose declared breaker must be open.
//
// A log does not have the breaker's states, and of a request with several attempts it does not have the times of those
// in the middle. What is certain is this: when `consecutive_threshold` calls at a provider failed one after the other,
// each begun after the one before it had ended and within the open time, and nothing else ended there meanwhile, then
// the breaker is open from the last failure on, for the open time. Whatever its state was before, the last of these
// calls was let through, closed or as a probe, and its failure opens it. A call that begins in that time breaks the
// claim.
//
// The rate rule, probes and half-open permits are not judged: the log does not decide them.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "base/calendar.h"
#include "monitor/record.h"
#include "runs/audit/audit_claims.h"
#include "sim/world/replicas.h"

namespace windtunnel::runs {
namespace {

using monitor::ReplyKind;

// Between two times of a log.
constexpr Duration kStamps = 2 * kStamp;

struct Call {
  WallTime begin{};
  WallTime end{};
  std::uint64_t record = 0;
  bool is_certain = false;  // its times are
  bool is_failure = false;  // that counts for the breaker
  bool is_success = false;
};

std::optional<ReplyKind> kind_named(std::string_view word) {
  for (std::size_t i = 0; i < monitor::kReplyKinds; ++i) {
    if (word == name_of(static_cast<ReplyKind>(i))) return static_cast<ReplyKind>(i);
  }
  return std::nullopt;
}

// Of each provider, by end.
std::map<std::string_view, std::vector<Call>> calls_of(const AuditedLog& log, bool rate_limited_counts) {
  std::map<std::string_view, std::vector<Call>> calls;
  for (const auto& [row, record] : log.rows) {
    if (!row.begin || !row.end) continue;
    for (std::size_t i = 0; i < row.attempts.size(); ++i) {
      const reports::LogAttempt& attempt = row.attempts[i];
      const auto kind = kind_named(attempt.outcome);
      if (!kind) continue;
      Call call{.begin = *row.begin, .end = *row.end, .record = record};
      call.is_success = *kind == ReplyKind::ok;
      call.is_failure = !call.is_success && *kind != ReplyKind::client_error &&
                        (*kind != ReplyKind::rate_limited || rate_limited_counts);
      if (i == 0) {
        call.end = call.begin + attempt.latency;
        call.is_certain = true;
      } else if (call.is_success) {
        call.begin = call.end - attempt.latency;
        call.is_certain = true;
      }
      calls[attempt.provider].push_back(call);
    }
  }
  for (auto& [provider, all] : calls) std::ranges::stable_sort(all, {}, &Call::end);
  return calls;
}

// Calls whose times are not certain may have ended at any time of their request.
bool may_end_within(const std::vector<Call>& uncertain, WallTime begin, WallTime end) {
  return std::ranges::any_of(uncertain, [&](const Call& call) { return call.begin <= end && call.end >= begin; });
}

struct OpenTime {
  WallTime begin{};
  WallTime end{};
};

// When the breaker must be open. `certain` is by end.
std::vector<OpenTime> open_times(const std::vector<Call>& certain, const std::vector<Call>& uncertain,
                                 std::int64_t threshold, Duration open) {
  std::vector<OpenTime> times;
  std::int64_t run = 0;  // failures up to here, each behind the one before it
  for (std::size_t i = 0; i < certain.size(); ++i) {
    const Call& call = certain[i];
    const bool follows =
        run > 0 && call.begin > certain[i - 1].end + kStamps && call.begin - certain[i - 1].end < open - kStamps;
    run = !call.is_failure ? 0 : follows ? run + 1 : 1;
    if (run < threshold) continue;
    const auto first = i + 1 - static_cast<std::size_t>(threshold);
    const WallTime begin = certain[first].begin;
    // A result that comes while the first of them runs might have opened the breaker, and another one closed it.
    if (first > 0 && certain[first - 1].end + kStamps >= begin) continue;
    if (may_end_within(uncertain, begin, call.end)) continue;
    times.push_back({call.end + kStamps, call.end + open - kStamps});
  }
  return times;
}

}  // namespace

AuditClaim check_open_breaker(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "breaker.open",
                   .sentence = "No call is made at a provider whose declared breaker must be open."};
  if (rules.config == nullptr) {
    claim.not_shown = "no --config declares a breaker";
    return claim;
  }
  claim.not_shown = rules.unsaid.breaker;
  if (!claim.not_shown.empty()) return claim;
  const std::vector<monitor::BreakerConfig> breakers = sim::breakers_of(*rules.config);
  const auto is_decided = [](const monitor::BreakerConfig& breaker) {
    return breaker.consecutive_threshold && breaker.window_type != monitor::WindowType::fixed;
  };
  if (std::ranges::none_of(breakers, is_decided)) claim.not_shown = "the breaker has no rule that a log decides";
  if (has_clock_steps(rules)) claim.not_shown = "its clock steps";
  if (!sim::is_known_to_all(*rules.config, monitor::PipelinePart::breakers)) {
    claim.not_shown = "each replica, and each process after a restart, has breakers of its own";
  }
  if (!claim.not_shown.empty()) return claim;
  for (const auto& [provider, calls] : calls_of(log, rules.config->monitor.provider_call.rate_limited_counts)) {
    const auto named = std::ranges::find(rules.config->providers, provider, &sim::ProviderSpec::name);
    const bool is_known = named != rules.config->providers.end();
    const monitor::BreakerConfig& breaker =
        is_known ? breakers[static_cast<std::size_t>(named - rules.config->providers.begin())]
                 : rules.config->monitor.circuit_breaker;
    if (!is_decided(breaker)) continue;
    std::vector<Call> certain;
    std::vector<Call> uncertain;
    for (const Call& call : calls) (call.is_certain ? certain : uncertain).push_back(call);
    const std::vector<OpenTime> times = open_times(certain, uncertain, *breaker.consecutive_threshold, breaker.open);
    claim.checked += certain.size();
    for (const Call& call : certain) {
      // The latest time that begins before the call.
      auto time = std::ranges::lower_bound(times, call.begin, {}, &OpenTime::begin);
      if (time == times.begin() || call.begin >= (--time)->end) continue;
      claim.find(call.record, fmt::format("a call begins at {} at {}, whose breaker is open since {}",
                                          iso8601(call.begin), provider, iso8601(time->begin)));
    }
  }
  if (claim.checked == 0) claim.not_shown = "its records have no attempts";
  return claim;
}

}  // namespace windtunnel::runs
