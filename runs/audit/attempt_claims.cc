// The attempts of a request: how many, in what order, and how long.

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/exact_decimal.h"
#include "monitor/config.h"
#include "runs/audit/audit_claims.h"
#include "runs/audit/route_claims.h"

namespace windtunnel::runs {
namespace {

using monitor::ReplyKind;
using reports::LogAttempt;
using reports::LogRow;

constexpr const char* kNoAttempts = "its records have no attempts";
constexpr const char* kRoutes = "the log does not say which of the config's routes bounds the attempts";
constexpr const char* kNoConfig = "no --config says what is allowed";
// Clocks of programs are read one after the other, and their times are rounded.
constexpr Duration kRounded = std::chrono::milliseconds{1};

bool is_kind(const LogAttempt& attempt, ReplyKind kind) { return attempt.outcome == name_of(kind); }

AuditClaim bounded(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "attempts.bounded",
                   .sentence = "A request has at most max_attempts calls at each provider."};
  if (rules.config == nullptr) {
    claim.not_shown = kNoConfig;
    return claim;
  }
  if (rules.unsaid.is_imported) return bounded_by_routes(log, rules);
  claim.not_shown = rules.unsaid.attempts;
  if (!rules.config->monitor.routing.routes.empty()) claim.not_shown = kRoutes;
  if (!claim.not_shown.empty()) return claim;
  const auto most = static_cast<std::int64_t>(rules.config->monitor.provider_call.retry.max_attempts);
  for (const auto& [row, record] : log.rows) {
    if (row.attempts.empty()) continue;
    ++claim.checked;
    for (const LogAttempt& first : row.attempts) {
      if (&first != &*std::ranges::find(row.attempts, first.provider, &LogAttempt::provider)) continue;
      const std::int64_t calls = std::ranges::count(row.attempts, first.provider, &LogAttempt::provider);
      if (calls > most) {
        claim.find(record, fmt::format("{} calls at {}, and max_attempts is {}", calls, first.provider, most));
      }
    }
    if (row.attempts.size() > monitor::kAttemptsMax) claim.find(record, fmt::format("{} calls", row.attempts.size()));
  }
  if (claim.checked == 0) claim.not_shown = kNoAttempts;
  return claim;
}

AuditClaim ended(const AuditedLog& log) {
  AuditClaim claim{.name = "attempts.end", .sentence = "No call follows an answer or a client_error."};
  for (const auto& [row, record] : log.rows) {
    if (row.attempts.empty()) continue;
    ++claim.checked;
    for (std::size_t i = 0; i + 1 < row.attempts.size(); ++i) {
      if (!is_kind(row.attempts[i], ReplyKind::ok) && !is_kind(row.attempts[i], ReplyKind::client_error)) continue;
      claim.find(record, fmt::format("attempt {} at {} ended with {}, and another call follows", i + 1,
                                     row.attempts[i].provider, row.attempts[i].outcome));
    }
  }
  if (claim.checked == 0) claim.not_shown = kNoAttempts;
  return claim;
}

AuditClaim failed_over(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "failover.order",
                   .sentence =
                       "A failed call goes on to a provider that was not left before; auth_or_quota is not "
                       "retried."};
  if (rules.unsaid.is_imported) return ordered_by_routes(log, rules);
  for (const auto& [row, record] : log.rows) {
    if (row.attempts.size() < 2) continue;
    ++claim.checked;
    std::vector<std::string_view> left;
    for (std::size_t i = 1; i < row.attempts.size(); ++i) {
      const LogAttempt& before = row.attempts[i - 1];
      const LogAttempt& next = row.attempts[i];
      const bool may_retry = !is_kind(before, ReplyKind::auth_or_quota) &&
                             (!is_kind(before, ReplyKind::rate_limited) || rules.config == nullptr ||
                              rules.config->monitor.provider_call.rate_limited_retries);
      if (before.provider == next.provider && !may_retry) {
        claim.find(record, fmt::format("{} is called again after {}", next.provider, before.outcome));
      }
      if (before.provider != next.provider) left.push_back(before.provider);
      if (std::ranges::find(left, next.provider) != left.end()) {
        claim.find(record, fmt::format("it comes back to {}", next.provider));
      }
    }
  }
  if (claim.checked == 0) claim.not_shown = "no record has two attempts";
  return claim;
}

