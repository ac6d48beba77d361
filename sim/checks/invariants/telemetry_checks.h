#pragma once
// T1-T5: one record per request, and what is counted, summed and ranked is what happened.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/checks/invariants/check_context.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class TelemetryChecks {
 public:
  explicit TelemetryChecks(CheckContext& context);

  void on_arrival() { ++arrivals_; }
  void on_ledger(const LedgerEntry& entry);
  void on_attempt_end(const monitor::AttemptEnded& event);
  void on_finish(const OpenRequest& open_request, const monitor::Record& record);
  void on_event();
  void at_end(const RunResult& result);

 private:
  // Latencies are kept until so many are there; then, and else at the end, they are ranked.
  static constexpr std::size_t kLatenciesMax = 1U << 18U;

  void ends_right(const OpenRequest& open_request, const monitor::Record& record);
  void rank(const Histogram& reported);

  CheckContext& context_;
  std::int64_t arrivals_ = 0;
  std::int64_t records_ = 0;
  std::array<std::int64_t, monitor::kOutcomes> outcomes_{};
  std::array<UsdSum, monitor::kProvidersMax> known_{};  // billed for calls of known usage, by provider
  UsdSum recorded_;                                     // sum over the records
  Instant finished_last_{};
  bool finished_ = false;  // in this event
  bool ranked_ = false;
  std::vector<std::int64_t> latencies_;
};

}  // namespace windtunnel::sim
