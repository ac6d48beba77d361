#pragma once
// The verdict of a run, a forecast, a comparison or a search, and the findings behind it.
//
// No data never passes. A claim is something that the user states and that the verb judges: a threshold, a liveness
// block, a minimum of coverage, a min_affected that is written down, an assertion, a bound on a regression. Defaults
// and the built-in invariants are no claims, so a file without a claim has nothing that could pass.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

enum class Verdict : std::uint8_t { pass, fail, inconclusive, nothing_claimed };
inline constexpr std::size_t kVerdicts = 4;
// "nothing_claimed", as in JSON.
const char* name_of(Verdict verdict);
// "NOTHING CLAIMED", for people.
std::string verdict_words(Verdict verdict);

// What one verdict rests on.
struct Evidence {
  bool has_failed = false;     // something that must hold does not
  bool is_undecided = false;   // a claim had too little data
  std::uint64_t requests = 0;  // that ended
  std::uint64_t claims = 0;
};

// The one place that decides a verdict, for every verb. A failure counts whatever else is missing; without requests
// nothing was tried; without claims nothing was asked.
[[nodiscard]] Verdict decide(const Evidence& evidence);

// One claim that was judged.
struct Finding {
  enum class Kind : std::uint8_t { invariant, liveness, threshold, coverage, fault, traffic };
  Kind kind = Kind::threshold;
  std::string id;  // "B3", "request_duration: p(95)<3s", "failover", "openai-down"
  Verdict verdict = Verdict::pass;
  std::string claim;          // one sentence: what should hold
  std::string reason;         // the figures that decided it
  std::optional<Instant> at;  // of a violation
  std::optional<RequestId> request;
  Origin origin;  // the line of the scenario that claims it, if it has one
  // Of a threshold: the figure that decided it, and its unit (ms, USD, share, per_s, count, tokens). Nothing without
  // data, and of several windows that all held.
  std::optional<double> value{};
  std::string unit{};
};
const char* name_of(Finding::Kind kind);

struct Judgement {
  Verdict verdict = Verdict::pass;
  std::vector<Finding> findings;  // violated invariants only; liveness, thresholds, coverage and faults all
  std::vector<std::pair<std::string, std::int64_t>> coverage;  // every counter, by name
  std::vector<std::string> checks;                             // ids of the invariants that were on
  std::uint64_t claims = 0;                                    // that were judged
  std::vector<std::string> notes;                              // the notes beside the verdict (claims/run_notes.h)
};

// Of one run with these findings.
[[nodiscard]] Evidence evidence_of(const std::vector<Finding>& findings, std::uint64_t requests, std::uint64_t claims);

}  // namespace windtunnel::sim
