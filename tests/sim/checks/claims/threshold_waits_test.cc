// Thresholds on what happens between a request's begin and its end: waits for a place at a provider, and trips.

#include <gtest/gtest.h>

#include <vector>

#include "tests/sim/checks/claims/threshold_fixture.h"

namespace windtunnel::sim::thresholds_test {
namespace {

struct Wait {
  monitor::ProviderId provider{};
  Duration lasts{0};
};

// Of calls that come a second apart and wait so long.
Finding judged_waits(const ThresholdSpec& threshold_spec, const std::vector<Wait>& waits) {
  Scenario scenario = two_providers();
  scenario.thresholds = {threshold_spec};
  Thresholds thresholds{scenario};
  Instant now = kStart;
  for (std::size_t i = 0; i < waits.size(); ++i) {
    now += 1s;
    CallPlaced placed{.at = now, .request = RequestId{i}, .provider = waits[i].provider};
    placed.place = CallPlaced::Place::waiting;
    thresholds.on(placed);
    placed.at += waits[i].lasts;
    placed.place = CallPlaced::Place::in_service;
    thresholds.on(placed);
  }
  return thresholds.judge(kStart + 60s).front();
}

TEST(ThresholdWaits, a_wait_of_a_nanosecond_is_one_and_of_none_is_not) {
  const ThresholdSpec share = spec(Metric::provider_wait, Aggregate::rate, Comparison::equal, 500'000);
  EXPECT_EQ(judged_waits(share, {{kFirst, 1ns}, {kFirst, 0ns}}).verdict, Verdict::pass);
  EXPECT_EQ(judged_waits(share, {{kFirst, 0ns}, {kFirst, 0ns}}).reason, "it was 0.000000");
}

TEST(ThresholdWaits, are_of_the_provider_of_the_tag) {
  ThresholdSpec longest = spec(Metric::provider_wait, Aggregate::max, Comparison::less, (2s).count());
  longest.provider = "beta";
  EXPECT_EQ(judged_waits(longest, {{kFirst, 500ms}, {kSecond, 100ms}}).reason, "it was 100.000 ms");
}

Finding judged_trips(const ThresholdSpec& threshold_spec, const std::vector<monitor::ProviderId>& trips) {
  Scenario scenario = two_providers();
  scenario.thresholds = {threshold_spec};
  Thresholds thresholds{scenario};
  for (const monitor::ProviderId provider : trips) {
    monitor::BreakerTransition transition;
    transition.at = kStart + 1s;
    transition.to = monitor::BreakerState::open;
    thresholds.on(monitor::BreakerMoved{.provider = provider, .transition = transition});
  }
  return thresholds.judge(kStart + 60s).front();
}

TEST(ThresholdTrips, are_of_the_provider_of_the_tag) {
  ThresholdSpec trips = spec(Metric::breaker_opened, Aggregate::count, Comparison::less, 9'000'000);
  EXPECT_EQ(judged_trips(trips, {kFirst, kSecond, kSecond}).reason, "there was no data: no call ended in that time");
  trips.comparison = Comparison::greater;
  EXPECT_EQ(judged_trips(trips, {kFirst, kSecond, kSecond}).reason, "it was 3");
  trips.provider = "beta";
  EXPECT_EQ(judged_trips(trips, {kFirst, kSecond, kSecond}).reason, "it was 2");
  trips.provider = "alpha";
  EXPECT_EQ(judged_trips(trips, {kFirst, kSecond, kSecond}).reason, "it was 1");
}

}  // namespace
}  // namespace windtunnel::sim::thresholds_test
