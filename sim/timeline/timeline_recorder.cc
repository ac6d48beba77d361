#include "sim/timeline/timeline_recorder.h"

#include <algorithm>
#include <utility>

namespace windtunnel::sim {
namespace {

using monitor::BreakerState;
using monitor::kOutcomes;

std::size_t bin_of(Duration duration) {
  const auto edge = std::ranges::find_if(kDurationEdgesMs,
                                         [&](std::int64_t ms) { return duration <= std::chrono::milliseconds{ms}; });
  return static_cast<std::size_t>(edge - kDurationEdgesMs.begin());
}

std::size_t bin_of(Tokens tokens) {
  return static_cast<std::size_t>(std::ranges::lower_bound(kTokenEdges, tokens.count()) - kTokenEdges.begin());
}

std::int64_t number_of(BreakerState state) {
  switch (state) {
    case BreakerState::closed:
      return 0;
    case BreakerState::half_open:
      return 1;
    case BreakerState::open:
      return 2;
  }
  fail_check("a breaker's state has a number", __FILE__, __LINE__);
}

template <class Value>
void put(std::vector<Value>& series, std::size_t place, Value value) {
  if (value == 0) return;
  series.resize(place + 1);
  series[place] = value;
}

template <class Value>
void add_at(std::vector<Value>& series, std::size_t place, Value amount) {
  if (amount == 0) return;
  if (series.size() <= place) series.resize(place + 1);
  series[place] += amount;
}

Timeline head_of(const Scenario& scenario, TimelineWidths widths) {
  Timeline timeline;
  timeline.file = scenario.file;
  timeline.title = scenario.title;
  timeline.hash = scenario.hash;
  timeline.start = scenario.start;
  timeline.start_is_given = scenario.origins.contains("/start");
  timeline.duration = scenario.duration;
  timeline.step = widths.step;
  timeline.view_steps = widths.view_steps;
  for (const ProviderSpec& spec : scenario.providers) timeline.provider_names.push_back({spec.name, spec.model});
  timeline.providers.resize(scenario.providers.size());
  const monitor::RouterConfig& router = scenario.monitor.ab_router;
  timeline.experiment = router.experiment_id;
  for (const monitor::Variant& variant : router.variants)
    timeline.variant_names.push_back({variant.id, index_of(variant.provider)});
  timeline.variants.resize(router.variants.size());
  for (const WorkloadSpec& spec : scenario.workloads) {
    const Timeline::Version version{spec.feature_version, spec.prompt_version};
    if (std::ranges::find(timeline.version_names, version) == timeline.version_names.end()) {
      timeline.version_names.push_back(version);
    }
  }
  timeline.versions.resize(timeline.version_names.size());
  for (const monitor::RouteConfig& route : scenario.monitor.routing.routes) timeline.route_names.push_back(route.name);
  timeline.route_requests.resize(timeline.route_names.size());
  for (const FaultSpec& spec : scenario.faults) {
    timeline.faults.push_back({.id = spec.id, .kind = spec.kind(), .providers = spec.providers});
  }
  timeline.monthly_limit = scenario.monitor.cost_limiter.monthly;
  timeline.daily_limit = scenario.monitor.cost_limiter.daily;
  timeline.budget_alerts = scenario.monitor.cost_limiter.alerts;
  return timeline;
}

}  // namespace

void ViewDurations::close(std::size_t view, QuantileSeries& into) {
  if (durations_.empty()) return;
  put(into.count, view, std::ssize(durations_));
  auto begin = durations_.begin();
  for (const auto& [series, percent] : {std::pair{&into.p50_ns, 50}, {&into.p95_ns, 95}, {&into.p99_ns, 99}}) {
    const auto rank = (std::ssize(durations_) * percent + 99) / 100;
    const auto at = durations_.begin() + (rank - 1);
    std::nth_element(begin, at, durations_.end());
    put(*series, view, *at);
    begin = at;
  }
  durations_.clear();
}

TimelineRecorder::TimelineRecorder(const Scenario& scenario, TimelineWidths widths, bool from_outside)
    : timeline_(head_of(scenario, widths)),
      steps_max_(widths.steps_max),
      step_end_(Instant{} + widths.step),
      states_(scenario.providers.size()),
      routes_(places() * places() * kOutcomes) {
  timeline_.from_outside = from_outside;
  const auto& names = timeline_.version_names;
  for (const WorkloadSpec& spec : scenario.workloads) {
    const auto version = std::ranges::find(names, Timeline::Version{spec.feature_version, spec.prompt_version});
    versions_.push_back(static_cast<std::size_t>(version - names.begin()));
  }
}

// --- What is counted -----------------------------------------------------------------------------------------------

void TimelineRecorder::on(const monitor::RequestArrived& event) {
  move_to(event.at);
  add(timeline_.arrivals);
  in_flight_max_ = std::max(in_flight_max_, ++in_flight_);
}

void TimelineRecorder::on(const monitor::TokensGranted& event) {
  if (event.output >= event.asked) return;
  move_to(event.at);
  add(timeline_.grants_cut);
}

void TimelineRecorder::on(const monitor::PermitAsked& event) {
  if (event.admitted) return;
  move_to(event.at);
  add(timeline_.providers[index_of(event.provider)].not_permitted);
}

void TimelineRecorder::on(const monitor::CoolingSkipped& event) {
  move_to(event.at);
  add(timeline_.providers[index_of(event.provider)].cooling_skips);
}

void TimelineRecorder::on(const monitor::AttemptStarted& event) {
  move_to(event.at);
  ++states_[index_of(event.provider)].in_flight;
}

void TimelineRecorder::on(const monitor::AttemptEnded& event) {
  move_to(event.at);
  ProviderSeries& provider = timeline_.providers[index_of(event.provider)];
  ProviderState& state = states_[index_of(event.provider)];
  --state.in_flight;
  add(provider.replies[static_cast<std::size_t>(event.reply.kind)]);
  if (event.late) add(provider.late_results);
  if (event.settled > event.reserved) add(timeline_.overruns);
  if (event.reply.usage) {
    add(provider.input_tokens, event.reply.usage->input.count());
    add(provider.output_tokens, event.reply.usage->output.count());
    add(provider.token_kinds, event.reply.usage->kinds);
    add(provider.cost_known_picos, event.settled.picos());
    if (event.reply.usage->input > Tokens{}) {
      add(provider.input_tokens_per_call[bin_of(event.reply.usage->input)]);
      add(provider.output_tokens_per_call[bin_of(event.reply.usage->output)]);
    }
  } else {
    add(provider.cost_reserved_picos, event.settled.picos());
  }
  if (event.reply.kind != monitor::ReplyKind::ok) {
    add(provider.failed_latency, event.latency);
    return;
  }
  add(provider.latency, event.latency);
  add(provider.time_to_first_token, event.reply.time_to_first_token);
  state.latency.add(event.latency);
}

void TimelineRecorder::on(const LedgerEntry& entry) {
  move_to(entry.at);
  unknown_bills_.on(entry);
  add(timeline_.providers[index_of(entry.provider)].cost_picos, entry.billed.picos());
}

void TimelineRecorder::on(const ReplicaTurn& event) {
  is_first_ = event.replica == 0 && event.is_current;
  breakers_working_ = event.breakers;
  if (!is_first_) return;
  pipeline_ = event.pipeline;
  if (std::exchange(breakers_first_, event.breakers) == event.breakers) return;
  // A new process that knows no breaker has taken its place.
  move_to(event.at);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    spend_time(i, event.at);
    states_[i].state = BreakerState::closed;
  }
}

