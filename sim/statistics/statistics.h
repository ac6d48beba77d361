#pragma once
// Estimates of a quantity from the values of independent replications: a value and a 95 % interval, or
// nothing when there are too few values.
//
// Values are whole numbers of a small unit (nanoseconds, requests; pico-dollars in 128 bits) or doubles. Sums of whole
// numbers are exact (128 bits); what is beyond a sum is computed in the order of the values, so that the same values in
// the same order give the same bytes. Nothing here decides anything in a run.
//
// Two intervals have a file of their own: that of a mean of skewed values (skewed_mean.h) and that of a standard
// deviation (standard_deviation.h).
//
// The intervals, and why these:
//   mean        Student's t on n - 1 degrees of freedom.
//   difference  Student's t on the differences of pairs: what two runs share (their random numbers) cancels.
//   share       mid-P: the binomial test's interval that counts the observed value with half its weight (Lancaster
//   1961;
//               Agresti and Gottard 2007). Its coverage lies around 95 %, where Clopper-Pearson's lies above 97 % for
//               the replications and the shares of a forecast, and unlike Wilson's it does not fall short near 0 and 1,
//               where budgets are judged. For none of n its upper end is 1 - 0.05^(1/n) < 3/n, the rule of three.
//   quantile    order statistics: the ranks between which the quantile lies with 95 % for any continuous law (Hahn and
//               Meeker 1991). Nothing when n is too small for such ranks: 6 for the median, 36 for P10 and P90.
//   ratio       of two sums, such as failures by requests: the delta method (Cochran 1977, section 2.11); of none of N
//               in all replications together the rule of three, 3/N.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/units.h"

namespace windtunnel::sim {

struct Estimate {
  double value = 0;
  double low = 0;  // of the 95 % interval
  double high = 0;
  [[nodiscard]] double half_width() const { return (high - low) / 2; }
  friend bool operator==(const Estimate&, const Estimate&) = default;
};

struct Moments {
  std::size_t count = 0;
  double mean = 0;
  double variance = 0;  // of the sample: divided by n - 1; 0 for n < 2
  double fourth = 0;    // central moment, divided by n
  [[nodiscard]] double sd() const;
};

[[nodiscard]] Moments moments_of(std::span<const std::int64_t> values);
[[nodiscard]] Moments moments_of(std::span<const Int128> values);
[[nodiscard]] Moments moments_of(std::span<const double> values);

// Nothing for fewer than 2 values.
[[nodiscard]] std::optional<Estimate> estimate_mean(std::span<const std::int64_t> values);
[[nodiscard]] std::optional<Estimate> estimate_mean(std::span<const Int128> values);
[[nodiscard]] std::optional<Estimate> estimate_mean(std::span<const double> values);

// The mean of a[i] - b[i]. As many of either; nothing for fewer than 2 pairs.
[[nodiscard]] std::optional<Estimate> estimate_difference(std::span<const std::int64_t> a,
                                                          std::span<const std::int64_t> b);
[[nodiscard]] std::optional<Estimate> estimate_difference(std::span<const double> a, std::span<const double> b);

// sum(parts) / sum(wholes), 0 <= parts[i] <= wholes[i], within [0, 1]. Nothing for fewer than 2 values or if all wholes
// are 0.
[[nodiscard]] std::optional<Estimate> estimate_ratio(std::span<const std::int64_t> parts,
                                                     std::span<const std::int64_t> wholes);

// `hits` of `trials`, 0 <= hits <= trials, trials > 0.
[[nodiscard]] Estimate estimate_share(std::size_t hits, std::size_t trials);
// A share that is known as well as by so many independent trials, which need not be whole (Korn and Graubard 1998); 0 <
// share < 1, trials > 0.
[[nodiscard]] Estimate estimate_share_of(double share, double trials);

// Ranks count from 1: the value of `rank` is the estimate (nearest rank, ceil(share x n)), those of `low` and `high`
// are its interval.
struct QuantileRanks {
  std::size_t rank = 0;
  std::size_t low = 0;
  std::size_t high = 0;
};
// 0 < share < 1. Nothing if there are too few values.
[[nodiscard]] std::optional<QuantileRanks> quantile_ranks(std::size_t count, double share);

// A quantile of whole numbers. An instant that never came may stand in as INT64_MAX: the quantile, or an end of its
// interval, is then INT64_MAX too.
template <class Value>
struct QuantileOf {
  Value value = 0;
  Value low = 0;
  Value high = 0;
};
using QuantileEstimate = QuantileOf<std::int64_t>;
// `sorted` ascending.
[[nodiscard]] std::optional<QuantileEstimate> estimate_quantile(std::span<const std::int64_t> sorted, double share);
[[nodiscard]] std::optional<QuantileOf<Int128>> estimate_quantile(std::span<const Int128> sorted, double share);

// How many standard errors of a mean of `count` values one side of its interval has: Student's 97.5 % point; count
// >= 2.
[[nodiscard]] double student_factor(std::size_t count);
// Student's quantile at `share` on count - 1 degrees of freedom; count >= 2.
[[nodiscard]] double student_quantile(std::size_t count, double share);

}  // namespace windtunnel::sim
