// How long requests and answers are, and of which kinds their tokens.
//
// A scenario draws the kinds of a request's tokens apart from how many there are, and cuts them at these. In a log long
// prompts have more cached tokens, so that the law of the log, drawn apart, would be cut too often: it is stretched,
// and if need be raised, until what is left has the log's mean. Bills are linear in tokens, so that means are what the
// cost depends on.

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "sim/fit/fit_estimates.h"

namespace windtunnel::sim {
namespace {

using TokensOf = Tokens (*)(const FitTally::Answered& answer);

Tokens input_of(const FitTally::Answered& answer) { return answer.input; }
Tokens output_of(const FitTally::Answered& answer) { return answer.output; }
Tokens cached_of(const FitTally::Answered& answer) { return answer.kinds().cached_input; }
Tokens written_of(const FitTally::Answered& answer) { return answer.kinds().cache_write; }
Tokens reasoning_of(const FitTally::Answered& answer) { return answer.kinds().reasoning; }

std::vector<std::int64_t> lengths_of(const std::vector<FitTarget>& targets, TokensOf tokens_of) {
  std::vector<std::int64_t> values;
  for (const FitTarget& target : targets) {
    for (const FitTally::Answered& entry : target.calls->answered) values.push_back(tokens_of(entry).count());
  }
  return values;
}

// The kinds that the scenario has words for: those of a prompt cache only where a target has a price for them, because
// another provider bills them as input.
std::vector<TokensOf> kinds_of(const std::vector<FitTarget>& targets, const std::vector<ProviderSpec>& providers) {
  const auto is_priced = [&](std::optional<Price> Tariff::*price) {
    return std::ranges::any_of(providers, [&](const ProviderSpec& spec) {
      return (spec.tariffs.front().tariff.*price).has_value() &&
             std::ranges::any_of(targets, [&](const FitTarget& target) { return *target.name == spec.name; });
    });
  };
  std::vector<TokensOf> kinds;
  if (is_priced(&Tariff::cached_input)) kinds.push_back(cached_of);
  if (is_priced(&Tariff::cache_write)) kinds.push_back(written_of);
  kinds.push_back(reasoning_of);
  return kinds;
}

TokenModel model_of(const std::vector<std::int64_t>& values) {
  const auto [least, most] = std::ranges::minmax(values);
  TokenModel tokens{.law = law_of(values), .least = Tokens{least}, .most = Tokens{std::max(most, std::int64_t{1})}};
  if (tokens.law.table.empty()) return tokens;
  // The law's ends were moved for the sake of the mean, so that its bounds are not the observed ones.
  const auto low = static_cast<std::int64_t>(std::floor(tokens.law.table.front() + tokens.law.shift));
  const auto high = static_cast<std::int64_t>(std::ceil(tokens.law.table.back() + tokens.law.shift));
  tokens.least = std::clamp(Tokens{low}, Tokens{0}, tokens.least);
  tokens.most = std::clamp(Tokens{high}, tokens.most, kTokensMax);
  return tokens;
}

// --- Kinds ---------------------------------------------------------------------------------------------------------

// So many values, equally probable, stand for a law: more for two laws than for three.
constexpr std::size_t kValuesOfTwo = 200;
constexpr std::size_t kValuesOfThree = 50;
constexpr double kStretchMost = 4;
constexpr int kStretchSteps = 50;

std::vector<double> values_of(const TokenModel& model, std::size_t count) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    values.push_back(std::clamp(quantile_of(model.law, share), static_cast<double>(model.least.count()),
                                static_cast<double>(model.most.count())));
  }
  return values;
}

// What is left of `part` where it is cut at a whole of its own, on average.
double cut_mean(const std::vector<double>& part, const std::vector<double>& whole) {
  double sum = 0;
  for (const double most : whole) {
    for (const double value : part) sum += std::min(value, most);
  }
  return sum / static_cast<double>(part.size() * whole.size());
}

// What cached tokens leave of the input.
std::vector<double> rests_of(const std::vector<double>& input, const std::vector<double>& cached) {
  std::vector<double> rests;
  for (const double all : input) {
    for (const double value : cached) rests.push_back(all - std::min(value, all));
  }
  return rests;
}

TokenModel stretched(const TokenModel& model, double factor, double shift) {
  TokenModel longer = model;
  longer.law.shift = std::round((model.law.shift * factor + shift) * 1e3) / 1e3;
  for (double& value : longer.law.table) {
    value = std::round(std::min(value * factor, static_cast<double>(kTokensMax.count())));
  }
  longer.law.shift = std::max(longer.law.shift, -longer.law.table.front());
  longer.least = Tokens{0};
  longer.most = kTokensMax;
  return longer;
}

