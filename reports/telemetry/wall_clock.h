#pragma once
// The wall clock of a run, for printed timestamps only: virtual start + instant, moved by the faults that step it.

#include <vector>

#include "base/units.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::reports {

class WallClock {
 public:
  // The scenario must outlive the clock.
  explicit WallClock(const sim::Scenario& scenario) : scenario_(scenario), steps_{{Instant{}, scenario.start}} {}

  // Needs every change of a fault, in order; only those that move the wall clock matter.
  void on(const sim::FaultChanged& event) {
    const auto offset = sim::wall_clock_offset_of(scenario_.faults[event.fault].settings);
    if (!offset) return;
    const WallTime at_zero = steps_.back().at_zero;
    steps_.push_back({event.at, event.active ? at_zero + *offset : at_zero - *offset});
  }

  // What the clock showed at this instant, after the steps of that instant. No step may still be missing before it.
  [[nodiscard]] WallTime at(Instant instant) const {
    std::size_t step = steps_.size() - 1;
    while (step > 0 && steps_[step].from > instant) --step;
    return steps_[step].at_zero + instant.time_since_epoch();
  }

 private:
  struct Step {
    Instant from{};
    WallTime at_zero{};
  };

  const sim::Scenario& scenario_;
  std::vector<Step> steps_;  // ascending; the first is the start
};

}  // namespace windtunnel::reports
