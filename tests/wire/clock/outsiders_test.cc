// A program that was executed and does not register.

#include "wire/clock/outsiders.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace windtunnel::wire::outsiders_test {
namespace {

using namespace std::chrono_literals;

TEST(Outsiders, are_programs_that_sleep_for_long_and_are_named_once) {
  Outsiders outsiders;
  const Outsiders::Clock::time_point begin{};
  for (int i = 0; i < Outsiders::kTimesAsleep; ++i) outsiders.saw(getpid(), true, begin);
  outsiders.saw(getpid(), true, begin + Outsiders::kAsleepFor - 1ns);
  EXPECT_TRUE(outsiders.files().empty());
  outsiders.saw(getpid(), true, begin + Outsiders::kAsleepFor);
  outsiders.saw(getpid(), true, begin + 1s);
  ASSERT_EQ(outsiders.files().size(), 1U);
  EXPECT_NE(outsiders.files().front().find("wire_tests"), std::string::npos);
}

TEST(Outsiders, are_no_programs_that_are_seen_awake) {
  Outsiders outsiders;
  for (int i = 0; i < 100; ++i) {
    outsiders.saw(getpid(), i % 10 != 9, Outsiders::Clock::time_point{} + i * 2ms);
  }
  EXPECT_TRUE(outsiders.files().empty());
}

// A busy machine may look seldom.
TEST(Outsiders, are_no_programs_that_are_seen_asleep_a_few_times) {
  Outsiders outsiders;
  for (int i = 0; i + 1 < Outsiders::kTimesAsleep; ++i) {
    outsiders.saw(getpid(), true, Outsiders::Clock::time_point{} + i * 1s);
  }
  EXPECT_TRUE(outsiders.files().empty());
}

}  // namespace
}  // namespace windtunnel::wire::outsiders_test
