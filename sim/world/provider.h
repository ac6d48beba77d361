#pragma once
// A mock provider: what it answers to one call, when, and what it truly bills for it.
//
// Latency is time to first token + output tokens x time per output token, each drawn once per call by the request's
// name. A call that would end after its deadline is reported to the caller as a timeout at the deadline. The provider
// then works on (on_disconnect: continue), keeps the place that the call has and bills what it would have billed; or it
// stops, frees the place and bills what it has done until then. Of that bill, bill_on_timeout says how much is charged.
// The rules are pure functions, so that a real-time driver can use the same provider.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/faults/rate_window.h"
#include "sim/faults/rules/fault_rules.h"
#include "sim/kernel/batched_draws.h"
#include "sim/kernel/chance.h"
#include "sim/world/load.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// One call as it reaches the provider.
struct Call {
  CallName name;
  Instant at{};        // when its service starts
  Duration waited{0};  // in the queue
  Instant deadline{};
  WallTime wall{};  // of the monitor's clock when the caller made the call: the price is that of this instant
  Tokens input;
  Tokens output;       // what the answer would hold, uncut
  TokenKinds kinds{};  // of input and output
  Tokens output_max;   // the caller's cap
  // Of a stream whose caller leaves without a first token by then, or after so long a pause.
  Instant first_token_by = Instant::max();
  Duration idle = Duration::max();

  // How long its caller waits for the first of it.
  [[nodiscard]] Instant waits_until() const { return std::min(deadline, first_token_by); }
  [[nodiscard]] bool is_timed() const { return first_token_by != Instant::max() || idle != Duration::max(); }
};

// What becomes of a call, decided when it starts.
struct CallResult {
  monitor::Reply reply;
  Instant at{};  // when the caller learns it, never after its deadline
  monitor::Usage billed;
  Usd cost;
  Duration usage_after{0};  // the usage comes so long after the reply; 0: with it, or never
  Instant work_until{};     // `at`, or later if the provider works on after its caller has gone
  // Of a call that a fault stalls: what it wrote before, and when.
  struct Stalled {
    Duration to_first{0};
    Tokens output;
    Instant last{};
  };
  Stalled stalled;
};

class Provider {
 public:
  // `spec` must outlive the provider. `start` is the true time of Instant{}.
  Provider(const ProviderSpec& spec, const std::vector<WorkloadSpec>& workloads, const Chance& chance, WallTime start);

  // Counts this provider's calls in the minutes of another's quota, which must outlive it.
  void share_quota_of(Provider& other) { quota_ = &other.window_; }

  // Everything but a queue: with a concurrency limit the driver calls this when the call's service starts.
  void serve(const Call& call, const FaultEffect& effect, CallResult& result);
  // A call that found no place, neither in service nor in the queue.
  [[nodiscard]] CallResult overflow(const Call& call) const;
  // When a call that waits for a place from `call.at` on ends its wait: its caller leaves, or the queue sends it away.
  [[nodiscard]] Instant wait_ends(const Call& call) const;
  // A call that is still waiting in the queue then.
  Duration end_wait(Call& call, Instant at, const FaultEffect& effect, CallResult& result);
  // A call whose caller leaves while it waits. Returns the work that its caller leaves behind; the bill is that of this
  // work, though it is done later.
  Duration leave_waiting(Call& call, Instant at, const FaultEffect& effect, CallResult& result);

  // The caller of a call in service goes at `call.deadline`, earlier than it knew before: `result` is what serve() gave
  // and becomes what serve() gives with that deadline. No limit counts the call twice.
  void abandon(const Call& call, const FaultEffect& effect, CallResult& result);
  // What the provider's own limit leaves at this instant.
  [[nodiscard]] RateLeft rate_left(Instant at) const {
    return (quota_ != nullptr ? *quota_ : window_).left(spec_.rate_limit, start_ + at.time_since_epoch());
  }

  [[nodiscard]] const ProviderSpec& spec() const { return spec_; }

 private:
  // The call is too long, or a limit has no room for it: `result` says so.
  [[nodiscard]] bool refuses(const Call& call, CallResult& result);
  void work_on(const Call& call, const FaultEffect& effect, CallResult& result);
  [[nodiscard]] bool fits_window(const Call& call) const;
  [[nodiscard]] bool names_wait(monitor::ReplyKind kind) const;
  [[nodiscard]] monitor::RetryAfter header(const Call& call, Instant at, Duration wait) const;
  void fail(const Call& call, monitor::ReplyKind kind, Instant at, CallResult& result) const;
  void time_out(const Call& call, const monitor::Usage& billed, CallResult& result) const;
  // The kinds of tokens that this provider knows: those of the caches only where it has a price for them.
  [[nodiscard]] TokenKinds kinds_of(const Call& call, Tokens output) const;
  [[nodiscard]] monitor::Usage usage_of_failure(const Call& call) const;
  [[nodiscard]] monitor::Usage charged(const monitor::Usage& done) const;
  // The draws that a call's latency is made of, before what faults make of them: to the first token, and a token.
  struct Latency {
    double first;
    double each;
  };
  struct LatencyRow {
    RowValues first;
    RowValues each;
  };
  [[nodiscard]] Latency latency_of(const CallName& name);
  struct Pace {
    Duration to_first{0};
    double each = 0;  // nanoseconds a token
  };
  void answer(const Call& call, const FaultEffect& effect, monitor::ReplyKind kind, CallResult& result);
  void deliver(const Call& call, const FaultEffect& effect, monitor::ReplyKind kind, Pace pace,
               CallResult& result) const;
  // The call with the deadline of a caller who leaves without a first token, or after too long a pause.
  [[nodiscard]] static Call timed(const Call& call, monitor::ReplyKind kind, Pace pace);
  void stall(const Call& call, const FaultEffect& effect, CallResult& result);
  void leave_behind(const Call& call, const monitor::Usage& usage, Instant at, Pace pace, CallResult& result) const;
  [[nodiscard]] bool lacks_usage(const CallName& name) const;
  [[nodiscard]] bool delays_usage(const CallName& name) const;
  [[nodiscard]] monitor::ReplyKind base_kind(const CallName& name);
  [[nodiscard]] Usd price_of(const Call& call, const monitor::Usage& billed) const;

  const ProviderSpec& spec_;
  std::vector<StreamKey> latency_streams_;             // by workload
  std::vector<RowAhead<LatencyRow>> latencies_ahead_;  // by workload: of first attempts
  std::vector<StreamKey> error_streams_;
  std::vector<StreamKey> usage_streams_;
  std::vector<RowAhead<DrawRow>> errors_ahead_;  // likewise
  WallTime start_;
  RateWindow window_;
  RateWindow* quota_ = nullptr;  // that of the first provider with the same quota; nullptr: its own
  bool has_limit_;               // of its own
  double error_factor_;          // of this run
};

// The tariff that holds at a wall-clock instant.
[[nodiscard]] const Tariff& tariff_at(const std::vector<monitor::DatedTariff>& tariffs, WallTime wall);

}  // namespace windtunnel::sim
