// Thresholds with a window: where windows begin and end, which of them are judged, and when none is over.

#include <gtest/gtest.h>

#include <vector>

#include "tests/sim/checks/claims/threshold_fixture.h"

namespace windtunnel::sim::thresholds_test {
namespace {

TEST(ThresholdWindows, a_window_begins_with_its_first_instant_and_excludes_its_last) {
  ThresholdSpec one_each = count_at_most(Metric::requests, 1);
  one_each.window = 10s;
  EXPECT_EQ(judged(one_each, {ended(kStart + 9s), ended(kStart + 10s)}).verdict, Verdict::pass);
  EXPECT_EQ(judged(one_each, {ended(kStart + 9s), ended(kStart + 10s - 1ns)}).verdict, Verdict::fail);
  EXPECT_EQ(judged(one_each, {ended(kStart + 10s), ended(kStart + 20s - 1ns)}).verdict, Verdict::fail);
  EXPECT_EQ(judged(one_each, {ended(kStart + 10s), ended(kStart + 20s)}).verdict, Verdict::pass);
}

TEST(ThresholdWindows, windows_begin_where_the_stretch_begins) {
  ThresholdSpec one_each = count_at_most(Metric::requests, 1);
  one_each.window = 4s;
  one_each.during = "down";
  one_each.skip = 1s;
  EXPECT_EQ(judged(one_each, {ended(kStart + 15s - 1ns), ended(kStart + 15s)}).verdict, Verdict::pass);
  const Finding failed = judged(one_each, {ended(kStart + 15s), ended(kStart + 19s - 1ns)});
  EXPECT_EQ(failed.verdict, Verdict::fail);
  EXPECT_EQ(failed.at, kStart + 15s);
  EXPECT_EQ(failed.reason, "it was 2 in the window 15s..19s");
}

TEST(ThresholdWindows, the_last_window_is_judged_like_the_others) {
  ThresholdSpec few_fail = spec(Metric::requests_failed, Aggregate::rate, Comparison::less, 500'000);
  few_fail.window = 10s;
  const Finding failed = judged(few_fail, {ended(kStart + 5s), ended(kStart + 55s, monitor::Outcome::failed)});
  EXPECT_EQ(failed.verdict, Verdict::fail);
  EXPECT_EQ(failed.at, kStart + 50s);
  EXPECT_EQ(judged(few_fail, {ended(kStart + 5s), ended(kStart + 55s)}).reason, "2 windows held");
}

TEST(ThresholdWindows, the_rate_of_the_last_window_is_of_its_own_length) {
  ThresholdSpec windows = spec(Metric::requests, Aggregate::rate, Comparison::equal, 3'000'000);
  windows.window = 10s;
  windows.skip = 10s;
  Scenario scenario = two_providers();
  scenario.duration = 20s;
  EXPECT_EQ(judged(windows, std::vector<monitor::Record>(30, ended(kStart + 15s)), scenario, kStart + 20s).verdict,
            Verdict::pass);
  // The run ends in the middle of the window.
  EXPECT_EQ(judged(windows, std::vector<monitor::Record>(12, ended(kStart + 13s)), scenario, kStart + 14s).verdict,
            Verdict::pass);
}

TEST(ThresholdWindows, a_window_that_is_longer_than_what_is_judged_does_not_pass) {
  ThresholdSpec few = count_at_most(Metric::requests, 1);
  const auto of_window = [&](Duration window) {
    few.window = window;
    return judged(few, {ended(kStart + 15s)});
  };
  EXPECT_EQ(of_window(60s).verdict, Verdict::pass);  // the run is as long
  EXPECT_EQ(of_window(60s).reason, "1 window held");
  EXPECT_EQ(of_window(60s + 1ns).verdict, Verdict::inconclusive);
  EXPECT_EQ(of_window(10min).reason, "no window was over: a window is 600s and what is judged 60s");
  // The fault lasts 10 s, and what comes after it 40 s.
  few.during = "down";
  EXPECT_EQ(of_window(10s).verdict, Verdict::pass);
  EXPECT_EQ(of_window(11s).verdict, Verdict::inconclusive);
  few.skip = 4s;
  EXPECT_EQ(of_window(6s).verdict, Verdict::pass);
  EXPECT_EQ(of_window(7s).verdict, Verdict::inconclusive);
}

TEST(ThresholdWindows, a_window_that_is_longer_than_what_is_judged_can_fail) {
  ThresholdSpec none = count_at_most(Metric::requests, 0);
  none.window = 10min;
  EXPECT_EQ(judged(none, {ended(kStart + 15s)}).verdict, Verdict::fail);
}

TEST(ThresholdWindows, a_count_of_a_window_without_data_is_0) {
  ThresholdSpec at_least_one = spec(Metric::requests, Aggregate::count, Comparison::greater_equal, 1'000'000);
  at_least_one.window = 10s;
  const auto with = [&](const std::vector<int>& seconds, Instant end) {
    std::vector<monitor::Record> records;
    for (const int second : seconds) records.push_back(ended(kStart + second * 1s));
    return judged(at_least_one, records, two_providers(), end);
  };
  EXPECT_EQ(with({1, 11, 21, 31, 41, 51}, kStart + 60s).reason, "6 windows held");
  EXPECT_EQ(with({11, 21, 31, 41, 51}, kStart + 60s).reason, "it was 0 in the window 0s..10s");
  EXPECT_EQ(with({1, 11, 21, 51}, kStart + 60s).reason, "it was 0 in the window 30s..40s");
  EXPECT_EQ(with({1, 11}, kStart + 60s).reason, "it was 0 in the window 20s..30s");
  EXPECT_EQ(with({1, 11, 21, 31, 41}, kStart + 60s).reason, "it was 0 in the window 50s..60s");
  // A window that is cut short may yet have had one.
  EXPECT_EQ(with({1, 11}, kStart + 29s).reason, "2 windows held");
  EXPECT_EQ(with({1, 11}, kStart + 30s).reason, "it was 0 in the window 20s..30s");
  // Behind the last minute requests only come to their end.
  EXPECT_EQ(with({1, 11, 21, 31, 41, 51}, kStart + 90s).reason, "6 windows held");
}

TEST(ThresholdWindows, a_window_without_data_breaks_no_bound_from_above_and_has_no_share) {
  ThresholdSpec few = count_at_most(Metric::requests, 1);
  few.window = 10s;
  EXPECT_EQ(judged(few, {ended(kStart + 1s), ended(kStart + 31s)}).reason, "2 windows held");
  ThresholdSpec all_served = spec(Metric::requests_failed, Aggregate::rate, Comparison::less, 500'000);
  all_served.window = 10s;
  EXPECT_EQ(judged(all_served, {ended(kStart + 1s), ended(kStart + 31s)}).reason, "2 windows held");
  ThresholdSpec fast = spec(Metric::request_duration, Aggregate::max, Comparison::greater, 1);
  fast.window = 10s;
  EXPECT_EQ(judged(fast, {ended(kStart + 1s), ended(kStart + 31s)}).reason, "2 windows held");
}

}  // namespace
}  // namespace windtunnel::sim::thresholds_test
