#pragma once
// The files of one run. Streams that are not finished stay marked as partial. A stream that can take no more stops the
// run, because what was measured until then is worth more than what cannot be written.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reports/files/output_file.h"
#include "reports/files/write_lock.h"
#include "reports/run/run_summary.h"
#include "reports/telemetry/event_log.h"
#include "reports/telemetry/telemetry.h"
#include "runs/run/run_job.h"
#include "sim/timeline/timeline_recorder.h"

namespace windtunnel::runs {

class RunFiles final {
 public:
  // Opens the streams. Throws reports::ReportError.
  explicit RunFiles(const RunJob& job);

  // Adds what has to observe the run, this included.
  void add_to(std::vector<sim::Observer>& observers);
  [[nodiscard]] bool wants_stop() const;

  struct Texts {
    const std::string& summary_text;
    const std::string& summary_json;
    const std::string& junit;  // a whole document
  };
  // The events that are not in events.jsonl because of its limit.
  [[nodiscard]] std::uint64_t events_left_out() const { return events_ ? events_->left_out() : 0; }
  // Writes the reports and puts all files in place. Throws reports::ReportError.
  void finish(const sim::RunResult& result, const reports::RunSummary& summary, const Texts& texts, bool partial);

 private:
  [[nodiscard]] std::string path(const char* name) const;
  void add_telemetry(const RunJob& job, const std::string& file);
  void write(const char* name, const std::string& content, bool partial);

  std::string directory_;
  std::optional<reports::FolderLock> lock_;  // of directory_
  bool keeps_junit_;
  bool wants_html_;
  std::vector<std::unique_ptr<reports::OutputFile>> telemetry_files_;
  std::vector<std::unique_ptr<reports::TelemetryWriter>> telemetry_;
  std::unique_ptr<reports::OutputFile> events_file_;
  std::unique_ptr<reports::EventsWriter> events_;
  std::optional<sim::TimelineRecorder> timeline_;
};

}  // namespace windtunnel::runs
