// The prices of a target, from its bills.
//
// Input and output have prices at first. Where these do not explain the bills, the kinds of tokens that the log names
// get prices of their own, as few of them as explain the bills. Kinds whose tokens are always the same share of the
// others cannot be told apart from these and get none.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/fit/fit_estimates.h"

namespace windtunnel::sim {
namespace {

// A scenario's dearest price is 40,000 USD per million tokens, in pico-dollars a token.
constexpr std::int64_t kPriceMost = 40'000'000'000;
// Bills that are rounded to a micro-dollar are explained.
constexpr double kUnexplainedMost = 1e-4;
// Prices of kinds must leave at most this part of what bills differ by.
constexpr double kKindsLeave = 0.5;

// Bills are linear in the tokens, in whole pico-dollars a token. The squares are weighted by one over the tokens, for
// which the sum of the bills comes out right also where no prices explain them, such as those of a prompt cache.
struct Prices {
  double input = 0;
  double output = 0;
  bool both = true;  // false: the tokens' ratio never changes, so that only their sum can be priced
};

std::int64_t whole_price(double picos) { return std::llround(std::clamp(picos, 0.0, static_cast<double>(kPriceMost))); }

Prices prices_of(const std::vector<FitTally::Answered>& answered) {
  double ii = 0;
  double io = 0;
  double oo = 0;
  double ic = 0;
  double oc = 0;
  double inputs = 0;
  double outputs = 0;
  double costs = 0;
  for (const FitTally::Answered& entry : answered) {
    const auto input = static_cast<double>(entry.input.count());
    const auto output = static_cast<double>(entry.output.count());
    const auto cost = static_cast<double>(entry.cost.picos());
    const double weight = 1 / std::max(1.0, input + output);
    ii += weight * input * input;
    io += weight * input * output;
    oo += weight * output * output;
    ic += weight * input * cost;
    oc += weight * output * cost;
    inputs += input;
    outputs += output;
    costs += cost;
  }
  const double each = inputs + outputs > 0 ? costs / (inputs + outputs) : 0;
  const double determinant = ii * oo - io * io;
  if (determinant <= 1e-9 * ii * oo) return {each, each, false};
  const Prices prices{(ic * oo - oc * io) / determinant, (oc * ii - ic * io) / determinant, true};
  // A price below nothing is none, and the other one bears the bills.
  if (prices.input < 0 && outputs > 0) return {0, costs / outputs, true};
  if (prices.output < 0 && inputs > 0) return {costs / inputs, 0, true};
  return prices;
}

struct Explained {
  std::int64_t exact = 0;
  double residuals = 0;  // pico-dollars
  double costs = 0;

