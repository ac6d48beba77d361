#include "sim/fit/fit_spent.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/exact_decimal.h"

namespace windtunnel::sim {
namespace {

constexpr int kMicroDollarDecimals = 6;

// Rounded to what a command line takes.
std::int64_t micros_of(Usd amount) {
  constexpr std::int64_t kPicos = 1'000'000;
  return (amount.picos() + kPicos / 2) / kPicos;
}

bool is_answer_without_cost(const LoggedRequest& request) { return request.is_served() && !request.has_cost; }

// Of the answers that have a cost; an answer without one costs what they do on average.
Usd mean_cost(const FitLog& log) {
  Int128 sum = 0;
  Int128 count = 0;
  for (const LoggedRequest& request : log.requests()) {
    if (!request.is_served() || !request.has_cost) continue;
    sum += request.cost.picos();
    ++count;
  }
  return Usd::from_picos(static_cast<std::int64_t>(sum / std::max<Int128>(count, 1)));
}

}  // namespace

std::string spent_words(const std::vector<FitSpend>& spent) {
  std::string words;
  for (const FitSpend& spend : spent) {
    words += fmt::format("{}{}={}", words.empty() ? "" : ",", spend.provider,
                         exact_decimal(micros_of(spend.amount), kMicroDollarDecimals));
  }
  return words;
}

void fit_spent(Fit& fit, const FitLog& log, const FitTargets& targets) {
  const WallTime start = fit.scenario.start;
  const WallTime month = month_of(start).begin;
  if (month == start || fit.scenario.providers.empty()) return;
  const Usd mean = mean_cost(log);
  std::map<std::string, Int128> picos;
  Int128 sum = 0;
  for (const LoggedRequest& request : log.requests()) {
    if (request.arrival < month || request.arrival >= start) continue;
    const Usd cost = is_answer_without_cost(request) ? mean : request.cost;
    picos[targets.name_of(*request.provider, *request.model)] += cost.picos();
    sum += cost.picos();
  }
  if (sum > Usd::from_dollars(9'000'000).picos()) {
    fit.notes.emplace_back(
        "the month of the start has cost more than 9 million USD before it, which no budget can hold: it counts as not "
        "spent");
    return;
  }
  Int128 rest = sum;  // of targets that the scenario does not have
  for (const ProviderSpec& provider : fit.scenario.providers) {
    const Int128 own = picos[provider.name];
    fit.spent.push_back({provider.name, Usd::from_picos(static_cast<std::int64_t>(own))});
    rest -= own;
  }
  fit.spent.front().amount += Usd::from_picos(static_cast<std::int64_t>(rest));
  const std::string amounts = spent_words(fit.spent);
  fit.notes.push_back(
      fmt::format("the month of the start has cost {} USD before it: a forecast from the log begins with that, one "
                  "from a file with "
                  "--spent {}",
                  exact_decimal(sum, kDollarDecimals), amounts));
  if (day_of(fit.first).begin > month) {
    fit.notes.push_back(
        fmt::format("the log begins on {}: what was spent in that month before it is not known, and --spent states it",
                    iso8601(fit.first).substr(0, 10)));
  }
}

}  // namespace windtunnel::sim
