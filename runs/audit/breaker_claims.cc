// No call at a provider whose declared breaker must be open.
//
// A log does not have the breaker's states, and of a request with several attempts it does not have the times of those
// in the middle. What is certain is this: when `consecutive_threshold` calls at a provider failed one after the other,
// each begun after the one before it had ended and within the open time, and nothing else ended there meanwhile, then
// the breaker is open from the last failure on, for the open time. Whatever its state was before, the last of these
// calls was let through, closed or as a probe, and its failure opens it. A call that begins in that time breaks the
// claim.
//
// Calls that overlap show less. Where no call at a provider ends well, nothing closes its breaker. When so many of the
// failures that began in such a time have ended, the breaker is not closed: else it would have been closed since the
// first of them began, and they would have opened it. From then on until a call ends well the only calls are probes, of
// which half_open_max_calls begin in one open time. One more breaks the claim.
//
// What is counted are the times at which the log proves that the breaker opened. The rate rule is not judged: the log
// does not decide it.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/calendar.h"
#include "monitor/record.h"
#include "runs/audit/audit_claims.h"
#include "sim/models/default_outcome.h"
#include "sim/world/replicas.h"

namespace windtunnel::runs {
namespace {

using monitor::ReplyKind;

struct Call {
  WallTime begin{};
  WallTime end{};
  std::uint64_t record = 0;
  ReplyKind kind{};
  bool is_certain = false;  // its times are
  bool is_failure = false;  // that counts for the breaker
};

std::optional<ReplyKind> kind_named(std::string_view word) {
  for (std::size_t i = 0; i < monitor::kReplyKinds; ++i) {
    if (word == name_of(static_cast<ReplyKind>(i))) return static_cast<ReplyKind>(i);
  }
  return std::nullopt;
}

// As the pipeline has it.
bool is_failure_of(ReplyKind kind, const monitor::BreakerConfig& breaker, bool rate_limited_counts) {
  const auto outcome = breaker.outcomes[index_of(kind)].value_or(sim::default_outcome(kind, rate_limited_counts));
  return outcome == monitor::BreakerOutcome::failure;
}

// Of each provider, by end.
std::map<std::string_view, std::vector<Call>> calls_of(const AuditedLog& log) {
  std::map<std::string_view, std::vector<Call>> calls;
  for (const auto& [row, record] : log.rows) {
    if (!row.begin || !row.end) continue;
    for (std::size_t i = 0; i < row.attempts.size(); ++i) {
      const reports::LogAttempt& attempt = row.attempts[i];
      const auto kind = kind_named(attempt.outcome);
      if (!kind) continue;
      Call call{.begin = *row.begin, .end = *row.end, .record = record, .kind = *kind};
      if (i == 0) {
        call.end = call.begin + attempt.latency;
        call.is_certain = true;
      } else if (*kind == ReplyKind::ok) {
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

// The rule of failures in a row holds whatever else the breaker counts.
bool is_decided(const monitor::BreakerConfig& breaker) {
  return breaker.consecutive_threshold && breaker.window_type != monitor::WindowType::fixed &&
         breaker.consecutive_scope == monitor::ConsecutiveScope::unbounded;
}

// Only a probe that ends well closes the breaker, and each that fails opens it again.
bool has_counted_probes(const monitor::BreakerConfig& breaker) {
  return breaker.half_open_failure == monitor::HalfOpenFailure::reopen && !breaker.half_open_failure_rate &&
         breaker.late_results == monitor::LateResults::ignore;
}

// The results behind `first` that are all failures, so that nothing closes the breaker meanwhile.
struct FailedTime {
  std::size_t first = 0;  // of `certain`
  std::size_t end = 0;
};

std::vector<FailedTime> failed_times(const std::vector<Call>& certain) {
  std::vector<FailedTime> times;
  for (std::size_t i = 0; i < certain.size(); ++i) {
    if (!certain[i].is_failure) continue;
    const std::size_t first = i;
    while (i < certain.size() && certain[i].is_failure) ++i;
    times.push_back({first, i});
  }
  return times;
}

// Calls of a provider, and what its breaker allows.
struct JudgedCalls {
  std::vector<Call> certain;  // by end
  std::vector<Call> uncertain;
  std::int64_t threshold = 0;
  std::int64_t probes_most = 0;  // 0: any number
  Duration open{};
};

// When it is proven that the breaker is not closed: from where on, and until when. Nothing: it is not.
std::optional<OpenTime> unclosed_time(const JudgedCalls& calls, const FailedTime& time) {
  const bool is_first = time.first == 0;
  const WallTime begin = is_first ? WallTime::min() : calls.certain[time.first - 1].end + kStamps;
  const WallTime end = time.end == calls.certain.size() ? WallTime::max() : calls.certain[time.end].end - kStamps;
  std::int64_t failures = 0;
  for (std::size_t i = time.first; i < time.end; ++i) {
    const Call& call = calls.certain[i];
    if (call.begin > begin && ++failures == calls.threshold) {
      const OpenTime unclosed{call.end + kStamps, end};
      // A call of unknown end that is no failure gives its permit back.
      const bool may_be_neutral = std::ranges::any_of(calls.uncertain, [&](const Call& other) {
        return !other.is_failure && other.end >= begin && other.begin <= end;
      });
      return may_be_neutral || unclosed.begin >= end ? std::nullopt : std::optional{unclosed};
    }
  }
  return std::nullopt;
}

// The calls beyond the probes that an unclosed breaker lets through. `by_begin` are the certain ones.
void find_excess(const JudgedCalls& calls, const std::vector<Call>& by_begin, const OpenTime& unclosed,
                 std::string_view provider, AuditClaim& claim) {
  auto call = std::ranges::upper_bound(by_begin, unclosed.begin, {}, &Call::begin);
  const auto first = call;
  for (; call != by_begin.end() && call->begin < unclosed.end; ++call) {
    if (call - first < calls.probes_most) continue;
    const WallTime probes_begin = (call - calls.probes_most)->begin;
    if (call->begin - probes_begin >= calls.open - kStamps) continue;
    claim.find(call->record,
               fmt::format("a call begins at {} at {}, whose breaker opened by {} and lets {} through in {} ms",
                           iso8601(call->begin), provider, iso8601(unclosed.begin), calls.probes_most,
                           calls.open.count() / 1'000'000));
  }
}

// The times at which the log proves that the breaker opened, and the calls that it should not have let through.
void judge(const JudgedCalls& calls, std::string_view provider, AuditClaim& claim) {
  const std::vector<OpenTime> times = open_times(calls.certain, calls.uncertain, calls.threshold, calls.open);
  std::set<std::pair<WallTime, std::uint64_t>> found;
  for (const Call& call : calls.certain) {
    // The latest time that begins before the call.
    auto time = std::ranges::lower_bound(times, call.begin, {}, &OpenTime::begin);
    if (time == times.begin() || call.begin >= (--time)->end) continue;
    claim.find(call.record, fmt::format("a call begins at {} at {}, whose breaker is open since {}",
                                        iso8601(call.begin), provider, iso8601(time->begin)));
    found.emplace(call.begin, call.record);
  }
  if (calls.probes_most == 0) claim.checked += times.size();
  if (calls.probes_most == 0) return;
  std::vector<Call> by_begin = calls.certain;
  std::erase_if(by_begin, [&](const Call& call) { return found.contains({call.begin, call.record}); });
  std::ranges::stable_sort(by_begin, {}, &Call::begin);
  for (const FailedTime& time : failed_times(calls.certain)) {
    const auto unclosed = unclosed_time(calls, time);
    if (!unclosed) continue;
    ++claim.checked;
    find_excess(calls, by_begin, *unclosed, provider, claim);
  }
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
  if (std::ranges::none_of(breakers, is_decided)) claim.not_shown = "the breaker has no rule that a log decides";
  if (has_clock_steps(rules)) claim.not_shown = "its clock steps";
  if (!sim::is_known_to_all(*rules.config, monitor::PipelinePart::breakers)) {
    claim.not_shown = "each replica, and each process after a restart, has breakers of its own";
  }
  if (!claim.not_shown.empty()) return claim;
  bool has_calls = false;
  for (const auto& [provider, calls] : calls_of(log)) {
    const auto named = std::ranges::find(rules.config->providers, provider, &sim::ProviderSpec::name);
    const bool is_known = named != rules.config->providers.end();
    const monitor::BreakerConfig& breaker =
        is_known ? breakers[static_cast<std::size_t>(named - rules.config->providers.begin())]
                 : rules.config->monitor.circuit_breaker;
    if (!is_decided(breaker)) continue;
    JudgedCalls judged{.threshold = *breaker.consecutive_threshold,
                       .probes_most = has_counted_probes(breaker) ? breaker.half_open_max_calls : 0,
                       .open = std::min(breaker.open, breaker.open_max.value_or(breaker.open))};
    for (Call call : calls) {
      call.is_failure = is_failure_of(call.kind, breaker, rules.config->monitor.provider_call.rate_limited_counts);
      (call.is_certain ? judged.certain : judged.uncertain).push_back(call);
    }
    has_calls = has_calls || !judged.certain.empty();
    judge(judged, provider, claim);
  }
  if (claim.checked == 0) {
    claim.not_shown = has_calls ? "no provider failed so often in a row that its breaker must have opened"
                                : "its records have no attempts";
  }
  return claim;
}

}  // namespace windtunnel::runs
