// What holds for whole runs of any world: worlds are drawn as a swarm's, written to a file, read back and run. A world
// that breaks a law is shrunk, and the test prints it as the scenario file that `windtunnel run` takes.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "sim/checks/judge.h"
#include "sim/explore/shrink.h"
#include "sim/explore/swarm.h"
#include "sim/world/determinism.h"
#include "tests/sim/two_orders.h"

namespace windtunnel::scenarios::whole_run_laws_test {
namespace {

using sim::Scenario;

// How the world breaks the law, if it does.
using Law = std::function<std::optional<std::string>(const Scenario&)>;

Scenario base_world() {
  return read_scenario_text(R"({ "version": 1, "title": "any world", "duration": "5m",
    "providers": {"alpha": {"profile": "seed/gpt-4"}, "beta": {"profile": "seed/claude-3-5-sonnet"}},
    "workload": {"chat": {"rate": 5}} })",
                            "base.json");
}

Scenario through_a_file(const Scenario& world) { return read_scenario_text(write_scenario(world), "world.json"); }

// The file of a world that breaks the law and how it does; both empty if the world of this seed keeps it.
struct Broken {
  std::string file;
  std::string how;
};

Broken broken_by(const Law& law, std::uint64_t seed) {
  const auto fails = [&law](const Scenario& world) -> std::optional<sim::Finding> {
    const auto how = law(through_a_file(world));
    if (!how) return std::nullopt;
    return sim::Finding{
        .kind = sim::Finding::Kind::invariant, .id = "law", .verdict = sim::Verdict::fail, .reason = *how};
  };
  const Scenario base = base_world();
  const Scenario world = sim::swarm_world(base, seed);
  const auto finding = fails(world);
  if (!finding) return {};
  const sim::Shrunk small = sim::shrink(world, *finding, base, {.runs_max = 500, .fails = fails});
  return {write_scenario(small.world), small.finding.reason};
}

// Tried on 40 worlds where other properties are tried on 100 cases.
void hold_in_any_world(const Law& law) {
  const auto property = [&law] {
    const Broken broken = broken_by(law, *rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>()));
    if (!broken.how.empty()) RC_FAIL(broken.how + "\n" + broken.file);
  };
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = params.maxSuccess * 2 / 5;
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const auto result = rc::detail::checkTestable(property, metadata, params);
  std::ostringstream message;
  rc::detail::printResultMessage(result, message);
  EXPECT_TRUE(result.is<rc::detail::SuccessResult>()) << message.str();
}

// Every event that a world without observers would have, too, so that looking changes nothing.
std::vector<std::uint64_t> digests_of(const Scenario& world, sim::RunOptions options = {}) {
  std::vector<std::uint64_t> all;
  options.digests = &all;
  run(world, options);
  return all;
}

TEST(WholeRunLaw, a_world_that_breaks_a_law_is_printed_as_a_file_that_still_does) {
  const Law nobody_is_served_by_beta = [](const Scenario& world) -> std::optional<std::string> {
    sim::two_orders::Story story{world};
    run(world, {.observers = {&story}});
    for (const std::string& request : story.requests) {
      if (request.find("beta ok") != std::string::npos) return request;
    }
    return std::nullopt;
  };
  int broke = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Broken broken = broken_by(nobody_is_served_by_beta, seed);
    if (broken.how.empty()) continue;
    ++broke;
    EXPECT_TRUE(nobody_is_served_by_beta(read_scenario_text(broken.file, "printed.json"))) << broken.file;
    EXPECT_LT(broken.file.size(), write_scenario(sim::swarm_world(base_world(), seed)).size());
  }
  EXPECT_GE(broke, 2);
}

TEST(WholeRunLaw, every_claim_holds) {
  hold_in_any_world([](const Scenario& world) -> std::optional<std::string> {
    sim::Judge judge{world, {}};
    for (const sim::Finding& finding : judge.judge(run(world, {.observers = {&judge}})).findings) {
      const bool is_claim =
          finding.kind == sim::Finding::Kind::invariant || finding.kind == sim::Finding::Kind::liveness;
      if (is_claim && finding.verdict == sim::Verdict::fail) return finding.id + ": " + finding.reason;
    }
    return std::nullopt;
  });
}

TEST(WholeRunLaw, the_same_world_runs_the_same_twice_with_or_without_observers) {
  hold_in_any_world([](const Scenario& world) -> std::optional<std::string> {
    if (const auto divergence = sim::first_divergence(world, {}, {})) return divergence->first + divergence->second;
    sim::Judge judge{world, {}};
    const auto watched = run(world, {.observers = {&judge}});
    if (watched.stopped || watched.digest == run(world).digest) return std::nullopt;
    return "a run that is watched is another run";
  });
}

TEST(WholeRunLaw, a_run_that_is_ended_early_is_the_beginning_of_the_whole_one) {
  hold_in_any_world([](const Scenario& world) -> std::optional<std::string> {
    const auto whole = digests_of(world);
    const auto begun = digests_of(world, {.until = world.duration / 3});
    if (begun.size() <= whole.size() && std::equal(begun.begin(), begun.end(), whole.begin())) return std::nullopt;
    return fmt::format("the first {} events are not those of the whole run", begun.size());
  });
}

TEST(WholeRunLaw, a_fault_that_touches_nothing_changes_nothing) {
  hold_in_any_world([](const Scenario& world) -> std::optional<std::string> {
    Scenario more = world;
    more.faults.insert(more.faults.begin(), {.id = "without-target",
                                             .providers = {world.providers[0].name},
                                             .at = Duration{0},
                                             .duration = world.duration,
                                             .fraction = 0,
                                             .settings = sim::Outage{}});
    sim::two_orders::Story here{world};
    sim::two_orders::Story there{more};
    run(world, {.observers = {&here}});
    run(more, {.observers = {&there}});
    if (here.requests == there.requests) return std::nullopt;
    return "another fault, of no call, changed what became of a request";
  });
}

TEST(WholeRunLaw, two_providers_that_change_places_change_nothing) {
  hold_in_any_world(sim::two_orders::order_matters);
}

}  // namespace
}  // namespace windtunnel::scenarios::whole_run_laws_test
