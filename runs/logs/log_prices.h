#pragma once
// Prices for the requests of a log, and which of its models have none.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "reports/logs/log_choice.h"
#include "reports/logs/log_row.h"
#include "runs/problem.h"
#include "scenarios/profiles/model_prices.h"

namespace windtunnel::runs {

// What the requests of the row cost. Nothing: their model is not listed, or they are beyond its first tier.
[[nodiscard]] std::optional<Usd> price_of(const reports::LogRow& row, const scenarios::PriceList& prices);

// Which models have no price, and the nearest listed ones; of at most so many of them.
[[nodiscard]] std::string unpriced_text(const std::map<std::string, std::int64_t>& unpriced,
                                        const scenarios::PriceList& prices, std::size_t most = 5);

struct ShownPrices {
  std::string text;
  bool all_listed = true;
  std::optional<Problem> problem;
};
// Which models of a log the list has, each without a price by its name, and which records could not be checked.
[[nodiscard]] ShownPrices check_prices(const reports::LogChoice& log);

// The list as a table.
[[nodiscard]] ShownPrices show_prices(const std::string& file);

}  // namespace windtunnel::runs
