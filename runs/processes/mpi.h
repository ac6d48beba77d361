#pragma once
// The processes that make one forecast together: those of an MPI job, if this was built with WINDTUNNEL_MPI and is run
// by mpirun, else this process alone.
//
// Rank 0 is the forecast: it hands out which replications to make, gets them back in order, judges, prints and writes.
// The others only make replications, in silence. The result does not depend on how many there are.

#include <atomic>
#include <memory>
#include <optional>

#include "sim/forecast/forecast_study.h"

namespace windtunnel::runs {

class Processes {
 public:
  // The number by which the destructor dismisses.
  static constexpr int kFailed = 1;

  Processes();
  // Rank 0 dismisses the others with kFailed if it has not dismissed them; a rank that leaves without having taken part
  // dismisses all of them.
  ~Processes();
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  [[nodiscard]] bool is_first() const;
  // Of rank 0. Nothing: another process could not read the scenario.
  [[nodiscard]] std::unique_ptr<sim::ReplicationMaker> maker(const sim::ForecastWorld& world, unsigned jobs,
                                                             const std::atomic<bool>* stop);
  // Of the other ranks: makes replications until rank 0 dismisses this process, and returns the number that rank 0
  // passed to dismiss(). Nothing: another process could not read the scenario.
  std::optional<int> serve(const sim::ForecastWorld& world, unsigned jobs, const std::atomic<bool>* stop);
  // Of rank 0, at the end: every process ends with this number.
  void dismiss(int number);

 private:
  [[maybe_unused]] bool joined_ = false;  // without MPI neither is used
  [[maybe_unused]] bool dismissed_ = false;
};

}  // namespace windtunnel::runs
