#include "wire/trial/checks/seen_counts.h"

#include <algorithm>

namespace windtunnel::wire {

SeenCounts::SeenCounts(const sim::Scenario& scenario)
    : metrics_(scenario.providers.size(), 0), ledger_(scenario.providers.size()) {
  unknown_.by_labels.resize(scenario.workloads.size() + 1);
  unknown_.by_variant.resize(scenario.monitor.ab_router.variants.size());
}

void SeenCounts::on(const monitor::RequestArrived& /*event*/) {
  ++arrivals_;
  in_flight_max_ = std::max(in_flight_max_, ++in_flight_);
}

void SeenCounts::on(const monitor::AttemptEnded& event) {
  const monitor::Attempt attempt{.started = event.at - event.latency,
                                 .latency = event.latency,
                                 .cost = event.settled,
                                 .provider = event.provider,
                                 .kind = event.reply.kind,
                                 .usage_known = event.reply.usage.has_value()};
  metrics_.on_attempt(attempt, event.reply, false);
}

void SeenCounts::on(const sim::LedgerEntry& entry) {
  unknown_bills_.on(entry);
  sim::LedgerTotals& totals = ledger_[index_of(entry.provider)];
  ++totals.calls;
  totals.billed += entry.billed;
  if (entry.usage_known) totals.billed_known += entry.billed;
  totals.input += entry.input;
  totals.output += entry.output;
}

void SeenCounts::on(const monitor::Record& record) {
  --in_flight_;
  metrics_.on_finish(record);
  unknown_.add(record, unknown_bills_.cost_of(record) - record.confirmed_cost());
}

void SeenCounts::put_totals(sim::RunResult& result) const {
  result.arrivals = arrivals_;
  result.in_flight = in_flight_;
  result.in_flight_max = in_flight_max_;
  result.ledger = ledger_;
  result.unknown = unknown_;
}

}  // namespace windtunnel::wire
