#include "sim/timeline/timeline.h"

#include <gtest/gtest.h>

#include <numeric>

#include "sim/timeline/timeline_recorder.h"
#include "tests/sim/any_world.h"

namespace windtunnel::sim::timeline_test {
namespace {

using namespace std::chrono_literals;
using monitor::BreakerState;
using monitor::Outcome;
using monitor::ReplyKind;

template <class Value>
Value sum(const std::vector<Value>& series) {
  return std::accumulate(series.begin(), series.end(), Value{0});
}
std::int64_t count_of(const DurationSeries& durations) {
  std::int64_t all = 0;
  for (const Series& bin : durations.bins) all += sum(bin);
  return all;
}

// What happened in the run, kept whole: the plain way to everything that the watch adds up on the way.
struct Witness final : Kept {
  std::vector<Instant> arrivals;
  std::vector<std::pair<std::size_t, monitor::BreakerTransition>> transitions;
  using Kept::on;
  void on(const monitor::RequestArrived& event) { arrivals.push_back(event.at); }
  void on(const monitor::BreakerMoved& event) { transitions.emplace_back(index_of(event.provider), event.transition); }
};

struct Watched {
  Witness witness;
  RunResult result;
  Timeline timeline;

  Watched(const Scenario& scenario, TimelineWidths widths) : Watched(scenario, TimelineRecorder{scenario, widths}) {}

  // Of all instants, how many lie in this step.
  template <class Instants, class At>
  [[nodiscard]] Series per_step(const Instants& all, At at) const {
    Series series(timeline.steps);
    for (const auto& entry : all) {
      if (const std::optional<Instant> when = at(entry)) ++series[step_of(*when)];
    }
    return series;
  }
  [[nodiscard]] std::size_t step_of(Instant at) const {
    return static_cast<std::size_t>(at.time_since_epoch() / timeline.step);
  }

