#pragma once
// One run of one scenario with one seed: its reports are written, its judgement and summary are returned.
//
//   const RunDone done = perform({.scenario = &scenario, .seed = 42, .directory = "out"});
//   done.judgement.verdict, done.summary_text, done.problem

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "reports/ci/github.h"
#include "runs/problem.h"
#include "sim/checks/judge.h"
#include "sim/world/determinism.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

inline constexpr std::uint64_t kEventsMax = 1'000'000'000;

struct RunJob {
  const sim::Scenario* scenario = nullptr;  // must outlive the job
  std::uint64_t seed = 0;
  std::optional<Duration> until;
  std::optional<Duration> timeline_step;
  std::string directory;  // of the reports; empty: none
  std::string telemetry;  // one more telemetry file; empty: none
  std::string replay;     // the command that does it again
  std::string version;    // of the program, for the reports
  sim::JudgeOptions checks;
  bool color = false;       // in RunDone::summary_text
  bool wants_html = false;  // report.html in `directory`
  bool verify_determinism = false;
  bool wants_junit = false;
  std::uint64_t events_max = kEventsMax;  // bytes of events.jsonl; events beyond are counted
  bool from_outside = false;              // a trial: what goes on inside the gateway is not observed
  bool keeps_junit = true;  // writes junit.xml into its directory; false: that is another file of the caller
  bool wants_annotations = false;
  const std::atomic<bool>* stop = nullptr;  // set from elsewhere: the run ends at the next event
  // Called every few thousand events: the share of virtual time that has passed, and the events so far. A run without
  // it is faster.
  std::function<void(double share, std::uint64_t events)> progress;
  std::function<void()> ended;  // called once the run itself has ended, before its reports are written
};

// Why a run ended before its time. What it measured until then is kept, in files named .partial.
enum class CutShort : std::uint8_t { no, interrupted, by_full_file };

struct RunDone {
  sim::Judgement judgement;  // without findings if there is a problem
  CutShort cut_short = CutShort::no;
  Instant ended{};  // in virtual time
  std::optional<Problem> problem;
  std::optional<sim::Divergence> divergence;  // two runs differ, as verify_determinism found
  std::string difference;                     // of our gateway and its simulation, for people; empty: none
  std::uint64_t digest = 0;
  std::uint64_t events_left_out = 0;  // of events.jsonl, because of its limit
  std::string summary_text;           // empty: nothing ran
  std::string answered;               // "97.0 % of 3,000 requests"
  std::string summary_json;
  std::vector<std::string> failures;             // one line for each finding that is not a pass
  std::string junit;                             // the suite, if wanted
  std::vector<reports::Annotation> annotations;  // if wanted
};

// What went wrong beside the findings, for people: the problem, or the event in which two runs differ. Empty: nothing.
std::string error_of(const RunDone& done);

// The summary with a last line about a run that ended before its time.
std::string summary_of(const RunDone& done, bool as_json);
// The run among others: a line with its verdict and, if it did not pass, its findings and the command that replays it;
// if it claimed nothing, how much was answered and its notes.
std::string line_of(const RunJob& job, const RunDone& done, const std::string& verdict, bool passed);

// May be called on several threads at once, for different directories. Throws nothing.
RunDone perform(const RunJob& job);

}  // namespace windtunnel::runs