void TimelineRecorder::on(const monitor::BreakerMoved& event) {
  const monitor::BreakerTransition& arrow = event.transition;
  move_to(arrow.at);
  const std::size_t provider = index_of(event.provider);
  ProviderSeries& series = timeline_.providers[provider];
  if (breakers_working_ == breakers_first_) {
    spend_time(provider, arrow.at);
    states_[provider].state = arrow.to;
  }
  add(arrow.to == BreakerState::open     ? series.opened
      : arrow.to == BreakerState::closed ? series.closed
                                         : series.half_opened);
  if (timeline_.transitions_total++ < static_cast<std::int64_t>(Timeline::kMomentsMax)) {
    timeline_.transitions.push_back(
        {.at = arrow.at, .provider = provider, .from = arrow.from, .to = arrow.to, .rule = arrow.rule});
  }
}

void TimelineRecorder::on(const monitor::BudgetChanged& event) {
  if (timeline_.budget_total++ < static_cast<std::int64_t>(Timeline::kMomentsMax)) {
    timeline_.budget.push_back({event.at, event.budget});
  }
}

void TimelineRecorder::on(const FaultChanged& event) {
  Timeline::Fault& fault = timeline_.faults[event.fault];
  const bool acts = !fault.phases.empty() && !fault.phases.back().to;
  if (acts && !event.active) fault.phases.back().to = event.at;
  if (acts == event.active || !event.active) return;
  if (fault.phases_total++ < static_cast<std::int64_t>(Timeline::kMomentsMax)) {
    fault.phases.push_back({.from = event.at, .to = std::nullopt});
  }
}

void TimelineRecorder::on(const monitor::Record& record) {
  move_to(record.finished);
  --in_flight_;
  const Costs costs{.billed = unknown_bills_.cost_of(record).picos(),
                    .known = record.confirmed_cost().picos(),
                    .reserved = record.reserved_cost().picos()};
  count(timeline_.requests, record, costs);
  if (record.variant) count(timeline_.variants[*record.variant], record, costs);
  const auto labels = static_cast<std::size_t>(record.request.labels);
  if (labels > 0) count(timeline_.versions[versions_[labels - 1]], record, costs);
  if (!timeline_.route_requests.empty()) count(timeline_.route_requests[index_of(record.request.route)], record, costs);
  if (is_answered(record.outcome)) latency_.add(record.latency());
  const std::size_t way = place_of(record.assigned) * places() + place_of(record.answered_by);
  ++routes_[way * kOutcomes + static_cast<std::size_t>(record.outcome)];
}

