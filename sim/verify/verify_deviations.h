#pragma once
// The ways in which breakers are known to deviate from the rules, by name, and how one is recognised.
//
// Each deviation has models of its own: the reference model under other settings or with a quirk. A name is given to a
// history that is shown, and only when the model of that one deviation gives every answer that the breaker gave in it.
// The first history is the one on which verification failed. If several models explain it, the breaker is called by
// the one that it follows furthest on further histories; if none does, no name is given at all, because nothing can be
// concluded from a breaker of unknown rules.
//
// Further deviations are added one after the other to the model of those before, so that one does not hide another.
// Histories are drawn that tell: up to and with their last answer, neither the rules with the deviations before nor any
// other deviation's model answer as this one does. The breaker must follow the model to the letter on more of the
// shortest of these histories than on which it follows the rules; the shortest of them is shown with the name.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/breaker/breaker_protocol.h"
#include "sim/verify/verify_history.h"

namespace windtunnel::sim {

enum class Deviation : std::uint8_t {
  trips_on_ge,
  no_reset_on_success,
  unlimited_probes,
  failed_probe_ignored,
  late_results_act,
  opens_on_the_first_failure,
  never_recovers_from_zero,
  elapsed_above,
  lifetime_window,
  ignored_probe_succeeds,
  counts_attempts,
};
inline constexpr std::size_t kDeviations = 11;

struct DeviationInfo {
  Deviation deviation;
  std::string_view name;         // for people: "trips on >="
  std::string_view explanation;  // a sentence
};
[[nodiscard]] std::span<const DeviationInfo> deviations();
[[nodiscard]] std::string_view name_of(Deviation deviation);

// A breaker's rules as they may be: settings and quirks.
struct BreakerRules {
  monitor::BreakerConfig config;
  BreakerQuirks quirks;
  friend bool operator==(const BreakerRules&, const BreakerRules&) = default;
};
// The rules with a deviation, in each of the ways in which it is met; none where it makes no difference.
[[nodiscard]] std::vector<BreakerRules> with_deviation(const BreakerRules& rules, Deviation deviation);

// What a deviation was recognised by. The expected answers are those of the rules with the deviations before it.
struct RecognisedDeviation {
  Deviation deviation{};
  ShownHistory shown;
};

// The deviation that explains the history on which the breaker failed, and those that it has besides. Drives the
// breaker through further histories; depends on the seed and the breaker's answers alone.
std::vector<RecognisedDeviation> recognise(monitor::ForeignBreaker& breaker, const monitor::BreakerConfig& config,
                                           const ShownHistory& failed, std::uint64_t seed);

}  // namespace windtunnel::sim
