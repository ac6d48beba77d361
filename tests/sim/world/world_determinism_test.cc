// The same scenario and seed are the same run; and what is drawn for one workload does not depend on what else is in
// the world.

#include <gtest/gtest.h>

#include "sim/world/load.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::world_determinism_test {
namespace {

using namespace std::chrono_literals;
using monitor::Record;

ProviderSpec chancy(std::string name) {
  ProviderSpec spec = provider(std::move(name), Law::lognormal_p50_p95(500e6, 1500e6));
  spec.time_per_output_token = Law::exponential(5e6);
  spec.errors.rates = {{monitor::ReplyKind::server_error, 0.1}};
  return spec;
}

WorkloadSpec chancy_load(std::string name, Arrival law = Arrival::poisson) {
  WorkloadSpec spec = workload(std::move(name), per_second(5), law);
  spec.input.law = Law::uniform(1, 300);
  spec.output.law = Law::exponential(80);
  spec.users.count = 30;
  return spec;
}

Scenario chancy_world() {
  Scenario scenario = world(200s, chancy_load("chat"), chancy("alpha"));
  scenario.providers.push_back(chancy("beta"));
  scenario.monitor = monitor::MonitorConfig{};
  scenario.monitor.ab_router = {.experiment_id = "split", .variants = {{"a", kFirst, 1}, {"b", kSecond, 1}}};
  return scenario;
}

TEST(Digest, is_the_same_for_the_same_seed_and_another_for_another) {
  const Scenario scenario = chancy_world();
  RunOptions options;
  options.seed = 7;
  const RunResult first = run(scenario, options);
  const RunResult again = run(scenario, options);
  EXPECT_EQ(first.digest, again.digest);
  EXPECT_EQ(first.events, again.events);
  EXPECT_EQ(first.seed, 7U);
  options.seed = 8;
  EXPECT_NE(first.digest, run(scenario, options).digest);
}

TEST(Digest, takes_the_scenarios_seed_when_none_is_given) {
  Scenario scenario = chancy_world();
  scenario.seed = 7;
  RunOptions options;
  options.seed = 7;
  EXPECT_EQ(run(scenario).digest, run(scenario, options).digest);
}

TEST(Digest, does_not_depend_on_the_observers) {
  Scenario scenario = chancy_world();
  FaultSpec burst = fault("burst", ErrorBurst{.rate = 0.5}, 20s, 100s);
  scenario.faults = {burst};
  Kept entry;
  Kept two;
  RunOptions options;
  options.observers = {&entry, &two};
  EXPECT_EQ(run(scenario, options).digest, run(scenario).digest);
  EXPECT_EQ(entry.records.size(), two.records.size());
  EXPECT_GT(entry.hits.size(), 0U);
}

TEST(Digest, detects_one_request_more_or_a_call_one_nanosecond_later) {
  const auto digest = [](Duration duration, double latency) {
    return run(world(duration, workload("chat", per_second(1)), provider("alpha", Law::fixed(latency)))).digest;
  };
  EXPECT_EQ(digest(10s, 1e9), digest(10s, 1e9));
  EXPECT_NE(digest(10s, 1e9), digest(10s + 1ns, 1e9));
  EXPECT_NE(digest(10s, 1e9), digest(10s, 1e9 + 1));
}

TEST(Run, stops_after_the_last_event_at_or_before_until) {
  Scenario scenario = world(10s, workload("chat", per_second(1)), provider("alpha", Law::fixed(500e6)));
  RunOptions options;
  options.until = 3s;
  const RunResult at = run(scenario, options);
  EXPECT_TRUE(at.stopped);
  EXPECT_EQ(at.arrivals, 4U);
  EXPECT_EQ(at.in_flight, 1);
  EXPECT_EQ(at.ended, Instant{} + 3s);
  options.until = 3s - 1ns;
  EXPECT_EQ(run(scenario, options).arrivals, 3U);
  options.until = 100s;
  const RunResult whole = run(scenario, options);
  EXPECT_FALSE(whole.stopped);
  EXPECT_EQ(whole.in_flight, 0);
  EXPECT_EQ(whole.ended, Instant{} + 10s);
  scenario.providers[0].time_to_first_token = Law::fixed(1500e6);
  const RunResult longer = run(scenario, options);
  EXPECT_EQ(longer.in_flight, 0);
  EXPECT_EQ(longer.ended, Instant{} + 10'500ms) << "requests in flight at the end are driven to theirs";
}

TEST(Run, counts_its_events_and_their_ties) {
  class Events {
   public:
    std::uint64_t events = 0;
    std::uint64_t ties = 0;
    void on(const ScheduledDone& event) { ++events, ties += event.tie ? 1U : 0U; }
  } seen;
  RunOptions options;
  options.observers = {&seen};
  // An arrival each second, and its answer at the same instant as the next arrival.
  const RunResult result =
      run(world(10s, workload("chat", per_second(1)), provider("alpha", Law::fixed(1e9))), options);
  EXPECT_EQ(seen.events, 20U);
  EXPECT_EQ(result.events, 20U);
  EXPECT_EQ(seen.ties, 9U);
}

// --- Common random numbers -------------------------------------------------------------------------------------------

// What is drawn for a request, apart from its number in the run.
struct Drawn {
  Instant arrived;
  Tokens input;
  monitor::ContentKey content;
  monitor::UserId user;
  std::vector<std::pair<monitor::ReplyKind, Duration>> attempts;
  Tokens output;
  friend bool operator==(const Drawn&, const Drawn&) = default;
};

std::vector<Drawn> drawn_for(const Scenario& scenario, std::uint32_t workload) {
  const KeptRun kept{scenario};
  std::vector<Drawn> all;
  for (const Record& record : kept.records) {
    if (record.request.labels != monitor::LabelsId{workload + 1}) continue;
    Drawn entry{record.arrived, record.request.input, record.request.content, record.request.user_id, {},
                record.output};
    for (const monitor::Attempt& attempt : record.attempts())
      entry.attempts.emplace_back(attempt.kind, attempt.latency);
    all.push_back(entry);
  }
  return all;
}

std::vector<Drawn> drawn_for_first_workload(const Scenario& scenario) { return drawn_for(scenario, 0); }

// No rule couples the requests here, so that only chance could.
Scenario uncoupled_world(Arrival law = Arrival::poisson) {
  Scenario scenario = chancy_world();
  scenario.monitor = everything_off();
  scenario.workloads[0].arrival = law;
  scenario.workloads[0].provider = "alpha";
  return scenario;
}

class EveryArrivalLaw : public testing::TestWithParam<Arrival> {};
INSTANTIATE_TEST_SUITE_P(CommonRandomNumbers, EveryArrivalLaw,
                         testing::Values(Arrival::uniform, Arrival::poisson, Arrival::gamma, Arrival::mmpp));

TEST_P(EveryArrivalLaw, keeps_a_workloads_draws_when_another_joins) {
  Scenario scenario = uncoupled_world(GetParam());
  const auto before = drawn_for_first_workload(scenario);
  scenario.workloads.push_back(chancy_load("other"));
  EXPECT_EQ(drawn_for_first_workload(scenario), before);
  std::swap(scenario.workloads[0], scenario.workloads[1]);
  EXPECT_EQ(drawn_for(scenario, 1), before) << "wherever it joins";
  EXPECT_GT(before.size(), 500U);
}

TEST(CommonRandomNumbers, are_the_workloads_own) {
  Scenario scenario = uncoupled_world();
  const auto before = drawn_for_first_workload(scenario);
  scenario.workloads[0].name = "renamed";
  EXPECT_NE(drawn_for_first_workload(scenario), before);
}

TEST(CommonRandomNumbers, of_a_closed_workload_stay_when_another_joins) {
  WorkloadSpec closed = chancy_load("closed");
  closed.executor = ConstantVus{.vus = 3, .think_time = Law::exponential(1e9)};
  Scenario scenario = uncoupled_world();
  scenario.workloads = {closed};
  const auto before = drawn_for_first_workload(scenario);
  scenario.workloads.push_back(chancy_load("other"));
  EXPECT_EQ(drawn_for_first_workload(scenario), before);
}

TEST(CommonRandomNumbers, stay_when_a_provider_joins) {
  Scenario scenario = uncoupled_world();
  scenario.providers.pop_back();
  const auto alone = drawn_for_first_workload(scenario);
  scenario.providers.push_back(chancy("beta"));
  const auto together = drawn_for_first_workload(scenario);
  ASSERT_EQ(alone.size(), together.size());
  // Only a failed call goes on to the new provider.
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(alone[i].arrived, together[i].arrived);
    EXPECT_EQ(alone[i].attempts[0], together[i].attempts[0]);
    if (alone[i].attempts[0].first == monitor::ReplyKind::ok) {
      EXPECT_EQ(alone[i], together[i]);
    }
  }
}

TEST(CommonRandomNumbers, belong_to_the_request_and_not_to_the_provider) {
  Scenario scenario = uncoupled_world();
  const auto at_alpha = drawn_for_first_workload(scenario);
  scenario.workloads[0].provider = "beta";
  EXPECT_EQ(drawn_for_first_workload(scenario), at_alpha);
}

TEST(CommonRandomNumbers, stay_when_a_fault_joins) {
  Scenario scenario = uncoupled_world();
  scenario.providers.pop_back();
  const auto healthy = drawn_for_first_workload(scenario);
  FaultSpec outage = fault("outage", Outage{}, 50s, 100s);
  outage.fraction = 0.4;
  scenario.faults = {outage};
  const auto faulty = drawn_for_first_workload(scenario);
  ASSERT_EQ(healthy.size(), faulty.size());
  std::size_t changed = 0;
  for (std::size_t i = 0; i < healthy.size(); ++i) {
    EXPECT_EQ(healthy[i].arrived, faulty[i].arrived);
    EXPECT_EQ(healthy[i].input, faulty[i].input);
    const bool hit = faulty[i].attempts[0].first == monitor::ReplyKind::connection_error;
    changed += hit ? 1U : 0U;
    if (!hit) {
      EXPECT_EQ(healthy[i], faulty[i]);
    }
  }
  EXPECT_GT(changed, 100U);
}

TEST(CommonRandomNumbers, of_a_fault_are_named_by_its_id_and_not_by_its_place) {
  Scenario scenario = uncoupled_world();
  scenario.providers.pop_back();
  scenario.providers[0].errors.rates.clear();
  FaultSpec outage = fault("outage", Outage{}, 50s, 100s);
  outage.fraction = 0.4;
  scenario.faults = {outage};
  const auto alone = drawn_for_first_workload(scenario);
  FaultSpec idle = fault("idle", ErrorBurst{.rate = 0});
  scenario.faults = {idle, outage};
  EXPECT_EQ(drawn_for_first_workload(scenario), alone);
  scenario.faults[1].id = "renamed";
  EXPECT_NE(drawn_for_first_workload(scenario), alone);
}

// More of the same fault hits the same calls and then some.
TEST(CommonRandomNumbers, make_a_greater_fraction_touch_a_superset) {
  const auto hit = [](double fraction) {
    Scenario scenario = uncoupled_world();
    FaultSpec outage = fault("outage", Outage{});
    outage.fraction = fraction;
    scenario.faults = {outage};
    const KeptRun kept{scenario};
    std::vector<RequestId> ids;
    for (const Record& record : kept.records) {
      if (record.attempts()[0].kind == monitor::ReplyKind::connection_error) ids.push_back(record.request.id);
    }
    return ids;
  };
  const auto few = hit(0.2);
  const auto many = hit(0.5);
  EXPECT_LT(few.size(), many.size());
  EXPECT_TRUE(std::includes(many.begin(), many.end(), few.begin(), few.end()));
}

// What many requests share can be held while their own noise is drawn again, and the other way round.
TEST(Environment, has_a_seed_of_its_own) {
  WorkloadSpec load = workload("chat", per(std::chrono::hours{1}, 100), Arrival::poisson);
  load.executor = Diurnal{.level_cv = 1};
  Scenario scenario = world(std::chrono::hours{24}, load);
  FaultSpec outages = fault("away", RandomOutages{.up = Law::exponential(3.6e12), .down = Law::exponential(3.6e12)});
  scenario.faults = {outages};
  const auto changes = [&](std::uint64_t seed, std::optional<std::uint64_t> environment) {
    Kept kept;
    RunOptions options{.seed = seed, .environment_seed = environment};
    options.observers = {&kept};
    const RunResult result = run(scenario, options);
    std::vector<Instant> instants;
    for (const FaultChanged& change : kept.changes) instants.push_back(change.at);
    return std::pair{instants, result.digest};
  };
  EXPECT_EQ(changes(1, std::nullopt), changes(1, 1));
  EXPECT_EQ(changes(2, 1).first, changes(1, 1).first);
  EXPECT_NE(changes(2, 1).second, changes(1, 1).second);
  EXPECT_NE(changes(1, 2).first, changes(1, 1).first);
}

// One request a second: before the event at 3 s three have arrived, those at 0, 1 and 2 s.
TEST(Checkpoints, find_the_pipeline_before_the_first_event_at_their_instant) {
  using namespace std::chrono_literals;
  const Scenario scenario = world(5s, workload("chat", per_second(1)));
  std::vector<std::pair<std::size_t, std::int64_t>> seen;
  Checkpoints checkpoints{.at = {Instant{0s}, Instant{3s}, Instant{3s} + 1ns, Instant{90s}},
                          .sample = [&](std::size_t place, const monitor::Pipeline& pipeline) {
                            seen.emplace_back(place, pipeline.metrics().all().requests());
                          }};
  RunOptions options;
  options.checkpoints = &checkpoints;
  const RunResult looked = run(scenario, options);
  EXPECT_EQ(seen, (std::vector<std::pair<std::size_t, std::int64_t>>{{0, 0}, {1, 3}, {2, 4}, {3, 5}}));
  EXPECT_EQ(looked.digest, run(scenario).digest);
}

TEST(MonthSpent, counts_for_the_budget_and_for_nothing_else) {
  using namespace std::chrono_literals;
  Scenario scenario = world(5s, workload("chat", per_second(1)));
  scenario.workloads[0].max_tokens = Tokens{100};  // so that a request reserves what it costs
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(1);
  RunOptions options;
  options.month_spent =
      Usd::from_dollars(1) - run(scenario).pipeline.metrics().all().cost.narrow() + Usd::from_picos(1);
  const RunResult result = run(scenario, options);
  EXPECT_EQ(result.pipeline.metrics().all().count(monitor::Outcome::refused_budget), 1);
  EXPECT_EQ(result.pipeline.metrics().all().count(monitor::Outcome::served), 4);
  ASSERT_FALSE(result.pipeline.metrics().budget_alerts().empty());
  EXPECT_EQ(result.pipeline.metrics().budget_alerts().front().at, Instant{});
  EXPECT_EQ(result.pipeline.metrics().budget_alerts().back().at, Instant{4s});
}

}  // namespace
}  // namespace windtunnel::sim::world_determinism_test