void TimelineRecorder::count(RequestSeries& series, const monitor::Record& record, const Costs& costs) {
  add(series.outcomes[static_cast<std::size_t>(record.outcome)]);
  add(series.attempts, record.attempt_count);
  if (record.failovers > 0) add(series.failed_over);
  add(series.cost_picos, costs.billed);
  add(series.cost_known_picos, costs.known);
  add(series.cost_reserved_picos, costs.reserved);
  if (is_answered(record.outcome)) add(series.latency, record.latency());
  if (record.outcome != monitor::Outcome::served) return;
  add(series.input_tokens, record.input.count());
  add(series.output_tokens, record.output.count());
  add(series.token_kinds, record.kinds);
  add(series.time_to_first_token, record.time_to_first_token);
}

void TimelineRecorder::on(const ScheduledDone& event) {
  move_to(event.at);
  if (timeline_.from_outside || !is_first_) return;
  const monitor::CostLimiter& limiter = pipeline_->cost_limiter();
  gauges_ = {.month_settled = limiter.month_settled().picos(),
             .month_reserved = limiter.month_reserved().picos(),
             .day_settled = limiter.day_settled().picos(),
             .day_reserved = limiter.day_reserved().picos(),
             .cache_entries_held = static_cast<std::int64_t>(pipeline_->cache().size())};
}

// --- Steps ---------------------------------------------------------------------------------------------------------

void TimelineRecorder::close_steps(Instant now) {
  while (now >= step_end_) {
    close_step(step_end_);
    ++step_;
    step_end_ = step_ + 1 < steps_max_ ? step_end_ + timeline_.step : Instant::max();
  }
}

void TimelineRecorder::close_step(Instant end) {
  put(timeline_.in_flight, step_, in_flight_);
  put(timeline_.in_flight_max, step_, in_flight_max_);
  in_flight_max_ = in_flight_;
  put(timeline_.month_settled_picos, step_, gauges_.month_settled);
  put(timeline_.month_reserved_picos, step_, gauges_.month_reserved);
  put(timeline_.day_settled_picos, step_, gauges_.day_settled);
  put(timeline_.day_reserved_picos, step_, gauges_.day_reserved);
  put(timeline_.cache_entries_held, step_, gauges_.cache_entries_held);
  if (!timeline_.from_outside) {
    // Nothing has been stored since: a call that ends writes its bill first, which closes the step.
    put(timeline_.cache_entries_fresh, step_, static_cast<std::int64_t>(pipeline_->cache().fresh(end)));
  }
  for (std::size_t i = 0; i < states_.size(); ++i) {
    spend_time(i, end);
    put(timeline_.providers[i].in_flight, step_, states_[i].in_flight);
    put(timeline_.providers[i].state, step_, number_of(states_[i].state));
  }
  if ((step_ + 1) % timeline_.view_steps == 0) close_view();
}

void TimelineRecorder::close_view() {
  const std::size_t view = step_ / timeline_.view_steps;
  latency_.close(view, timeline_.latency_quantiles);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    states_[i].latency.close(view, timeline_.providers[i].latency_quantiles);
  }
}

// The provider's breaker was in its state until now.
void TimelineRecorder::spend_time(std::size_t provider, Instant until) {
  ProviderState& state = states_[provider];
  const std::int64_t spent = std::max(until - state.since, Duration{0}).count();
  state.since = std::max(until, state.since);
  if (spent == 0 || state.state == BreakerState::closed) return;
  ProviderSeries& series = timeline_.providers[provider];
  add(state.state == BreakerState::open ? series.open_ns : series.half_open_ns, spent);
}

void TimelineRecorder::add(Series& series, std::int64_t amount) { add_at(series, step_, amount); }

void TimelineRecorder::add(MoneySeries& series, Int128 picos) { add_at(series, step_, picos); }

void TimelineRecorder::add(DurationSeries& series, Duration duration) {
  add(series.bins[bin_of(duration)]);
  add(series.sum_ns, duration.count());
}

void TimelineRecorder::add(TokenKindSeries& series, const TokenKinds& kinds) {
  if (!kinds.any()) return;
  timeline_.has_token_kinds = true;
  add(series.cached_input, kinds.cached_input.count());
  add(series.cache_write, kinds.cache_write.count());
  add(series.reasoning, kinds.reasoning.count());
}

Timeline TimelineRecorder::finish(const RunResult& result) {
  pipeline_ = &result.pipeline;
  while (step_end_ < result.ended) close_steps(step_end_);
  close_step(result.ended);
  if ((step_ + 1) % timeline_.view_steps != 0) close_view();
  timeline_.steps = step_ + 1;
  timeline_.ended = result.ended;
  timeline_.stopped = result.stopped;
  timeline_.seed = result.seed;
  timeline_.digest = result.digest;
  for (std::size_t way = 0; way < routes_.size(); ++way) {
    if (routes_[way] == 0) continue;
    timeline_.routes.push_back({.assigned = provider_at(way / kOutcomes / places()),
                                .answered_by = provider_at(way / kOutcomes % places()),
                                .outcome = static_cast<monitor::Outcome>(way % kOutcomes),
                                .requests = routes_[way]});
  }
  return std::move(timeline_);
}

}  // namespace windtunnel::sim
