// What fails is made small and stays failing, until nothing more can go.

#include "sim/explore/shrink.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/checks/judge.h"
#include "sim/explore/explore.h"
#include "sim/explore/swarm.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::study_shrink_test {
namespace {

using namespace std::chrono_literals;

Scenario shrink_base() {
  Scenario base = world(600s, workload("chat", per_second(20)));
  base.monitor = {};
  base.providers.push_back(provider("beta"));
  return base;
}

// A planted bug: the breaker that runs stays open by a second longer than the scenario says.
std::optional<Finding> a_second_late(const Scenario& claimed) {
  Scenario played = claimed;
  played.monitor.circuit_breaker.open += 1s;
  Judge judge{claimed};
  const RunResult result = run(played, {.observers = {&judge}});
  for (const Finding& finding : judge.judge(result).findings) {
    if (finding.verdict == Verdict::fail) return finding;
  }
  return std::nullopt;
}

// Another: it stays open for an hour. Only recovery is checked.
std::optional<Finding> an_hour_open(const Scenario& claimed) {
  Scenario played = claimed;
  played.monitor.circuit_breaker.open = 1h;
  played.monitor.circuit_breaker.open_max.reset();
  Judge judge{claimed, {.checks = {"V1"}}};
  const RunResult result = run(played, {.observers = {&judge}});
  for (const Finding& finding : judge.judge(result).findings) {
    if (finding.verdict == Verdict::fail) return finding;
  }
  return std::nullopt;
}

// The first world of the swarm that fails in this way.
std::pair<Scenario, Finding> first_failing(const ShrinkOptions& options) {
  const Scenario base = shrink_base();
  for (std::uint64_t seed = 1; seed < 500; ++seed) {
    const Scenario world = swarm_world(base, seed);
    if (const auto found = options.fails(world); found && !world.faults.empty()) return {world, *found};
  }
  ADD_FAILURE() << "no world fails";
  return {};
}

void expect_minimal(const Shrunk& small, const ShrinkOptions& options) {
  const auto fails = [&](const Scenario& world) {
    const auto found = options.fails(world);
    return found && same_failure(*found, small.finding);
  };
  EXPECT_TRUE(small.is_minimal);
  EXPECT_TRUE(fails(small.world));
  for (std::size_t i = 0; i < small.world.faults.size(); ++i) {
    Scenario without = small.world;
    without.faults.erase(without.faults.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(fails(without)) << "without fault " << i;
    if (!small.world.faults[i].duration) continue;
    Scenario shorter = small.world;
    *shorter.faults[i].duration /= 2;
    EXPECT_FALSE(fails(shorter)) << "with half of fault " << i;
  }
  for (std::size_t i = 0; i < small.world.workloads.size(); ++i) {
    if (small.world.workloads.size() == 1) break;
    Scenario without = small.world;
    without.workloads.erase(without.workloads.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(fails(without)) << "without workload " << i;
  }
}

TEST(Shrink, leaves_one_fault_one_workload_and_one_provider_of_a_broken_invariant) {
  const ShrinkOptions options{.fails = a_second_late};
  const auto [world, finding] = first_failing(options);
  ASSERT_EQ(finding.id, "B3");
  const Shrunk small = shrink(world, finding, shrink_base(), options);
  expect_minimal(small, options);
  EXPECT_LT(small.world.duration, world.duration);
  EXPECT_LE(small.world.faults.size(), 1U);
  EXPECT_EQ(small.world.workloads.size(), 1U);
  EXPECT_EQ(small.world.providers.size(), 1U);
  EXPECT_EQ(small.world.seed, world.seed);
  // Settings that do not matter are the defaults.
  EXPECT_EQ(small.world.monitor.cache, monitor::CacheConfig{});
  EXPECT_EQ(small.world.monitor.cost_limiter, monitor::CostLimiterConfig{});
  EXPECT_EQ(small.world.monitor.rate_limiter, monitor::RateLimiterConfig{});
  EXPECT_FALSE(small.world.liveness);
  EXPECT_LT(small.runs, 500U);
  Scenario shorter = small.world;
  shorter.duration /= 2;
  std::erase_if(shorter.faults, [&](const FaultSpec& fault_spec) { return fault_spec.at >= shorter.duration; });
  EXPECT_FALSE(a_second_late(shorter));
}

TEST(Shrink, keeps_recovery_possible_while_it_shrinks_a_failure_to_recover) {
  const ShrinkOptions options{.fails = an_hour_open};
  const auto [world, finding] = first_failing(options);
  ASSERT_EQ(finding.kind, Finding::Kind::liveness);
  const Shrunk small = shrink(world, finding, shrink_base(), options);
  expect_minimal(small, options);
  ASSERT_TRUE(small.world.liveness);
  EXPECT_LE(small.world.liveness->heal_at, world.liveness->heal_at);
  EXPECT_EQ(small.world.faults.size(), 1U);
}

TEST(Shrink, gives_up_after_as_many_runs_as_it_may_take_and_reports_it) {
  ShrinkOptions options{.runs_max = 5, .fails = a_second_late};
  const auto [world, finding] = first_failing(options);
  const Shrunk small = shrink(world, finding, shrink_base(), options);
  EXPECT_EQ(small.runs, 5U);
  EXPECT_FALSE(small.is_minimal);
  EXPECT_TRUE(a_second_late(small.world));
  std::atomic<bool> stop{true};
  options = {.stop = &stop, .fails = a_second_late};
  EXPECT_EQ(shrink(world, finding, shrink_base(), options).runs, 0U);
}

TEST(Shrink, another_check_is_another_failure_but_both_findings_of_liveness_are_one) {
  const auto finding = [](Finding::Kind kind, const char* id) { return Finding{.kind = kind, .id = id}; };
  using Kind = Finding::Kind;
  EXPECT_TRUE(same_failure(finding(Kind::invariant, "B3"), finding(Kind::invariant, "B3")));
  EXPECT_FALSE(same_failure(finding(Kind::invariant, "B3"), finding(Kind::invariant, "B5")));
  EXPECT_FALSE(same_failure(finding(Kind::invariant, "V1"), finding(Kind::liveness, "V1")));
  EXPECT_TRUE(same_failure(finding(Kind::liveness, "breakers close"), finding(Kind::liveness, "requests succeed")));
}

// A trace becomes a list that can lose its rows.
TEST(Shrink, drops_listed_requests) {
  Scenario scenario = world(100s, workload("trace", per_second(1)));
  scenario.workloads[0].executor = TraceReplay{.trace = "trace.csv"};
  for (int i = 0; i < 40; ++i) {
    scenario.workloads[0].requests.push_back({.at = i * 2s, .input = Tokens{10 + i}, .output = Tokens{5}});
  }
  const ShrinkOptions options{.fails = [](const Scenario& entry) -> std::optional<Finding> {
    for (const ListedRequest& request : entry.workloads[0].requests) {
      if (request.input == Tokens{27}) return Finding{.kind = Finding::Kind::invariant, .id = "X"};
    }
    return std::nullopt;
  }};
  const Shrunk small = shrink(scenario, *options.fails(scenario), scenario, options);
  EXPECT_TRUE(std::holds_alternative<Script>(small.world.workloads[0].executor));
  ASSERT_EQ(small.world.workloads[0].requests.size(), 1U);
}

TEST(Explore, the_lowest_failing_seed_is_the_answer_for_any_number_of_threads) {
  Scenario base = world(20s, workload("load", per_second(10), Arrival::poisson));
  base.providers[0].errors.rates = {{monitor::ReplyKind::server_error, 0.02}};
  ThresholdSpec few;
  few.metric = "requests_failed";
  few.text = "rate<0.04";
  few.of = Metric::requests_failed;
  few.aggregate = Aggregate::rate;
  few.comparison = Comparison::less;
  few.bound = 40'000;
  base.thresholds = {few};
  const Exploration exploration = explore(base, 1, 500, {.jobs = 1});
  ASSERT_TRUE(exploration.failure);
  EXPECT_GT(exploration.failure->seed, 1U);
  EXPECT_EQ(exploration.failure->finding.kind, Finding::Kind::threshold);
  EXPECT_EQ(exploration.last, exploration.failure->seed);
  EXPECT_EQ(exploration.totals.seeds, exploration.failure->seed);
  for (const std::uint64_t jobs : {2, 5}) {
    const Exploration many = explore(base, 1, 500, {.jobs = jobs});
    ASSERT_TRUE(many.failure);
    EXPECT_EQ(many.failure->seed, exploration.failure->seed);
    EXPECT_EQ(many.failure->finding.reason, exploration.failure->finding.reason);
    EXPECT_EQ(many.totals, exploration.totals);
  }
  // All seeds before it pass, and one search is as good as two.
  const Exploration before = explore(base, 1, exploration.failure->seed - 1, {.jobs = 2});
  EXPECT_FALSE(before.failure);
  Exploration rest = explore(base, exploration.failure->seed, 500);
  SeedTotals sum = before.totals;
  sum += rest.totals;
  EXPECT_EQ(sum, exploration.totals);
  EXPECT_EQ(rest.failure->seed, exploration.failure->seed);
}

TEST(Explore, ends_on_request_with_the_prefix_of_seeds_up_to_there) {
  const Scenario base = world(20s, workload("load", per_second(10)));
  std::uint64_t seen = 0;
  const Exploration found = explore(base, 5, 1000, {.jobs = 3}, [&](const SeedResult& result) {
    EXPECT_EQ(result.seed, 5 + seen);
    return ++seen < 7;
  });
  EXPECT_EQ(found.last, 11U);
  EXPECT_EQ(found.totals.seeds, 7U);
  EXPECT_EQ(found.totals.virtual_time, 7 * 20s);
  std::atomic<bool> stop{true};
  const Exploration none = explore(base, 1, 1000, {.stop = &stop});
  EXPECT_FALSE(none.last);
  EXPECT_EQ(none.totals, SeedTotals{});
}

}  // namespace
}  // namespace windtunnel::sim::study_shrink_test
