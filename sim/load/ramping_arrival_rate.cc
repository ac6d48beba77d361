#include "sim/load/ramping_arrival_rate.h"

#include <algorithm>

namespace windtunnel::sim {

RatePiece RampingArrivalRate::piece_at(const LoadFrame& frame, Instant at, State& /*state*/) const {
  const double per_unit = 1e6 * static_cast<double>(frame.rate.unit.count());
  double from = frame.base_rate;
  Instant begin = frame.begin;
  for (const Stage& stage : stages) {
    const Instant end = begin + stage.duration;
    const double to = static_cast<double>(stage.target.value) / per_unit;
    if (at < end) {
      const double slope = (to - from) / static_cast<double>(stage.duration.count());
      return {.rate = from + slope * static_cast<double>((at - begin).count()), .slope = slope, .end = end};
    }
    from = to;
    begin = end;
  }
  return {.rate = 0, .slope = 0, .end = frame.end};
}

double RampingArrivalRate::expected_requests(const Rate& rate, Duration /*length*/, std::size_t /*listed*/) const {
  double sum = 0;
  double from = static_cast<double>(rate.count.value) / 1e6;
  for (const Stage& stage : stages) {
    const double target = static_cast<double>(stage.target.value) / 1e6;
    sum += (from + target) / 2 * static_cast<double>(stage.duration.count()) / static_cast<double>(rate.unit.count());
    from = target;
  }
  return sum;
}

LoadPeak RampingArrivalRate::peak(double per_second, double unit_seconds, double /*latency*/,
                                  std::size_t /*listed*/) const {
  for (const Stage& stage : stages) {
    per_second = std::max(per_second, static_cast<double>(stage.target.value) / 1e6 / unit_seconds);
  }
  return {.per_second = per_second, .at_once = 0};
}

void RampingArrivalRate::multiply_traffic(std::int64_t millionths) {
  for (Stage& stage : stages) stage.target = multiplied(stage.target, millionths);
}

std::optional<std::string> RampingArrivalRate::problem(std::size_t /*listed*/) const {
  if (!stages.empty()) return std::nullopt;
  return "a ramping-arrival-rate needs \"stages\"";
}

}  // namespace windtunnel::sim
