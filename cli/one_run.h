#pragma once
// One run of one scenario with one seed: its reports written, its result in words.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/console.h"
#include "cli/exit_code.h"
#include "cli/verbs/run_verb.h"
#include "reports/ci/github.h"
#include "sim/checks/judge.h"
#include "sim/world/scenario.h"

namespace windtunnel::cli {

struct OneRun {
  const sim::Scenario* scenario = nullptr;
  std::uint64_t seed = 0;
  std::optional<Duration> until;
  std::optional<Duration> timeline_step;
  std::string directory;  // of the reports; empty: none
  std::string telemetry;  // one more telemetry file; empty: none
  std::string replay;     // the command that does it again
  sim::JudgeOptions checks;
  bool wants_html = false;  // report.html in `directory`
  bool verify_determinism = false;
  bool wants_junit = false;
  bool keeps_junit = true;  // writes junit.xml into its directory; false: that is the command's own file
  bool wants_annotations = false;
  const std::atomic<bool>* stop = nullptr;
  Progress* progress = nullptr;
};

struct TextLook {
  bool color = false;
};

struct OneResult {
  ExitCode code = ExitCode::pass;
  std::string text;   // for stdout, in the format asked for
  std::string error;  // of a file that could not be written; for stderr
  std::uint64_t digest = 0;
  std::vector<std::string> failures;             // one line for each finding that is not a pass
  std::string junit;                             // the suite, if wanted
  std::vector<reports::Annotation> annotations;  // if wanted
};

// May be called on several threads at once, for different directories.
OneResult perform(const OneRun& one, Format format, TextLook look);

// A word as a shell reads it back, in quotes if it needs them.
std::string shell_word(const std::string& word);

// windtunnel run FILE --seed N [--set ...] [--until T], quoted for a shell.
std::string replay_command(const RunArguments& arguments, const std::string& file, std::uint64_t seed);

}  // namespace windtunnel::cli
