#include "sim/forecast/demand.h"

#include <algorithm>
#include <variant>

#include "sim/kernel/in_run.h"

namespace windtunnel::sim {
namespace {

LoadFrame frame_of(const WorkloadSpec& spec, const Scenario& scenario) {
  const Instant begin = Instant{} + spec.start;
  const Instant run_end = Instant{} + scenario.duration;
  return {.begin = begin,
          .end = spec.duration ? std::min(run_end, begin + *spec.duration) : run_end,
          .wall_start = scenario.start,
          .rate = spec.rate,
          .base_rate = static_cast<double>(spec.rate.count.value) / 1e6 / static_cast<double>(spec.rate.unit.count()),
          .state_stream = {}};
}

// The integral of the rate over each day.
std::vector<double> integrals(const Executor& executor, const LoadFrame& frame, const std::vector<ForecastDay>& days) {
  std::vector<double> by_day(days.size());
  AnyInRun<Executor> load = in_run(executor);
  std::visit([&](auto& entry) { entry.settings->begin(frame, entry.kept); }, load);
  std::size_t day = 0;
  for (Instant at = frame.begin; at < frame.end;) {
    while (day + 1 < days.size() && days[day].end <= at) ++day;
    const RatePiece piece =
        std::visit([&](auto& entry) { return entry.settings->piece_at(frame, at, entry.kept); }, load);
    Instant end = std::min(piece.end, frame.end);
    if (day + 1 < days.size()) end = std::min(end, days[day].end);
    const auto span = static_cast<double>((end - at).count());
    by_day[day] += span * (piece.rate + 0.5 * piece.slope * span);
    at = end;
  }
  return by_day;
}

}  // namespace

DemandModel demand_of(const Scenario& scenario, const std::vector<ForecastDay>& days) {
  DemandModel model{.drawn = {}, .counts_are_poisson = true, .fixed_requests = 0};
  for (std::size_t i = 0; i < scenario.workloads.size(); ++i) {
    const WorkloadSpec& spec = scenario.workloads[i];
    const bool has_rate = source_of(spec.executor) == ArrivalSource::rate;
    model.counts_are_poisson = model.counts_are_poisson && has_rate && spec.arrival == Arrival::poisson;
    if (!has_rate) continue;
    const LoadFrame frame = frame_of(spec, scenario);
    const auto* diurnal = std::get_if<Diurnal>(&spec.executor);
    if (diurnal == nullptr || !diurnal->is_uncertain()) {
      for (const double requests : integrals(spec.executor, frame, days)) model.fixed_requests += requests;
      continue;
    }
    Diurnal certain = *diurnal;
    certain.growth_per_day = certain.day_factor_cv = certain.level_cv = certain.growth_sd = 0;
    DrawnLoad load{
        .word = demand_name(spec), .workload = i, .by_day = integrals(certain, frame, days), .draws = *diurnal};
    load.draws.hourly = Diurnal{}.hourly;
    load.draws.weekday = Diurnal{}.weekday;
    model.drawn.push_back(std::move(load));
  }
  return model;
}

void draw_demand(const DrawnLoad& load, const Chance& environment, double* by_day) {
  LoadFrame frame;
  frame.state_stream = environment.stream("load state", load.word);
  Diurnal::State state;
  load.draws.begin(frame, state);
  for (std::size_t day = 0; day < load.by_day.size(); ++day) {
    by_day[day] = load.by_day[day] == 0 ? 0 : load.by_day[day] * load.draws.day_multiplier(frame, day, state);
  }
}

std::vector<double> mean_demand(const DrawnLoad& load) {
  std::vector<double> by_day = load.by_day;
  for (std::size_t day = 0; day < by_day.size(); ++day) by_day[day] *= load.draws.mean_day_multiplier(day);
  return by_day;
}

}  // namespace windtunnel::sim
