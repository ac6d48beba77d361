// The figures of thresholds at their edges: a percentile that its histogram shows on the wrong side of the bound, the
// smallest numbers that a share or a rate can be of, and what each metric leaves out.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/sim/checks/claims/threshold_fixture.h"

namespace windtunnel::sim::thresholds_test {
namespace {

using monitor::Outcome;

Scenario one_provider() { return world(60s, workload("chat", per_second(1))); }

Finding judged_alone(const ThresholdSpec& threshold_spec, const std::vector<monitor::Record>& records,
                     Instant end = kStart + 60s) {
  return judged(threshold_spec, records, one_provider(), end);
}

// --- Percentiles -----------------------------------------------------------------------------------------------------

// The median of three requests, which is this duration, beside this bound. The histogram knows the least and the
// greatest exactly.
Finding median_of(Duration duration, Duration bound) {
  return judged_alone(spec(Metric::request_duration, Aggregate::med, Comparison::less, bound.count()),
                      {ended(kStart + 30s, Outcome::served, 1ms), ended(kStart + 30s, Outcome::served, duration),
                       ended(kStart + 30s, Outcome::served, 10s)});
}

// What the histogram shows for it.
Duration shown_for(Duration duration) {
  return Duration{static_cast<std::int64_t>(median_of(duration, 0s).value.value_or(0) * 1e6)};
}

std::string in_ms(Duration duration) { return fmt::format("{:.3f} ms", static_cast<double>(duration.count()) / 1e6); }

// A duration that the histogram shows a little more, or less, than it is.
Duration shown_off(bool more) {
  for (Duration duration = 1s; duration < 2s; duration += 1'003'000ns) {
    const Duration shown = shown_for(duration);
    if (more ? shown > duration + 10us : shown < duration - 10us) return duration;
  }
  ADD_FAILURE() << "the histogram is exact";
  return 1s;
}

TEST(ThresholdFigures, a_percentile_that_the_histogram_shows_beyond_its_bound_is_given_by_its_bound) {
  const Duration duration = shown_off(true);
  const Duration shown = shown_for(duration);
  EXPECT_EQ(median_of(duration, duration - 1ms).reason, "it was " + in_ms(shown)) << "above the bound, and shown above";
  EXPECT_EQ(median_of(duration, shown + 1ms).reason, "it was " + in_ms(shown)) << "below the bound, and shown below";
  EXPECT_EQ(median_of(duration, duration + 5us).reason, "it was just below " + in_ms(duration + 5us));
  EXPECT_EQ(median_of(duration, shown).reason, "it was just below " + in_ms(shown)) << "shown at the bound";
  EXPECT_EQ(median_of(duration, duration).reason, "it was " + in_ms(duration)) << "at the bound";
}

TEST(ThresholdFigures, a_percentile_that_the_histogram_shows_below_its_bound_is_given_by_its_bound) {
  const Duration duration = shown_off(false);
  const Duration shown = shown_for(duration);
  EXPECT_EQ(median_of(duration, duration - 5us).reason, "it was just above " + in_ms(duration - 5us));
  EXPECT_EQ(median_of(duration, shown).reason, "it was just above " + in_ms(shown)) << "shown at the bound";
  EXPECT_EQ(median_of(duration, duration).reason, "it was " + in_ms(duration)) << "at the bound";
}

// The number is the bound only where the percentile is at it.
TEST(ThresholdFigures, a_percentile_at_its_bound_has_its_exact_number) {
  const Duration duration = shown_off(true);
  EXPECT_EQ(median_of(duration, duration).value, static_cast<double>(duration.count()) / 1e6);
  EXPECT_EQ(median_of(duration, duration + 1ns).value, median_of(duration, duration - 1ns).value);
  EXPECT_NE(median_of(duration, duration).value, median_of(duration, duration + 1ns).value);
}

// 66.6667 % of three durations is more than two of them, if only by a millionth.
TEST(ThresholdFigures, the_rank_of_a_percentile_is_rounded_up) {
  std::vector<monitor::Record> records;
  for (const Duration duration : {1s, 2s, 3s}) records.push_back(ended(kStart + 30s, Outcome::served, duration));
  ThresholdSpec percentile = spec(Metric::request_duration, Aggregate::percentile, Comparison::less, 2'500'000'000);
  percentile.percentile = Millionths{666'667};
  EXPECT_EQ(judged_alone(percentile, records).verdict, Verdict::fail);
  percentile.percentile = Millionths{666'666};
  EXPECT_EQ(judged_alone(percentile, records).verdict, Verdict::pass);
}

// --- The smallest numbers -------------------------------------------------------------------------------------------

TEST(ThresholdFigures, the_shortest_stretch_has_a_rate) {
  const ThresholdSpec rate = spec(Metric::requests, Aggregate::rate, Comparison::equal, 1'000'000'000'000'000);
  EXPECT_EQ(judged_alone(rate, {ended(kStart)}, kStart + 1ns).verdict, Verdict::pass) << "one in a nanosecond";
}

// Calls and wishes of a threshold of amplification, as they come.
Finding amplification(const std::vector<Duration>& wishes, const std::vector<Duration>& calls, std::int64_t bound) {
  ThresholdSpec value = spec(Metric::amplification, Aggregate::value, Comparison::less_equal, bound * 1'000'000);
  value.skip = 10s;
  Scenario scenario = one_provider();
  scenario.thresholds = {value};
  Thresholds thresholds{scenario};
  for (const Duration at : wishes) thresholds.on(monitor::RequestArrived{.at = kStart + at});
  for (const Duration at : calls) {
    monitor::AttemptEnded event;
    event.at = kStart + at;
    thresholds.on(event);
  }
  return thresholds.judge(kStart + 60s).front();
}

TEST(ThresholdFigures, calls_are_for_the_wishes_of_the_same_stretch) {
  EXPECT_EQ(amplification({11s}, {12s, 13s}, 2).verdict, Verdict::pass);
  EXPECT_EQ(amplification({11s}, {12s, 13s}, 1).verdict, Verdict::fail) << "one wish is enough to judge";
  EXPECT_EQ(amplification({1s}, {12s, 13s}, 1).verdict, Verdict::inconclusive) << "no wish in the stretch";
}

TEST(ThresholdFigures, a_wish_without_a_call_shows_nothing_of_amplification) {
  Scenario scenario = one_provider();
  scenario.thresholds = {spec(Metric::amplification, Aggregate::value, Comparison::less_equal, 1'000'000),
                         spec(Metric::requests_failed, Aggregate::count, Comparison::less_equal, 0)};
  Thresholds thresholds{scenario};
  thresholds.on(monitor::RequestArrived{.at = kStart + 1s});
  const std::vector<Finding> findings = thresholds.judge(kStart + 60s);
  EXPECT_EQ(findings[0].verdict, Verdict::inconclusive);
  EXPECT_EQ(findings[0].reason, "there was no data: no request that made a call ended in that time");
  EXPECT_EQ(findings[1].verdict, Verdict::inconclusive) << "no request has ended";
}

// --- What each metric leaves out ------------------------------------------------------------------------------------

// One of each outcome that metrics differ in, all of which have moved to another provider.
std::vector<monitor::Record> one_of_each() {
  std::vector<monitor::Record> records;
  for (const Outcome outcome :
       {Outcome::served, Outcome::cache_hit, Outcome::failed, Outcome::refused_rate, Outcome::stale_hit}) {
    monitor::Record record = ended(kStart + 1s, outcome, 200ms);
    record.failovers = 1;
    record.attempt_count = 1;
    record.time_to_first_token = 50ms;
    record.input = Tokens{30};
    record.output = Tokens{4};
    records.push_back(record);
  }
  return records;
}

TEST(ThresholdFigures, each_metric_counts_its_own_requests_and_no_others) {
  const auto count = [](Metric of) {
    return judged_alone(spec(of, Aggregate::count, Comparison::greater_equal, 0), one_of_each()).reason;
  };
  EXPECT_EQ(count(Metric::requests), "it was 5");
  EXPECT_EQ(count(Metric::requests_failed), "it was 1");
  EXPECT_EQ(count(Metric::requests_refused), "it was 1");
  EXPECT_EQ(count(Metric::request_duration), "it was 3") << "answered";
  EXPECT_EQ(count(Metric::time_to_first_token), "it was 1") << "served";
  EXPECT_EQ(count(Metric::tokens), "it was 1") << "served";
  EXPECT_EQ(count(Metric::cost_usd), "it was 5");
  EXPECT_EQ(count(Metric::cost_known_usd), "it was 5");
  EXPECT_EQ(count(Metric::cost_reserved_usd), "it was 5");
  EXPECT_EQ(count(Metric::failovers), "it was 5");
  EXPECT_EQ(count(Metric::cache_hits), "it was 2");
  EXPECT_EQ(judged_alone(spec(Metric::tokens, Aggregate::value, Comparison::greater_equal, 0), one_of_each()).value,
            34);
}

}  // namespace
}  // namespace windtunnel::sim::thresholds_test
