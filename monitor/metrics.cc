#include "monitor/metrics.h"

// `inline` marks what is short or has one caller: the compiler is to put it there.

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

void RequestMetrics::add(const RequestMetrics& other) {
  for (std::size_t i = 0; i < kOutcomes; ++i) outcomes[i] += other.outcomes[i];
  attempts += other.attempts;
  failed_over += other.failed_over;
  input += other.input;
  output += other.output;
  kinds += other.kinds;
  cost += other.cost;
  cost_unknown += other.cost_unknown;
  latency.merge(other.latency);
  time_to_first_token.merge(other.time_to_first_token);
}

void Metrics::on_attempt(const Attempt& attempt, const Reply& reply, bool late) {
  ProviderMetrics& provider = providers_[index_of(attempt.provider)];
  ++provider.calls;
  ++provider.replies[static_cast<std::size_t>(attempt.kind)];
  if (late) ++provider.late_results;
  if (reply.usage) {
    provider.input += reply.usage->input;
    provider.output += reply.usage->output;
    if (reply.usage->kinds.any()) [[unlikely]]
      provider.kinds += reply.usage->kinds;
    provider.cost += attempt.cost;
  } else {
    provider.cost_unknown += attempt.cost;
  }
  if (attempt.kind == ReplyKind::ok) provider.latency.record(attempt.latency);
}

void Metrics::on_transition(ProviderId id, const BreakerTransition& transition) {
  ProviderMetrics& provider = providers_[index_of(id)];
  switch (transition.to) {
    case BreakerState::open:
      ++provider.breaker_opened;
      return;
    case BreakerState::half_open:
      ++provider.breaker_half_opened;
      return;
    case BreakerState::closed:
      ++provider.breaker_closed;
      return;
  }
}

void Metrics::on_finish(const Record& record) {
  ++outcomes_[static_cast<std::size_t>(record.outcome)];
  const auto labels = static_cast<std::size_t>(record.request.labels);
  const std::size_t cell = labels * cells_a_label() + (record.variant ? *record.variant + 1U : 0U);
  if (cell >= cells_.size()) [[unlikely]]
    cells_.resize((labels + 1) * cells_a_label());
  const Costs costs = add_causes(record);
  count(cells_[cell], record, costs);
  if (!routes_.empty()) [[unlikely]]
    count(routes_[index_of(record.request.route)], record, costs);
}

inline void Metrics::count(RequestMetrics& metrics, const Record& record, const Costs& costs) {
  ++metrics.outcomes[static_cast<std::size_t>(record.outcome)];
  metrics.attempts += record.attempt_count;
  if (record.failovers > 0) ++metrics.failed_over;
  metrics.cost += costs.known;
  metrics.cost_unknown += costs.unknown;
  if (is_answered(record.outcome)) metrics.latency.record(record.latency());
  if (record.outcome != Outcome::served) return;
  metrics.input += record.input;
  metrics.output += record.output;
  if (record.kinds.any()) [[unlikely]]
    metrics.kinds += record.kinds;
  metrics.time_to_first_token.record(record.time_to_first_token);
}

inline Metrics::Costs Metrics::add_causes(const Record& record) {
  Costs costs;
  std::uint64_t called = 0;  // a bit for each provider
  for (const Attempt& attempt : record.attempts()) {
    const std::uint64_t bit = std::uint64_t{1} << index_of(attempt.provider);
    const bool again = (called & bit) != 0;
    called |= bit;
    if (!attempt.usage_known) {
      costs.unknown += attempt.cost;
      spend_.unknown_usage += attempt.cost;
      continue;
    }
    costs.known += attempt.cost;
    UsdSum& cause = again                                 ? spend_.retries
                    : attempt.provider != record.assigned ? spend_.failovers
                                                          : spend_.first_attempts;
    cause += attempt.cost;
  }
  return costs;
}

void Metrics::on_budget(const BudgetEvent& event, Instant now) {
  if (event.daily) return;
  const bool is_alert = event.kind == BudgetEvent::Kind::alert || event.kind == BudgetEvent::Kind::budget_refused;
  if (is_alert) budget_alerts_.push_back({now, event});
}

RequestMetrics Metrics::all() const { return sum_of_every(1, 0, cells_.size()); }

std::vector<RequestMetrics> Metrics::variants() const {
  std::vector<RequestMetrics> sums;
  for (std::size_t i = 1; i <= variants_; ++i) sums.push_back(sum_of_every(cells_a_label(), i, cells_.size()));
  return sums;
}

std::vector<RequestMetrics> Metrics::labels() const {
  std::vector<RequestMetrics> sums;
  for (std::size_t i = 0; i < cells_.size(); i += cells_a_label())
    sums.push_back(sum_of_every(1, i, i + cells_a_label()));
  return sums;
}

RequestMetrics Metrics::sum_of_every(std::size_t step, std::size_t first, std::size_t end) const {
  RequestMetrics sum;
  for (std::size_t i = first; i < end; i += step) sum.add(cells_[i]);
  return sum;
}

std::int64_t Metrics::calls() const {
  std::int64_t sum = 0;
  for (const ProviderMetrics& provider : providers_) sum += provider.calls;
  return sum;
}

UsdSum Metrics::cost() const {
  UsdSum sum;
  for (const ProviderMetrics& provider : providers_) sum += provider.cost;
  return sum;
}

}  // namespace windtunnel::monitor
