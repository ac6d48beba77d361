// What holds of the list of executors, whatever is in it.

#include "sim/load/executor.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace windtunnel::sim::executor_test {
namespace {

using namespace std::chrono_literals;

TEST(Executors, have_a_name_of_their_own) {
  std::set<std::string> names;
  for (int i = 0; i < kExecutorKinds; ++i) names.insert(name_of(static_cast<ExecutorKind>(i)));
  EXPECT_EQ(std::ssize(names), kExecutorKinds);
}

double expected(const Executor& executor, std::size_t listed = 0) {
  const Rate rate{.count = Millionths{2'000'000}, .unit = 1s};
  return std::visit([&](const auto& entry) { return entry.expected_requests(rate, 100s, listed); }, executor);
}

TEST(Executors, expect_about_as_many_requests_as_come) {
  EXPECT_DOUBLE_EQ(expected(ConstantArrivalRate{}), 200);
  EXPECT_DOUBLE_EQ(expected(Diurnal{}), 200);
  EXPECT_DOUBLE_EQ(expected(RampingArrivalRate{.stages = {{10s, Millionths{4'000'000}}, {5s, Millionths{0}}}}),
                   30 + 10);
  EXPECT_DOUBLE_EQ(expected(TraceReplay{.rate_scale = 0.5}, 40), 20);
  EXPECT_DOUBLE_EQ(expected(Script{}, 40), 40);
  EXPECT_DOUBLE_EQ(expected(ConstantVus{.vus = 4}), 200);
  EXPECT_DOUBLE_EQ(expected(External{}), 0);
}

TEST(Executors, peak_where_most_may_come) {
  const auto peak = [](const Executor& executor, std::size_t listed = 0) {
    return std::visit([&](const auto& entry) { return entry.peak(2, 1, 1e9, listed); }, executor);
  };
  EXPECT_DOUBLE_EQ(peak(ConstantArrivalRate{}).per_second, 2);
  EXPECT_DOUBLE_EQ(peak(RampingArrivalRate{.stages = {{10s, Millionths{9'000'000}}}}).per_second, 9);
  EXPECT_DOUBLE_EQ(peak(RampingArrivalRate{.stages = {{10s, Millionths{1'000'000}}}}).per_second, 2);
  Diurnal evening;
  evening.hourly[20] = 3;
  EXPECT_DOUBLE_EQ(peak(evening).per_second, 6);
  EXPECT_DOUBLE_EQ(peak(Script{}, 40).at_once, 40);
  EXPECT_DOUBLE_EQ(peak(TraceReplay{.rate_scale = 2}, 40).at_once, 80);
  EXPECT_DOUBLE_EQ(peak(TraceReplay{.rate_scale = 0.5}, 40).at_once, 40);
  EXPECT_DOUBLE_EQ(peak(ConstantVus{.vus = 4}).per_second, 4);
  EXPECT_DOUBLE_EQ(peak(ConstantVus{.vus = 4}).at_once, 4);
  EXPECT_DOUBLE_EQ(peak(External{}).at_once + peak(External{}).per_second, 0);
}

TEST(Executors, name_what_they_cannot_do_without) {
  const auto problem = [](const Executor& executor, std::size_t listed = 0) {
    return std::visit([&](const auto& entry) { return entry.problem(listed); }, executor).value_or("");
  };
  EXPECT_EQ(problem(RampingArrivalRate{}), "a ramping-arrival-rate needs \"stages\"");
  EXPECT_EQ(problem(RampingArrivalRate{.stages = {{}}}), "");
  EXPECT_EQ(problem(TraceReplay{}), "a replay needs a \"trace\"");
  EXPECT_EQ(problem(TraceReplay{.trace = "a.csv"}), "");
  EXPECT_EQ(problem(Script{}), "a script needs \"requests\"");
  EXPECT_EQ(problem(Script{}, 1), "");
  EXPECT_EQ(problem(ConstantVus{}), "");
}

}  // namespace
}  // namespace windtunnel::sim::executor_test
