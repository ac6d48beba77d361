#pragma once
// The rate follows the calendar: factors of each UTC hour and weekday, growth from day to day, and drawn factors of the
// days and of the whole run. It is constant within each hour.

#include <cstdint>
#include <vector>

#include "sim/load/executor_rules.h"

namespace windtunnel::sim {

// Of a factor with mean 1. A lognormal one has the longer tail of large values: skewness 3 cv + cv^3 against 2 cv.
enum class FactorLaw : std::uint8_t { lognormal, gamma };

struct Diurnal : ExecutorRules {
  static constexpr const char* kName = "diurnal";
  static constexpr const char* kDoc =
      "The rate follows the calendar: a factor for each UTC hour and weekday, growth from day to day, and factors "
      "drawn for each day and for the run.";

  std::vector<double> hourly = std::vector<double>(24, 1.0);  // factor of each UTC hour
  std::vector<double> weekday = std::vector<double>(7, 1.0);  // factor of each day, Monday first
  double growth_per_day = 0;
  double day_factor_cv = 0;
  FactorLaw day_factor_law = FactorLaw::lognormal;
  double level_cv = 0;  // of a lognormal factor
  // Growth's own, normal, from run to run: it is not known, and the further the run goes the less the level is. It
  // counts from so many days before the start, when the level was known best.
  double growth_sd = 0;
  std::int64_t growth_known_days = 0;

  struct State {
    double level = 1;
    double growth = 0;                                             // of this run
    RatePiece hour{.rate = 0, .slope = 0, .end = Instant::min()};  // the one that was asked for last
  };
  void begin(const LoadFrame& frame, State& state) const;
  RatePiece piece_at(const LoadFrame& frame, Instant at, State& state) const {
    if (at >= state.hour.end) state.hour = hour_at(frame, at, state);
    return state.hour;
  }
  // What growth and the drawn factors make of the rate of a day, counted from that of the start.
  [[nodiscard]] double day_multiplier(const LoadFrame& frame, std::uint64_t day, const State& state) const;
  // Its mean over all runs.
  [[nodiscard]] double mean_day_multiplier(std::uint64_t day) const;
  // How likely the factors of the level and of so many days are, by how likely the frame's shift makes them.
  [[nodiscard]] double likelihood_ratio(const LoadFrame& frame, std::uint64_t days) const;
  [[nodiscard]] bool has_lognormal_days() const { return day_factor_cv > 0 && day_factor_law == FactorLaw::lognormal; }
  [[nodiscard]] LoadPeak peak(double per_second, double unit_seconds, double latency, std::size_t listed) const;
  [[nodiscard]] bool is_uncertain() const { return day_factor_cv > 0 || level_cv > 0 || growth_sd > 0; }
  friend bool operator==(const Diurnal&, const Diurnal&) = default;

 private:
  [[nodiscard]] double day_factor(const LoadFrame& frame, std::uint64_t day) const;
  [[nodiscard]] RatePiece hour_at(const LoadFrame& frame, Instant at, const State& state) const;
};

}  // namespace windtunnel::sim
