// What holds of the list of faults, whatever is in it.

#include "sim/faults/fault.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace windtunnel::sim::fault_test {
namespace {

using namespace std::chrono_literals;

std::vector<FaultKind> all_kinds() {
  std::vector<FaultKind> kinds;
  for (int i = 0; i < kFaultKinds; ++i) kinds.push_back(static_cast<FaultKind>(i));
  return kinds;
}

TEST(FaultKinds, have_a_name_and_a_text_of_their_own) {
  std::set<std::string> names;
  std::set<std::string> texts;
  for (const FaultKind kind : all_kinds()) {
    names.insert(name_of(kind));
    texts.insert(doc_of(kind));
    EXPECT_EQ(std::string(doc_of(kind)).back(), '.') << name_of(kind);
  }
  EXPECT_EQ(std::ssize(names), kFaultKinds);
  EXPECT_EQ(std::ssize(texts), kFaultKinds);
}

TEST(FaultKinds, keep_their_places_because_a_swarm_draws_by_them) {
  const char* const names[] = {"outage",    "error_burst", "latency_spike", "throttle",       "brownout",
                               "malformed", "truncated",   "flapping",      "random_outages", "wall_clock_step"};
  for (std::size_t i = 0; i < std::size(names); ++i) EXPECT_STREQ(name_of(static_cast<FaultKind>(i)), names[i]);
}

TEST(FaultKinds, draw_settings_of_their_own_kind_that_differ_from_member_to_member) {
  const Dice dice{7};
  for (const FaultKind kind : all_kinds()) {
    std::vector<Fault> different;
    for (std::uint64_t member = 0; member < 50; ++member) {
      const Fault drawn = draw_fault_of(kind, {.dice = dice, .member = member, .timeout = 10s});
      EXPECT_EQ(kind_of(drawn), kind);
      EXPECT_EQ(drawn, draw_fault_of(kind, {.dice = dice, .member = member, .timeout = 10s}));
      if (std::find(different.begin(), different.end(), drawn) == different.end()) different.push_back(drawn);
    }
    const bool has_settings = kind != kind_of(Malformed{}) && kind != kind_of(UsageMissing{});
    EXPECT_GE(different.size(), has_settings ? 3U : 1U) << name_of(kind);
  }
}

TEST(FaultKinds, lack_nothing_once_every_key_of_a_sound_fault_is_written) {
  const auto nothing = [](std::string_view) { return false; };
  const auto keys_of = [&](const Fault& fault) {
    std::set<std::string> keys;
    for (const FaultProblem& problem : problems_of(fault, nothing)) keys.insert(problem.message);
    return keys;
  };
  EXPECT_EQ(keys_of(Brownout{}), (std::set<std::string>{"a brownout needs \"concurrency\""}));
  EXPECT_EQ(keys_of(LatencySpike{}), (std::set<std::string>{"a latency_spike needs \"factor\" or \"add\""}));
  EXPECT_EQ(keys_of(Flapping{}),
            (std::set<std::string>{"a flapping fault needs \"up\"", "a flapping fault needs \"down\""}));
  EXPECT_EQ(keys_of(Outage{}), (std::set<std::string>{}));
  const auto all = [](std::string_view) { return true; };
  EXPECT_TRUE(problems_of(Brownout{}, all).empty());
  EXPECT_EQ(problems_of(Outage{.mode = OutageMode::hang}, all).size(), 1U) << "a hanging call has no error";
}

}  // namespace
}  // namespace windtunnel::sim::fault_test