 private:
  Watched(const Scenario& scenario, TimelineRecorder watch)
      : result(run(scenario, {.observers = {&witness, &watch}})), timeline(watch.finish(result)) {}
};

void expect_equal(const Series& series, const Series& expected, const char* what) {
  ASSERT_LE(series.size(), expected.size()) << what;
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_EQ(value_at(series, i), expected[i]) << what << ", step " << i;
}

constexpr TimelineWidths kOddWidths{.step = 700ms, .view_steps = 4, .steps_max = kStepsMax};

void expect_requests(const RequestSeries& series, const monitor::RequestMetrics& metrics) {
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) EXPECT_EQ(sum(series.outcomes[i]), metrics.outcomes[i]);
  EXPECT_EQ(sum(series.attempts), metrics.attempts);
  EXPECT_EQ(sum(series.failed_over), metrics.failed_over);
  EXPECT_EQ(sum(series.input_tokens), metrics.input.count());
  EXPECT_EQ(sum(series.output_tokens), metrics.output.count());
  EXPECT_EQ(sum(series.cost_known_picos), metrics.cost.picos());
  EXPECT_EQ(sum(series.cost_reserved_picos), metrics.cost_unknown.picos());
  EXPECT_EQ(count_of(series.latency), static_cast<std::int64_t>(metrics.latency.count()));
  EXPECT_EQ(sum(series.latency.sum_ns), static_cast<std::int64_t>(metrics.latency.sum_ns()));
  EXPECT_EQ(count_of(series.time_to_first_token), static_cast<std::int64_t>(metrics.time_to_first_token.count()));
  EXPECT_EQ(sum(series.time_to_first_token.sum_ns), static_cast<std::int64_t>(metrics.time_to_first_token.sum_ns()));
}

void expect_provider(const ProviderSeries& series, const monitor::ProviderMetrics& metrics,
                     const LedgerTotals& ledger) {
  for (std::size_t i = 0; i < monitor::kReplyKinds; ++i) EXPECT_EQ(sum(series.replies[i]), metrics.replies[i]);
  EXPECT_EQ(sum(series.input_tokens), metrics.input.count());
  EXPECT_EQ(sum(series.output_tokens), metrics.output.count());
  EXPECT_EQ(sum(series.cost_picos), ledger.billed.picos());
  EXPECT_EQ(sum(series.cost_known_picos), metrics.cost.picos());
  EXPECT_EQ(sum(series.cost_reserved_picos), metrics.cost_unknown.picos());
  EXPECT_EQ(count_of(series.latency), static_cast<std::int64_t>(metrics.latency.count()));
  EXPECT_EQ(sum(series.latency.sum_ns), static_cast<std::int64_t>(metrics.latency.sum_ns()));
  EXPECT_EQ(sum(series.latency_quantiles.count), static_cast<std::int64_t>(metrics.latency.count()));
  EXPECT_EQ(sum(series.late_results), metrics.late_results);
  EXPECT_EQ(sum(series.opened), metrics.breaker_opened);
  EXPECT_EQ(sum(series.half_opened), metrics.breaker_half_opened);
  EXPECT_EQ(sum(series.closed), metrics.breaker_closed);
}

TEST(Timeline, adds_up_to_the_metrics_of_every_world) {
  std::int64_t requests = 0, refused_by_breaker = 0, variants = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Watched run{any_world(seed), kOddWidths};
    const monitor::Metrics& metrics = run.result.pipeline.metrics();
    EXPECT_EQ(sum(run.timeline.arrivals), static_cast<std::int64_t>(run.result.arrivals));
    expect_requests(run.timeline.requests, metrics.all());
    for (std::size_t i = 0; i < run.timeline.variants.size(); ++i, ++variants) {
      expect_requests(run.timeline.variants[i], metrics.variants()[i]);
    }
    for (std::size_t i = 0; i < run.timeline.providers.size(); ++i) {
      const monitor::ProviderId id{static_cast<std::uint8_t>(i)};
      expect_provider(run.timeline.providers[i], metrics.provider(id), run.result.ledger[i]);
      refused_by_breaker += sum(run.timeline.providers[i].not_permitted);
      EXPECT_EQ(run.timeline.faults.size(), run.result.faults.size());
    }
    for (std::size_t i = 0; i < run.timeline.faults.size(); ++i) {
      EXPECT_EQ(run.timeline.faults[i].phases_total, run.result.faults[i].phases);
    }
    std::int64_t routed = 0;
    for (const Timeline::Route& route : run.timeline.routes) routed += route.requests;
    EXPECT_EQ(routed, metrics.all().requests());
    requests += routed;
  }
  // What never happened was not compared.
  EXPECT_GT(requests, 10'000);
  EXPECT_GT(refused_by_breaker, 0);
  EXPECT_GT(variants, 0);
}

TEST(Timeline, counts_everything_in_the_step_in_which_it_happened) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Watched run{any_world(seed), kOddWidths};
    const Timeline& timeline = run.timeline;
    const Witness& witness = run.witness;
    ASSERT_LE(run.result.ended, Instant{} + timeline.step * static_cast<std::int64_t>(timeline.steps));
    const auto always = [](const Instant at) { return std::optional{at}; };
    expect_equal(timeline.arrivals, run.per_step(witness.arrivals, always), "arrivals");
    for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
      const auto finished = [&](const monitor::Record& record) {
        return record.outcome == static_cast<Outcome>(i) ? std::optional{record.finished} : std::nullopt;
      };
      expect_equal(timeline.requests.outcomes[i], run.per_step(witness.records, finished), "outcomes");
    }
    for (std::size_t i = 0; i < timeline.providers.size(); ++i) {
      const auto timed_out = [&](const monitor::AttemptEnded& end) {
        const bool is_one = index_of(end.provider) == i && end.reply.kind == ReplyKind::timeout;
        return is_one ? std::optional{end.at} : std::nullopt;
      };
      const Series& timeouts = timeline.providers[i].replies[static_cast<std::size_t>(ReplyKind::timeout)];
      expect_equal(timeouts, run.per_step(witness.ends, timed_out), "timeouts");
    }
    // In flight at a step's end: arrived before it and not finished.
    Series in_flight = run.per_step(witness.arrivals, always);
    const Series gone =
        run.per_step(witness.records, [](const monitor::Record& entry) { return std::optional{entry.finished}; });
    for (std::size_t i = 0; i < in_flight.size(); ++i) in_flight[i] += (i > 0 ? in_flight[i - 1] : 0) - gone[i];
    expect_equal(timeline.in_flight, in_flight, "in flight");
  }
}

