#pragma once
// Eight small models with known answers, and what makes a simulator agree with one.
//
// Parameters, values and standard deviations are mathematics: each follows from the derivation beside it, and no data
// of others is in them. A value agrees with an estimate within four standard errors (the task's own where it states a
// standard deviation: it does not shrink when the simulator is wrong). A wrong value is what a common mistake would
// give; replications are so many that it lies more than eight standard errors away, and where the mistake can be built
// as a world, that world is run and refused.

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim {

struct OracleWrong {
  double value = 0;
  std::string means;
};

struct OracleValue {
  std::string name;
  double value = 0;
  std::optional<double> sd = std::nullopt;  // of one replication, where it is known
  std::vector<OracleWrong> wrong = {};
};

struct OracleTask {
  std::string suite;  // of the tests that judge it
  std::string derivation;
  std::vector<OracleValue> values;

  [[nodiscard]] const OracleValue& of(const std::string& name) const {
    for (const OracleValue& value : values) {
      if (value.name == name) return value;
    }
    ADD_FAILURE() << suite << " has no value " << name;
    return values.front();
  }
};

// One provider with 4 places, Poisson 2 per s, exponential latency of 1 s; 600 s of warm-up, then 100,000 s.
inline const OracleTask kErlangB{
    "ErlangB",
    "B(c, a) = (a^c / c!) / sum over k <= c of a^k / k!, a = 2, c = 4: 2/21. In flight: a (1 - B). The same for any "
    "latency law of mean 1 s.",
    {{"reject_fraction", 0.09523809523809523, {}, {{0.17391304347826084, "Erlang C: queueing instead of rejecting"}}},
     {"mean_in_flight", 1.8095238095238095},
     {"utilisation", 0.4523809523809524}}};

// No limit, Poisson 0.5 per s, latency uniform on 1.0 to 1.7 s; 60 s of warm-up, then 100,000 s.
inline const OracleTask kLittlesLaw{"LittlesLaw",
                                    "In flight: Poisson(rate x mean latency) = Poisson(0.675), for any latency law.",
                                    {{"time_avg_in_flight", 0.675},
                                     {"time_fraction_ge_3_in_flight", 0.031170798412697872},
                                     {"variance_in_flight", 0.675}}};

// A day of Poisson arrivals, 120 + 80 sin(2 pi (h - 8) / 24) of them in hour h.
inline const OracleTask kDiurnalCounts{
    "DiurnalCounts",
    "Counts of disjoint hours are independent Poisson counts, and the day's is Poisson(2880).",
    {{"mean_count_per_day", 2880, 53.665631459994955, {{5760, "rate unit error: per half-hour"}}},
     {"variance_of_daily_count", 2880, 4073.2885976812404},
     {"mean_count_hour_14", 200, 14.142135623730951},
     {"mean_count_hour_2", 40, 6.324555320336759},
     {"P10_daily_count", 2811},
     {"P50_daily_count", 2880},
     {"P90_daily_count", 2949}}};

// 30 days of 1000 requests on average, half to either provider, tokens uniform over 150 to 350 and 50 to 450.
inline const OracleTask kMonthSpend{
    "MonthSpend",
    "A compound Poisson sum: mean L E[X], variance L E[X^2] with L = 30,000.",
    {{"mean_total_usd", 405.0, 2.951648607134664},
     {"sd_total_usd", 2.951648607134664, {}, {{1.8013132709220794, "sd with the request count frozen: L Var[X]"}}},
     {"mean_openai_usd", 337.5, 2.891850618548614},
     {"mean_anthropic_usd", 67.5, 0.5911256211669395},
     {"mean_requests", 30'000, 173.20508075688772}}};

// Calls one after another, each fails with probability p; the breaker opens at 5 failures in a row.
inline const OracleTask kFiveConsecutive{
    "FiveConsecutiveFailures",
    "mean (1 - p^5) / ((1 - p) p^5), variance (1 - 11 q p^5 - p^11) / (q p^5)^2, the others by the 6-state chain.",
    {{"mean_calls_p0.3",
      586.4609053497943,
      582.36297995089,
      {{16.666666666666668, "failures counted over all, never reset by a success"},
       {9.269773166666665, "that, and a rate of 50 % without a minimum"}}},
     {"sd_calls_p0.3", 582.36297995089},
     {"mean_calls_p0.5", 62.0, 58.22370651203855},
     {"P_open_within_100_calls_p0.3", 0.15256217840340855},
     {"P_open_within_20_calls_p0.5", 0.24987030029296875}}};

// Attempts fail with probability 0.2, up to 4 of them, 250 tokens in and out; pauses of 1, 2, 4 s. A: failures cost
// nothing. B: they bill their input.
inline const OracleTask kRetries{"Retries",
                                 "attempts (1 - p^4) / (1 - p), success 1 - p^4, cost B: attempts x input + success x "
                                 "output, pauses p + 2 p^2 + 4 p^3.",
                                 {{"mean_attempts", 1.248, 0.5463478745268449},
                                  {"success_fraction", 0.9984},
                                  {"mean_cost_usd_A", 0.022464},
                                  {"mean_cost_usd_B", 0.024336},
                                  {"mean_backoff_s", 0.312}}};

// Poisson 110 per minute, the first 100 of each minute are admitted; 10,000 minutes.
inline const OracleTask kFixedWindow{
    "FixedWindow",
    "E[min(N, 100)] / E[N] with N ~ Poisson(110); a minute is limited when N > 100.",
    {{"accept_fraction", 0.9008084359159994, {}, {{0.9090909090909091, "the fluid bound min(1, limit / rate)"}}},
     {"P_minute_is_limited", 0.8167827424414471},
     {"mean_rejected_per_minute", 10.911072049240072}}};

// One prompt, Poisson, one request in 1800 s on average, TTL 3600 s, from a cold start over 10^7 s.
inline const OracleTask kTimeToLive{
    "TimeToLive",
    "A: a cycle is a miss, Poisson(rate x TTL) hits and an idle time: 2/3. B, renewed by hits: 1 - exp(-2).",
    {{"hit_ratio_A_fixed_ttl",
      0.6666666666666666,
      {},
      {{0.5676676416183064, "the mean over a single TTL window"}, {0.8646647167633873, "variant B"}}},
     {"hit_ratio_B_sliding_ttl", 0.8646647167633873, {}, {{0.6666666666666666, "variant A"}}},
     {"miss_rate_A_per_hour", 0.6666666666666666}}};

inline const std::vector<const OracleTask*> kOracleTasks{
    &kErlangB, &kLittlesLaw, &kDiurnalCounts, &kMonthSpend, &kFiveConsecutive, &kRetries, &kFixedWindow, &kTimeToLive};

// Judges estimates against one task. When it goes, each value of the task must have been judged.
class OracleJudge {
 public:
  explicit OracleJudge(const OracleTask& task) : task_(task) {}
  ~OracleJudge() {
    for (const OracleValue& value : task_.values) {
      EXPECT_TRUE(judged_.contains(value.name)) << task_.suite << ": nothing judged " << value.name;
    }
  }
  OracleJudge(const OracleJudge&) = delete;
  OracleJudge& operator=(const OracleJudge&) = delete;

  void value(const std::string& name, double estimate, double se) {
    const OracleValue& oracle_value = task_.of(name);
    judged_.insert(name);
    std::vector<double> wrong;
    for (const OracleWrong& other : oracle_value.wrong) wrong.push_back(other.value);
    expect_value(name.c_str(), estimate, oracle_value.value, se, wrong);
  }
  // The mean over replications.
  void mean(const std::string& name, const Sample& sample) {
    const auto& sd = task_.of(name).sd;
    value(name, sample.mean(), sd ? *sd / std::sqrt(sample.count()) : sample.se());
  }
  void share(const std::string& name, double share, double count) {
    value(name, share, binomial_se(task_.of(name).value, count));
  }
  void within(const std::string& name, double estimate, double tolerance) {
    judged_.insert(name);
    EXPECT_NEAR(estimate, task_.of(name).value, tolerance) << name;
  }

 private:
  const OracleTask& task_;
  std::set<std::string> judged_;
};

// A world that makes a mistake gives what the task says of it, and the task refuses that: four standard errors and more
// from the value.
inline void expect_refused(const OracleTask& task, const std::string& name, std::size_t mistake, double estimate,
                           double se) {
  const OracleValue& oracle_value = task.of(name);
  const OracleWrong& wrong = oracle_value.wrong.at(mistake);
  EXPECT_LE(std::abs(estimate - wrong.value), 4 * se + 1e-9)
      << wrong.means << ": " << estimate << " instead of " << wrong.value << ", SE " << se;
  EXPECT_GT(std::abs(estimate - oracle_value.value), 4 * se) << task.suite << " lets pass: " << wrong.means;
}

}  // namespace windtunnel::sim
