#pragma once
// Q: what a timeout bills. Where the work goes on after its caller has gone (`on_disconnect`), the call bills all of
// it, also if it waited in the queue. Where the work stops, a call that waited bills nothing, and one that was worked
// on bills its input and the output that it had written by then. `bill_on_timeout` leaves out the output or all of it.

#include "sim/checks/world/world_watch.h"

namespace windtunnel::sim {

// What is known of a call that timed out, or whose caller has gone.
struct TimedOut {
  Instant at{};
  RequestId request{};
  std::size_t provider = 0;
  bool was_served = false;       // it had a place at its provider
  bool waited = false;           // it was in the provider's queue
  bool may_have_failed = false;  // a fault, the error mix or the rate limit may have made it fail, and too late
  bool may_be_cut = false;       // a fault may have ended its answer early
  bool may_be_whole = false;     // its caller went at a time of its own, at which the answer may have come
  Tokens input;                  // asked for
  Tokens output;                 // wanted, as far as the grant allows it
  Tokens billed_input;
  Tokens billed_output;
};

class TimeoutBills {
 public:
  explicit TimeoutBills(const WorldWatch& watch) : watch_(watch) {}

  void on_timeout(const TimedOut& call) const;

 private:
  WorldWatch watch_;
};

}  // namespace windtunnel::sim
