#pragma once
// Counts how often a run went through the situations that matter. A scenario may ask for a minimum of each; a minimum
// that is not met makes the run inconclusive: what was not exercised was not shown.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/checks/findings/verdict.h"
#include "sim/world/run_events.h"

namespace windtunnel::sim {

enum class CoverageCounter : std::uint8_t {
  breaker_opened,
  breaker_half_open,
  probe_failed,
  both_open,  // every provider's breaker open at once
  late_result,
  late_result_while_not_open,  // the case in which acting on it would do harm
  retry,
  failover,
  retry_after_obeyed,  // a candidate was passed over because of it
  timeout,
  malformed,
  truncated,
  deadline_exceeded,
  rate_refused,
  token_refused,
  budget_refused,
  cache_hit,
  stale_hit,
  ttl_edge_hit,  // a request at the very instant at which its cached answer expires
  alert_80,
  alert_90,
  alert_95,
  alert_100,
  tie_in_time,  // two events at one instant
};
inline constexpr std::size_t kCoverageCounters = 24;

// The words of files and reports, by counter.
std::span<const std::string_view> coverage_counters();
// What `explain` prints.
std::string_view doc_of(CoverageCounter counter);

class Coverage final {
 public:
  explicit Coverage(std::size_t providers)
      : all_closed_(providers, monitor::BreakerState::closed), groups_{all_closed_} {}

  void on(const monitor::CoolingSkipped& event);
  void on(const monitor::AttemptEnded& event);
  void on(const ReplicaTurn& event);
  void on(const monitor::BreakerMoved& event);
  void on(const monitor::BudgetChanged& event);
  void on(const monitor::CacheEdgeMet& event);
  void on(const monitor::Record& record);
  void on(const ScheduledDone& event);

  [[nodiscard]] std::int64_t count(CoverageCounter counter) const { return counts_[static_cast<std::size_t>(counter)]; }
  [[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> table() const;
  // One finding for each minimum in the scenario.
  [[nodiscard]] std::vector<Finding> judge(const Scenario& scenario) const;

 private:
  void add(CoverageCounter counter) { ++counts_[static_cast<std::size_t>(counter)]; }

  std::array<std::int64_t, kCoverageCounters> counts_{};
  std::vector<monitor::BreakerState> all_closed_;
  std::vector<std::vector<monitor::BreakerState>> groups_;  // of processes that share their breakers at once
  std::size_t group_ = 0;                                   // of the one that works
};

}  // namespace windtunnel::sim
