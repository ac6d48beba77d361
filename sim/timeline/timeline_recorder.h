#pragma once
// Watches a run and keeps its timeline.
//
//   TimelineRecorder recorder{scenario, timeline_widths(scenario)};
//   const RunResult result = run(scenario, {.observers = {&recorder}});
//   const Timeline timeline = recorder.finish(result);
//
// Counters are counted from the pipeline's events, never copied from its metrics, so that the two can be compared.

#include <vector>

#include "monitor/pipeline.h"
#include "sim/timeline/timeline.h"
#include "sim/world/unknown_bills.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

// The durations of the view that is under way.
class ViewDurations {
 public:
  void add(Duration duration) { durations_.push_back(duration.count()); }
  // Writes their quantiles as those of `view`, and begins the next.
  void close(std::size_t view, QuantileSeries& into);

 private:
  std::vector<std::int64_t> durations_;
};

class TimelineRecorder final {
 public:
  // The scenario must outlive the recorder.
  // `from_outside`: the events are those of a trial, and there is no pipeline to look into.
  TimelineRecorder(const Scenario& scenario, TimelineWidths widths, bool from_outside = false);

  void on(const RunBegan& event) { pipeline_ = event.pipeline; }
  void on(const ReplicaTurn& event);
  void on(const monitor::RequestArrived& event);
  void on(const monitor::TokensGranted& event);
  void on(const monitor::PermitAsked& event);
  void on(const monitor::CoolingSkipped& event);
  void on(const monitor::AttemptStarted& event);
  void on(const monitor::AttemptEnded& event);
  void on(const LedgerEntry& entry);
  void on(const monitor::BreakerMoved& event);
  void on(const monitor::BudgetChanged& event);
  void on(const FaultChanged& event);
  void on(const monitor::Record& record);
  void on(const ScheduledDone& event);

  // Closes the last step. Once, after the run.
  Timeline finish(const RunResult& result);

 private:
  // As they stood after the latest event.
  struct Gauges {
    Int128 month_settled = 0;
    Int128 month_reserved = 0;
    Int128 day_settled = 0;
    Int128 day_reserved = 0;
    std::int64_t cache_entries_held = 0;
  };
  struct ProviderState {
    std::int64_t in_flight = 0;
    monitor::BreakerState state = monitor::BreakerState::closed;
    Instant since{};  // it is in that state, or the step's begin if that is later
    ViewDurations latency;
  };

  // Closes the steps that end at or before `now`.
  void move_to(Instant now) {
    if (now >= step_end_) [[unlikely]]
      close_steps(now);
  }
  // The deployments and, as the last, none.
  [[nodiscard]] std::size_t places() const { return states_.size() + 1; }
  [[nodiscard]] std::size_t place_of(const std::optional<monitor::ProviderId>& provider) const {
    return provider ? index_of(*provider) : states_.size();
  }
  [[nodiscard]] std::optional<std::size_t> provider_at(std::size_t place) const {
    return place == states_.size() ? std::nullopt : std::optional{place};
  }
  void close_steps(Instant now);
  void close_step(Instant end);
  void close_view();
  void spend_time(std::size_t provider, Instant until);
  struct Costs {
    Int128 billed = 0;  // pico-dollars, as are the others
    Int128 known = 0;
    Int128 reserved = 0;
  };
  void count(RequestSeries& series, const monitor::Record& record, const Costs& costs);
  void add(Series& series, std::int64_t amount = 1);
  void add(MoneySeries& series, Int128 picos);
  void add(DurationSeries& series, Duration duration);
  void add(TokenKindSeries& series, const TokenKinds& kinds);

  Timeline timeline_;
  // Of replicas, states of breakers and gauges are those of the first, as it last saw them; all else is of all.
  bool is_first_ = true;                // the first works
  std::uint32_t breakers_working_ = 0;  // the group of the one that works
  std::uint32_t breakers_first_ = 0;
  const monitor::Pipeline* pipeline_ = nullptr;
  std::size_t steps_max_;
  std::size_t step_ = 0;
  Instant step_end_{};
  std::int64_t in_flight_ = 0;
  std::int64_t in_flight_max_ = 0;  // within the step
  Gauges gauges_;
  std::vector<ProviderState> states_;
  ViewDurations latency_;
  UnknownBills unknown_bills_;
  std::vector<std::size_t> versions_;  // by LabelsId, from 1: the workload's place among the versions
  std::vector<std::int64_t> routes_;   // by assigned, answered by, outcome
};

}  // namespace windtunnel::sim
