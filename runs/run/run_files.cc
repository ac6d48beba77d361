#include "runs/run/run_files.h"

#include <algorithm>
#include <filesystem>

#include "reports/html/run/html_run.h"
#include "reports/timeline/timeline_json.h"

namespace windtunnel::runs {

RunFiles::RunFiles(const RunJob& job)
    : directory_(job.directory), keeps_junit_(job.keeps_junit), wants_html_(job.wants_html) {
  // The folder comes first, because the telemetry file may lie in it.
  if (!directory_.empty()) lock_.emplace(directory_);
  if (!job.telemetry.empty()) add_telemetry(job, job.telemetry);
  if (directory_.empty()) return;
  add_telemetry(job, path("telemetry.jsonl"));
  events_file_ = std::make_unique<reports::OutputFile>(path("events.jsonl"));
  events_ = std::make_unique<reports::EventsWriter>(*job.scenario, job.seed, *events_file_, job.events_max);
  timeline_.emplace(*job.scenario, sim::timeline_widths(*job.scenario, job.until, job.timeline_step), job.from_outside);
}

void RunFiles::add_to(std::vector<sim::Observer>& observers) {
  for (const auto& writer : telemetry_) observers.push_back(writer.get());
  if (events_) observers.push_back(events_.get());
  if (timeline_) observers.push_back(&*timeline_);
  if (!telemetry_.empty() || events_) observers.push_back(this);
}

bool RunFiles::wants_stop() const {
  const auto failed = [](const auto& file) { return file->failed(); };
  return std::ranges::any_of(telemetry_files_, failed) || (events_file_ && events_file_->failed());
}

void RunFiles::finish(const sim::RunResult& result, const reports::RunSummary& summary, const Texts& texts,
                      bool partial) {
  if (events_) {
    for (const sim::Finding& finding : summary.findings) {
      if (finding.verdict == sim::Verdict::fail) events_->violation(finding, summary.replay);
    }
    events_->close();
  }
  // After an interrupt the files stay partial; one that failed throws its reason, because then there is no room for the
  // others.
  for (const auto& file : telemetry_files_) {
    if (!partial || file->failed()) file->finish();
  }
  if (events_file_ && (!partial || events_file_->failed())) events_file_->finish();
  if (directory_.empty()) return;
  const sim::Timeline timeline = timeline_->finish(result);
  write("timeline.json", reports::timeline_json(timeline), partial);
  if (wants_html_) {
    write("report.html", reports::run_page(summary, timeline, *reports::html_bundle(), directory_), partial);
  }
  if (keeps_junit_) write("junit.xml", texts.junit, partial);
  write("summary.txt", texts.summary_text, partial);
  write("summary.json", texts.summary_json, partial);
}

std::string RunFiles::path(const char* name) const { return (std::filesystem::path(directory_) / name).string(); }

void RunFiles::add_telemetry(const RunJob& job, const std::string& file) {
  telemetry_files_.push_back(std::make_unique<reports::OutputFile>(file));
  telemetry_.push_back(
      std::make_unique<reports::TelemetryWriter>(*job.scenario, job.seed, *telemetry_files_.back(), job.from_outside));
}

void RunFiles::write(const char* name, const std::string& content, bool partial) {
  reports::OutputFile file{path(name)};
  file.append(content);
  if (!partial) file.finish();
}

}  // namespace windtunnel::runs
