#pragma once
// How the figures of a comparison are written.

#include <cstdint>
#include <optional>
#include <string>

#include "reports/compare/compare_summary.h"

namespace windtunnel::reports {

// "Failover s": the column of a metric for people.
std::string compare_heading(sim::CompareMetric metric);
// "41.14", "7", "6.95", "1.402"; "-" if there is no data; "< 3/n" of a chance that none of n had.
std::string compare_mean(sim::CompareMetric metric, const CompareMetricSummary& summary);
// "< 0.03", "> 0.97": of a chance that none or all of n had; "-" if n is too small for a bound.
std::string extreme_chance_text(double mean, std::int64_t n);
// "+2.80 ± 0.09", or "+2.80 -0.09 +0.31" if the interval lies unevenly about the mean; "+9 each" of pairs that are all
// alike, "=" if they are all 0; "-" if there is none.
std::string compare_difference(sim::CompareMetric metric, const std::optional<DifferenceSummary>& difference);
// "+2.71 .. +2.89 s"; there is an interval.
std::string compare_interval(sim::CompareMetric metric, const DifferenceSummary& difference);
// "x3.1", "x inf"; "" if there is none.
std::string compare_reduction(const std::optional<double>& factor);

// "0.15", "0.02 s": an amount with two significant digits.
std::string compare_amount(sim::CompareMetric metric, double amount);
// "15 %": how large a share of all seeds n of them leave unseen, "100 %" at most.
std::string unseen_text(std::int64_t n);

// For programs: "ms", "count", "usd", "ratio" or "share", and a metric's value in that unit.
const char* compare_unit(sim::CompareMetric metric);
double in_program_unit(sim::CompareMetric metric, double value);
// 12 significant digits.
std::string plain_number(double value);

}  // namespace windtunnel::reports
