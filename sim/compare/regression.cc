#include "sim/compare/regression.h"

#include <algorithm>
#include <cmath>

#include "sim/statistics/skewed_mean.h"

namespace windtunnel::sim {
namespace {

constexpr std::int64_t kSeedsNeededMax = 1'000'000'000;
constexpr double kRounding = 1e-9;

bool are_alike(const std::vector<double>& values) {
  return std::ranges::all_of(values, [&](double value) { return value == values.front(); });
}

// How far a seed that none of these shows is taken to lie from what all of them show. 0: nothing is known of it.
double distance_of_unseen(CompareMetric metric, const Pairs& pairs, double difference) {
  switch (entry_of(metric).unit) {
    case CompareUnit::count:
      return std::max(1.0, std::abs(difference));
    case CompareUnit::nanoseconds:
    case CompareUnit::dollars:
    case CompareUnit::ratio:
    case CompareUnit::share:
      break;
  }
  return std::max(std::abs(difference), pairs.largest());
}

void reach_out(Estimate& interval, double below, double above) {
  interval.low = std::min(interval.low, interval.value - below);
  interval.high = std::max(interval.high, interval.value + above);
}

// The interval of the excess by its own values, widened by what the differences say of rare seeds: of a relative rule
// the first's spread would hide that they are all alike.
void bound_excess(RegressionFinding& finding, const Pairs& pairs, const std::vector<double>& values,
                  const RegressionRule& rule) {
  Average& excess = *finding.excess;
  if (excess.n < 2) return;
  const std::vector<double> differences = pairs.combined(1, 0);
  const bool same = are_alike(differences);
  if (!same && !are_alike(values)) {
    const CommonestValue common = commonest_of(differences);
    if (!rule.is_relative || 2 * common.count < differences.size()) return;
    const auto average = average_of(differences);
    if (!average || !average->interval) return;
    const Estimate& of_differences = *average->interval;
    reach_out(*excess.interval, of_differences.value - of_differences.low, of_differences.high - of_differences.value);
    return;
  }
  finding.unseen = distance_of_unseen(rule.metric, pairs, same ? differences.front() : values.front());
  if (*finding.unseen == 0) {
    finding.unseen.reset();
    excess.interval.reset();
    return;
  }
  if (!excess.interval) excess.interval = Estimate{excess.mean, excess.mean, excess.mean};
  const double reach = unseen_share(differences.size()) * *finding.unseen;
  // What is left of an end that rounding alone keeps from 0 is no excess.
  const auto rounded = [reach](double end) { return std::abs(end) < kRounding * reach ? 0.0 : end; };
  excess.interval->low = rounded(excess.interval->low - reach);
  excess.interval->high = rounded(excess.interval->high + reach);
}

// An interval shrinks as the root of the number of seeds, the bound on rare seeds as their number.
std::optional<std::int64_t> seeds_needed(const Average& excess, bool has_spread) {
  const double half = excess.mean > 0 ? excess.mean - excess.interval->low : excess.interval->high - excess.mean;
  const double ratio = half / std::abs(excess.mean);
  const double needed = std::ceil(static_cast<double>(excess.n) * (has_spread ? ratio * ratio : ratio) - kRounding);
  if (!(needed <= static_cast<double>(kSeedsNeededMax))) return std::nullopt;
  return std::max(static_cast<std::int64_t>(needed), excess.n + 1);
}

RegressionFinding judge_one(const Pairs& pairs, const RegressionRule& rule) {
  RegressionFinding finding;
  const std::vector<double> values =
      rule.is_relative ? pairs.combined(1 + rule.bound, 0) : pairs.combined(1, rule.bound);
  finding.excess = average_of(values);
  if (!finding.excess) return finding;
  bound_excess(finding, pairs, values, rule);
  if (!finding.excess->interval) return finding;
  const Estimate& interval = *finding.excess->interval;
  const bool is_decided = interval.high <= 0 || interval.low > 0;
  if (is_decided && finding.unseen && finding.excess->n < kAlikePairsLeast) {
    finding.seeds_needed = kAlikePairsLeast;
  } else if (interval.high <= 0) {
    finding.verdict = Verdict::pass;
  } else if (interval.low > 0) {
    finding.verdict = Verdict::fail;
  } else {
    finding.seeds_needed = seeds_needed(*finding.excess, !finding.unseen);
    if (finding.seeds_needed && finding.unseen) {
      finding.seeds_needed = std::max(*finding.seeds_needed, kAlikePairsLeast);
    }
  }
  return finding;
}

std::optional<EvidenceLack> lack_of(const VariationResult& variation) {
  if (variation.requests == 0) return EvidenceLack::no_request;
  const auto inconclusive = variation.verdicts[static_cast<std::size_t>(Verdict::inconclusive)];
  const bool all = !variation.runs.empty() && inconclusive == std::ssize(variation.runs);
  return all ? std::optional{EvidenceLack::only_inconclusive} : std::nullopt;
}

bool has_data(const VariationResult& variation, std::size_t seed, CompareMetric metric) {
  return variation.runs[seed][static_cast<std::size_t>(metric)] && !std::ranges::binary_search(variation.silent, seed);
}

// A branch that answers nothing in some seeds must not pass by those in which it does. Seeds that show nothing of the
// metric in either variation (no fault, no request) count for neither.
void count_pairs(RegressionFinding& finding, const VariationResult& first, const VariationResult& other,
                 CompareMetric metric) {
  for (std::size_t seed = 0; seed < first.runs.size(); ++seed) {
    const bool in_first = has_data(first, seed, metric);
    const bool in_other = has_data(other, seed, metric);
    if (in_first && in_other) ++finding.pairs;
    if (in_first != in_other) ++finding.lone;
  }
}

bool has_spent(const VariationResult& variation) {
  return std::ranges::any_of(variation.runs, [](const CompareValues& run) {
    return run[static_cast<std::size_t>(CompareMetric::cost_usd)].value_or(0) > 0;
  });
}

// A finding that shows a regression keeps its verdict.
void demand_evidence(RegressionFinding& finding, const ComparisonResult& comparison, CompareMetric metric) {
  if (finding.verdict == Verdict::fail) return;
  for (const std::size_t place : {std::size_t{0}, finding.variation}) {
    finding.lacking = place;
    finding.lack = lack_of(comparison.variations[place]);
    if (finding.lack) break;
  }
  const auto calls = [&](std::size_t place) { return comparison.variations[place].calls_in_faults; };
  if (!finding.lack && metric == CompareMetric::wasted_calls && calls(0) + calls(finding.variation) == 0) {
    finding.lack = EvidenceLack::no_call_in_a_fault;
  }
  if (!finding.lack && metric == CompareMetric::checks_violated && !finding.excess) {
    finding.lack = EvidenceLack::no_check;
  }
  const bool is_of_spend = metric == CompareMetric::cost_usd || metric == CompareMetric::p_exceed;
  const auto spends = [&](std::size_t place) { return has_spent(comparison.variations[place]); };
  if (!finding.lack && is_of_spend && !spends(0) && !spends(finding.variation)) {
    finding.lack = EvidenceLack::nothing_spent;
  }
  const auto is_out = [&](std::size_t place) {
    return comparison.variations[place].ruled_out[static_cast<std::size_t>(metric)];
  };
  if (!finding.lack && is_out(0) && is_out(finding.variation)) finding.lack = EvidenceLack::ruled_out;
  if (!finding.lack && finding.lone > 0) finding.lack = EvidenceLack::one_side_alone;
  if (finding.lack) finding.verdict = Verdict::inconclusive;
}

}  // namespace

std::vector<RegressionFinding> judge_regressions(const ComparisonResult& comparison,
                                                 const std::vector<RegressionRule>& rules) {
  std::vector<RegressionFinding> findings;
  const VariationResult& first = comparison.variations.front();
  for (std::size_t i = 1; i < comparison.variations.size(); ++i) {
    const VariationResult& other = comparison.variations[i];
    for (std::size_t rule = 0; rule < rules.size(); ++rule) {
      RegressionFinding finding = judge_one(pairs_of(first.runs, other.runs, rules[rule].metric), rules[rule]);
      finding.variation = i;
      finding.rule = rule;
      count_pairs(finding, first, other, rules[rule].metric);
      demand_evidence(finding, comparison, rules[rule].metric);
      findings.push_back(finding);
    }
  }
  return findings;
}

Verdict verdict_of(const ComparisonResult& comparison, const std::vector<RegressionFinding>& findings) {
  Evidence evidence{.requests = UINT64_MAX, .claims = findings.size()};
  for (const VariationResult& variation : comparison.variations)
    evidence.requests = std::min(evidence.requests, variation.requests);
  for (const RegressionFinding& finding : findings) {
    if (finding.verdict == Verdict::fail) evidence.has_failed = true;
    if (finding.verdict == Verdict::inconclusive) evidence.is_undecided = true;
  }
  return decide(evidence);
}

}  // namespace windtunnel::sim
