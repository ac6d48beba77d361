#include "monitor/metrics.h"

#include <numeric>

namespace windtunnel::monitor {

std::int64_t RequestMetrics::requests() const {
  return std::accumulate(outcomes.begin(), outcomes.end(), std::int64_t{0});
}

std::int64_t RequestMetrics::answered() const {
  return count(Outcome::served) + count(Outcome::cache_hit) + count(Outcome::stale_hit);
}

std::int64_t RequestMetrics::refused() const {
  return count(Outcome::refused_rate) + count(Outcome::refused_tokens) + count(Outcome::refused_budget);
}

void Metrics::on_attempt(const Attempt& attempt, const Reply& reply, bool late) {
  ProviderMetrics& provider = providers_[index_of(attempt.provider)];
  ++provider.calls;
  ++provider.replies[static_cast<std::size_t>(attempt.kind)];
  if (late) ++provider.late_results;
  if (reply.usage) {
    provider.input += reply.usage->input;
    provider.output += reply.usage->output;
    provider.cost += attempt.cost;
  } else {
    provider.cost_unknown += attempt.cost;
  }
  if (attempt.kind == ReplyKind::ok) provider.latency.record(attempt.latency);
}

void Metrics::on_transition(ProviderId id, const BreakerTransition& transition) {
  ProviderMetrics& provider = providers_[index_of(id)];
  switch (transition.to) {
    case BreakerState::open: ++provider.breaker_opened; return;
    case BreakerState::half_open: ++provider.breaker_half_opened; return;
    case BreakerState::closed: ++provider.breaker_closed; return;
  }
}

void Metrics::on_finish(const Record& record) {
  const Usd cost = record.confirmed_cost();
  count(all_, record, cost);
  if (record.variant) count(variants_[*record.variant], record, cost);
  const auto labels = static_cast<std::size_t>(record.request.labels);
  if (labels >= labels_.size()) labels_.resize(labels + 1);
  count(labels_[labels], record, cost);
}

void Metrics::count(RequestMetrics& metrics, const Record& record, Usd cost) {
  ++metrics.outcomes[static_cast<std::size_t>(record.outcome)];
  metrics.attempts += record.attempt_count;
  if (record.failovers > 0) ++metrics.failed_over;
  metrics.cost += cost;
  if (is_answered(record.outcome)) metrics.latency.record(record.latency());
  if (record.outcome != Outcome::served) return;
  metrics.input += record.input;
  metrics.output += record.output;
  metrics.time_to_first_token.record(record.time_to_first_token);
}

std::int64_t Metrics::calls() const {
  std::int64_t sum = 0;
  for (const ProviderMetrics& provider : providers_) sum += provider.calls;
  return sum;
}

Usd Metrics::cost() const {
  Usd sum;
  for (const ProviderMetrics& provider : providers_) sum += provider.cost;
  return sum;
}

}  // namespace windtunnel::monitor
