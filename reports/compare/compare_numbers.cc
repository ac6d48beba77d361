#include "reports/compare/compare_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace windtunnel::reports {
namespace {

using sim::CompareMetric;
using sim::CompareUnit;

constexpr int kDecimalsShownMax = 6;

// In seconds, as people read them, from milliseconds.
double for_people(CompareMetric metric, double value) {
  return sim::entry_of(metric).unit == CompareUnit::nanoseconds ? value / 1e3 : value;
}

const char* suffix_of(CompareMetric metric) {
  switch (sim::entry_of(metric).unit) {
    case CompareUnit::nanoseconds:
      return " s";
    case CompareUnit::count:
      return "";
    case CompareUnit::dollars:
      return " USD";
  }
  fail_check("a unit is known", __FILE__, __LINE__);
}

// Without zeros at its end.
std::string shortened(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// So many that two significant digits of it are seen.
int decimals_of(double half_width) {
  if (half_width <= 0) return kDecimalsShownMax;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(half_width))), 0, kDecimalsShownMax);
}

// A share of replications, with the digits that say how rare it is.
std::string chance_of(double share) {
  int decimals = 2;
  for (double rest = std::min(share, 1 - share); rest < 0.01 && decimals < 12; rest *= 10) ++decimals;
  return shortened(fmt::format("{:.{}f}", share, decimals));
}

}  // namespace

std::string compare_heading(CompareMetric metric) {
  return std::string(sim::entry_of(metric).heading) + suffix_of(metric);
}

std::string compare_mean(CompareMetric metric, const CompareMetricSummary& summary) {
  if (summary.is_extreme()) return summary.text;
  if (!summary.mean) return "-";
  if (metric == CompareMetric::p_exceed) return chance_of(*summary.mean);
  const double mean = for_people(metric, *summary.mean);
  switch (sim::entry_of(metric).unit) {
    case CompareUnit::nanoseconds:
      return fmt::format("{:.3f}", mean);
    case CompareUnit::count:
      return shortened(fmt::format("{:.2f}", mean));
    case CompareUnit::dollars:
      return fmt::format("{:.4f}", mean);
  }
  fail_check("a unit is known", __FILE__, __LINE__);
}

std::string extreme_chance_text(double mean, std::int64_t n) {
  const double rule_of_three = 3.0 / static_cast<double>(n);
  if (rule_of_three >= 1) return "-";
  return mean == 0 ? fmt::format("< {:.2g}", rule_of_three) : fmt::format("> {:.4g}", 1 - rule_of_three);
}

std::string compare_difference(CompareMetric metric, const std::optional<DifferenceSummary>& difference) {
  if (!difference) return "-";
  if (difference->mean == 0 && difference->half_width.value_or(1) == 0) return "=";
  const double mean = for_people(metric, difference->mean);
  if (!difference->half_width) return shortened(fmt::format("{:+.6f}", mean));
  const double half_width = for_people(metric, *difference->half_width);
  const int decimals = decimals_of(half_width);
  if (half_width == 0) return shortened(fmt::format("{:+.{}f}", mean, decimals)) + " ± 0";
  return fmt::format("{:+.{}f} ± {:.{}f}", mean, decimals, half_width, decimals);
}

std::string compare_interval(CompareMetric metric, const DifferenceSummary& difference) {
  const double half_width = for_people(metric, difference.half_width.value_or(0));
  const double mean = for_people(metric, difference.mean);
  const int decimals = decimals_of(half_width);
  return fmt::format("{} .. {}{}", shortened(fmt::format("{:+.{}f}", mean - half_width, decimals)),
                     shortened(fmt::format("{:+.{}f}", mean + half_width, decimals)), suffix_of(metric));
}

std::string compare_reduction(const std::optional<double>& factor) {
  if (!factor) return {};
  if (std::isinf(*factor)) return "x inf";
  return *factor < 10 ? fmt::format("x{:.1f}", *factor) : fmt::format("x{:.0f}", *factor);
}

const char* compare_unit(CompareMetric metric) {
  switch (sim::entry_of(metric).unit) {
    case CompareUnit::nanoseconds:
      return "ms";
    case CompareUnit::count:
      return "count";
    case CompareUnit::dollars:
      return "usd";
  }
  fail_check("a unit is known", __FILE__, __LINE__);
}

std::string plain_number(double value) { return fmt::format("{:.12g}", value); }

double in_program_unit(CompareMetric metric, double value) {
  return sim::entry_of(metric).unit == CompareUnit::nanoseconds ? value / 1e6 : value;
}

}  // namespace windtunnel::reports
