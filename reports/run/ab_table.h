#pragma once
// What an A/B experiment shows: the difference of each variant to the first, with a 95 % interval, and whether the
// router divided the users by the weights.
//
// The requests of one run depend on each other: they wait in one queue, meet one outage, come from one user. Every
// interval therefore is one of batch means (sim/statistics/batch_means.h), over batches of consecutive requests in the
// order in which they finish. Where those cannot tell, there is a difference without an interval, and the reason.
//   success            the wider of batch means and Newcombe's hybrid score interval of a difference of two shares
//                      (from Wilson's intervals), which holds where none or all are answered
//   mean latency       of answered requests
//   cost per request   over all requests, of what the providers billed
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

struct Interval {
  double difference = 0;
  std::optional<double> low;
  std::optional<double> high;
  std::optional<std::string> no_interval;  // why; nothing: there is one
};

// What is said of the intervals wherever they stand.
inline constexpr const char* kAbIntervals =
    "95 % intervals by batch means, which allow for requests that depend on each other";

struct Share {
  std::int64_t part = 0;
  std::int64_t whole = 0;  // above 0
};

// Of b less a.
Interval difference_of_shares(Share a, Share b);

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

// A variant against the first. Nothing: one of the two has no request for it.
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

// Observes a run and keeps what the comparison needs, by variant.
class AbSamples final {
 public:
  // Units beyond this are no longer distinguished and not counted: which user comes first does not depend on the
  // variant, so that the first million are as good a sample as all.
  static constexpr std::size_t kUnitsMax = 1'000'000;

  explicit AbSamples(std::size_t variants) : units_of_(variants) {}

  void on(const sim::LedgerEntry& entry) { unknown_bills_.on(entry); }
  void on(const monitor::Record& record);

  // Of the second variant, the third, ...
  [[nodiscard]] std::vector<AbComparison> comparisons() const;
  // How many units each variant got, in file order.
  [[nodiscard]] std::vector<std::int64_t> units() const;
  // Of each variant, in file order.
  [[nodiscard]] std::vector<AbMeans> means() const;

 private:
  // One variant's part of a batch.
  struct Cell {
    std::int64_t requests = 0;
    std::int64_t answered = 0;
    Int128 latency = 0;  // nanoseconds, of answered requests
    Int128 cost = 0;     // pico-dollars
    void add(const Cell& other);
  };
  using Cells = std::vector<Cell>;  // by variant

  void begin_batch();
  [[nodiscard]] Cells totals() const;
  bool is_new_unit(std::uint64_t unit);
  void grow();

  std::vector<Cells> batches_;
  std::int64_t batch_size_ = 1;         // requests of a full batch
  std::int64_t in_batch_ = 0;           // of the last one
  std::vector<std::int64_t> units_of_;  // by variant
  sim::UnknownBills unknown_bills_;
  std::vector<std::uint64_t> slots_;  // open addressing; 0 is empty
  std::size_t units_ = 0;
  bool has_unit_0_ = false;
};

}  // namespace windtunnel::reports
