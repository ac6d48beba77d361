#include "sim/world/run_events.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::run_events_test {
namespace {

using namespace std::chrono_literals;

template <class Each>
std::int64_t count(const std::vector<Event>& events) {
  return std::count_if(events.begin(), events.end(),
                       [](const Event& event) { return std::holds_alternative<Each>(event); });
}

TEST(Recording, keeps_each_event_of_a_run_in_order) {
  Scenario scenario = world(5s, workload("chat", per_second(1)), provider("alpha", Law::fixed(100e6)));
  FaultSpec down = fault("down", Outage{}, 2500ms, 1s);
  down.providers = {"alpha"};
  scenario.faults = {down};
  Recording recording;
  const RunResult result = run(scenario, {.observers = {&recording}});
  const std::vector<Event>& events = recording.events();
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(std::holds_alternative<RunBegan>(events.front()));
  EXPECT_TRUE(std::holds_alternative<ScheduledDone>(events.back()));
  EXPECT_EQ(count<ScheduledDone>(events), static_cast<std::int64_t>(result.events));
  EXPECT_EQ(count<monitor::RequestArrived>(events), static_cast<std::int64_t>(result.arrivals));
  EXPECT_EQ(count<monitor::Record>(events), static_cast<std::int64_t>(result.arrivals));
  EXPECT_EQ(count<monitor::AttemptEnded>(events), result.ledger[0].calls);
  EXPECT_EQ(count<LedgerEntry>(events), result.ledger[0].calls);
  EXPECT_EQ(count<FaultChanged>(events), 2);
  EXPECT_EQ(count<FaultHit>(events), result.faults[0].affected);
  EXPECT_EQ(result.faults[0].affected, 1);
}

// An event is a value: what it holds is what was true when it was made, however long ago.
TEST(Recording, keeps_records_whose_requests_are_long_gone) {
  Recording recording;
  run(world(5s, workload("chat", per_second(1))), {.observers = {&recording}});
  std::uint64_t next = 0;
  for (const Event& event : recording.events()) {
    const auto* finished = std::get_if<monitor::Record>(&event);
    if (finished == nullptr) continue;
    EXPECT_EQ(number_of(finished->request.id), next++);
    EXPECT_EQ(finished->attempts().size(), 1U);
  }
  EXPECT_EQ(next, 5U);
}

TEST(Observers, get_each_event_in_the_order_in_which_they_are_listed) {
  struct Named {
    std::string name;
    std::vector<std::string>& story;
    void on(const monitor::RequestArrived&) { story.push_back(name + " arrival"); }
    void on(const ScheduledDone&) { story.push_back(name + " done"); }
  };
  std::vector<std::string> story;
  Named entry{"one", story};
  Named two{"two", story};
  run(world(1s, workload("chat", per_second(1))), {.observers = {&entry, &two}});
  story.resize(4);
  EXPECT_EQ(story, (std::vector<std::string>{"one arrival", "two arrival", "one done", "two done"}));
}

TEST(Observers, any_of_them_may_end_the_run) {
  struct Patient {
    int entries = 0;
    void on(const ScheduledDone&) { ++entries; }
  } patient;
  struct {
    [[nodiscard]] bool wants_stop() const { return patient.entries == 3; }
    const Patient& patient;
  } impatient{patient};
  const RunResult result = run(world(60s, workload("chat", per_second(1))), {.observers = {&patient, &impatient}});
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.events, 3U);
}

}  // namespace
}  // namespace windtunnel::sim::run_events_test
