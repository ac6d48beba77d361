#include "runs/search/frontier_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/exact_decimal.h"
#include "runs/problem.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::runs {
namespace {

using scenarios::ExactNumber;
using scenarios::NumberProblem;

constexpr double kFactorsFrom = 10;
constexpr std::int64_t kMillion = 1'000'000;

}  // namespace

std::int64_t FrontierAxis::value_at(double part) const {
  if (part <= 0) return low;
  if (part >= 1) return high;
  const auto from = static_cast<double>(low);
  const auto to = static_cast<double>(high);
  const double value = by_factors ? from * std::pow(to / from, part) : from + (to - from) * part;
  const double digits = std::pow(10, std::max(0.0, std::floor(std::log10(std::max(1.0, std::abs(value)))) - 3));
  double rounded = std::round(value / digits) * digits;
  if (is_whole) rounded = std::round(value / kMillion) * kMillion;
  return std::clamp(static_cast<std::int64_t>(rounded), low, high);
}

std::string FrontierAxis::text_of(std::int64_t value) const {
  if (!is_time) return exact_decimal(value, 6);
  if (value % 1'000'000'000 == 0) return fmt::format("{}s", value / 1'000'000'000);
  if (value % 1'000'000 == 0) return fmt::format("{}ms", value / 1'000'000);
  return fmt::format("{}us", value / 1000);
}

FrontierAxis read_axis(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::size_t dots = text.find("..", equals == std::string::npos ? 0 : equals);
  if (equals == std::string::npos || equals == 0 || dots == std::string::npos) {
    refuse(fmt::format("--frontier {}: write PATH=LOW..HIGH, such as monitor.circuit_breaker.open=1s..120s", text));
  }
  FrontierAxis axis{.path = text.substr(0, equals)};
  const std::string low = text.substr(equals + 1, dots - equals - 1);
  const std::string high = text.substr(dots + 2);
  ExactNumber from = scenarios::exact_number(low, 6);
  ExactNumber to = scenarios::exact_number(high, 6);
  if (from.problem != NumberProblem::none || to.problem != NumberProblem::none) {
    axis.is_time = true;
    from = scenarios::exact_duration(low);
    to = scenarios::exact_duration(high);
  }
  if (from.problem != NumberProblem::none || to.problem != NumberProblem::none || from.value >= to.value) {
    refuse(fmt::format("--frontier {}: \"{}..{}\" is no range of two numbers or two durations, the lower one first",
                       text, low, high));
  }
  axis.low = from.value;
  axis.high = to.value;
  axis.is_whole = !axis.is_time && axis.low % kMillion == 0 && axis.high % kMillion == 0;
  axis.by_factors = axis.low > 0 && static_cast<double>(axis.high) > kFactorsFrom * static_cast<double>(axis.low);
  return axis;
}

}  // namespace windtunnel::runs
