// Queues with known answers: what a simulated provider does must agree with the formula, within four standard errors
// of independent replications.

#include <gtest/gtest.h>

#include "tests/sim/oracles/oracles.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::oracle_queue_test {
namespace {

using namespace std::chrono_literals;

// Calls in flight, averaged over time between the warm-up and the horizon.
class Occupancy {
 public:
  Occupancy(Instant from, Instant to) : from_(from), to_(to) {}

  void on(const monitor::AttemptStarted& event) {
    ++calls_;
    if (in_flight_ >= 4) ++found_4_;
    move(event.at, 1);
  }
  void on(const monitor::AttemptEnded& event) { move(event.at, -1); }
  void on(const monitor::Record& record) {
    if (record.arrived < from_) return;
    ++requests_;
    if (record.outcome == monitor::Outcome::failed) ++rejected_;
  }

  [[nodiscard]] double mean() const { return area_ / span(); }
  [[nodiscard]] double variance() const { return square_ / span() - mean() * mean(); }
  [[nodiscard]] double share_of_3_or_more() const { return three_ / span(); }
  [[nodiscard]] double share_that_found_4_before_it() const { return found_4_ / calls_; }
  [[nodiscard]] double reject_fraction() const {
    return static_cast<double>(rejected_) / static_cast<double>(requests_);
  }

 private:
  void move(Instant now, int change) {
    const double stay = std::max(0.0, seconds_of(std::clamp(now, from_, to_) - std::clamp(last_, from_, to_)));
    area_ += in_flight_ * stay;
    square_ += in_flight_ * in_flight_ * stay;
    if (in_flight_ >= 3) three_ += stay;
    last_ = now;
    in_flight_ += change;
  }
  [[nodiscard]] double span() const { return seconds_of(to_ - from_); }

  Instant from_;
  Instant to_;
  Instant last_{};
  double in_flight_ = 0;
  double area_ = 0;
  double square_ = 0;
  double three_ = 0;
  double calls_ = 0;
  double found_4_ = 0;
  std::int64_t requests_ = 0;
  std::int64_t rejected_ = 0;
};

struct Occupancies {
  Sample rejected, mean, variance, three, waiting;
};

Occupancies replicate(Scenario scenario, Duration warm_up, int replications) {
  Occupancies all;
  for (int i = 1; i <= replications; ++i) {
    Occupancy occupancy{Instant{} + warm_up, Instant{} + scenario.duration};
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    options.observers = {&occupancy};
    run(scenario, options);
    all.rejected.add(occupancy.reject_fraction());
    all.mean.add(occupancy.mean());
    all.variance.add(occupancy.variance());
    all.three.add(occupancy.share_of_3_or_more());
    all.waiting.add(occupancy.share_that_found_4_before_it());
  }
  return all;
}

// Poisson 2 per s and 4 places.
Scenario four_places(const Law& latency, Duration horizon, std::int64_t queue) {
  ProviderSpec four = provider("alpha", latency);
  four.concurrency = 4;
  four.queue = queue;
  return world(horizon, workload("chat", per_second(2), Arrival::poisson), four);
}

// The answer is the same for any latency law of the same mean.
void expect_erlang_b(const Law& latency, Duration horizon) {
  const auto all = replicate(four_places(latency, horizon, 0), 600s, 20);
  OracleJudge judge{kErlangB};
  judge.mean("reject_fraction", all.rejected);
  judge.mean("mean_in_flight", all.mean);
  // The mean over the 4 places.
  judge.value("utilisation", all.mean.mean() / 4, all.mean.se() / 4);
}

TEST(ErlangB, rejects_2_of_21_calls_with_exponential_latency) { expect_erlang_b(Law::exponential(1e9), 100'600s); }
TEST(ErlangB, rejects_2_of_21_calls_with_constant_latency) { expect_erlang_b(Law::fixed(1e9), 25'600s); }
TEST(ErlangB, rejects_2_of_21_calls_with_uniform_latency) { expect_erlang_b(Law::uniform(0, 2e9), 25'600s); }

TEST(ErlangB, is_distinguished_from_a_provider_at_which_calls_queue) {
  const auto all = replicate(four_places(Law::exponential(1e9), 25'600s, 1'000'000), 600s, 20);
  EXPECT_EQ(all.rejected.mean(), 0);
  expect_refused(kErlangB, "reject_fraction", 0, all.waiting.mean(), all.waiting.se());
}

TEST(LittlesLaw, calls_in_flight_are_poisson_with_mean_rate_times_latency) {
  const auto all = replicate(
      world(100'060s, workload("chat", per(2s, 1), Arrival::poisson), provider("alpha", Law::uniform(1.0e9, 1.7e9))),
      60s, 20);
  OracleJudge judge{kLittlesLaw};
  judge.mean("time_avg_in_flight", all.mean);
  judge.mean("time_fraction_ge_3_in_flight", all.three);
  judge.mean("variance_in_flight", all.variance);
  // 0.6 and 0.5: the mode or the lower end of the latency in place of its mean.
  expect_mean("time_avg_in_flight", all.mean, 0.675, {0.6, 0.5});
  expect_mean("time_fraction_ge_3_in_flight", all.three, 0.031170798412697872, {0.0231, 0.0144});
}

}  // namespace
}  // namespace windtunnel::sim::oracle_queue_test
