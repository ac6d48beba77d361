#pragma once
// The runs of one request: each scenario with each of its seeds, in order. A run's job is made when it is asked for, so
// that a plan of millions of seeds takes no memory.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs/memory_limit.h"
#include "runs/run/run_job.h"
#include "runs/scenario_source.h"
#include "runs/seed_range.h"

namespace windtunnel::runs {

struct RunRequest {
  std::vector<std::string> files;
  std::optional<std::uint64_t> seed;
  std::optional<SeedRange> seeds;
  std::vector<std::string> sets;
  std::string out;                         // empty: no report files
  std::string telemetry;                   // empty: none but that in `out`
  bool html = false;                       // report.html in `out`
  std::string timeline_step;               // a duration; empty: chosen by the length of the run
  std::string until;                       // a duration; empty: to the end
  std::vector<std::string> checks{"all"};  // ids of invariants, "all" or "none"
  std::uint64_t events_max = kEventsMax;   // bytes of events.jsonl
  std::uint64_t memory_max = kMemoryMax;   // bytes
  bool keep_going = false;                 // after a violation
  bool verify_determinism = false;
  std::string verb = "run";  // of the command that replays it
  std::string flags;         // of that command, with a space before each; empty: none but those above
};

// What is wrong with a request by itself, before any file of it is read.
std::optional<Problem> problem_with(const RunRequest& request);

class RunPlan {
 public:
  // `loaded` has the request's files in their order, some of them without a scenario; both must outlive the plan.
  // There is no problem_with() the request.
  RunPlan(const RunRequest& request, const std::vector<LoadedScenario>& loaded);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // A run that would take too much memory, with `jobs` of them at once.
  [[nodiscard]] std::optional<Problem> problem_with_memory(std::uint64_t jobs) const;
  // An output of the request that is one of the files that it reads. `junit` is the file of the command, or empty.
  [[nodiscard]] std::optional<Problem> problem_with_outputs(const std::string& junit) const;
  // `place` is below size(). One run has the folder `out` itself. Of several each has out/STEM, out/seed-N or
  // out/STEM/seed-N; a stem that comes twice is preceded by its place in the list of files.
  [[nodiscard]] RunJob job(std::uint64_t place) const;

 private:
  struct FileRuns {
    std::size_t file = 0;  // its place in the request
    SeedRange seeds;
    std::string folder;  // below `out`; empty: `out` itself
  };

  const RunRequest& request_;
  const std::vector<LoadedScenario>& loaded_;
  std::optional<Duration> until_;
  std::optional<Duration> timeline_step_;
  std::vector<FileRuns> files_;
  std::uint64_t size_ = 0;
};

// windtunnel run FILE --seed N [--set ...] [--until T], quoted for a shell; the verb and its flags are the request's.
std::string replay_command(const RunRequest& request, const std::string& file, std::uint64_t seed);

}  // namespace windtunnel::runs
