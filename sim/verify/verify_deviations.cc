#include "sim/verify/verify_deviations.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "sim/verify/verify_draw.h"

namespace windtunnel::sim {
namespace {

using monitor::BreakerCompare;
using monitor::BreakerConfig;

constexpr std::array<DeviationInfo, kDeviations> kInfos{{
    {Deviation::trips_on_ge, "trips on >=", "The rate rule opens it at the threshold, not only above it."},
    {Deviation::no_reset_on_success, "no reset on success", "A success does not end the run of consecutive failures."},
    {Deviation::unlimited_probes, "unlimited probes", "HALF_OPEN admits more calls than half_open_max_calls."},
    {Deviation::failed_probe_ignored, "failed probe ignored", "A failed probe leaves it half-open."},
    {Deviation::late_results_act, "late results act",
     "A result whose call began before the latest change of state is counted all the same."},
    {Deviation::opens_on_the_first_failure, "opens on the first failure",
     "One failure opens it, below minimum_calls or below the count that is set."},
    {Deviation::never_recovers_from_zero, "never recovers when opened at t = 0",
     "An opening at time 0 is taken for none, so that OPEN never ends."},
    {Deviation::elapsed_above, "elapsed > instead of >=", "OPEN ends a moment after open_ms, not at it."},
    {Deviation::lifetime_window, "lifetime window", "Outcomes never leave the window."},
    {Deviation::ignored_probe_succeeds, "ignored probe succeeds",
     "A probe whose outcome is ignored counts as a success, so that it may close."},
    {Deviation::counts_attempts, "counts attempts",
     "minimum_calls counts the calls that begin, admitted or not, instead of outcomes; the failure rate may do so "
     "too."},
}};

constexpr std::uint64_t kHistoriesToFit = 40;
constexpr std::uint64_t kHistories = 600;    // drawn for one round
constexpr std::size_t kCandidatesKept = 12;  // the shortest, for each way of each deviation

// A history on which a deviation's model differs from all others in its last answer.
struct Candidate {
  History history;
  std::vector<ExpectedAnswer> plain;    // by the rules
  std::vector<ExpectedAnswer> deviant;  // the same but for the last
};

// A way in which a deviation is met.
struct Variant {
  Deviation deviation{};
  BreakerRules rules;
  std::vector<Candidate> candidates = {};  // the shortest first
};

std::vector<Variant> variants_of(const BreakerRules& rules, const std::vector<RecognisedDeviation>& known) {
  std::vector<Variant> variants;
  for (const DeviationInfo& info : kInfos) {
    const auto is_it = [&](const RecognisedDeviation& recognised_deviation) {
      return recognised_deviation.deviation == info.deviation;
    };
    if (std::ranges::any_of(known, is_it)) continue;
    for (const BreakerRules& breaker_rules : with_deviation(rules, info.deviation))
      variants.push_back({info.deviation, breaker_rules});
  }
  return variants;
}

bool same(const ExpectedAnswer& a, const ExpectedAnswer& b) { return a.admitted == b.admitted && a.state == b.state; }

void keep_shortest(std::vector<Candidate>& kept, Candidate candidate) {
  const auto is_same = [&](const Candidate& entry) { return entry.history == candidate.history; };
  if (std::ranges::any_of(kept, is_same)) return;
  const auto shorter = [](const Candidate& a, const Candidate& b) { return a.history.size() < b.history.size(); };
  kept.insert(std::ranges::upper_bound(kept, candidate, shorter), std::move(candidate));
  if (kept.size() > kCandidatesKept) kept.pop_back();
}

std::vector<ExpectedAnswer> answers_by(const BreakerRules& rules, const History& history) {
  return expected_of(rules.config, history, rules.quirks);
}

// What the rules and each way answer to a history.
struct AllAnswers {
  std::vector<ExpectedAnswer> plain;
  std::vector<std::vector<ExpectedAnswer>> ways;
};

AllAnswers answers_of_all(const History& history, const BreakerRules& rules, const std::vector<Variant>& variants) {
  AllAnswers all{.plain = answers_by(rules, history), .ways = {}};
  for (const Variant& variant : variants) all.ways.push_back(answers_by(variant.rules, history));
  return all;
}

// The part of a history, from its beginning, whose last answer tells this way from the rules and from all ways of other
// deviations.
std::optional<Candidate> telling_part(const History& history, const AllAnswers& all,
                                      const std::vector<Variant>& variants, std::size_t way) {
  const std::vector<ExpectedAnswer>& own = all.ways[way];
  const auto [in_plain, in_own] = std::ranges::mismatch(all.plain, own, same);
  if (in_plain == all.plain.end() || in_own == own.end()) return std::nullopt;
  const auto size = in_own - own.begin() + 1;
  for (std::size_t other = 0; other < variants.size(); ++other) {
    if (variants[other].deviation == variants[way].deviation || std::ssize(all.ways[other]) < size) continue;
    if (std::equal(own.begin(), own.begin() + size, all.ways[other].begin(), same)) return std::nullopt;
  }
  return Candidate{.history = History(history.begin(), history.begin() + size),
                   .plain = std::vector(all.plain.begin(), all.plain.begin() + size),
                   .deviant = std::vector(own.begin(), own.begin() + size)};
}

// Gives the history to each way that it separates from all ways of other deviations.
void add_candidates(const History& history, const BreakerRules& rules, std::vector<Variant>& variants) {
  const AllAnswers all = answers_of_all(history, rules, variants);
  for (std::size_t way = 0; way < variants.size(); ++way) {
    if (auto part = telling_part(history, all, variants, way)) {
      keep_shortest(variants[way].candidates, std::move(*part));
    }
  }
}

// For how many calls of some histories, drawn for these rules, the breaker follows them.
std::size_t calls_followed(monitor::ForeignBreaker& breaker, const BreakerConfig& config, const BreakerRules& rules,
                           StreamKey stream) {
  std::size_t calls = 0;
  for (std::uint64_t number = 0; number < kHistoriesToFit; ++number) {
    const History history = draw_history(rules.config, stream, number, rules.quirks);
    const auto done = replay(breaker, config, history, expected_of(rules.config, history, rules.quirks));
    calls += done.mismatch.value_or(done.answers.size());
  }
  return calls;
}

// Of the ways in which a deviation is met, the one that the breaker follows furthest.
BreakerRules best_way(monitor::ForeignBreaker& breaker, const BreakerConfig& config, const BreakerRules& rules,
                      Deviation deviation, StreamKey stream) {
  const std::vector<BreakerRules> ways = with_deviation(rules, deviation);
  std::size_t best = 0;
  std::size_t most = 0;
  for (std::size_t i = 0; i < ways.size() && ways.size() > 1; ++i) {
    const std::size_t calls = calls_followed(breaker, config, ways[i], stream);
    if (calls <= most) continue;
    most = calls;
    best = i;
  }
  return ways[best];
}

// The shortest history on which the breaker is as the deviation's model, if it is so more often than as the rules.
const Candidate* evidence(monitor::ForeignBreaker& breaker, const BreakerConfig& config, const Variant& variant) {
  const Candidate* first = nullptr;
  int margin = 0;
  for (const Candidate& candidate : variant.candidates) {
    const ReplayedHistory done = replay(breaker, config, candidate.history, candidate.deviant);
    const std::size_t last = candidate.history.size() - 1;
    if (!done.mismatch) {
      ++margin;
      if (first == nullptr) first = &candidate;
    } else if (*done.mismatch == last && agrees(candidate.plain[last], candidate.history[last], done.answers[last])) {
      --margin;
    }
  }
  return margin > 0 ? first : nullptr;
}

// Takes calls out of a history as long as it tells the same of the breaker.
Candidate shrunk(monitor::ForeignBreaker& breaker, const BreakerConfig& config, const BreakerRules& rules,
                 const std::vector<Variant>& variants, std::size_t way, Candidate best) {
  const BreakerRules& own = variants[way].rules;
  for (std::size_t i = 0; i < best.history.size();) {
    std::vector<bool> out(best.history.size());
    out[i] = true;
    const History shorter = without(own.config, best.history, out, own.quirks);
    auto part = telling_part(shorter, answers_of_all(shorter, rules, variants), variants, way);
    if (part && !replay(breaker, config, part->history, part->deviant).mismatch) {
      best = std::move(*part);
      i = 0;
    } else {
      ++i;
    }
  }
  return best;
}

// One more deviation of the breaker beyond the known ones, if one can be recognized.
std::optional<RecognisedDeviation> next_deviation(monitor::ForeignBreaker& breaker, const BreakerConfig& config,
                                                  const BreakerRules& rules, StreamKey stream,
                                                  const std::vector<RecognisedDeviation>& known) {
  std::vector<Variant> variants = variants_of(rules, known);
  for (std::uint64_t number = 0; number < kHistories; ++number) {
    add_candidates(draw_history(rules.config, stream, number, rules.quirks), rules, variants);
  }
  for (std::size_t way = 0; way < variants.size(); ++way) {
    const Candidate* found = evidence(breaker, config, variants[way]);
    if (found == nullptr) continue;
    Candidate shown = shrunk(breaker, config, rules, variants, way, *found);
    return RecognisedDeviation{.deviation = variants[way].deviation,
                               .shown = {.history = shown.history,
                                         .answers = replay(breaker, config, shown.history, shown.deviant).answers,
                                         .expected = std::move(shown.plain),
                                         .rules = rules_of(rules.config, shown.history, rules.quirks)}};
  }
  return std::nullopt;
}

// Whether a breaker of these rules answers a history as it was answered.
bool answers_alike(const BreakerRules& rules, const ShownHistory& shown) {
  const std::vector<ExpectedAnswer> answers = answers_by(rules, shown.history);
  if (answers.size() != shown.history.size() || answers.size() != shown.answers.size()) return false;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!agrees(answers[i], shown.history[i], shown.answers[i])) return false;
  }
  return true;
}

