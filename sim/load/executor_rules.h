#pragma once
// The rules of every executor, with the defaults of one that does not define its own.
//
// An executor is a struct of its settings. It inherits ExecutorRules and declares again what it answers otherwise;
// there are no virtual functions, because a workload's executor is a value, a variant of the executors (executor.h),
// and every question is one visit of it. An executor needs its name `kName`, one line of text `kDoc` and
// operator== too.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "sim/kernel/chance.h"
#include "sim/kernel/law.h"

namespace windtunnel::sim {

// A rate is `count` requests per `unit`, exact: count has at most 6 decimals.
struct Rate {
  Millionths count{1'000'000};
  Duration unit = std::chrono::seconds{1};
  friend bool operator==(const Rate&, const Rate&) = default;
};

// Where the times of an executor's requests come from.
enum class ArrivalSource : std::uint8_t {
  rate,     // a rate in time, and the workload's law of arrivals
  list,     // the workload's listed requests
  users,    // users who wait for an answer and then think
  outside,  // a program that is no part of the simulation
};

// Moves the lognormal factors of a demand to make rare demands likely: each by so many standard deviations of its
// logarithm. For importance sampling.
struct DemandShift {
  double level = 0;
  std::vector<double> by_day;  // counted from the day of the start
};
using DemandShifts = std::map<std::string, DemandShift>;  // by the name of the demand's draws

// What a run gives an executor.
struct LoadFrame {
  Instant begin{};
  Instant end{};
  WallTime wall_start{};  // at the run's start, not the load's
  Rate rate;
  double base_rate = 0;    // `rate` in arrivals a nanosecond
  StreamKey state_stream;  // of draws that many requests share
  const DemandShift* shift = nullptr;
};

// The rate over a stretch of time: `rate` at its beginning, in arrivals a nanosecond, growing by `slope` each one.
struct RatePiece {
  double rate = 0;
  double slope = 0;
  Instant end{};
};

// A load at its peak.
struct LoadPeak {
  double per_second = 0;
  double at_once = 0;  // requests in one instant
};

struct ExecutorRules {
  // What a run keeps of one load besides the settings of its executor.
  struct State {};

  static constexpr ArrivalSource kSource = ArrivalSource::rate;
  // False: its settings give its length, and a workload has no `duration`.
  static constexpr bool kHasDuration = true;
  // False: its requests come with their tokens, and a workload has no `tokens`.
  static constexpr bool kDrawsTokens = true;
  // True: uniform arrivals come at exact multiples of one over the workload's rate.
  static constexpr bool kIsConstant = false;

  void begin(const LoadFrame& /*frame*/, auto& /*state*/) const {}
  // The rate from an instant on.
  RatePiece piece_at(const LoadFrame& frame, Instant /*at*/, auto& /*state*/) const {
    return {.rate = frame.base_rate, .slope = 0, .end = frame.end};
  }

  // Roughly, for the width of a view only. `listed` is the number of the workload's listed requests.
  [[nodiscard]] double expected_requests(const Rate& rate, Duration length, std::size_t /*listed*/) const {
    const auto ns = static_cast<double>(length.count());
    return static_cast<double>(rate.count.value) / 1e6 * ns / static_cast<double>(rate.unit.count());
  }
  // The most that may come. `per_second` is the workload's rate, `latency` that of the slowest answer in nanoseconds.
  [[nodiscard]] LoadPeak peak(double per_second, double /*unit_seconds*/, double /*latency*/,
                              std::size_t /*listed*/) const {
    return {.per_second = per_second, .at_once = 0};
  }
  // Of a closed loop: how many users it has at most, and their pause after an answer; nullptr: it is none.
  [[nodiscard]] std::int64_t users_most() const { return 0; }
  [[nodiscard]] const Law* pause() const { return nullptr; }
  // When the user of this number next asks, from the load's begin, if not before `from`; nothing: no more.
  [[nodiscard]] std::optional<Duration> turn_of_user(std::int64_t /*user*/, Duration from) const { return from; }
  // Multiplies what makes requests, besides the workload's rate.
  void multiply_traffic(std::int64_t /*millionths*/) {}
  // Whether many requests share a draw of it, so that runs differ more than their requests do.
  [[nodiscard]] bool is_uncertain() const { return false; }
  // What it cannot do without.
  [[nodiscard]] std::optional<std::string> problem(std::size_t /*listed*/) const { return std::nullopt; }

  friend bool operator==(const ExecutorRules&, const ExecutorRules&) = default;
};

// A count in millionths, multiplied; at least one millionth, so that traffic does not vanish by rounding.
[[nodiscard]] Millionths multiplied(Millionths count, std::int64_t millionths);

}  // namespace windtunnel::sim