AuditClaim timed(const AuditedLog& log) {
  AuditClaim claim{.name = "time.adds_up",
                   .sentence = "A request takes at least as long as its attempts, and its first token no longer."};
  for (const auto& [row, record] : log.rows) {
    if (!row.latency || row.is_bucket || (row.attempts.empty() && !row.time_to_first_token)) continue;
    ++claim.checked;
    Duration sum{0};
    for (const LogAttempt& attempt : row.attempts) sum += attempt.latency;
    if (sum > *row.latency + kRounded) {
      claim.find(record, fmt::format("its attempts take {}, and it {}", milliseconds(sum), milliseconds(*row.latency)));
    }
    if (row.time_to_first_token && *row.time_to_first_token > *row.latency + kRounded) {
      claim.find(record, fmt::format("its first token comes after {}, and its end after {}",
                                     milliseconds(*row.time_to_first_token), milliseconds(*row.latency)));
    }
  }
  if (claim.checked == 0) claim.not_shown = "its records have no attempts and no time to first token";
  return claim;
}

// The longest that a call may take there. The log does not say which route was asked, so that each may have been.
Duration timeout_at(const std::string& provider, const sim::Scenario& config) {
  Duration longest = config.monitor.provider_call.timeout;
  const auto found = std::ranges::find(config.providers, provider, &sim::ProviderSpec::name);
  if (found != config.providers.end()) longest = found->attempt_timeout.value_or(longest);
  for (const monitor::RouteConfig& route : config.monitor.routing.routes) {
    longest = std::max(longest, route.attempt_timeout.value_or(longest));
  }
  return longest;
}

AuditClaim within_timeouts(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "time.limits", .sentence = "No call exceeds its timeout."};
  if (rules.config == nullptr) {
    claim.not_shown = kNoConfig;
    return claim;
  }
  claim.not_shown = rules.unsaid.timeout;
  if (!claim.not_shown.empty()) return claim;
  for (const auto& [row, record] : log.rows) {
    std::vector<LogAttempt> calls = row.attempts;
    if (log.is_of_calls && row.latency) calls.push_back({.provider = row.provider, .latency = *row.latency});
    if (!calls.empty()) ++claim.checked;
    for (const LogAttempt& call : calls) {
      const Duration timeout = timeout_at(call.provider, *rules.config);
      if (call.latency - kRounded > timeout) {
        claim.find(record, fmt::format("a call at {} takes {}, and the timeout is {}", call.provider,
                                       milliseconds(call.latency), milliseconds(timeout)));
      }
    }
  }
  if (claim.checked == 0) {
    claim.not_shown =
        log.is_of_calls ? "its records have no latency" : "its records do not say how long each of their calls took";
  }
  return claim;
}

AuditClaim within_deadline(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "time.deadline", .sentence = "No request exceeds its deadline."};
  if (rules.config == nullptr) {
    claim.not_shown = kNoConfig;
    return claim;
  }
  const auto& deadline = rules.config->monitor.provider_call.deadline;
  if (!deadline) claim.not_shown = "the config has no deadline";
  if (rules.unsaid.is_imported) claim.not_shown = "the file does not say how long a request may take";
  if (!claim.not_shown.empty()) return claim;
  for (const auto& [row, record] : log.rows) {
    if (!row.latency || row.is_bucket) continue;
    ++claim.checked;
    if (*row.latency - kRounded > *deadline) {
      claim.find(record, fmt::format("it takes {}, and the deadline is {}", milliseconds(*row.latency),
                                     milliseconds(*deadline)));
    }
  }
  if (claim.checked == 0) claim.not_shown = "its records have no latency";
  return claim;
}

}  // namespace

std::vector<AuditClaim> check_attempts(const AuditedLog& log, const AuditRules& rules) {
  return {bounded(log, rules),          ended(log),
          failed_over(log, rules),      timed(log),
          within_timeouts(log, rules),  within_deadline(log, rules),
          check_retry_after(log, rules)};
}

}  // namespace windtunnel::runs
