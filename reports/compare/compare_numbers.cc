#include "reports/compare/compare_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "sim/statistics/skewed_mean.h"

namespace windtunnel::reports {
namespace {

using sim::CompareMetric;
using sim::CompareUnit;

constexpr int kDecimalsShownMax = 6;

// Seconds, as people read them, from milliseconds; percent from shares.
double for_people(CompareMetric metric, double value) {
  switch (sim::entry_of(metric).unit) {
    case CompareUnit::nanoseconds:
      return value / 1e3;
    case CompareUnit::share:
      return 100 * value;
    case CompareUnit::count:
    case CompareUnit::dollars:
    case CompareUnit::ratio:
      break;
  }
  return value;
}

const char* suffix_of(CompareMetric metric) {
  switch (sim::entry_of(metric).unit) {
    case CompareUnit::nanoseconds:
      return " s";
    case CompareUnit::count:
    case CompareUnit::ratio:
      return "";
    case CompareUnit::share:
      return " %";
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

// A share of replications, with as many digits as its rarity needs.
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
  if (summary.text) return *summary.text;
  if (!summary.mean) return "-";
  if (metric == CompareMetric::p_exceed) return chance_of(*summary.mean);
  const double mean = for_people(metric, *summary.mean);
  switch (sim::entry_of(metric).unit) {
    case CompareUnit::nanoseconds:
      return fmt::format("{:.3f}", mean);
    case CompareUnit::count:
    case CompareUnit::share:
      return shortened(fmt::format("{:.2f}", mean));
    case CompareUnit::ratio:
      return fmt::format("{:.3f}", mean);
    case CompareUnit::dollars:
      return fmt::format("{:.4f}", mean);
  }
  fail_check("a unit is known", __FILE__, __LINE__);
}

std::string extreme_chance_text(double mean, std::int64_t n) {
  const double unseen = sim::unseen_share(static_cast<std::size_t>(n));
  if (unseen >= 1) return "-";
  return mean == 0 ? fmt::format("< {:.2g}", unseen) : fmt::format("> {:.4g}", 1 - unseen);
}

std::string compare_difference(CompareMetric metric, const std::optional<DifferenceSummary>& difference) {
  if (!difference) return "-";
  const double mean = for_people(metric, difference->mean);
  if (!difference->interval.low || !difference->interval.high) {
    const bool alike = difference->n > 1;
    if (alike && mean == 0) return "=";
    return shortened(fmt::format("{:+.6f}", mean)) + (alike ? " each" : "");
  }
  const double below = mean - for_people(metric, *difference->interval.low);
  const double above = for_people(metric, *difference->interval.high) - mean;
  const int decimals = decimals_of(std::min(below, above));
  const std::string to_low = fmt::format("{:.{}f}", below, decimals);
  const std::string to_high = fmt::format("{:.{}f}", above, decimals);
  const std::string text = fmt::format("{:+.{}f}", mean, decimals);
  return to_low == to_high ? text + " ± " + to_low : text + " -" + to_low + " +" + to_high;
}

std::string compare_interval(CompareMetric metric, const DifferenceSummary& difference) {
  const double low = for_people(metric, difference.interval.low.value_or(difference.mean));
  const double high = for_people(metric, difference.interval.high.value_or(difference.mean));
  const int decimals = decimals_of((high - low) / 2);
  return fmt::format("{} .. {}{}", shortened(fmt::format("{:+.{}f}", low, decimals)),
                     shortened(fmt::format("{:+.{}f}", high, decimals)), suffix_of(metric));
}

std::string compare_amount(CompareMetric metric, double amount) {
  const double shown = for_people(metric, amount);
  return shortened(fmt::format("{:.{}f}", shown, decimals_of(shown))) + suffix_of(metric);
}

std::string unseen_text(std::int64_t n) {
  const double percent = 100 * sim::unseen_share(static_cast<std::size_t>(n));
  return percent >= 100 ? "100 %" : fmt::format("{:.2g} %", percent);
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
    case CompareUnit::ratio:
      return "ratio";
    case CompareUnit::share:
      return "share";
  }
  fail_check("a unit is known", __FILE__, __LINE__);
}

std::string plain_number(double value) { return fmt::format("{:.12g}", value); }

double in_program_unit(CompareMetric metric, double value) {
  return sim::entry_of(metric).unit == CompareUnit::nanoseconds ? value / 1e6 : value;
}

}  // namespace windtunnel::reports
