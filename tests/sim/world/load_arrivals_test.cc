#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <limits>

#include "sim/world/load.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::load_arrivals_test {
namespace {

using namespace std::chrono_literals;

struct Times : std::vector<Duration> {
  // Arrivals in [from, to).
  [[nodiscard]] std::int64_t within(Duration from, Duration to) const {
    return std::count_if(begin(), end(), [&](Duration at) { return at >= from && at < to; });
  }
  // Of the whole windows before the run's end.
  [[nodiscard]] Sample counts(Duration window, Duration run_end) const {
    std::vector<std::int64_t> bins(static_cast<std::size_t>(run_end / window));
    for (const Duration at : *this) {
      const auto bin = static_cast<std::size_t>(at / window);
      if (bin < bins.size()) ++bins[bin];
    }
    Sample sample;
    for (const std::int64_t bin : bins) sample.add(static_cast<double>(bin));
    return sample;
  }
  [[nodiscard]] Sample gaps() const {
    Sample sample;
    for (std::size_t i = 1; i < size(); ++i) sample.add(seconds_of((*this)[i] - (*this)[i - 1]));
    return sample;
  }
};

Times arrivals(const WorkloadSpec& spec, Duration run_end, std::uint64_t seed = 1, WallTime wall_start = {}) {
  Load load{spec, 0, Chance{seed}, Instant{} + run_end, wall_start, {}, monitor::LabelsId{1}};
  Times times;
  while (const auto point = load.next_arrival()) times.push_back(point->at.time_since_epoch());
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  return times;
}

// A rate that changes every nanosecond may let no request come for a long time.
TEST(Load, the_search_for_a_request_ends_when_it_is_told_to) {
  WorkloadSpec spec = workload("chat", per_second(1));
  spec.arrival = Arrival::mmpp;
  spec.mmpp.mean_sojourn = {1ns, 1ns};
  Load load{spec, 0, Chance{1}, Instant{} + 1h, WallTime{}, {}, monitor::LabelsId{1}};
  const std::atomic<bool> stop{true};
  load.stop_at(&stop);
  EXPECT_FALSE(load.next_arrival());
  EXPECT_TRUE(load.was_stopped());
  // Where requests come it is not asked.
  WorkloadSpec usual = workload("chat", per_second(1));
  Load others{usual, 0, Chance{1}, Instant{} + 1h, WallTime{}, {}, monitor::LabelsId{1}};
  others.stop_at(&stop);
  EXPECT_TRUE(others.next_arrival());
  EXPECT_FALSE(others.was_stopped());
}

// --- Constant rate ---------------------------------------------------------------------------------------------------

RC_GTEST_PROP(ConstantRate, puts_the_kth_uniform_arrival_at_k_units_over_the_rate_rounded_down, ()) {
  const auto rate = Rate{.count = Millionths{*rc::gen::inRange<std::int64_t>(1, 5'000'000'000)},
                         .unit = *rc::gen::element<Duration>(1s, 60s, 3600s, 86'400s)};
  const Duration start{*rc::gen::inRange<std::int64_t>(0, 10'000'000'000)};
  WorkloadSpec spec = workload("chat", rate);
  spec.start = start;
  Load load{spec, 0, Chance{1}, Instant{} + 1'000'000h, WallTime{}, {}, monitor::LabelsId{1}};
  for (std::int64_t k = 0; k < 100; ++k) {
    const auto point = load.next_arrival();
    __extension__ using Wide = __int128;
    const Wide offset = Wide{k} * rate.unit.count() * 1'000'000 / rate.count.value;
    if (offset >= Wide{Duration{1'000'000h}.count() - start.count()}) {
      RC_ASSERT(!point);
      return;
    }
    RC_ASSERT(point.has_value());
    RC_ASSERT(point->ordinal == static_cast<std::uint64_t>(k));
    RC_ASSERT(point->at == Instant{} + start + Duration{static_cast<std::int64_t>(offset)});
  }
}

TEST(ConstantRate, does_not_drift_over_a_million_arrivals_of_a_third_of_a_second) {
  const Times times = arrivals(workload("chat", per_second(3)), 333'334s);
  EXPECT_EQ(times[999'999], 333'333s);
  EXPECT_EQ(times[1'000'000], 333'333'333'333'333ns);
}

TEST(ConstantRate, ends_before_its_end) {
  EXPECT_EQ(arrivals(workload("chat", per_second(1)), 10s).size(), 10U);
  EXPECT_EQ(arrivals(workload("chat", per_second(1)), 10s + 1ns).size(), 11U);
  WorkloadSpec spec = workload("chat", per_second(1));
  spec.start = 3s;
  spec.duration = 4s;
  const Times times = arrivals(spec, 100s);
  ASSERT_EQ(times.size(), 4U);
  EXPECT_EQ(times.front(), 3s);
  EXPECT_EQ(times.back(), 6s);
  EXPECT_EQ(arrivals(spec, 5s).size(), 2U);
  EXPECT_TRUE(arrivals(spec, 3s).empty());
}

TEST(ConstantRate, of_zero_makes_no_arrivals) {
  for (const Arrival law : {Arrival::uniform, Arrival::poisson, Arrival::gamma, Arrival::mmpp}) {
    EXPECT_TRUE(arrivals(workload("chat", per_second(0), law), 1000s).empty());
  }
}

TEST(PoissonArrivals, have_counts_whose_variance_is_their_mean) {
  const Duration end = 20'000s;
  const Times times = arrivals(workload("chat", per_second(5), Arrival::poisson), end);
  const Sample counts = times.counts(10s, end);
  expect_value("mean", counts.mean(), 50, std::sqrt(50 / counts.count()));
  // The fourth central moment is m + 3 m^2. An even stream would have variance 0, a doubly random one more than 50.
  expect_value("variance", counts.variance(), 50, std::sqrt((50 + 2 * 50.0 * 50) / counts.count()), {0, 75});
}

TEST(PoissonArrivals, have_exponential_gaps) {
  const Times times = arrivals(workload("chat", per_second(5), Arrival::poisson), 20'000s);
  const Sample gaps = times.gaps();
  expect_value("mean", gaps.mean(), 0.2, 0.2 / std::sqrt(gaps.count()));
  expect_value("sd", gaps.sd(), 0.2, 0.2 * std::sqrt(2 / gaps.count()), {0, 0.1});
  double distance = 0;
  for (double q = 0.01; q < 0.995; q += 0.01) {
    distance = std::max(distance, std::abs(1 - std::exp(-gaps.quantile(q) / 0.2) - q));
  }
  // Kolmogorov's bound: exceeded once in a thousand.
  EXPECT_LT(distance, 1.95 / std::sqrt(gaps.count()));
}

TEST(GammaArrivals, have_gaps_of_the_right_mean_and_spread) {
  for (const double shape : {0.25, 1.0, 4.0}) {
    WorkloadSpec spec = workload("chat", per_second(5), Arrival::gamma);
    spec.gamma_shape = shape;
    Sample means;
    Sample cvs;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      const Sample gaps = arrivals(spec, 1000s, seed).gaps();
      means.add(gaps.mean());
      cvs.add(gaps.sd() / gaps.mean());
    }
    // A run ends at an instant, not at an arrival, which biases both by about 1 in 5000.
    const double cv = 1 / std::sqrt(shape);
    EXPECT_NEAR(means.mean(), 0.2, 4 * means.se() + 0.2 / 5000) << shape;
    EXPECT_NEAR(cvs.mean(), cv, 4 * cvs.se() + cv / 1000) << shape;
    if (shape != 1) {
      EXPECT_GT(std::abs(cv - 1), 8 * cvs.se()) << "told from exponential gaps";
    }
  }
}

TEST(MmppArrivals, are_burstier_than_poisson_by_the_formula_of_their_two_states) {
  WorkloadSpec spec = workload("chat", per_second(10), Arrival::mmpp);
  spec.mmpp = {.factors = {0.2, 1.8}, .mean_sojourn = {60s, 20s}};
  Sample rate;
  Sample dispersion;
  const Duration end = 40'000s;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Sample counts = arrivals(spec, end, seed).counts(60s, end);
    rate.add(counts.mean() / 60);
    dispersion.add(counts.variance() / counts.mean());
  }
  // (0.2 x 60 + 1.8 x 20) / 80 of 10 per s; with equal stays it would be 10.
  expect_mean("mean rate", rate, 6.0, {10.0});
  // 1 + 2 (18 - 2)^2 p (1 - p) / 6 x (1/s - (1 - exp(-60 s)) / (60 s^2)), p = 1/4, s = 1/60 + 1/20. Poisson would be 1.
  const double s = 1.0 / 60 + 1.0 / 20;
  const double expected = 1 + 2 * 256.0 * 0.1875 / 6 * (1 / s - (1 - std::exp(-60 * s)) / (60 * s * s));
  expect_mean("index of dispersion", dispersion, expected, {1.0, expected / 2});
}

TEST(MmppArrivals, of_equal_factors_are_the_poisson_process) {
  WorkloadSpec spec = workload("chat", per_second(10), Arrival::mmpp);
  spec.mmpp = {.factors = {1, 1}, .mean_sojourn = {1s, 1s}};
  const Times modulated = arrivals(spec, 100s);
  const Times plain = arrivals(workload("chat", per_second(10), Arrival::poisson), 100s);
  ASSERT_EQ(modulated.size(), plain.size());
  // Pieces are cut at the changes of state: each cut may round.
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_NEAR(seconds_of(modulated[i]), seconds_of(plain[i]), 1e-6);
}

// --- Ramping ---------------------------------------------------------------------------------------------------------

// 0 to 10 per s in 60 s, 10 for 60 s, a jump to 20, down to 0 in 30 s: 300, 600 and 300 requests.
WorkloadSpec ramp(Arrival law) {
  WorkloadSpec spec = workload("chat", per_second(0), law);
  const auto target = [](std::int64_t count) { return Millionths{count * 1'000'000}; };
  spec.executor =
      RampingArrivalRate{.stages = {{60s, target(10)}, {60s, target(10)}, {0s, target(20)}, {30s, target(0)}}};
  return spec;
}

TEST(RampingRate, makes_as_many_uniform_arrivals_as_the_integral_of_the_rate) {
  const Times times = arrivals(ramp(Arrival::uniform), 1000s);
  const auto up_to = [&](Duration end) { return static_cast<double>(times.within(0s, end)); };
  EXPECT_NEAR(up_to(30s), 75, 1);
  EXPECT_NEAR(up_to(60s), 300, 1);
  EXPECT_NEAR(up_to(120s), 900, 1);
  EXPECT_NEAR(up_to(135s), 900 + 225, 1);
  EXPECT_NEAR(up_to(150s), 1200, 1);
  EXPECT_EQ(times.within(150s, 1000s), 0);
  // On the way up the k-th arrival comes at the root of 2 k / slope.
  for (const int k : {1, 2, 10, 100, 299}) {
    EXPECT_NEAR(seconds_of(times[static_cast<std::size_t>(k - 1)]), std::sqrt(12.0 * k), 1e-6);
  }
}

TEST(RampingRate, makes_as_many_poisson_arrivals_on_average_with_poisson_spread) {
  constexpr int kReplications = 400;
  Sample up, flat, down, early;
  for (std::uint64_t seed = 1; seed <= kReplications; ++seed) {
    const Times times = arrivals(ramp(Arrival::poisson), 1000s, seed);
    early.add(static_cast<double>(times.within(0s, 30s)));
    up.add(static_cast<double>(times.within(0s, 60s)));
    flat.add(static_cast<double>(times.within(60s, 120s)));
    down.add(static_cast<double>(times.within(120s, 150s)));
    EXPECT_EQ(times.within(150s, 1000s), 0);
  }
  const auto poisson = [](const char* what, const Sample& sample, double mean) {
    expect_value(what, sample.mean(), mean, std::sqrt(mean / kReplications), {mean / 2, mean * 1.1});
    expect_value(what, sample.variance(), mean, std::sqrt((mean + 2 * mean * mean) / kReplications), {0});
  };
  poisson("the first half of the way up", early, 75);
  poisson("the way up", up, 300);
  poisson("the flat part", flat, 600);
  poisson("the way down", down, 300);
}

TEST(RampingRate, starts_from_the_workloads_rate) {
  WorkloadSpec spec = workload("chat", per_second(8));
  spec.executor = RampingArrivalRate{.stages = {{10s, Millionths{0}}}};
  EXPECT_NEAR(static_cast<double>(arrivals(spec, 100s).size()), 40, 1);
}

// The last arrival of a ramp down to nothing can need all the content that is left.
RC_GTEST_PROP(RampingRate, ends_safely_at_a_rate_of_zero, ()) {
  WorkloadSpec spec = workload("chat", Rate{.count = Millionths{*rc::gen::inRange<std::int64_t>(1, 100'000'000)}});
  const Duration length = std::chrono::seconds{*rc::gen::inRange(1, 100)};
  spec.executor = RampingArrivalRate{.stages = {{length, Millionths{0}}}};
  const double content = static_cast<double>(spec.rate.count.value) / 2e6 * seconds_of(length);
  RC_ASSERT(std::abs(static_cast<double>(arrivals(spec, 1000s).size()) - content) <= 1.0);
}

// --- By the calendar -------------------------------------------------------------------------------------------------

WorkloadSpec diurnal(Rate rate, Diurnal settings) {
  WorkloadSpec spec = workload("chat", rate);
  spec.executor = std::move(settings);
  return spec;
}

TEST(DiurnalRate, follows_utc_hours_and_weekdays_from_wherever_it_starts) {
  Diurnal factors;
  for (std::size_t hour = 0; hour < 24; ++hour) factors.hourly[hour] = static_cast<double>(hour + 1) / 10;
  for (std::size_t day = 0; day < 7; ++day) factors.weekday[day] = static_cast<double>(day + 1);
  const WorkloadSpec spec = diurnal(per(1h, 100), factors);
  // 1970-01-03 22:30 was a Saturday: factor 6, then Sunday 7, then Monday 1.
  const Times times = arrivals(spec, 72h, 1, WallTime{} + 2 * 24h + 22h + 30min);
  const auto count = [&](Duration from, Duration to) { return static_cast<double>(times.within(from, to)); };
  EXPECT_NEAR(count(0min, 30min), 50 * 2.3 * 6, 1);    // Saturday 22:30 to 23:00
  EXPECT_NEAR(count(30min, 90min), 100 * 2.4 * 6, 1);  // 23:00 to midnight
  EXPECT_NEAR(count(90min, 150min), 100 * 0.1 * 7, 1);
  EXPECT_NEAR(count(90min + 14h, 90min + 15h), 100 * 1.5 * 7, 1);
  EXPECT_NEAR(count(90min + 24h, 90min + 25h), 100 * 0.1 * 1, 1);
}

TEST(DiurnalRate, handles_the_days_before_1970) {
  const WorkloadSpec spec = diurnal(per(1h, 100), {.weekday = {1, 1, 2, 1, 1, 1, 1}});
  // 1969-12-31 was a Wednesday.
  const Times times = arrivals(spec, 2h, 1, WallTime{} - 1h);
  EXPECT_NEAR(static_cast<double>(times.within(0h, 1h)), 200, 1);
  EXPECT_NEAR(static_cast<double>(times.within(1h, 2h)), 100, 1);
}

TEST(DiurnalRate, grows_day_by_day_from_the_first) {
  const WorkloadSpec spec = diurnal(per(24h, 1000), {.growth_per_day = 0.1});
  const Times times = arrivals(spec, 10 * 24h, 1, WallTime{} + 1000 * 24h);
  double expected = 1000;
  for (int day = 0; day < 10; ++day, expected *= 1.1) {
    EXPECT_NEAR(static_cast<double>(times.within(day * 24h, (day + 1) * 24h)), expected, 1) << day;
  }
}

// Lognormal factors of mean 1; standard errors from the replications.
TEST(DiurnalRate, varies_from_day_to_day_with_mean_one_and_the_given_cv) {
  const WorkloadSpec spec = diurnal(per(24h, 1000), {.day_factor_cv = 0.3});
  Sample means;
  Sample cvs;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Sample days = arrivals(spec, 200 * 24h, seed).counts(24h, 200 * 24h);
    means.add(days.mean() / 1000);
    cvs.add(days.sd() / days.mean());
  }
  // exp(0.3^2 / 2): the mean of a lognormal factor of median 1.
  expect_mean("mean factor", means, 1, {1.046});
  expect_mean("cv", cvs, 0.3, {0.15, 0.0});
}

double skewness_of(const std::vector<double>& values, double mean, double sd) {
  double sum = 0;
  for (const double value : values) sum += std::pow((value - mean) / sd, 3);
  return sum / static_cast<double>(values.size());
}

// 4000 days: the standard error of a skewness is below 0.1.
TEST(DiurnalRate, draws_the_factor_of_a_day_from_the_law_that_is_named) {
  WorkloadSpec spec = diurnal(per(24h, 1000), {.day_factor_cv = 0.3});
  const auto days_of = [&](FactorLaw law) {
    std::get<Diurnal>(spec.executor).day_factor_law = law;
    const Times times = arrivals(spec, 4000 * 24h, 1);
    std::vector<double> days;
    for (int day = 0; day < 4000; ++day) {
      days.push_back(static_cast<double>(times.within(day * 24h, (day + 1) * 24h)));
    }
    return days;
  };
  for (const auto& [law, skewness] : {std::pair{FactorLaw::lognormal, 3 * 0.3 + 0.027}, {FactorLaw::gamma, 2 * 0.3}}) {
    const std::vector<double> days = days_of(law);
    Sample sample;
    for (const double day : days) sample.add(day);
    EXPECT_NEAR(sample.mean(), 1000, 4 * 300 / std::sqrt(4000.0));
    EXPECT_NEAR(sample.sd(), 300, 20);
    EXPECT_NEAR(skewness_of(days, sample.mean(), sample.sd()), skewness, 0.17);
  }
}

TEST(DiurnalRate, varies_from_run_to_run_with_mean_one_and_the_given_cv) {
  const WorkloadSpec spec = diurnal(per(24h, 1000), {.level_cv = 0.3});
  constexpr double kReplications = 2000;
  Sample levels;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    const Times times = arrivals(spec, 48h, seed);
    const auto first = static_cast<double>(times.within(0h, 24h));
    EXPECT_NEAR(first, static_cast<double>(times.within(24h, 48h)), 1) << "one level for the whole run";
    levels.add(first / 1000);
  }
  expect_value("mean level", levels.mean(), 1, 0.3 / std::sqrt(kReplications));
  // A lognormal law of cv 0.3 has an excess kurtosis of 1.6.
  expect_value("cv", levels.sd(), 0.3, 0.3 * std::sqrt(3.6 / (4 * kReplications)), {0.2});
}

}  // namespace
}  // namespace windtunnel::sim::load_arrivals_test
