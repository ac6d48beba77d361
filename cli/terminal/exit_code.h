#pragma once
// The one table of exit codes.

#include <algorithm>
#include <array>
#include <string_view>

#include "runs/problem.h"
#include "sim/checks/findings/verdict.h"

namespace windtunnel::cli {

enum class ExitCode : int {
  pass = 0,
  internal_error = 1,
  usage = 2,
  scenario_invalid = 3,
  file_error = 4,
  invariant_violated = 10,
  liveness = 11,
  threshold = 12,
  inconclusive = 13,
  not_deterministic = 14,
  regression = 15,
  interrupted = 130,
};

struct ExitCodeMeaning {
  ExitCode code;
  std::string_view word;
  std::string_view meaning;
};

// Worst first: several files or seeds exit with the worst of theirs.
inline constexpr std::array<ExitCodeMeaning, 12> kExitCodes = {{
    {ExitCode::internal_error, "internal error", "our own mistake; please report it"},
    {ExitCode::file_error, "file error", "a file could not be read or written"},
    {ExitCode::scenario_invalid, "scenario invalid", "the scenario file has errors; nothing ran"},
    {ExitCode::usage, "usage", "the command line has errors; nothing ran"},
    {ExitCode::interrupted, "interrupted", "stopped by SIGINT or SIGTERM; what was measured is kept and marked"},
    {ExitCode::not_deterministic, "not deterministic", "the same scenario and seed gave two different runs"},
    {ExitCode::invariant_violated, "invariant violated", "a check found a claim broken"},
    {ExitCode::liveness, "liveness", "something did not recover in time"},
    {ExitCode::threshold, "threshold", "a threshold was not held"},
    {ExitCode::regression, "regression", "compare: worse than allowed"},
    {ExitCode::inconclusive, "inconclusive", "no data, a fault without effect, coverage not reached, or no claim"},
    {ExitCode::pass, "pass", "everything that was claimed holds, or nothing was claimed"},
}};

constexpr std::size_t severity_of(ExitCode code) {
  for (std::size_t i = 0; i < kExitCodes.size(); ++i) {
    if (kExitCodes[i].code == code) return kExitCodes.size() - i;
  }
  return kExitCodes.size();
}

constexpr ExitCode worst(ExitCode a, ExitCode b) { return severity_of(a) >= severity_of(b) ? a : b; }

constexpr const ExitCodeMeaning& meaning_of(ExitCode code) { return kExitCodes[kExitCodes.size() - severity_of(code)]; }

// The exit code of a verdict; `on_failure` is the verb's own. With --require-claims to claim nothing is no pass.
constexpr ExitCode exit_code_of(sim::Verdict verdict, ExitCode on_failure, bool claims_required) {
  if (verdict == sim::Verdict::fail) return on_failure;
  const bool is_unclaimed = verdict == sim::Verdict::nothing_claimed && !claims_required;
  return verdict == sim::Verdict::pass || is_unclaimed ? ExitCode::pass : ExitCode::inconclusive;
}

// The code of a finding that failed.
constexpr ExitCode exit_code_of(sim::Finding::Kind kind) {
  using Kind = sim::Finding::Kind;
  return kind == Kind::invariant   ? ExitCode::invariant_violated
         : kind == Kind::liveness  ? ExitCode::liveness
         : kind == Kind::threshold ? ExitCode::threshold
                                   : ExitCode::inconclusive;
}

inline ExitCode exit_code_of(const sim::Judgement& judgement, bool claims_required) {
  ExitCode on_failure = ExitCode::pass;
  for (const sim::Finding& finding : judgement.findings) {
    if (finding.verdict == sim::Verdict::fail) on_failure = worst(on_failure, exit_code_of(finding.kind));
  }
  return exit_code_of(judgement.verdict, on_failure, claims_required);
}

constexpr ExitCode exit_code_of(runs::ProblemKind kind) {
  switch (kind) {
    case runs::ProblemKind::request:
      return ExitCode::usage;
    case runs::ProblemKind::scenario:
      return ExitCode::scenario_invalid;
    case runs::ProblemKind::file:
      return ExitCode::file_error;
    case runs::ProblemKind::no_data:
      return ExitCode::inconclusive;
    case runs::ProblemKind::interrupted:
      return ExitCode::interrupted;
    case runs::ProblemKind::internal:
      return ExitCode::internal_error;
  }
  return ExitCode::internal_error;
}

}  // namespace windtunnel::cli
