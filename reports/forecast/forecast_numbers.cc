#include "reports/forecast/forecast_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/exact_decimal.h"

namespace windtunnel::reports {
namespace {

// Percent with one decimal; what is nearly all or nothing with as many as say how near, so that it never reads as that.
int percent_decimals(const sim::Estimate& share) {
  int decimals = 1;
  for (double rest = std::min(share.value, 1 - share.value); rest < 0.01 && decimals < 12; rest *= 10) ++decimals;
  return decimals;
}

// Half of a lopsided interval would name two ends that it does not have.
std::string percent_text(const sim::Estimate& share) {
  const int decimals = percent_decimals(share);
  const double half = share.half_width();
  if (std::abs(share.high - share.value - half) <= 0.2 * half) {
    return fmt::format("{:.{}f}% ±{:.{}f}", 100 * share.value, decimals, 100 * half, decimals);
  }
  return fmt::format("{:.{}f}% ({:.{}f} to {:.{}f})", 100 * share.value, decimals, 100 * share.low, decimals,
                     100 * share.high, decimals);
}

}  // namespace

std::string grouped(double value, int decimals) {
  const std::string digits = fmt::format("{:.{}f}", std::abs(value), decimals);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  std::string text = value < 0 && digits.find_first_not_of("0.") != std::string::npos ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i < point && (point - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string estimate_text(const std::optional<EstimateSummary>& estimate, int decimals) {
  return estimate ? grouped(estimate->value, decimals) + " ±" + grouped(estimate->half_width, decimals) : "-";
}

std::string quantile_text(const std::optional<MoneyQuantile>& quantile, int decimals) {
  if (!quantile) return "-";
  return grouped(static_cast<double>(quantile->value.picos()) / kPicosPerUsd, decimals) + " ±" +
         grouped(quantile->half_width_usd, decimals);
}

std::string share_text(const std::optional<sim::Estimate>& share) {
  if (!share) return "-";
  if (share->value == 0) return fmt::format("< {:.2g}%", 100 * share->high);
  if (share->value == 1) return fmt::format("> {:.8g}%", 100 * share->low);
  return percent_text(*share);
}

std::string chance_text(const sim::Estimate& chance, std::size_t trials) {
  const double rule_of_three = 300.0 / static_cast<double>(trials);
  if (rule_of_three >= 100 && (chance.value == 0 || chance.value == 1)) return "-";
  if (chance.value == 0) return fmt::format("< {:.2g}%", rule_of_three);
  if (chance.value == 1) return fmt::format("> {:.4g}%", 100 - rule_of_three);
  return percent_text(chance);
}

std::string nine_digits(double value) { return std::isfinite(value) ? fmt::format("{:.9g}", value) : "null"; }

bool is_instant(const std::string& date) { return date.size() > 16 && date[10] == 'T'; }

std::string instant_text(const std::string& date) {
  return is_instant(date) ? date.substr(0, 10) + " " + date.substr(11, 5) : "not within the horizon";
}

std::string reduction_words(const ForecastSummary& forecast) {
  if (!forecast.reduction) return {};
  const VarianceReductionSummary& reduction = *forecast.reduction;
  if (reduction.controls.empty()) return "Variance reduction: none, estimates are plain averages";
  const auto factor = [](double value) {
    return value < 1.05 ? std::string{"1"} : fmt::format("{:.{}f}", value, value < 9.95 ? 1 : 0);
  };
  std::string text = fmt::format("Variance reduction by {}, in plain replications for each one: mean cost {}",
                                 fmt::join(reduction.controls, " and "), factor(reduction.mean_factor));
  for (const ShareFactor& row : reduction.p_exceed_factors) {
    text += fmt::format(", P(>{}) {}", budget_share_text(row.share), factor(row.factor));
  }
  return text;
}

std::string budget_share_text(Millionths share) { return exact_decimal(share.value, 4) + "%"; }

}  // namespace windtunnel::reports
