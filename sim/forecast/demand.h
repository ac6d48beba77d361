#pragma once
// The demand that a forecast draws, apart from the requests that it makes: how many requests are expected on each day
// of a replication, given the draws of its environment.
//
// It costs a microsecond where a replication costs milliseconds, it is a pure function of the replication's seed, and
// its mean is known exactly. Control variates (controls.h) are made of it. Only what the executor `diurnal` draws is
// part of it: the level, the factors of days, growth. Bursts, outages, prompts and lengths are not.

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "sim/kernel/chance.h"
#include "sim/load/diurnal.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// The UTC calendar days that the horizon touches.
struct ForecastDay {
  WallTime begin{};       // its midnight
  Instant end{};          // its end, or that of the horizon
  std::size_t month = 0;  // place in the list of months that the horizon touches
  friend bool operator==(const ForecastDay&, const ForecastDay&) = default;
};

// A workload whose demand is drawn.
struct DrawnLoad {
  std::string word;            // the name of its draws
  std::uint64_t workload = 0;  // its place in file order
  std::vector<double> by_day;  // the requests that are expected with every factor at 1 and without growth
  Diurnal draws;               // of which only growth and the drawn factors count
  friend bool operator==(const DrawnLoad&, const DrawnLoad&) = default;
};

struct DemandModel {
  std::vector<DrawnLoad> drawn;
  // Given the draws, the number of requests is Poisson's: each workload's arrivals are.
  bool counts_are_poisson = false;
  double fixed_requests = 0;  // expected of the workloads that are not drawn; only if counts are Poisson's
  friend bool operator==(const DemandModel&, const DemandModel&) = default;
};

// Environments that were drawn without their requests, by environment, drawn load and day.
struct DemandReference {
  std::size_t size = 0;
  std::vector<float> requests;
};

[[nodiscard]] DemandModel demand_of(const Scenario& scenario, const std::vector<ForecastDay>& days);

// The expected requests of a drawn load on each day, in the environment of this seed: as many as `by_day` has.
void draw_demand(const DrawnLoad& load, const Chance& environment, double* by_day);
// Their exact mean over all environments.
[[nodiscard]] std::vector<double> mean_demand(const DrawnLoad& load);

}  // namespace windtunnel::sim
