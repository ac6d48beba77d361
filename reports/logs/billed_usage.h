#pragma once
// Sums of tokens together with the amounts that were billed for them: a usage report and a cost report in one log.
//
// The reports have different buckets: usage is by hour or day and model, and amounts are by day and line of the bill.
// An amount whose line begins with the name of a model ("gpt-4o-2024-08-06, input") is of that model's usage of the
// day; one without a line is of the whole day's. It is divided by what the list of prices makes of each, or by tokens
// where a model has no price. Amounts of anything else (searches, storage) are none of a model's calls.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/logs/trace_joiner.h"

namespace windtunnel::reports {

class BilledUsage {
 public:
  using Price = std::function<std::optional<Usd>(const LogRow&)>;

  // Whether the row is half of the two reports, and was kept: tokens without a cost or a cost without tokens, of many
  // requests.
  bool keep(const LogRow& row, std::uint64_t number);

  // The rows with tokens, in their order. Those of a day with amounts have their part of these as their cost.
  [[nodiscard]] std::vector<NumberedRow> take(const Price& price);
  // After take(): the amounts that no usage has, by the line of the bill.
  [[nodiscard]] const std::map<std::string, Usd>& unused() const { return unused_; }
  [[nodiscard]] bool has_amounts() const { return !amounts_.empty(); }
  [[nodiscard]] bool has_usage() const { return !days_.empty(); }

 private:
  void bill(const LogRow& amount, const Price& price);

  std::vector<NumberedRow> usage_;
  std::vector<NumberedRow> amounts_;
  std::map<WallTime, std::vector<std::size_t>> days_;  // places in usage_
  std::map<std::string, Usd> unused_;
};

}  // namespace windtunnel::reports
