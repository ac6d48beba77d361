#pragma once
// Q: a provider serves the calls that wait for a place in the order in which they came, and turns a call away only when
// its queue is full.

#include <deque>
#include <vector>

#include "sim/checks/world/world_watch.h"
#include "sim/world/run_events.h"

namespace windtunnel::sim {

class QueueOrder {
 public:
  explicit QueueOrder(const WorldWatch& watch) : watch_(watch), waiting_(watch.scenario.providers.size()) {}

  void on_placed(const CallPlaced& event);
  // The caller has given up, whether or not the call was ever served.
  void on_end(RequestId request, monitor::ProviderId provider);

 private:
  struct Waiting {
    RequestId request{};
    bool has_ended = false;  // its caller gave up: whether it keeps its place is the provider's affair
  };

  WorldWatch watch_;
  std::vector<std::deque<Waiting>> waiting_;  // by provider, first come first
};

}  // namespace windtunnel::sim
