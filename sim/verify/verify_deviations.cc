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
}};

constexpr std::uint64_t kHistoriesToFit = 40;
constexpr std::uint64_t kHistories = 600;    // drawn for one round
constexpr std::size_t kCandidatesKept = 12;  // the shortest, for each way of each deviation

// A history on which a deviation's model tells itself from all others by its last answer.
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
    const auto is_it = [&](const RecognisedDeviation& one) { return one.deviation == info.deviation; };
    if (std::ranges::any_of(known, is_it)) continue;
    for (BreakerRules& one : with_deviation(rules, info.deviation))
      variants.push_back({info.deviation, std::move(one)});
  }
  return variants;
}

bool same(const ExpectedAnswer& a, const ExpectedAnswer& b) { return a.admitted == b.admitted && a.state == b.state; }

void keep_shortest(std::vector<Candidate>& kept, Candidate candidate) {
  const auto is_same = [&](const Candidate& one) { return one.history == candidate.history; };
  if (std::ranges::any_of(kept, is_same)) return;
  const auto shorter = [](const Candidate& a, const Candidate& b) { return a.history.size() < b.history.size(); };
  kept.insert(std::ranges::upper_bound(kept, candidate, shorter), std::move(candidate));
  if (kept.size() > kCandidatesKept) kept.pop_back();
}

// Gives the history to each way that it tells from all ways of other deviations.
void add_candidates(const History& history, const BreakerRules& rules, std::vector<Variant>& variants) {
  const std::vector<ExpectedAnswer> plain = expected_of(rules.config, history, rules.quirks);
  std::vector<std::vector<ExpectedAnswer>> all;
  for (const Variant& one : variants) all.push_back(expected_of(one.rules.config, history, one.rules.quirks));
  for (std::size_t v = 0; v < variants.size(); ++v) {
    const std::vector<ExpectedAnswer>& own = all[v];
    const auto [in_plain, in_own] = std::ranges::mismatch(plain, own, same);
    if (in_plain == plain.end() || in_own == own.end()) continue;
    const auto size = in_own - own.begin() + 1;
    const auto looks_the_same = [&](std::size_t other) {
      return variants[other].deviation != variants[v].deviation && std::ssize(all[other]) >= size &&
             std::equal(own.begin(), own.begin() + size, all[other].begin(), same);
    };
    bool is_its_own = true;
    for (std::size_t other = 0; other < variants.size() && is_its_own; ++other) is_its_own = !looks_the_same(other);
    if (!is_its_own) continue;
    keep_shortest(variants[v].candidates, {.history = History(history.begin(), history.begin() + size),
                                           .plain = std::vector(plain.begin(), plain.begin() + size),
                                           .deviant = std::vector(own.begin(), own.begin() + size)});
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
  std::vector<BreakerRules> ways = with_deviation(rules, deviation);
  std::size_t best = 0;
  std::size_t most = 0;
  for (std::size_t i = 0; i < ways.size() && ways.size() > 1; ++i) {
    const std::size_t calls = calls_followed(breaker, config, ways[i], stream);
    if (calls <= most) continue;
    most = calls;
    best = i;
  }
  return std::move(ways[best]);
}

// The shortest history on which the breaker is as the deviation's model, if it is so more often than as the rules.
const History* evidence(monitor::ForeignBreaker& breaker, const BreakerConfig& config, const Variant& variant) {
  const History* first = nullptr;
  int margin = 0;
  for (const Candidate& one : variant.candidates) {
    const ReplayedHistory done = replay(breaker, config, one.history, one.deviant);
    const std::size_t last = one.history.size() - 1;
    if (!done.mismatch) {
      ++margin;
      if (first == nullptr) first = &one.history;
    } else if (*done.mismatch == last && agrees(one.plain[last], one.history[last], done.answers[last])) {
      --margin;
    }
  }
  return margin > 0 ? first : nullptr;
}

// One more deviation of the breaker beyond the known ones, if one can be told.
std::optional<RecognisedDeviation> next_deviation(monitor::ForeignBreaker& breaker, const BreakerConfig& config,
                                                  const BreakerRules& rules, StreamKey stream,
                                                  const std::vector<RecognisedDeviation>& known) {
  std::vector<Variant> variants = variants_of(rules, known);
  for (std::uint64_t number = 0; number < kHistories; ++number) {
    add_candidates(draw_history(rules.config, stream, number, rules.quirks), rules, variants);
  }
  for (const Variant& one : variants) {
    if (const History* history = evidence(breaker, config, one)) return RecognisedDeviation{one.deviation, *history};
  }
  return std::nullopt;
}

}  // namespace

std::span<const DeviationInfo> deviations() { return kInfos; }

std::string_view name_of(Deviation deviation) { return kInfos[static_cast<std::size_t>(deviation)].name; }

std::vector<BreakerRules> with_deviation(const BreakerRules& rules, Deviation deviation) {
  std::vector<BreakerRules> ways;
  const auto add = [&](auto change) {
    BreakerRules changed = rules;
    change(changed);
    if (changed != rules && !unsupported(changed.config)) ways.push_back(std::move(changed));
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
      add([](auto& r) { r.config.late_results = monitor::LateResults::current_state; });
      add([](auto& r) { r.quirks.late_failure_fails_probe = true; });
      add([](auto& r) { r.quirks.late_failure_extends_open = true; });
      add([](auto& r) { r.quirks.late_success_closes_open = true; });
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
  }
  return ways;
}

std::vector<RecognisedDeviation> recognise(monitor::ForeignBreaker& breaker, const BreakerConfig& config,
                                           std::uint64_t seed) {
  std::vector<RecognisedDeviation> known;
  BreakerRules rules{config, {}};
  const StreamKey stream = Chance{seed}.stream("verify/deviations");
  while (auto next = next_deviation(breaker, config, rules, stream, known)) {
    rules = best_way(breaker, config, rules, next->deviation, stream);
    known.push_back(std::move(*next));
  }
  std::ranges::sort(known, {}, &RecognisedDeviation::deviation);
  return known;
}

}  // namespace windtunnel::sim
