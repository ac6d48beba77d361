#pragma once
// The processes that make one forecast together: those of an MPI job, if this was built with WINDTUNNEL_MPI and is run
// by mpirun, else this process alone.
//
// Rank 0 is the forecast: it hands out which replications to make, gets them back in order, judges, prints and writes.
// The others only make replications. What comes out does not depend on how many there are.

#include <atomic>
#include <memory>

#include "cli/exit_code.h"
#include "sim/forecast/forecast_study.h"

namespace windtunnel::cli {

class Processes {
 public:
  Processes();
  // Rank 0 lets the others go, with the exit code that it ends with, if it has not done so; any rank that leaves
  // without having taken part lets all of them go.
  ~Processes();
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  [[nodiscard]] bool is_first() const;
  // Of rank 0.
  [[nodiscard]] std::unique_ptr<sim::ReplicationMaker> maker(const sim::ForecastWorld& world, unsigned jobs,
                                                             const std::atomic<bool>* stop);
  // Of the other ranks: makes replications until rank 0 lets go; the exit code is then that of rank 0.
  ExitCode serve(const sim::ForecastWorld& world, unsigned jobs, const std::atomic<bool>* stop);
  // Of rank 0, at the end.
  ExitCode dismiss(ExitCode code);

 private:
  bool joined_ = false;
  bool dismissed_ = false;
};

}  // namespace windtunnel::cli
