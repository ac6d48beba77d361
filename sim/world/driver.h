#pragma once
// The driver behind run(): one loop that moves virtual time.
//
// The loop pops the earliest event, sets the clock to it and hands it to one of five owners, which its payload names by
// range: a workload (an arrival), a fault (it begins or ends), a breaker (its open time has passed), a virtual user
// (its think time has passed) or a slot (a request's call ends or its pause is over). Events of one instant run in the
// order of their scheduling. Nothing else moves time, and nothing but the seed decides what happens.
//
// A request in flight lives in a slot of a slab, so that a run allocates nothing per event in its steady state. It
// waits for exactly one event at a time, `expected`. The queue cannot cancel an event. An event that a request no
// longer waits for is therefore popped and only counted, and a slot is used again when no event names it any more: that
// of a request which its caller has left is kept as that of a wish which is over.
//
// The driver performs what the pipeline decides and decides nothing itself:
//
//   arrival -> pipeline.begin() -> CallProvider -> call(): the faults act, the provider has a place, queues or
//   overflows
//     -> serve(): the provider's law gives reply and instant -> complete(): the ledger takes the true bill, then
//     pipeline.on_reply() -> CallProvider | WaitUntil | Finished
//
// Omissions: there is no network between gateway and provider other than a provider's latency law, and the pipeline's
// own computing takes no time.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "monitor/flow.h"
#include "monitor/pipeline.h"
#include "sim/kernel/event_queue.h"
#include "sim/world/callers.h"
#include "sim/world/faults.h"
#include "sim/world/load.h"
#include "sim/world/provider.h"
#include "sim/world/replicas.h"
#include "sim/world/unknown_bills.h"
#include "sim/world/waiting_line.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class Driver {
 public:
  Driver(const Scenario& scenario, const RunOptions& options);
  RunResult run();
  // Hands an event of the pipeline to every observer.
  template <class Each>
    requires kIsAlternative<Each, monitor::Event>
  void on(const Each& event) {
    emit(event);
  }

 private:
  static constexpr std::uint32_t kNobody = UINT32_MAX;  // no virtual user
  // A request in flight, in a slot of the slab. Either one event of the queue names it or it waits in a line for a
  // place, so that its slot is free again when it ends.
  struct InFlight {
    monitor::Flow flow;
    Demand demand;
    Call call;
    FaultEffect effect;
    CallResult result;
    std::uint32_t vu = kNobody;       // the virtual user who waits for it
    std::uint32_t wish = kNobody;     // the slot of the wish that it is a try of
    std::uint32_t first_attempt = 0;  // the number of its first attempt in the names of draws
    // The slot is that of a wish, of a usage that is to come, or of a request that its caller has left.
    bool is_wish = false;
    bool in_service = false;                     // holds a place at its provider
    std::uint32_t instance = 0;                  // of the gateway, if there are replicas
    std::optional<std::uint64_t> place_in_line;  // at its provider, while it waits for a place
  };
  // Calls at one provider.
  struct Station {
    bool has_places = false;        // their number is limited, by the provider or by a brownout; else none are counted
    std::int64_t in_service = 0;    // calls, and work whose caller has gone
    WaitingLine waiting;            // slots
    std::optional<Instant> expiry;  // of a call that waits, that an event is scheduled for
    std::optional<Instant> place;   // that a brownout gives back, likewise
    std::optional<Instant> wakeup;  // of its breaker, likewise
  };
  // A virtual user of a closed workload.
  struct VirtualUser {
    std::uint32_t workload = 0;
    std::int64_t number = 0;  // in the workload
  };

  template <class Each>
  void emit(const Each& event) const {
    for (const Observer& observer : observers_) observer.on(event);
  }
  [[nodiscard]] monitor::Pipeline& gateway(std::uint32_t instance) {
    if (replicas_) [[unlikely]]
      return replicas_->work_on(instance, now_);
    return pipeline_;
  }
  void carry_in(Usd month_spent);
  void wake_breakers();
  [[nodiscard]] std::optional<Instant> first_wakeup(monitor::ProviderId provider) const;
  void look_until(Instant now);
  void schedule_first_events();
  void handle(std::uint32_t payload);
  void on_arrival(std::uint32_t workload);
  void on_fault(std::size_t fault);
  void on_slot(std::uint32_t slot);
  void begin_request(std::uint32_t workload, std::uint64_t ordinal, std::uint32_t vu, std::uint32_t wish = kNobody);
  // A caller with a client: its wish begins, is tried, gets what came of a try, goes on, ends.
  void begin_wish(std::uint32_t workload, std::uint64_t ordinal);
  void try_wish(std::uint32_t slot);
  void on_wish(std::uint32_t slot);
  void on_try_end(std::uint32_t slot, const monitor::Record& record);
  void try_again_or_end(std::uint32_t slot, TryEnd end, Duration retry_after);
  void end_wish(std::uint32_t slot, WishEnded::How how);
  void expect_wish(std::uint32_t slot, Instant at);
  // The caller of the wish in this slot leaves the try that is under way. A gateway that sees it ends the request in
  // that slot, whose call, if there is one, its provider learns to be left.
  void leave_try(std::uint32_t slot);
  void cancel(std::uint32_t slot);
  void leave_provider(std::uint32_t slot);
  // A usage that comes after its reply has a slot of its own until then.
  struct DelayedUsage {
    monitor::UnbilledCall call;
    monitor::Usage usage;
    std::uint32_t instance = 0;
  };
  [[nodiscard]] DelayedUsage delayed_usage(std::uint32_t slot, std::uint8_t attempt) const;
  void expect_usage(const DelayedUsage& delayed, Duration after);
  void on_usage(std::uint32_t slot);
  void perform(std::uint32_t slot, const monitor::Step& step);
  void call(std::uint32_t slot, const monitor::CallProvider& step);
  void serve(std::uint32_t slot);
  void tell_place(std::uint32_t slot, CallPlaced::Place place) const;
  void complete(std::uint32_t slot);
  void book_call(std::uint32_t slot);
  void leave_station(std::uint32_t slot);
  void leave_place(std::size_t provider);
  void serve_waiting(std::size_t provider);
  void expire_waiting(std::size_t provider);
  void plan_expiry(std::size_t provider);
  void plan_place(std::size_t provider);
  void expect(std::uint32_t slot, Instant at);
  void schedule_user(std::uint32_t vu, Instant from);
  void end_request(std::uint32_t slot);
  void watch_breaker(monitor::ProviderId provider) {
    const auto at = replicas_ ? first_wakeup(provider) : pipeline_.wakeup(provider);
    if (at) [[unlikely]]
      schedule_wakeup(provider, *at);
  }
  void schedule_wakeup(monitor::ProviderId provider, Instant at);
  [[nodiscard]] std::uint32_t take_slot();
  [[nodiscard]] bool has_place(std::size_t provider) const;
  [[nodiscard]] WallTime wall() const { return wall_at_zero_ + now_.time_since_epoch(); }

  const Scenario& scenario_;
  const RunOptions& options_;
  Chance chance_;
  const std::vector<Observer>& observers_;
  bool observed_;
  bool probes_expire_ = false;  // a breaker has half_open_timeout, which begins with a call
  Instant end_;
  WallTime wall_at_zero_;
  monitor::Pipeline pipeline_;  // of the first replica
  std::optional<Replicas> replicas_;
  std::vector<Load> loads_;
  std::vector<Provider> providers_;
  Faults faults_;
  std::vector<Station> stations_;
  std::vector<VirtualUser> vus_;
  std::vector<std::uint64_t> ordinals_;  // of the closed workloads, handed out so far
  // An event's payload is a number in one of these ranges, in this order: workloads, faults, breakers, places that come
  // free, calls that give up waiting or find that a brownout gives a place back (these three by provider), virtual
  // users, slots. Each begins where the one before
  // ends.
  std::uint32_t fault_base_ = 0;
  std::uint32_t breaker_base_ = 0;
  std::uint32_t place_base_ = 0;
  std::uint32_t expiry_base_ = 0;
  std::uint32_t vu_base_ = 0;
  std::uint32_t slot_base_ = 0;
  EventQueue queue_;
  std::vector<InFlight> slots_;
  std::vector<Wish> wishes_;                       // by slot; used where the slot is that of a wish
  std::vector<CallerTotals> callers_;              // by workload
  std::vector<StreamKey> gap_streams_;             // likewise
  bool has_clients_ = false;                       // a workload has
  std::map<std::uint32_t, DelayedUsage> delayed_;  // by slot
  bool delays_usage_ = false;                      // one was delayed
  monitor::LimitTicket unbilled_limits_;           // of the call that ends now, whose usage comes later
  std::vector<std::uint32_t> free_;
  std::vector<std::size_t> hits_;            // scratch
  std::vector<std::uint64_t> next_ordinal_;  // of the arrival that is scheduled, by workload
  Digest digest_;
  Instant now_{};
  std::size_t checkpoints_passed_ = 0;  // taken so far
  Instant next_checkpoint_ = Instant::max();
  std::uint64_t events_ = 0;
  std::uint64_t arrivals_ = 0;
  std::int64_t in_flight_ = 0;
  std::int64_t in_flight_max_ = 0;
  std::vector<LedgerTotals> ledger_;
  UnknownBills unknown_bills_;  // of requests in flight
  UnknownTotals unknown_;
};

}  // namespace windtunnel::sim
