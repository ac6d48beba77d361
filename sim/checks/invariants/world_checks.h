#pragma once
// Q: the world itself. It hands to each check of sim/checks/world what that check follows.

#include <optional>
#include <vector>

#include "sim/checks/invariants/check_context.h"
#include "sim/checks/world/arrival_counts.h"
#include "sim/checks/world/queue_order.h"
#include "sim/checks/world/think_times.h"
#include "sim/checks/world/throttle_minutes.h"
#include "sim/checks/world/timeout_bills.h"
#include "sim/checks/world/token_kind_bills.h"
#include "sim/checks/world/touched_shares.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class WorldChecks {
 public:
  explicit WorldChecks(CheckContext& context);

  void on_begin(std::uint64_t seed);
  // The request that arrives next is a further try of a wish that has arrived before.
  void on_further_try() { is_further_try_ = true; }
  void on_arrival(OpenRequest& open_request);
  void on_attempt_start(OpenRequest& open_request);
  void on_fault(const FaultChanged& event);
  void on_fault_hit(std::size_t fault) { hits_.push_back(fault); }
  void on_placed(OpenRequest& open_request, const CallPlaced& event);
  void on_attempt_end(const OpenRequest& open_request, const monitor::AttemptEnded& event);
  void on_finish(const OpenRequest& open_request);
  void at_end(const RunResult& result);

 private:
  void judge_window(const OpenRequest& open_request, const monitor::AttemptEnded& event,
                    const ProviderSpec& spec) const;
  void on_called(OpenRequest& open_request, const CallPlaced& event);
  void on_served(OpenRequest& open_request, const CallPlaced& event);
  // Counts the call in its provider's own limit; nothing: it does not count there.
  std::optional<bool> own_limit_refuses(const OpenRequest& open_request, std::size_t provider, Instant now);
  [[nodiscard]] static std::size_t workload_of(const OpenRequest& open_request);

  CheckContext& context_;
  bool on_;
  QueueOrder queues_;
  TimeoutBills timeouts_;
  TokenKindBills kinds_;
  ThinkTimes thoughts_;
  ThrottleMinutes throttles_;
  ArrivalCounts arrivals_;
  TouchedShares shares_;
  std::vector<std::uint64_t> ordinals_;  // of the next request, by workload
  bool is_further_try_ = false;          // the request that arrives next
  std::vector<std::size_t> hits_;        // the faults that hit the call which is being made
  bool is_called_ = false;               // that call has been placed
};

}  // namespace windtunnel::sim
