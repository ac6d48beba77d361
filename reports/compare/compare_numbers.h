#pragma once
// How the figures of a comparison are written.

#include <optional>
#include <string>

#include "sim/compare/compare.h"

namespace windtunnel::reports {

// "Failover s": the column of a metric for people.
std::string compare_heading(sim::CompareMetric metric);
// "41.14", "7", "6.95", "1.402"; "-" if there is none.
std::string compare_mean(sim::CompareMetric metric, const std::optional<sim::Average>& average);
// A share of replications that none or all had: it has no number, only the words of compare_mean(), "< 3/n".
bool is_extreme_chance(sim::CompareMetric metric, const sim::Average& average);
// "+2.80 ± 0.09", "=" if it is 0 in every pair; "-" if there is none.
std::string compare_difference(sim::CompareMetric metric, const std::optional<sim::Average>& average);
// "+2.71 .. +2.89 s", of an average in the metric's unit or, relative to nothing, as it is.
std::string compare_interval(sim::CompareMetric metric, const sim::Average& average);
// "x3.1", "x inf"; "" if there is none.
std::string compare_reduction(const std::optional<double>& factor);

// For programs: "ms", "count" or "usd", and a value in that unit.
const char* compare_unit(sim::CompareMetric metric);
std::string compare_number(sim::CompareMetric metric, double value);
// 12 significant digits.
std::string plain_number(double value);

}  // namespace windtunnel::reports
