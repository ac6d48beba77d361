#pragma once
// Whether a variation is worse than the first by more than a rule allows.
//
// A rule is judged by the interval of the excess: the mean over the pairs (a, b) of seeds of b - a - bound or, of a
// relative rule, of b - a (1 + bound). The whole interval at or below 0 is a pass, the whole interval above 0 a
// regression. Everything else is undecided, because nothing is shown either way.
//
// Where b - a is the same in every seed it has no spread, so that rare seeds with another difference must be bounded
// otherwise. By the rule of three fewer than 3/n of all seeds are such (n: pairs). How far they lie is an assumption,
// which the report states: as far as the difference itself is from 0 and, of a metric that counts, at least 1; of a
// time and of money, as far as the metric's largest value. The interval reaches 3/n times that to both sides. That is
// the bound which a forecast has for a count without an event: one of `requests_lost` that is equal in all of 30 seeds
// may differ by 0.1 a seed, so that `requests_lost<=0` stays undecided and `requests_lost<=0.1` passes. Fewer than
// kAlikePairsLeast pairs decide nothing, because then more than a quarter of all seeds may differ, and the assumption
// alone would pass a rule or make a regression.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/compare/compare.h"

namespace windtunnel::sim {

// So many pairs without spread are decided at least.
inline constexpr std::int64_t kAlikePairsLeast = 11;

// A metric may be worse than in the first variation by at most `bound`.
struct RegressionRule {
  std::string text;  // as written
  CompareMetric metric{};
  bool is_relative = false;
  double bound = 0;  // in the metric's unit, or relative to the first's mean: 0.05 is 5 %. May be negative: better by
};

// Why a pass would show nothing.
enum class EvidenceLack : std::uint8_t {
  no_request,          // came to a variation in any seed
  only_inconclusive,   // runs of a variation, by the claims of its own scenario
  no_call_in_a_fault,  // of either: nothing could be wasted
  no_check,            // was on in any run: nothing could be violated
  ruled_out,           // by the settings of both: the metric can only be 0
  nothing_spent,       // of either: no cost could rise
  one_side_alone,      // has data in some seed, so that the pairs are those that the other survived
};

// What became of one rule for one variation.
struct RegressionFinding {
  std::size_t variation = 0;
  std::size_t rule = 0;
  Verdict verdict = Verdict::inconclusive;
  std::optional<Average> excess;             // its interval is what is judged
  std::optional<double> unseen;              // of a difference without spread: how far a rare seed is taken to lie
  std::optional<std::int64_t> seeds_needed;  // of an inconclusive one: about so many would decide, if the spread stays
  std::optional<EvidenceLack> lack;          // that made a pass inconclusive
  std::size_t lacking = 0;                   // the variation that it is of
  std::int64_t pairs = 0;                    // seeds in which both variations had requests and have the metric
  std::int64_t lone = 0;                     // seeds in which one alone does
};

// For each variation but the first, in order, each rule in order.
std::vector<RegressionFinding> judge_regressions(const ComparisonResult& comparison,
                                                 const std::vector<RegressionRule>& rules);

// The rules are what a comparison claims, and a finding that lacks evidence never passes. A variation to which no
// request came in any seed shows nothing.
[[nodiscard]] Verdict verdict_of(const ComparisonResult& comparison, const std::vector<RegressionFinding>& findings);

}  // namespace windtunnel::sim