  [[nodiscard]] bool is_whole() const { return residuals <= kUnexplainedMost * costs; }
};

Explained explained_by(const Tariff& tariff, const std::vector<FitTally::Answered>& answered) {
  Explained all;
  for (const FitTally::Answered& entry : answered) {
    const Usd bill = cost(tariff, entry.input, entry.output, entry.kinds());
    if (bill == entry.cost) ++all.exact;
    all.residuals += std::abs(static_cast<double>(entry.cost.picos()) - static_cast<double>(bill.picos()));
    all.costs += static_cast<double>(entry.cost.picos());
  }
  return all;
}

// --- Kinds ---------------------------------------------------------------------------------------------------------

struct KindSet {
  bool cached = false;
  bool written = false;
  bool reasoning = false;
};

constexpr std::size_t kParts = 5;
// Input, output, cached input, cache writes, reasoning: together all tokens.
using Parts = std::array<double, kParts>;

Parts parts_of(const FitTally::Answered& entry, const KindSet& set) {
  TokenKinds kinds = entry.kinds();
  if (!set.cached) kinds.cached_input = {};
  if (!set.written) kinds.cache_write = {};
  if (!set.reasoning) kinds.reasoning = {};
  const auto number = [](Tokens tokens) { return static_cast<double>(tokens.count()); };
  return {number(entry.input - kinds.cached_input - kinds.cache_write), number(entry.output - kinds.reasoning),
          number(kinds.cached_input), number(kinds.cache_write), number(kinds.reasoning)};
}

// Solves the symmetric equations; nothing: they do not determine the numbers. A part without tokens is 0.
std::optional<Parts> solved(std::array<Parts, kParts> rows, Parts right) {
  Parts pivots{};
  for (std::size_t i = 0; i < kParts; ++i) pivots[i] = rows[i][i];
  for (std::size_t i = 0; i < kParts; ++i) {
    if (pivots[i] == 0) continue;
    // The order does not matter where a pivot is far from what it began with.
    if (rows[i][i] <= 1e-9 * pivots[i]) return std::nullopt;
    for (std::size_t j = 0; j < kParts; ++j) {
      if (j == i) continue;
      const double factor = rows[j][i] / rows[i][i];
      for (std::size_t k = 0; k < kParts; ++k) rows[j][k] -= factor * rows[i][k];
      right[j] -= factor * right[i];
    }
  }
  Parts values{};
  for (std::size_t i = 0; i < kParts; ++i) values[i] = pivots[i] == 0 ? 0 : right[i] / rows[i][i];
  return values;
}

std::optional<Tariff> tariff_with(const std::vector<FitTally::Answered>& answered, const KindSet& set) {
  std::array<Parts, kParts> rows{};
  Parts right{};
  for (const FitTally::Answered& entry : answered) {
    const Parts parts = parts_of(entry, set);
    const double weight = 1 / std::max(1.0, static_cast<double>((entry.input + entry.output).count()));
    for (std::size_t i = 0; i < kParts; ++i) {
      for (std::size_t k = 0; k < kParts; ++k) rows[i][k] += weight * parts[i] * parts[k];
      right[i] += weight * parts[i] * static_cast<double>(entry.cost.picos());
    }
  }
  const std::optional<Parts> prices = solved(rows, right);
  // A price a little below nothing is none; one far below it explains nothing.
  if (!prices || std::ranges::any_of(*prices, [](double price) { return price < -0.5; })) return std::nullopt;
  const auto price = [&](std::size_t part) { return Price{Usd::from_picos(whole_price((*prices)[part]))}; };
  Tariff tariff{price(0), price(1)};
  if (set.cached) tariff.cached_input = price(2);
  if (set.written) tariff.cache_write = price(3);
  if (set.reasoning) tariff.reasoning = price(4);
  return tariff;
}

// Of the kinds that the log names, fewer first.
std::vector<KindSet> kind_sets_of(const std::vector<FitTally::Answered>& answered) {
  KindSet seen;
  for (const FitTally::Answered& entry : answered) {
    const TokenKinds kinds = entry.kinds();
    seen.cached = seen.cached || kinds.cached_input > Tokens{};
    seen.written = seen.written || kinds.cache_write > Tokens{};
    seen.reasoning = seen.reasoning || kinds.reasoning > Tokens{};
  }
  std::vector<KindSet> sets;
  if (seen.cached) sets.push_back({.cached = true});
  if (seen.written) sets.push_back({.written = true});
  if (seen.reasoning) sets.push_back({.reasoning = true});
  if (seen.cached && seen.written) sets.push_back({.cached = true, .written = true});
  if (seen.reasoning && (seen.cached || seen.written)) sets.push_back(seen);
  return sets;
}

// A gateway that has no price for a model logs 0, which need not be what the provider bills.
void note_free_answers(Fit& fit, const ProviderSpec& spec, const FitTally::Calls& calls) {
  const auto is_free = [](const FitTally::Answered& entry) {
    return entry.cost == Usd{} && entry.input + entry.output > Tokens{};
  };
  const std::int64_t free = std::ranges::count_if(calls.answered, is_free);
  if (free == 0) return;
  fit.notes.push_back(fmt::format(
      "{}: {} of {} answered requests cost 0 USD although they have tokens: the gateway may have no price for the "
      "model "
      "{}, and its cost is then missing here (--set 'providers.{}.price_usd_per_million=MODEL' sets a listed price)",
      spec.name, free, calls.answered.size(), spec.model, spec.name));
  if (100 * free > std::ssize(calls.answered)) fit.doubts.push_back(fit.notes.back());
}

}  // namespace

void fit_price(Fit& fit, ProviderSpec& spec, const FitTally::Calls& calls) {
  const Prices prices = prices_of(calls.answered);
  Tariff tariff{{Usd::from_picos(whole_price(prices.input))}, {Usd::from_picos(whole_price(prices.output))}};
  Explained explained = explained_by(tariff, calls.answered);
  for (const KindSet& set : kind_sets_of(calls.answered)) {
    if (explained.is_whole()) break;
    const std::optional<Tariff> with = tariff_with(calls.answered, set);
    if (!with) continue;
    const Explained better = explained_by(*with, calls.answered);
    if (better.residuals > kKindsLeave * explained.residuals) continue;
    tariff = *with;
    explained = better;
  }
  spec.tariffs = {{WallTime::min(), tariff}};
  note_free_answers(fit, spec, calls);
  const std::int64_t n = std::ssize(calls.answered);
  const auto add = [&](const char* what, const std::optional<Price>& price) {
    if (!price) return;
    const double dollars = static_cast<double>(price->per_token.picos()) / 1e6;  // a million tokens
    fit.parameters.push_back(
        {spec.name + ".price." + what, "USD/million", {dollars, dollars, dollars}, explained.exact, false});
  };
  add("input", tariff.input);
  add("output", tariff.output);
  add("cached_input", tariff.cached_input);
  add("cache_write", tariff.cache_write);
  add("reasoning", tariff.reasoning);
  if (!prices.both) {
    fit.notes.push_back(
        fmt::format("{}: input and output come in one ratio, so that their prices cannot be told apart", spec.name));
  }
  if (explained.exact < n && !explained.is_whole()) {
    fit.notes.push_back(fmt::format(
        "{}: its prices explain {} of {} bills exactly; they miss one by {:.1f} % on "
        "average, as cached input or tiers do, and meet their sum",
        spec.name, explained.exact, n, explained.costs > 0 ? 100 * explained.residuals / explained.costs : 0));
  }
}

}  // namespace windtunnel::sim
