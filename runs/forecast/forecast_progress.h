#pragma once
// How far a forecast has come, as a line of text: replications, the time that is left, and the half-width that a stop
// rule waits for.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/units.h"
#include "runs/forecast/forecast_plan.h"
#include "sim/forecast/forecast_study.h"

namespace windtunnel::runs {

// Where a line goes: `due` is asked before one is made.
struct ProgressLine {
  std::function<bool()> due = [] { return false; };
  std::function<void(const std::string&)> show = [](const std::string&) {};
};

class ForecastProgress {
 public:
  // `known`: so many of the wanted replications were made before, which took no time now. `plan` must outlive this.
  ForecastProgress(const ForecastPlan& plan, std::uint64_t wanted, std::uint64_t known, ProgressLine line);

  void made(std::uint64_t count);
  void block(const sim::ReplicationSet& set);
  // Of the search for headroom, whose trials end when they are decided.
  void trial(std::int64_t rate_millionths, std::uint64_t count);
  [[nodiscard]] Duration elapsed() const { return Clock::now() - begin_; }

 private:
  using Clock = std::chrono::steady_clock;

  ProgressLine line_;
  const ForecastPlan& plan_;
  std::uint64_t most_;
  std::uint64_t wanted_;  // as far as is known now
  std::uint64_t known_;
  Clock::time_point begin_;
  std::string precision_;
};

}  // namespace windtunnel::runs
