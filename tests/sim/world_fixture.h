#pragma once
// Small worlds to test the simulator with: everything that is not under test is off, and what a run says is kept.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/world/world.h"

namespace windtunnel::sim {

constexpr monitor::ProviderId kFirst{0};
constexpr monitor::ProviderId kSecond{1};

inline double seconds_of(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }
inline double seconds_of(Instant instant) { return seconds_of(instant.time_since_epoch()); }

inline Rate per(Duration unit, std::int64_t count) { return {.count = Millionths{count * 1'000'000}, .unit = unit}; }
inline Rate per_second(std::int64_t count) { return per(std::chrono::seconds{1}, count); }

inline Tariff tariff(std::int64_t input_picos, std::int64_t output_picos) {
  return {{Usd::from_picos(input_picos)}, {Usd::from_picos(output_picos)}};
}

// A provider that answers after `latency` (nanoseconds), whatever the length, at 30 and 60 USD per million tokens.
inline ProviderSpec provider(std::string name, const Law& latency = Law::fixed(0)) {
  ProviderSpec spec;
  spec.model = name;
  spec.name = std::move(name);
  spec.time_to_first_token = latency;
  spec.time_per_output_token = Law::fixed(0);
  spec.tariffs = {{WallTime::min(), tariff(30'000'000, 60'000'000)}};
  return spec;
}

// 100 tokens in, 100 out.
inline WorkloadSpec workload(std::string name, Rate rate, Arrival arrival = Arrival::uniform) {
  WorkloadSpec spec;
  spec.name = std::move(name);
  spec.rate = rate;
  spec.arrival = arrival;
  spec.input.law = Law::fixed(100);
  spec.output.law = Law::fixed(100);
  return spec;
}

inline monitor::MonitorConfig everything_off() {
  monitor::MonitorConfig config;
  config.token_limiter.mode = monitor::TokenMode::off;
  config.cost_limiter.monthly.reset();
  config.cache.enabled = false;
  config.circuit_breaker = monitor::BreakerConfig{};
  return config;
}

// One provider, one workload, no faults, no limits.
inline Scenario world(Duration duration, WorkloadSpec load, ProviderSpec served_by = provider("alpha")) {
  Scenario scenario;
  scenario.file = "test";
  scenario.duration = duration;
  scenario.monitor = everything_off();
  scenario.providers = {std::move(served_by)};
  scenario.workloads = {std::move(load)};
  return scenario;
}

inline FaultSpec fault(std::string id, Fault settings, Duration at = Duration{0},
                       std::optional<Duration> duration = std::nullopt) {
  FaultSpec spec;
  spec.id = std::move(id);
  spec.settings = std::move(settings);
  spec.at = at;
  spec.duration = duration;
  return spec;
}

// Keeps what most tests need of a run.
class Kept {
 public:
  std::vector<monitor::Record> records;  // in order of finishing
  std::vector<monitor::AttemptEnded> ends;
  std::vector<LedgerEntry> ledger;
  std::vector<FaultChanged> changes;
  std::vector<std::pair<std::size_t, RequestId>> hits;

  void on(const monitor::Record& record) { records.push_back(record); }
  void on(const monitor::AttemptEnded& event) { ends.push_back(event); }
  void on(const LedgerEntry& entry) { ledger.push_back(entry); }
  void on(const FaultChanged& event) { changes.push_back(event); }
  void on(const FaultHit& event) { hits.emplace_back(event.fault, event.request); }
};

struct KeptRun : Kept {
  RunResult result;
  explicit KeptRun(const Scenario& scenario, std::uint64_t seed = 1)
      : result(run(scenario, {.seed = seed, .until = {}, .observers = {this}, .stop = nullptr})) {
    std::stable_sort(records.begin(), records.end(),
                     [](const auto& a, const auto& b) { return a.request.id < b.request.id; });
  }

  // Of the records that arrived in [from, to), those whose first call ended so.
  [[nodiscard]] std::int64_t count(monitor::ReplyKind kind, Duration from = Duration{0},
                                   Duration to = Duration::max()) const {
    return std::count_if(records.begin(), records.end(), [&](const monitor::Record& record) {
      const Duration at = record.arrived.time_since_epoch();
      return at >= from && at < to && record.attempt_count > 0 && record.attempts()[0].kind == kind;
    });
  }
};

// Mean, spread and standard error of independent values.
class Sample {
 public:
  void add(double value) { values_.push_back(value); }
  [[nodiscard]] double mean() const {
    double sum = 0;
    for (const double value : values_) sum += value;
    return sum / count();
  }
  [[nodiscard]] double variance() const {
    const double middle = mean();
    double sum = 0;
    for (const double value : values_) sum += (value - middle) * (value - middle);
    return sum / (count() - 1);
  }
  [[nodiscard]] double sd() const { return std::sqrt(variance()); }
  [[nodiscard]] double se() const { return sd() / std::sqrt(count()); }
  [[nodiscard]] double count() const { return static_cast<double>(values_.size()); }
  // The value that a share q of the values does not exceed.
  [[nodiscard]] double quantile(double q) const {
    std::vector<double> sorted = values_;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<std::size_t>(q * count())];
  }

 private:
  std::vector<double> values_;
};

// The estimate is within four standard errors of the value, and the standard error is so small that each wrong value is
// more than eight away: a simulator that made that mistake would not pass.
inline void expect_value(const char* what, double estimate, double value, double se,
                         const std::vector<double>& wrong_values = {}) {
  EXPECT_LE(std::abs(estimate - value), 4 * se) << what << ": " << estimate << " instead of " << value << ", SE " << se;
  for (const double wrong : wrong_values) {
    EXPECT_GT(std::abs(value - wrong), 8 * se)
        << what << ": too few replications to tell " << value << " from " << wrong;
  }
}
inline void expect_mean(const char* what, const Sample& sample, double value,
                        const std::vector<double>& wrong_values = {}) {
  expect_value(what, sample.mean(), value, sample.se(), wrong_values);
}
inline double binomial_se(double share, double count) { return std::sqrt(share * (1 - share) / count); }

}  // namespace windtunnel::sim
