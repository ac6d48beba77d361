// What MSER-5 proposes to leave out of a run's beginning.

#include "sim/checks/claims/warm_up.h"

#include <gtest/gtest.h>

#include <functional>

#include "sim/checks/claims/run_notes.h"
#include "sim/kernel/chance.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::warm_up_test {
namespace {

using namespace std::chrono_literals;

// One value a second.
std::optional<WarmUp::Proposal> proposed(int count, const std::function<double(int)>& milliseconds_at) {
  WarmUp warm_up;
  for (int i = 0; i < count; ++i) {
    warm_up.add(Instant{} + i * 1s, Duration{static_cast<std::int64_t>(milliseconds_at(i) * 1e6)});
  }
  return warm_up.proposal();
}

double noise(int i) { return unit(draw(Chance{1}.stream("noise", "test"), static_cast<std::uint64_t>(i)).a); }

TEST(WarmUp, leaves_out_the_beginning_that_is_not_like_the_rest) {
  const auto found = proposed(1000, [](int i) { return (i < 200 ? 1000 : 100) + 20 * noise(i); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->skip, 200s);
  EXPECT_NEAR(static_cast<double>(found->mean_after.count()), 110e6, 2e6);
  EXPECT_NEAR(static_cast<double>(found->mean_all.count()), 290e6, 2e6);
}

TEST(WarmUp, proposes_nothing_of_a_run_that_is_steady_too_short_or_changes_late) {
  const auto steady = [](int i) { return 100 + 20 * noise(i); };
  EXPECT_FALSE(proposed(1000, steady));
  EXPECT_FALSE(proposed(199, [](int i) { return i < 50 ? 1000.0 : 100.0; })) << "39 batches";
  EXPECT_TRUE(proposed(200, [](int i) { return i < 50 ? 1000.0 : 100.0; }));
  EXPECT_FALSE(proposed(1000, [](int i) { return i < 700 ? 1000 + 20 * noise(i) : 100 + 20 * noise(i); }));
  EXPECT_FALSE(proposed(1000, [](int i) { return (i < 200 ? 105 : 100) + 0.1 * noise(i); })) << "1 % of the mean";
}

TEST(WarmUp, finds_the_same_in_a_long_run_whose_batches_are_joined) {
  const auto found = proposed(200'000, [](int i) { return (i < 40'000 ? 1000 : 100) + 20 * noise(i); });
  ASSERT_TRUE(found);
  EXPECT_NEAR(seconds_of(found->skip), 40'000, 160);
}

// A cache fills: at first every request calls the provider, later few do.
TEST(WarmUp, becomes_a_note_with_a_skip_that_leaves_it_out) {
  Scenario scenario = world(1000s, workload("chat", per_second(5)), provider("alpha", Law::fixed(1e9)));
  scenario.monitor.cache.enabled = true;
  scenario.workloads[0].prompts.count = 20;
  const auto note_of = [](const Scenario& entry) -> std::string {
    RunNotes watch{entry};
    const RunResult result = run(entry, {.observers = {&watch}});
    for (const std::string& note : watch.notes(result.faults)) {
      if (note.find("MSER-5") != std::string::npos) return note;
    }
    return {};
  };
  const std::string note = note_of(scenario);
  EXPECT_NE(note.find("\"skip\": \""), std::string::npos) << note;
  scenario.faults = {fault("down", Outage{}, 10s, 10s)};
  EXPECT_EQ(note_of(scenario), "") << "what a fault does is no warm-up";
}

}  // namespace
}  // namespace windtunnel::sim::warm_up_test