TEST(Timeline, has_the_nearest_rank_quantiles_of_each_view) {
  const Scenario scenario = any_world(3);
  const Watched run{scenario, kOddWidths};
  std::vector<std::vector<std::int64_t>> views(run.timeline.views());
  for (const monitor::Record& record : run.witness.records) {
    if (!is_answered(record.outcome)) continue;
    views[run.step_of(record.finished) / 4].push_back(record.latency().count());
  }
  std::size_t filled = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const QuantileSeries& quantiles = run.timeline.latency_quantiles;
    EXPECT_EQ(value_at(quantiles.count, i), std::ssize(views[i]));
    if (views[i].empty()) continue;
    std::ranges::sort(views[i]);
    // The ceil(n x p / 100)-th least.
    const auto nearest = [&](std::size_t p) { return views[i][(views[i].size() * p + 99) / 100 - 1]; };
    EXPECT_EQ(value_at(quantiles.p50_ns, i), nearest(50));
    EXPECT_EQ(value_at(quantiles.p95_ns, i), nearest(95));
    EXPECT_EQ(value_at(quantiles.p99_ns, i), nearest(99));
    filled += views[i].size() > 1 ? 1 : 0;
  }
  EXPECT_GT(filled, 3U);
}

// One call a second of 100 ms; the provider is down from 5 s to 9 s; two failures in a row open the
// breaker, for 3.5 s.
Scenario known_outage() {
  Scenario scenario = world(20s, workload("load", per_second(1)), provider("alpha", Law::fixed(100e6)));
  scenario.monitor.circuit_breaker.consecutive_threshold = 2;
  scenario.monitor.circuit_breaker.open = 3500ms;
  scenario.monitor.circuit_breaker.half_open_max_calls = 1;
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(1);
  scenario.faults = {fault("down", Outage{}, 5s, 4s)};
  return scenario;
}

