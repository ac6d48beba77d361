#pragma once
// What GitHub Actions understands: annotations at a line of a file (workflow commands), the job's summary (Markdown).
// Only texts are made here; who prints them, and whether, is decided elsewhere.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reports/run/run_summary.h"

namespace windtunnel::reports {

struct Annotation {
  std::string file;
  int line = 0;    // 0: the whole file
  int column = 0;  // 0: the whole line
  std::string title;
  std::string message;
};

// "::error file=outage.json,line=14,col=9,title=...::message" and a line end. In the message %, carriage return and
// line feed are escaped, in a property the colon and the comma too.
std::string annotation_command(const Annotation& annotation);

// One for each finding that is not a pass, at the line that claims it.
std::vector<Annotation> annotations_of(const RunSummary& summary);

// GitHub shows ten errors of a step and drops the others without a word.
class AnnotationLimit {
 public:
  static constexpr std::size_t kShownMax = 10;

  // The command, or nothing once there were ten.
  std::string take(const Annotation& annotation);
  // How many were left out, as a notice; nothing if none.
  [[nodiscard]] std::string closing() const;

 private:
  std::size_t seen_ = 0;
};

// The job's summary: a table of runs, those that did not pass first.
class JobSummary {
 public:
  // Of each of the two kinds; the rest is counted.
  static constexpr std::size_t kRowsMax = 100;

  struct Row {
    bool passed = false;
    bool is_unclaimed = false;  // it passed, because it claimed nothing
    std::string verdict;
    std::string scenario;
    std::string seed;  // empty: it did not run
    std::vector<std::string> findings;
    std::string replay;
  };
  void add(Row row);
  [[nodiscard]] std::string markdown() const;

 private:
  std::vector<Row> failed_;
  std::vector<Row> passed_;
  std::size_t failed_count_ = 0;
  std::size_t passed_count_ = 0;
  std::size_t unclaimed_count_ = 0;  // of those that passed
};

}  // namespace windtunnel::reports
