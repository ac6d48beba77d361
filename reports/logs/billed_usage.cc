#include "reports/logs/billed_usage.h"

#include <algorithm>
#include <utility>

#include "base/calendar.h"

namespace windtunnel::reports {
namespace {

bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' ||
         byte == '.' || byte == '_' || byte == ':' || byte == '@';
}

bool is_line_of(const std::string& line, const std::string& model) {
  return !model.empty() && line.starts_with(model) && (line.size() == model.size() || !is_letter(line[model.size()]));
}

Int128 tokens_of(const LogRow& row) {
  return Int128{row.input.value_or(Tokens{}).count()} + row.output.value_or(Tokens{}).count();
}

}  // namespace

bool BilledUsage::keep(const LogRow& row, std::uint64_t number) {
  if (!row.is_bucket) return false;
  const bool has_tokens = row.input || row.output;
  if (has_tokens == row.cost.has_value()) return false;
  if (has_tokens) {
    days_[day_of(*row.begin).begin].push_back(usage_.size());
    usage_.push_back({row, number});
  } else {
    amounts_.push_back({row, number});
  }
  return true;
}

void BilledUsage::bill(const LogRow& amount, const Price& price) {
  std::vector<LogRow*> billed;
  if (const auto day = days_.find(day_of(*amount.begin).begin); day != days_.end()) {
    for (const std::size_t place : day->second) {
      LogRow& row = usage_[place].row;
      if (amount.model.empty() || is_line_of(amount.model, row.model)) billed.push_back(&row);
    }
  }
  std::vector<Int128> weights;
  const auto weigh = [&](auto weight_of) {
    weights.clear();
    for (const LogRow* row : billed) weights.push_back(weight_of(*row));
    return std::ranges::any_of(weights, [](Int128 weight) { return weight > 0; });
  };
  const bool has_prices =
      price && std::ranges::all_of(billed, [&](const LogRow* row) { return price(*row).has_value(); });
  const bool is_weighed = (has_prices && weigh([&](const LogRow& row) { return Int128{price(row)->picos()}; })) ||
                          weigh([](const LogRow& row) { return tokens_of(row); });
  if (!is_weighed) {
    unused_[amount.model] += *amount.cost;
    return;
  }
  Int128 weight_left = 0;
  for (const Int128 weight : weights) weight_left += weight;
  Usd left = *amount.cost;
  for (std::size_t i = 0; i < billed.size(); ++i) {
    if (weights[i] == 0) continue;
    // Both are below 10^19, so that their product fits.
    const Usd part = Usd::from_picos(static_cast<std::int64_t>(Int128{left.picos()} * weights[i] / weight_left));
    billed[i]->cost = billed[i]->cost.value_or(Usd{}) + part;
    left -= part;
    weight_left -= weights[i];
  }
}

std::vector<NumberedRow> BilledUsage::take(const Price& price) {
  // Prices are of the tokens alone, so that the amounts may be added one after the other.
  for (const NumberedRow& amount : amounts_) bill(amount.row, price);
  return std::exchange(usage_, {});
}

}  // namespace windtunnel::reports
