#pragma once
// The ways in which breakers are known to deviate from the rules, by name, and how one is recognised.
//
// Each deviation has models of its own: the reference model under other settings or with a quirk. Histories are drawn
// that tell: up to and with their last answer, neither the rules nor any other deviation's model answer as this one
// does. A breaker is said to have the deviation when its answers follow the model to the letter on more of the shortest
// of these histories than on which they follow the rules; so that one that agrees by accident is not called by the
// name. Deviations are added one after the other: once one is recognised, histories are drawn for a breaker that has
// it, so that one deviation does not hide another.

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
};
inline constexpr std::size_t kDeviations = 9;

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

// What a deviation was recognised by.
struct RecognisedDeviation {
  Deviation deviation{};
  History history;  // ends with the answer that tells
};

// Drives the breaker through histories drawn for each deviation. Depends on the seed and the breaker's answers alone.
std::vector<RecognisedDeviation> recognise(monitor::ForeignBreaker& breaker, const monitor::BreakerConfig& config,
                                           std::uint64_t seed);

}  // namespace windtunnel::sim
