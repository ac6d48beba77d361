#include "runs/logs/log_prices.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "base/exact_decimal.h"
#include "reports/logs/log_reader.h"
#include "reports/logs/log_samples.h"
#include "reports/text/text_table.h"
#include "scenarios/json/diagnostics.h"

namespace windtunnel::runs {
namespace {

constexpr std::size_t kBadShown = 5;

scenarios::PriceList list_of(const std::string& file) {
  return file.empty() ? scenarios::PriceList::shipped() : scenarios::PriceList::read(file);
}

// Calls `read`; what it throws becomes a problem.
template <class Read>
std::optional<Problem> problem_with(Read read) {
  try {
    read();
  } catch (const ProblemError& error) {
    return error.problem();
  } catch (const scenarios::ScenarioError& error) {
    return Problem{ProblemKind::scenario, error.what()};
  } catch (const scenarios::FileError& error) {
    return Problem{ProblemKind::file, error.what()};
  } catch (const reports::ReportError& error) {
    return Problem{ProblemKind::file, error.what()};
  } catch (const std::invalid_argument& error) {
    return Problem{ProblemKind::request, error.what()};
  }
  return std::nullopt;
}

std::string per_million(const std::optional<Price>& price) {
  return price ? exact_decimal(price->per_token.picos(), 6) : "-";
}

std::string model_line(const std::string& model, std::int64_t requests, const scenarios::PriceList& prices) {
  if (model.empty()) return fmt::format("  {} requests name no model\n", requests);
  const scenarios::ModelPrice* listed = prices.find(model);
  std::string help = listed == nullptr ? prices.help_with(model)
                                       : "it has no price for batches, another tier of service or a cache of an hour";
  if (listed != nullptr && listed->first_tier) {
    help = fmt::format(
        "it has no price for more than {} input tokens, batches, another tier of service or a cache of an "
        "hour",
        with_thousands(listed->first_tier->count()));
  }
  return fmt::format("  {} ({} requests){}\n", model, requests, help.empty() ? "" : ": " + help);
}

// What of the log was not checked.
std::string left_out(const reports::LogReader& reader) {
  std::string text;
  if (reader.others() > 0) {
    text += fmt::format("{} records are no call of a model and were passed over\n",
                        with_thousands(static_cast<Int128>(reader.others())));
  }
  if (reader.bad_count() == 0) return text;
  text += fmt::format("{} records cannot be read and were not checked:\n",
                      with_thousands(static_cast<Int128>(reader.bad_count())));
  std::size_t shown = 0;
  for (const reports::BadLine& bad : reader.bad_lines()) {
    if (++shown > kBadShown) break;
    text += fmt::format("  {} {}: {}\n", reader.unit(), bad.line, bad.why);
  }
  if (reader.bad_count() > kBadShown) {
    text += fmt::format("  and {} more\n", with_thousands(static_cast<Int128>(reader.bad_count() - kBadShown)));
  }
  return text;
}

}  // namespace

std::optional<Usd> price_of(const reports::LogRow& row, const scenarios::PriceList& prices) {
  const scenarios::ModelPrice* price = prices.find_at(row.names_provider ? row.provider : "", row.model);
  if (price == nullptr || !row.tier.empty()) return std::nullopt;
  return cost_of(*price, {.input = row.input.value_or(Tokens{}),
                          .output = row.output.value_or(Tokens{}),
                          .cached = row.cached.value_or(Tokens{}),
                          .cache_written = row.cache_written.value_or(Tokens{}),
                          .cache_written_1h = row.cache_written_1h.value_or(Tokens{}),
                          .reasoning = row.reasoning.value_or(Tokens{}),
                          .requests = row.is_bucket ? reports::requests_of(row) : 1,
                          .is_batch = row.is_batch});
}

std::string unpriced_text(const std::map<std::string, std::int64_t>& unpriced, const scenarios::PriceList& prices,
                          std::size_t most) {
  std::string text = fmt::format("{} of the log's models {} no price in {}:\n", unpriced.size(),
                                 unpriced.size() == 1 ? "has" : "have", prices.source());
  std::size_t shown = 0;
  for (const auto& [model, requests] : unpriced) {
    if (++shown > most) break;
    text += model_line(model, requests, prices);
  }
  if (unpriced.size() > most) {
    text += fmt::format("  and {} more, which windtunnel prices --check LOG lists\n", unpriced.size() - most);
  }
  return text + "Give theirs with --prices FILE, in the form of scenarios/data/prices.json";
}

ShownPrices check_prices(const reports::LogChoice& log) {
  ShownPrices checked;
  checked.problem = problem_with([&] {
    const scenarios::PriceList prices = list_of(log.prices);
    reports::LogReader reader{log};
    reports::LogRow row;
    std::map<std::string, std::int64_t> models;
    std::map<std::string, std::int64_t> unpriced;
    while (reader.next(row)) {
      if (row.model.empty() && !row.answered.value_or(true)) continue;
      if (row.is_bucket && row.cost && !row.input && !row.output) continue;  // a line of a bill
      const std::int64_t requests = row.is_bucket ? reports::requests_of(row) : 1;
      models[row.model] += requests;
      if (!price_of(row, prices)) unpriced[row.model] += requests;
    }
    if (models.empty()) {
      refuse(ProblemKind::no_data, log.file + ": the log has no request that names a model");
    }
    checked.all_listed = unpriced.empty();
    checked.text = fmt::format("{} of the log's {} models have a price in {}\n", models.size() - unpriced.size(),
                               models.size(), prices.source());
    if (!checked.all_listed) checked.text += unpriced_text(unpriced, prices, unpriced.size()) + "\n";
    checked.text += left_out(reader);
  });
  return checked;
}

ShownPrices show_prices(const std::string& file) {
  ShownPrices shown;
  shown.problem = problem_with([&] {
    const scenarios::PriceList prices = list_of(file);
    reports::TextTable table{{"USD per million tokens", "Provider", "Input", "Cached", "Written", "1 h", "Output",
                              "Reasoning", "Batch input", "Batch output"}};
    for (const scenarios::ModelPrice& price : prices.models()) {
      table.add({price.model, price.vendor, per_million(price.tariff.input), per_million(price.tariff.cached_input),
                 per_million(price.tariff.cache_write), per_million(price.cache_write_1h),
                 per_million(price.tariff.output), per_million(price.tariff.reasoning), per_million(price.batch_input),
                 per_million(price.batch_output)});
    }
    shown.text = table.text(0);
  });
  return shown;
}

}  // namespace windtunnel::runs
