#include "sim/checks/world/arrival_counts.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace windtunnel::sim {
namespace {

using std::chrono::days;
using std::chrono::hours;

double in_ns(Duration duration) { return static_cast<double>(duration.count()); }

double per_ns(const WorkloadSpec& spec) {
  return static_cast<double>(spec.rate.count.value) / 1e6 / in_ns(spec.rate.unit);
}

// The area under the ramps, each a trapezium, up to `length` after their beginning.
double expected_of(const RampingArrivalRate& ramps, const WorkloadSpec& spec, Duration length) {
  double sum = 0;
  double from = per_ns(spec);
  for (const auto& stage : ramps.stages) {
    const double to = static_cast<double>(stage.target.value) / 1e6 / in_ns(spec.rate.unit);
    const Duration part = std::min(stage.duration, length);
    if (part <= Duration{0}) return sum;
    const double reached = from + (to - from) * in_ns(part) / in_ns(stage.duration);
    sum += (from + reached) / 2 * in_ns(part);
    length -= part;
    from = to;
  }
  return sum;
}

// Hour by hour of the calendar, with the growth multiplied day by day.
double expected_of(const Diurnal& diurnal, const WorkloadSpec& spec, WallTime start, WallTime begin, WallTime end) {
  double sum = 0;
  const auto first_day = std::chrono::floor<days>(start.time_since_epoch());
  for (WallTime at = begin; at < end;) {
    const auto hour = std::chrono::floor<hours>(at.time_since_epoch());
    const auto day = std::chrono::floor<days>(hour);
    const WallTime until = std::min(end, WallTime{hour + hours{1}});
    double grown = 1;
    for (days i = first_day; i < day; i += days{1}) grown *= 1 + diurnal.growth_per_day;
    const std::chrono::weekday weekday{std::chrono::sys_days{day}};
    sum += per_ns(spec) * diurnal.hourly[static_cast<std::size_t>((hour - day) / hours{1})] *
           diurnal.weekday[weekday.iso_encoding() - 1] * grown * in_ns(until - at);
    at = until;
  }
  return sum;
}

// How far the count of this arrival law may lie from its mean.
double slack_of(const WorkloadSpec& spec, double mean) {
  const double shape = spec.arrival == Arrival::gamma ? std::min(1.0, spec.gamma_shape) : 1;
  if (spec.arrival == Arrival::uniform) return 1.001 + 1e-6 * mean;
  return 2 + std::sqrt(2 * kUnlikely * mean / shape) + kUnlikely / shape;
}

}  // namespace

std::optional<double> ArrivalCounts::expected(const WorkloadSpec& spec, WallTime start, Instant until) {
  if (source_of(spec.executor) != ArrivalSource::rate) return std::nullopt;
  Instant end = until;
  const Instant begin = Instant{} + spec.start;
  if (spec.duration) end = std::min(end, begin + *spec.duration);
  if (end <= begin) return 0;
  if (std::holds_alternative<ConstantArrivalRate>(spec.executor)) return per_ns(spec) * in_ns(end - begin);
  if (const auto* ramps = std::get_if<RampingArrivalRate>(&spec.executor)) {
    return expected_of(*ramps, spec, end - begin);
  }
  const auto* diurnal = std::get_if<Diurnal>(&spec.executor);
  if (diurnal == nullptr || diurnal->is_uncertain()) return std::nullopt;
  return expected_of(*diurnal, spec, start, start + begin.time_since_epoch(), start + end.time_since_epoch());
}

void ArrivalCounts::at_end(Instant ended) const {
  const Scenario& scenario = watch_.scenario;
  const Instant until = std::min(ended, Instant{} + scenario.duration);
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const WorkloadSpec& spec = scenario.workloads[i];
    const auto mean = expected(spec, scenario.start, until);
    if (!mean) continue;
    double least = *mean;
    double most = *mean;
    if (spec.arrival == Arrival::mmpp) {
      least *= *std::ranges::min_element(spec.mmpp.factors);
      most *= *std::ranges::max_element(spec.mmpp.factors);
    }
    least -= slack_of(spec, least);
    most += slack_of(spec, most);
    const auto count = static_cast<double>(counts_[i]);
    if (!(count >= least) || !(count <= most))
      watch_.report(ended, std::nullopt, "{} requests of {} arrived in {} ns; its rate gives {:.1f} to {:.1f}",
                    counts_[i], spec.name, until.time_since_epoch().count(), least, most);
  }
}

}  // namespace windtunnel::sim
