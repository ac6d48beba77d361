#pragma once
// What a run was found to be: pass, fail or inconclusive, with each finding behind it. No data never passes.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

enum class Verdict : std::uint8_t { pass, fail, inconclusive };
const char* name_of(Verdict verdict);

// One claim that was looked at.
struct Finding {
  enum class Kind : std::uint8_t { invariant, liveness, threshold, coverage, fault };
  Kind kind = Kind::threshold;
  std::string id;  // "B3", "request_duration: p(95)<3s", "failover", "openai-down"
  Verdict verdict = Verdict::pass;
  std::string claim;          // one sentence: what should hold
  std::string reason;         // the figures that decided it
  std::optional<Instant> at;  // of a violation
  std::optional<RequestId> request;
  Origin origin;  // the line of the scenario that claims it, if it has one
};
const char* name_of(Finding::Kind kind);

struct Judgement {
  Verdict verdict = Verdict::pass;
  std::vector<Finding> findings;  // violated invariants only; liveness, thresholds, coverage and faults all
  std::vector<std::pair<std::string, std::int64_t>> coverage;  // every counter, by name
  std::vector<std::string> checks;                             // ids of the invariants that were on
};

// Fail if anything fails, else inconclusive if anything is, else pass.
Verdict verdict_of(const std::vector<Finding>& findings);

}  // namespace windtunnel::sim
