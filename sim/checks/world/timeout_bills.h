#pragma once
// Q: what a timeout bills. A call that was never worked on bills nothing; one that was worked on bills by the
// provider's `bill_on_timeout`: its input and the output that it was to write, its input alone, or nothing.

#include "sim/checks/world/world_watch.h"

namespace windtunnel::sim {

// What is known of a call that timed out.
struct TimedOut {
  Instant at{};
  RequestId request{};
  std::size_t provider = 0;
  bool was_served = false;       // it had a place at its provider
  bool may_have_failed = false;  // a fault or the provider's error mix may have made it fail, and too late
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
