#pragma once
// What a run counts inside its pipeline and its world, counted of a trial's events instead: calls by provider, requests
// by outcome, bills. A gateway's own counts are not asked for.

#include <cstdint>
#include <vector>

#include "monitor/metrics.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"
#include "sim/world/unknown_bills.h"
#include "sim/world/world.h"

namespace windtunnel::wire {

class SeenCounts {
 public:
  explicit SeenCounts(const sim::Scenario& scenario);

  void on(const monitor::RequestArrived& event);
  void on(const monitor::AttemptEnded& event);
  void on(const sim::LedgerEntry& entry);
  void on(const monitor::Record& record);

  [[nodiscard]] const monitor::Metrics& metrics() const { return metrics_; }
  // Fills in the totals: arrivals, requests in flight, ledger, unknown bills.
  void put_totals(sim::RunResult& result) const;

 private:
  monitor::Metrics metrics_;
  std::vector<sim::LedgerTotals> ledger_;
  sim::UnknownTotals unknown_;
  sim::UnknownBills unknown_bills_;
  std::uint64_t arrivals_ = 0;
  std::int64_t in_flight_ = 0;
  std::int64_t in_flight_max_ = 0;
};

}  // namespace windtunnel::wire
