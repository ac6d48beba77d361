#pragma once
// What an A/B experiment shows: the difference of each variant to the first, with a 95 % interval, and whether the
// router divided the users as the weights say.
//
// Every interval takes requests as independent, which those of one user or one outage are not: it is then too narrow.
//   success            Newcombe's hybrid score interval of a difference of two shares (from Wilson's intervals)
//   mean latency       Welch's, of answered requests, by the normal distribution
//   cost per request   the same, over all requests, of what the providers billed
// The division is judged by units, because all requests of one user go the same way: a unit is a user, or without user
// ids a distinct content. Chi-square of their counts against the weights, p < 0.001 is a warning.
//
// Sums are exact. The rest is +, -, *, / and sqrt in double, which every compiler rounds alike, and shown to four
// significant digits.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/router.h"
#include "sim/world/run_events.h"
#include "sim/world/unknown_bills.h"

namespace windtunnel::reports {

// Count, mean and variance of whole numbers, exact until they are asked for. The sum of squares is kept modulo 2^128:
// only its distance from that of the mean is used, which is far smaller.
class Moments {
 public:
  void add(std::int64_t value) {
    ++count_;
    sum_ += value;
    squares_ += static_cast<Uint128>(Int128{value} * value);
  }
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] double mean() const;      // 0 if there is no value
  [[nodiscard]] double variance() const;  // of the sample, with count - 1; 0 for fewer than two values

 private:
  std::int64_t count_ = 0;
  Int128 sum_ = 0;
  Uint128 squares_ = 0;
};

struct Interval {
  double difference = 0;
  double low = 0;
  double high = 0;
};

struct Share {
  std::int64_t part = 0;
  std::int64_t whole = 0;  // above 0
};

// Of b less a.
Interval difference_of_shares(Share a, Share b);
// Of b less a; both have two values at least.
Interval difference_of_means(const Moments& a, const Moments& b);

// The counts against the weights. Variants of weight 0 are left out.
struct SampleRatio {
  bool is_known = false;  // false: fewer than two variants, or too few units: each must expect five
  bool is_off = false;    // p < 0.001
  double chi_square = 0;
  int degrees_of_freedom = 0;
};
SampleRatio sample_ratio(const std::vector<std::int64_t>& counts, const std::vector<std::int64_t>& weights);

// The value that chi-square exceeds with a chance of 0.001, for at least one degree of freedom.
double chi_square_limit(int degrees_of_freedom);

// Rounded to four significant digits, never in scientific notation: "1234", "-0.01235", "0".
std::string four_digits(double value);

// A variant against the first. Nothing: one of the two has too few requests for it.
struct AbComparison {
  std::optional<Interval> success;       // share of requests answered
  std::optional<Interval> latency_mean;  // nanoseconds
  std::optional<Interval> cost_mean;     // pico-dollars a request
};

// Of one variant. Nothing: it has no request for it.
struct AbMeans {
  std::optional<double> latency_ns;  // of answered requests
  std::optional<double> cost_picos;  // of all
};

// Watches a run and keeps what the comparison needs, by variant.
class AbSamples final {
 public:
  // Units beyond this are not told apart any more and not counted: which user comes first does not depend on the
  // variant, so that the first million are as good a sample as all.
  static constexpr std::size_t kUnitsMax = 1'000'000;

  explicit AbSamples(std::size_t variants) : variants_(variants) {}

  void on(const sim::LedgerEntry& entry) { unknown_bills_.on(entry); }
  void on(const monitor::Record& record);

  // Of the second variant, the third, ...
  [[nodiscard]] std::vector<AbComparison> comparisons() const;
  // How many units each variant got, in file order.
  [[nodiscard]] std::vector<std::int64_t> units() const;
  // Of each variant, in file order.
  [[nodiscard]] std::vector<AbMeans> means() const;

 private:
  struct Sample {
    std::int64_t requests = 0;
    std::int64_t answered = 0;
    std::int64_t units = 0;
    Moments latency;  // nanoseconds, of answered requests
    Moments cost;     // pico-dollars
  };
  bool is_new_unit(std::uint64_t unit);
  void grow();

  std::vector<Sample> variants_;
  sim::UnknownBills unknown_bills_;
  std::vector<std::uint64_t> slots_;  // open addressing; 0 is empty
  std::size_t units_ = 0;
  bool has_unit_0_ = false;
};

}  // namespace windtunnel::reports
