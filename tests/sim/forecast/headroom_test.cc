// The search for headroom by itself: replications come from a maker that breaks the budget beyond a traffic of our
// choice.

#include "sim/forecast/headroom.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/sim/forecast/forecast_fixture.h"

namespace windtunnel::sim::study_headroom_test {
namespace {

constexpr std::uint64_t kTries = 60;

// Breaks the budget in every replication beyond an edge, which lies elsewhere on the numbers that confirm.
class EdgeMaker final : public ReplicationMaker {
 public:
  EdgeMaker(std::int64_t search_percent, std::int64_t confirmation_percent)
      : search_percent_(search_percent), confirmation_percent_(confirmation_percent) {}

  bool make(const ReplicationJob& job, const std::function<bool(Replication)>& take) override {
    jobs.push_back(job);
    const std::int64_t edge = job.family == SeedFamily::search ? search_percent_ : confirmation_percent_;
    for (const std::uint64_t index : job.indices) {
      Replication replication{.index = index};
      replication.crossed = {job.rate_millionths > edge * 10'000 ? 5 : kNever};
      if (!take(std::move(replication))) return true;
    }
    return true;
  }

  std::vector<ReplicationJob> jobs;

 private:
  std::int64_t search_percent_;
  std::int64_t confirmation_percent_;
};

HeadroomLimit budget_headroom(EdgeMaker& maker) {
  ForecastFrame frame;
  frame.monthly = Usd::from_dollars(1);
  frame.shares = {Millionths{1'000'000}};
  const auto headroom = headroom_of(maker, frame, {}, kTries);
  EXPECT_TRUE(headroom && headroom->budget && !headroom->latency);
  return *headroom->budget;
}

TEST(Headroom, is_the_last_percent_that_is_kept) {
  for (const std::int64_t edge : {1, 37, 99, 100, 101, 163, 399}) {
    EdgeMaker maker{edge, edge};
    const HeadroomLimit limit = budget_headroom(maker);
    EXPECT_EQ(limit.rate_thousandths, 10 * edge);
    EXPECT_TRUE(limit.bounded && limit.confirmed && limit.refuted) << edge;
    EXPECT_EQ(limit.beyond->rate_thousandths, 10 * std::max(edge + 1, (edge * 105 + 50) / 100));
  }
}

TEST(Headroom, has_two_ends) {
  EdgeMaker all{1000, 1000};
  const HeadroomLimit unbounded = budget_headroom(all);
  EXPECT_EQ(unbounded.rate_thousandths, kRateThousandthsMax);
  EXPECT_FALSE(unbounded.bounded);
  EXPECT_FALSE(unbounded.beyond) << "there is nothing to refute";
  EdgeMaker none{0, 0};
  EXPECT_FALSE(budget_headroom(none).rate_thousandths);
}

// What was found on one set of numbers is tried on others, each trial on its own, and all of them are made.
TEST(Headroom, is_confirmed_and_refuted_on_independent_numbers) {
  EdgeMaker maker{120, 120};
  const HeadroomLimit limit = budget_headroom(maker);
  std::set<std::uint64_t> used;
  int confirmations = 0;
  for (const ReplicationJob& job : maker.jobs) {
    if (job.family == SeedFamily::search) continue;
    EXPECT_EQ(job.family, SeedFamily::confirmation);
    ++confirmations;
    for (const std::uint64_t index : job.indices) EXPECT_TRUE(used.insert(index).second) << index << " is used twice";
  }
  EXPECT_EQ(confirmations, 2);
  EXPECT_EQ(limit.at_edge->replications, kTries);
  EXPECT_EQ(limit.beyond->replications, kTries);
}

TEST(Headroom, is_lowered_until_independent_numbers_confirm_it) {
  EdgeMaker near{120, 117};
  const HeadroomLimit lowered = budget_headroom(near);
  EXPECT_EQ(lowered.rate_thousandths, 1170);
  EXPECT_TRUE(lowered.confirmed);
  EXPECT_EQ(lowered.at_edge->rate_thousandths, 1170);
  // Not for ever: what is that far off is told as not confirmed.
  EdgeMaker far{120, 60};
  const HeadroomLimit open = budget_headroom(far);
  EXPECT_FALSE(open.confirmed);
  EXPECT_EQ(open.at_edge->rate_thousandths, 10 * (120 - kHeadroomStepsMax + 1));
  EXPECT_EQ(open.rate_thousandths, open.at_edge->rate_thousandths) << "what is told was tried";
}

// A bound of another part, or of a figure that no search is for, is broken by more traffic all the same.
TEST(Headroom, names_the_bounds_that_it_does_not_follow) {
  const auto bound = [](std::string metric, std::string text, ForecastQuantity quantity, Comparison comparison) {
    ThresholdSpec threshold = forecast_threshold(quantity, Aggregate::percentile, comparison, 5);
    threshold.metric = std::move(metric);
    threshold.text = std::move(text);
    return threshold;
  };
  EdgeMaker maker{120, 120};
  ForecastFrame frame;
  frame.shares = {Millionths{1'000'000}};
  const auto headroom = headroom_of(
      maker, frame,
      {bound("forecast.cost_usd", "p(90)<5", ForecastQuantity::cost_usd, Comparison::less),
       bound("forecast.days_to_exhaustion", "p(10)>5", ForecastQuantity::days_to_exhaustion, Comparison::greater),
       bound("forecast.days_to_exhaustion", "p(10)<5", ForecastQuantity::days_to_exhaustion, Comparison::less),
       bound("forecast.cost_usd", "p(90)>5", ForecastQuantity::cost_usd, Comparison::greater)},
      kTries);
  ASSERT_TRUE(headroom);
  EXPECT_EQ(headroom->not_asked,
            (std::vector<std::string>{"forecast.cost_usd: p(90)<5", "forecast.days_to_exhaustion: p(10)>5"}));
}

}  // namespace
}  // namespace windtunnel::sim::study_headroom_test
