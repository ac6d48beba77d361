#pragma once
// The checks of a run with replicas. A check that follows something which the replicas share at once, or which no
// replica decides, sees the whole run. One that follows what each knows by itself sees the events of one process, and
// one that follows spend those of one replica. Where a part is shared with a lag, two replicas may decide on the same
// thing by what each of them could know: its checks are off, but for those of the list of limits, whose models hear
// with the same lag, and C12, which bounds what comes of it.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/checks/invariants/checks.h"

namespace windtunnel::sim {

// Of the chosen checks those that see the whole run.
[[nodiscard]] CheckSelection checks_of_all(const Scenario& scenario, const CheckSelection& chosen);

class ReplicaChecks {
 public:
  ReplicaChecks(const Scenario& scenario, const CheckSelection& chosen, bool keep_going);

  void on(const RunBegan& event);
  void on(const ReplicaTurn& event);
  void on(const monitor::RequestArrived& event);
  void on(const monitor::MoneyReserved& event);
  void on(const monitor::MoneyReleased& event);
  void on(const monitor::AttemptEnded& event);
  void on(const monitor::Record& record);
  void on(const FaultChanged& event);
  void on(const ScheduledDone& event);
  void on(const CallPlaced& event) { hand_by_request(event); }
  void on(const LedgerEntry& event) { hand_by_request(event); }
  void on(const FaultHit& event) { hand_by_request(event); }
  void on(const CallerLeft& event) { hand_by_request(event); }
  // Every other event is about the process that works.
  template <class Each>
    requires kHandlesAny<Checks, std::variant<Each>>
  void on(const Each& event) {
    if (!states_.empty()) hand(event);
  }

  [[nodiscard]] std::vector<Finding> findings() const;
  [[nodiscard]] bool wants_stop() const;
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Place {
    std::uint32_t state = 0;
    std::uint32_t replica = 0;
  };
  using Map = std::map<std::uint32_t, std::unique_ptr<Checks>>;

  template <class Each>
  void hand(const Each& event) {
    deliver(*states_.at(now_.state), event);
    deliver(*spends_.at(now_.replica), event);
  }
  template <class Each>
  void hand_by_request(const Each& event) {
    const auto found = places_.find(event.request);
    if (found == places_.end()) return;
    deliver(*states_.at(found->second.state), event);
    deliver(*spends_.at(found->second.replica), event);
  }
  Checks& checks_in(Map& map, std::uint32_t key, const CheckSelection& selection);

  const Scenario& scenario_;
  CheckSelection of_states_;
  CheckSelection of_spend_;
  bool keep_going_;
  RunBegan began_;
  Map states_;
  Map spends_;
  std::map<RequestId, Place> places_;
  std::vector<FaultChanged> faults_;  // so far, for processes to come
  Place now_;
  const monitor::Pipeline* pipeline_ = nullptr;  // of the process that works
  // C12: what each replica has spent and could know, and what it has reserved, by the begin of month and day.
  struct Windows {
    std::map<WallTime, UsdSum> months;
    std::map<WallTime, UsdSum> days;
    void add(WallTime admitted, Usd amount);
    void take(WallTime admitted, Usd amount);
  };
  struct Account {
    Windows settled;
    Windows reserved;
  };
  struct Spent {
    Instant at{};
    std::uint32_t replica = 0;
    Usd amount;
    WallTime admitted{};
  };
  struct Held {
    Usd amount;
    WallTime admitted{};
  };
  void hold(Held& held, Usd amount);
  void hear_until(Instant now);
  void must_fit(RequestId request, WallTime admitted, Instant now);
  void must_agree(Instant now);

  Violations overshoot_;
  std::optional<Duration> lag_;  // of spend, if C12 is on
  std::vector<Account> accounts_;
  std::deque<Spent> spent_;  // younger than the lag
  std::map<RequestId, Held> held_;
};

}  // namespace windtunnel::sim
