#include "reports/logs/log_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "reports/logs/failure_kind.h"
#include "reports/logs/word_named.h"

namespace windtunnel::reports {
namespace {

// A month for one answer, or more tokens than a request may have.
std::optional<std::string> beyond_reason(const sim::FitSample& sample) {
  constexpr Duration kLongest = std::chrono::hours{24 * 30};
  if (sample.input > kTokensMax || sample.output > kTokensMax) return "tokens: more than a request may have";
  bool too_long = sample.latency > kLongest || sample.time_to_first_token.value_or(Duration{0}) > kLongest;
  for (const sim::FitAttempt& attempt : sample.attempts) too_long = too_long || attempt.latency > kLongest;
  if (too_long) return "latency_ms: longer than 30 days";
  return std::nullopt;
}

// A log without outcomes that marks the hits of a cache has these three.
std::optional<monitor::Outcome> outcome_of(const LogRow& row, bool answered) {
  if (!row.cache_hit) return std::nullopt;
  if (*row.cache_hit) return monitor::Outcome::cache_hit;
  return answered ? monitor::Outcome::served : monitor::Outcome::failed;
}

sim::FitSample sample_of(LogRow& row) {
  const bool answered = row.answered.value_or(true);
  sim::FitSample sample{.finished = *row.begin + row.latency.value_or(Duration{0}),
                        .latency = row.latency.value_or(Duration{0}),
                        .answered = answered,
                        .outcome = outcome_of(row, answered),
                        .provider = std::move(row.provider),
                        .model = std::move(row.model),
                        .experiment = std::move(row.experiment),
                        .variant = std::move(row.variant),
                        .user = std::move(row.user),
                        .input = row.input.value_or(Tokens{}),  // else they are not read
                        .output = row.output.value_or(Tokens{}),
                        .cost = row.cost.value_or(Usd{}),
                        .time_to_first_token = row.time_to_first_token,
                        .cached = row.cached,
                        .cache_written = row.cache_written,
                        .reasoning = row.reasoning,
                        .has_latency = row.latency.has_value(),
                        .has_tokens = has_counts(row) || !needs_tokens(row),
                        .has_cost = row.cost.has_value()};
  // The time of a call that timed out is what the timeout is fitted to.
  const auto failure = answered || !row.attempts.empty() ? std::nullopt : failure_kind(row);
  if (failure && !sample.provider.empty() && (row.latency || *failure != monitor::ReplyKind::timeout)) {
    sample.attempts.push_back({sample.provider, *failure, sample.latency, row.cost});
  }
  return sample;
}

// Our own telemetry has words for outcomes, which may be wrong.
std::optional<std::string> read_words(LogRow& row, sim::FitSample& sample) {
  if (row.outcome) {
    sample.outcome = word_named<monitor::Outcome, monitor::kOutcomes>(*row.outcome);
    if (!sample.outcome) return "outcome: no outcome is named \"" + *row.outcome + "\"";
  }
  for (LogAttempt& attempt : row.attempts) {
    const auto kind = word_named<monitor::ReplyKind, monitor::kReplyKinds>(attempt.outcome);
    if (!kind) return "attempts: no outcome of a call is named \"" + attempt.outcome + "\"";
    if (attempt.provider.empty()) return "attempts: a call names no provider";
    sample.attempts.push_back({std::move(attempt.provider), *kind, attempt.latency, attempt.cost});
  }
  return std::nullopt;
}

// The i-th of n nearly equal whole parts of a sum.
std::int64_t part_of_sum(std::int64_t sum, std::int64_t n, std::int64_t i) { return sum / n + (i < sum % n ? 1 : 0); }

std::optional<std::string> add_bucket(const LogRow& row, sim::FitSample& sample,
                                      const std::function<void(const sim::FitSample&)>& add) {
  const Duration length = row.end && *row.end > *row.begin ? *row.end - *row.begin : Duration{std::chrono::hours{24}};
  const std::int64_t n = requests_of(row);
  const auto part = [&](const std::optional<Tokens>& sum, std::int64_t i) {
    return sum ? std::optional{Tokens{part_of_sum(sum->count(), n, i)}} : std::nullopt;
  };
  // The first part is the largest.
  if (n > 0 && std::max(part(row.input, 0), part(row.output, 0)) > kTokensMax) {
    return fmt::format("tokens: more for each of its {} requests than a request may have", n);
  }
  sample.is_share = true;
  for (std::int64_t i = 0; i < n; ++i) {
    sample.finished = *row.begin + Duration{length.count() / n * i + length.count() / n / 2};
    sample.input = *part(row.input, i);
    sample.output = *part(row.output, i);
    sample.cached = part(row.cached, i);
    sample.cache_written = part(row.cache_written, i);
    sample.reasoning = part(row.reasoning, i);
    sample.cost = Usd::from_picos(part_of_sum(row.cost.value_or(Usd{}).picos(), n, i));
    add(sample);
  }
  return std::nullopt;
}

}  // namespace

bool needs_tokens(const LogRow& row) { return row.is_bucket || (row.answered.value_or(true) && row.cache_hit != true); }

std::int64_t requests_of(const LogRow& row) {
  if (row.requests) return *row.requests;
  const std::int64_t tokens = row.input.value_or(Tokens{}).count() + row.output.value_or(Tokens{}).count();
  return (tokens + kTokensAssumed.count() - 1) / kTokensAssumed.count();
}

std::optional<std::string> add_samples(LogRow& row, const std::function<void(const sim::FitSample&)>& add) {
  const bool has_tokens = row.input || row.output;
  if (!has_tokens && row.is_bucket) return "it has no tokens: an amount alone says nothing of requests";
  if (!has_counts(row) && row.is_bucket) return row.input ? "it has no output tokens" : "it has no input tokens";
  sim::FitSample sample = sample_of(row);
  if (auto why = read_words(row, sample)) return why;
  if (row.is_bucket) return add_bucket(row, sample, add);
  if (auto why = beyond_reason(sample)) return why;
  add(sample);
  return std::nullopt;
}

}  // namespace windtunnel::reports