TEST(Timeline, shows_what_an_outage_does_step_by_step) {
  const Watched run{known_outage(), {.step = 1s, .view_steps = 5, .steps_max = kStepsMax}};
  const Timeline& timeline = run.timeline;
  ASSERT_EQ(timeline.steps, 20U);
  EXPECT_EQ(timeline.views(), 4U);
  const ProviderSeries& alpha = timeline.providers[0];
  const Series& failed = timeline.requests.outcomes[static_cast<std::size_t>(Outcome::failed)];
  // Refused calls at 5 and 6; from then on the breaker refuses, until 9.5 s; the probe at 10 s succeeds.
  EXPECT_EQ(failed, (Series{0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(alpha.opened, (Series{0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(alpha.not_permitted, (Series{0, 0, 0, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(sum(alpha.half_opened), 1);
  EXPECT_EQ(sum(alpha.closed), 1);
  ASSERT_EQ(timeline.transitions.size(), 3U);
  EXPECT_EQ(timeline.transitions[0].to, BreakerState::open);
  EXPECT_EQ(timeline.transitions[0].rule, monitor::TripRule::consecutive);
  EXPECT_EQ(timeline.transitions[0].at, Instant{6s});
  EXPECT_EQ(timeline.transitions[1].at, Instant{9500ms});
  EXPECT_EQ(timeline.transitions[2].at, Instant{10100ms});
  constexpr std::int64_t kSecond = 1'000'000'000;
  EXPECT_EQ(alpha.open_ns, (Series{0, 0, 0, 0, 0, 0, kSecond, kSecond, kSecond, kSecond / 2}));
  EXPECT_EQ(alpha.half_open_ns, (Series{0, 0, 0, 0, 0, 0, 0, 0, 0, kSecond / 2, kSecond / 10}));
  EXPECT_EQ(value_at(alpha.state, 5), 0);
  EXPECT_EQ(value_at(alpha.state, 8), 2);
  EXPECT_EQ(value_at(alpha.state, 9), 1);
  EXPECT_EQ(value_at(alpha.state, 10), 0);
  ASSERT_EQ(timeline.faults[0].phases.size(), 1U);
  EXPECT_EQ(timeline.faults[0].phases[0].from, Instant{5s});
  EXPECT_EQ(timeline.faults[0].phases[0].to, Instant{9s});
  // 100 tokens at 30 and 100 at 60 dollars a million: 9 thousandths a call, four of them before the fault's first step.
  EXPECT_EQ(timeline.month_settled_picos[3], 4 * std::int64_t{9'000'000'000});
  EXPECT_EQ(timeline.month_settled_picos[5], 5 * std::int64_t{9'000'000'000});
  EXPECT_EQ(timeline.month_settled_picos.back(), run.result.pipeline.cost_limiter().month_settled().picos());
  // All latencies are 100 ms: the edge belongs to its bin.
  EXPECT_EQ(sum(timeline.requests.latency.bins[0]), sum(timeline.requests.outcomes[0]));
}

TEST(Timeline, a_fault_that_never_ends_has_no_end) {
  Scenario scenario = known_outage();
  scenario.faults[0].duration.reset();
  const Watched run{scenario, {.step = 1s, .view_steps = 1, .steps_max = kStepsMax}};
  ASSERT_EQ(run.timeline.faults[0].phases.size(), 1U);
  EXPECT_EQ(run.timeline.faults[0].phases[0].to.value_or(run.result.ended), run.result.ended);
}

TEST(Timeline, the_last_step_takes_what_comes_after_the_most_steps) {
  const Watched run{known_outage(), {.step = 1s, .view_steps = 1, .steps_max = 4}};
  EXPECT_EQ(run.timeline.steps, 4U);
  EXPECT_EQ(run.timeline.arrivals, (Series{1, 1, 1, 17}));
  EXPECT_EQ(run.timeline.providers[0].open_ns, (Series{0, 0, 0, 3'500'000'000}));
}

TEST(Timeline, chooses_round_widths_by_the_length_of_the_run_and_its_load) {
  Scenario scenario = world(10min, workload("load", per_second(20)));
  const auto widths = [&] { return timeline_widths(scenario); };
  EXPECT_EQ(widths().step, Duration{1s});
  EXPECT_EQ(widths().view_steps, 5U);  // 3 s would do, the next round width is 5 s
  scenario.workloads[0].rate = per_second(100);
  EXPECT_EQ(widths().view_steps, 1U);
  scenario.workloads[0].rate = per(24h, 10'000);
  EXPECT_EQ(widths().view_steps, 5U);  // never much fewer than 120 views
  scenario.duration = 24h * 31;
  EXPECT_EQ(widths().step, Duration{15min});
  EXPECT_EQ(widths().view_steps, 1U);
  scenario.duration = 20s;
  EXPECT_EQ(widths().step, Duration{200ms});
  const TimelineWidths asked = timeline_widths(scenario, std::nullopt, 3s);
  EXPECT_EQ(asked.step, Duration{3s});
  scenario.duration = 24h * 365;
  EXPECT_GT(timeline_widths(scenario, std::nullopt, 1ns).step, Duration{1ns});
  EXPECT_EQ(timeline_widths(scenario, 10min, std::nullopt).step, Duration{1s});
}

TEST(Timeline, a_run_in_which_nothing_happens_has_empty_steps) {
  const Watched run{world(10s, workload("load", per_second(0))), {.step = 1s, .view_steps = 1, .steps_max = kStepsMax}};
  EXPECT_EQ(run.timeline.steps, 10U);
  EXPECT_TRUE(run.timeline.arrivals.empty());
  EXPECT_TRUE(run.timeline.latency_quantiles.count.empty());
}

}  // namespace
}  // namespace windtunnel::sim::timeline_test