// The value between `low` and `high` at which the rising `mean_at` comes to `mean`.
template <class MeanAt>
double bisected(double low, double high, double mean, MeanAt mean_at) {
  for (int step = 0; step < kStretchSteps; ++step) {
    const double middle = (low + high) / 2;
    (mean_at(middle) < mean ? low : high) = middle;
  }
  return low;
}

// The model whose values, cut at `wholes`, have this mean. Where no stretch comes to it, because the values of the log
// go with those wholes that are long, all values are raised.
TokenModel model_cut_at(const std::vector<double>& wholes, const std::vector<std::int64_t>& values, std::size_t count) {
  TokenModel model = model_of(values);
  model.least = Tokens{0};
  if (model.law.table.empty()) return model;
  const double mean = moments_of(std::span<const std::int64_t>{values}).mean;
  const auto left = [&](double factor, double shift) {
    return cut_mean(values_of(stretched(model, factor, shift), count), wholes);
  };
  const double factor = bisected(1, kStretchMost, mean, [&](double tried) { return left(tried, 0); });
  const double longest = static_cast<double>(kTokensMax.count());
  const double shift = bisected(0, longest, mean, [&](double tried) { return left(factor, tried); });
  return stretched(model, factor, shift);
}

void fit_kinds(Fit& fit, WorkloadSpec& workload, const std::vector<FitTarget>& targets, const std::string& prefix) {
  const std::vector<TokensOf> kinds = kinds_of(targets, fit.scenario.providers);
  const auto values = [&](TokensOf kind) {
    std::vector<std::int64_t> all;
    if (std::ranges::find(kinds, kind) != kinds.end()) all = lengths_of(targets, kind);
    if (std::ranges::all_of(all, [](std::int64_t value) { return value == 0; })) all.clear();
    return all;
  };
  if (const std::vector<std::int64_t> cached = values(cached_of); !cached.empty()) {
    workload.cached_input = model_cut_at(values_of(workload.input, kValuesOfTwo), cached, kValuesOfTwo);
    add_law_parameters(fit, prefix + "cached_input_tokens", "tokens", 1, cached);
  }
  if (const std::vector<std::int64_t> written = values(written_of); !written.empty()) {
    const std::vector<double> rests =
        rests_of(values_of(workload.input, kValuesOfThree), values_of(workload.cached_input, kValuesOfThree));
    workload.cache_write = model_cut_at(rests, written, kValuesOfThree);
    add_law_parameters(fit, prefix + "cache_write_tokens", "tokens", 1, written);
  }
  if (const std::vector<std::int64_t> reasoning = values(reasoning_of); !reasoning.empty()) {
    workload.reasoning = model_cut_at(values_of(workload.output, kValuesOfTwo), reasoning, kValuesOfTwo);
    add_law_parameters(fit, prefix + "reasoning_tokens", "tokens", 1, reasoning);
  }
}

}  // namespace

void fit_lengths(Fit& fit, WorkloadSpec& workload, const std::vector<FitTarget>& targets, const std::string& prefix) {
  const std::vector<std::int64_t> input = lengths_of(targets, input_of);
  const std::vector<std::int64_t> output = lengths_of(targets, output_of);
  workload.input = model_of(input);
  workload.output = model_of(output);
  // A drawn factor of the lengths must not be cut: four standard deviations of any that is written fit below.
  workload.max_tokens = std::clamp(workload.output.most + workload.output.most, Tokens{500}, kTokensMax);
  add_law_parameters(fit, prefix + "input_tokens", "tokens", 1, input);
  add_law_parameters(fit, prefix + "output_tokens", "tokens", 1, output);
  fit_kinds(fit, workload, targets, prefix);
}

bool lengths_differ(const std::vector<FitTarget>& targets, const std::vector<ProviderSpec>& providers) {
  std::vector<TokensOf> lengths = kinds_of(targets, providers);
  lengths.insert(lengths.begin(), {input_of, output_of});
  for (const TokensOf tokens_of : lengths) {
    const std::vector<std::int64_t> values = lengths_of(targets, tokens_of);
    const double all = moments_of(std::span<const std::int64_t>{values}).mean;
    for (const FitTarget& target : targets) {
      const std::vector<std::int64_t> own = lengths_of({target}, tokens_of);
      const Moments moments = moments_of(std::span<const std::int64_t>{own});
      const double off = std::abs(moments.mean - all);
      const double error = moments.sd() / std::sqrt(static_cast<double>(own.size()));
      if (own.size() >= 2 && off > 4 * error && off > 0.01 * all) return true;
    }
  }
  return false;
}

}  // namespace windtunnel::sim
