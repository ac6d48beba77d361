#pragma once
// Q: a provider serves the calls that wait for a place in the order in which they came, and turns a call away only when
// its queue is full or the call has waited for as long as calls may.

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "sim/checks/world/world_watch.h"
#include "sim/world/run_events.h"

namespace windtunnel::sim {

class QueueOrder {
 public:
  explicit QueueOrder(const WorldWatch& watch) : watch_(watch), lines_(watch.scenario.providers.size()) {}

  void on_placed(const CallPlaced& event);
  // The caller has given up, whether or not the call was ever served.
  void on_end(RequestId request, monitor::ProviderId provider);

 private:
  struct Waiting {
    RequestId request{};
    Instant since{};
    bool has_ended = false;  // its caller gave up: whether it keeps its place is the provider's affair
  };
  // First come first; each entry has a number, the first one `first`.
  struct Line {
    std::deque<Waiting> waiting;
    std::uint64_t first = 0;
    std::map<std::uint64_t, std::uint64_t> numbers;  // of the calls that wait, by request

    void add(const Waiting& call);
    void leave_first();
    // The waiting call of this request; nullptr: it has none, or its caller gave up.
    [[nodiscard]] Waiting* of(RequestId request);
    void end(Waiting& call);
  };
  void on_turned_away(const CallPlaced& event, Line& line, const ProviderSpec& spec) const;

  WorldWatch watch_;
  std::vector<Line> lines_;  // by provider
};

}  // namespace windtunnel::sim