// Of the ways that explain the history, the one that the breaker follows furthest.
std::optional<Variant> explanation(monitor::ForeignBreaker& breaker, const BreakerConfig& config,
                                   const ShownHistory& failed, StreamKey stream) {
  std::vector<Variant> ways = variants_of({config, {}}, {});
  std::erase_if(ways, [&](const Variant& way) { return !answers_alike(way.rules, failed); });
  std::optional<Variant> best;
  std::size_t most = 0;
  for (Variant& way : ways) {
    const std::size_t calls = ways.size() > 1 ? calls_followed(breaker, config, way.rules, stream) : 1;
    if (calls <= most) continue;
    most = calls;
    best = std::move(way);
  }
  return best;
}

}  // namespace

std::span<const DeviationInfo> deviations() { return kInfos; }

std::string_view name_of(Deviation deviation) { return kInfos[static_cast<std::size_t>(deviation)].name; }

std::vector<BreakerRules> with_deviation(const BreakerRules& rules, Deviation deviation) {
  std::vector<BreakerRules> ways;
  const auto add = [&](auto change) {
    BreakerRules changed = rules;
    change(changed);
    if (changed != rules && !unsupported(changed.config)) ways.push_back(changed);
  };
  switch (deviation) {
    case Deviation::trips_on_ge:
      if (rules.config.failure_rate_threshold) add([](auto& r) { r.config.failure_rate_compare = BreakerCompare::ge; });
      break;
    case Deviation::no_reset_on_success:
      if (rules.config.consecutive_threshold) add([](auto& r) { r.quirks.success_keeps_run = true; });
      break;
    case Deviation::unlimited_probes:
      add([](auto& r) { r.config.half_open_max_calls = 0; });
      break;
    case Deviation::failed_probe_ignored:
      add([](auto& r) { r.config.half_open_failure = monitor::HalfOpenFailure::ignore; });
      break;
    case Deviation::late_results_act:
      add([](auto& r) { r.quirks.late_failure_extends_open = true; });
      add([](auto& r) { r.quirks.late_success_closes_open = true; });
      if (rules.config.late_results != monitor::LateResults::ignore) break;
      add([](auto& r) { r.quirks.late_failure_counts = true; });
      add([](auto& r) { r.quirks.late_success_counts = true; });
      add([](auto& r) { r.quirks.late_failure_fails_probe = true; });
      add([](auto& r) { r.quirks.late_failure_reopens = true; });
      add([](auto& r) { r.quirks.late_success_is_probe = true; });
      add([](auto& r) { r.quirks.late_failure_counts = r.quirks.late_failure_reopens = true; });
      add([](auto& r) { r.quirks.late_success_counts = r.quirks.late_success_is_probe = true; });
      add([](auto& r) {
        r.quirks.late_success_counts = r.quirks.late_success_is_probe = r.quirks.late_success_closes_open = true;
      });
      add([](auto& r) { r.config.late_results = monitor::LateResults::current_state; });
      break;
    case Deviation::opens_on_the_first_failure:
      add([](auto& r) { r.config.consecutive_threshold = 1; });
      if (rules.config.failure_rate_threshold) add([](auto& r) { r.config.minimum_calls = 0; });
      break;
    case Deviation::never_recovers_from_zero:
      add([](auto& r) { r.quirks.stuck_if_opened_at_zero = true; });
      break;
    case Deviation::elapsed_above:
      add([](auto& r) { r.config.open_compare = BreakerCompare::gt; });
      break;
    case Deviation::lifetime_window:
      if (rules.config.window_type) add([](auto& r) { r.config.window_type = monitor::WindowType::lifetime; });
      break;
    case Deviation::ignored_probe_succeeds:
      add([](auto& r) { r.quirks.ignored_probe_succeeds = true; });
      break;
    case Deviation::counts_attempts:
      if (!rules.config.failure_rate_threshold) break;
      add([](auto& r) { r.quirks.minimum_of_attempts = true; });
      add([](auto& r) { r.quirks.minimum_of_attempts = r.quirks.rate_of_attempts = true; });
      break;
  }
  return ways;
}

std::vector<RecognisedDeviation> recognise(monitor::ForeignBreaker& breaker, const BreakerConfig& config,
                                           const ShownHistory& failed, std::uint64_t seed) {
  const StreamKey stream = Chance{seed}.stream("verify/deviations");
  auto first = explanation(breaker, config, failed, stream);
  if (!first) return {};
  std::vector<RecognisedDeviation> known{{first->deviation, failed}};
  BreakerRules rules = first->rules;
  while (auto next = next_deviation(breaker, config, rules, stream, known)) {
    rules = best_way(breaker, config, rules, next->deviation, stream);
    known.push_back(std::move(*next));
  }
  return known;
}

}  // namespace windtunnel::sim
