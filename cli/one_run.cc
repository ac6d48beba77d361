#include "cli/one_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include "cli/foreign_breaker.h"
#include "reports/ci/junit.h"
#include "reports/files/output_file.h"
#include "reports/html/run/html_run.h"
#include "reports/run/ab_table.h"
#include "reports/run/run_summary.h"
#include "reports/telemetry/event_log.h"
#include "reports/telemetry/telemetry.h"
#include "reports/timeline/timeline_json.h"
#include "sim/checks/judge.h"
#include "sim/world/determinism.h"
#include "sim/world/timeline_watch.h"
#include "sim/world/world.h"

namespace windtunnel::cli {
namespace {

// Shows how far a run has come.
class ProgressWatch final {
 public:
  ProgressWatch(Progress& progress, Duration whole) : progress_(progress), whole_(whole) {}

  void on(const sim::ScheduledDone& event) {
    if (++events_ % 4096 != 0 || !progress_.due()) return;
    const double share = static_cast<double>(event.at.time_since_epoch().count()) / static_cast<double>(whole_.count());
    progress_.show(fmt::format("{:3.0f} %  {} events", 100 * share, events_));
  }

 private:
  Progress& progress_;
  Duration whole_;
  std::uint64_t events_ = 0;
};

// The files of one run. Streams that are not finished stay marked as partial. A stream that can take no more stops the
// run, because what was measured until then is worth more than what no file holds.
class Reports final {
 public:
  explicit Reports(const OneRun& one)
      : directory_(one.directory), keeps_junit_(one.keeps_junit), wants_html_(one.wants_html) {
    if (!one.telemetry.empty()) add_telemetry(one, one.telemetry);
    if (directory_.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (error) throw reports::ReportError(directory_, "create", error.message());
    add_telemetry(one, path("telemetry.jsonl"));
    events_file_ = std::make_unique<reports::OutputFile>(path("events.jsonl"));
    events_ = std::make_unique<reports::EventsWriter>(*one.scenario, one.seed, *events_file_);
    timeline_.emplace(*one.scenario, sim::timeline_widths(*one.scenario, one.until, one.timeline_step));
  }

  void watch(std::vector<sim::Observer>& observers) {
    for (const auto& writer : telemetry_) observers.push_back(writer.get());
    if (events_) observers.push_back(events_.get());
    if (timeline_) observers.push_back(&*timeline_);
    if (!telemetry_.empty() || events_) observers.push_back(this);
  }

  [[nodiscard]] bool wants_stop() const {
    const auto failed = [](const auto& file) { return file->failed(); };
    return std::ranges::any_of(telemetry_files_, failed) || (events_file_ && events_file_->failed());
  }

  struct Texts {
    const std::string& summary_text;
    const std::string& summary_json;
    const std::string& junit;  // a whole document
  };

  void finish(const sim::RunResult& result, const reports::RunSummary& summary, const Texts& texts, bool partial) {
    if (events_) {
      for (const sim::Finding& finding : summary.findings) {
        if (finding.verdict == sim::Verdict::fail) events_->violation(finding, summary.replay);
      }
    }
    // After an interrupt they stay partial; one that failed throws its reason, and then there is no room for the
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

 private:
  [[nodiscard]] std::string path(const char* name) const { return (std::filesystem::path(directory_) / name).string(); }

  void add_telemetry(const OneRun& one, const std::string& file) {
    telemetry_files_.push_back(std::make_unique<reports::OutputFile>(file));
    telemetry_.push_back(std::make_unique<reports::TelemetryWriter>(*one.scenario, one.seed, *telemetry_files_.back()));
  }

  void write(const char* name, const std::string& content, bool partial) {
    reports::OutputFile file{path(name)};
    file.append(content);
    if (!partial) file.finish();
  }

  std::string directory_;
  bool keeps_junit_;
  bool wants_html_;
  std::vector<std::unique_ptr<reports::OutputFile>> telemetry_files_;
  std::vector<std::unique_ptr<reports::TelemetryWriter>> telemetry_;
  std::unique_ptr<reports::OutputFile> events_file_;
  std::unique_ptr<reports::EventsWriter> events_;
  std::optional<sim::TimelineWatch> timeline_;
};

std::vector<std::string> failures_of(const reports::RunSummary& summary) {
  std::vector<std::string> lines;
  for (const sim::Finding& finding : summary.findings) {
    if (finding.verdict == sim::Verdict::pass) continue;
    lines.push_back(
        fmt::format("{} {}: {}: {}", name_of(finding.verdict), name_of(finding.kind), finding.claim, finding.reason));
  }
  return lines;
}

// All but the texts.
OneResult result_of(const OneRun& one, const reports::RunSummary& summary, ExitCode code) {
  OneResult done;
  done.code = code;
  done.digest = summary.digest;
  done.failures = failures_of(summary);
  if (one.wants_annotations) done.annotations = reports::annotations_of(summary);
  if (one.wants_junit || !one.directory.empty()) {
    done.junit = reports::junit_suite(summary, code == ExitCode::interrupted);
  }
  return done;
}

// Two more runs, compared event by event.
void verify_determinism(const OneRun& one, const ScenarioBreakers& breakers, OneResult& done) {
  const sim::RunOptions options{.seed = one.seed, .until = one.until, .breakers = breakers.all()};
  const auto divergence = sim::first_divergence(*one.scenario, options, options);
  if (!divergence) return;
  done.code = worst(done.code, ExitCode::not_deterministic);
  done.failures.push_back(fmt::format("two runs differ first in event {}", divergence->event));
  done.error =
      fmt::format("not deterministic: two runs differ first in event {}\n  the first run:\n{}  the second run:\n{}",
                  divergence->event, divergence->first, divergence->second);
}

OneResult judged(const OneRun& one, Format format, TextLook look) {
  Reports reports{one};
  sim::Judge judge{*one.scenario, one.checks};
  std::vector<sim::Observer> observers{&judge};
  reports.watch(observers);
  std::optional<reports::AbSamples> samples;
  if (const auto& variants = one.scenario->monitor.ab_router.variants; !variants.empty()) {
    observers.push_back(&samples.emplace(variants.size()));
  }
  std::unique_ptr<ProgressWatch> watch;
  if (one.progress != nullptr && one.progress->enabled()) {
    watch = std::make_unique<ProgressWatch>(*one.progress, one.scenario->duration);
    observers.push_back(watch.get());
  }
  const ScenarioBreakers breakers{*one.scenario};
  const auto began = std::chrono::steady_clock::now();
  const sim::RunResult result = sim::run(
      *one.scenario,
      {.seed = one.seed, .until = one.until, .observers = observers, .breakers = breakers.all(), .stop = one.stop});
  const auto wall = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
  const sim::Judgement judgement = judge.judge(result);

  const bool interrupted = one.stop != nullptr && one.stop->load() && result.stopped;
  const bool cut_short = interrupted || reports.wants_stop();
  const reports::RunSummary summary = reports::run_summary({.scenario = *one.scenario,
                                                            .result = result,
                                                            .judgement = judgement,
                                                            .replay = one.replay,
                                                            .build = reports::this_build(WINDTUNNEL_VERSION),
                                                            .wall = wall,
                                                            .samples = samples ? &*samples : nullptr});
  OneResult done = result_of(one, summary, interrupted ? ExitCode::interrupted : exit_code_of(judgement));
  const std::string json = reports::summary_json(summary);
  const std::string plain = reports::summary_text(summary);
  done.text = format == Format::json ? json : look.color ? reports::summary_text(summary, {.color = true}) : plain;
  if (cut_short && format == Format::text) {
    done.text += fmt::format("{} at {:.3f} s of virtual time; files are marked .partial.\n",
                             interrupted ? "Interrupted" : "Stopped by a file that takes no more",
                             static_cast<double>(result.ended.time_since_epoch().count()) / 1e9);
  }
  if (one.verify_determinism && !cut_short) verify_determinism(one, breakers, done);
  const std::string junit = reports::junit_begin() + done.junit + reports::junit_end();
  if (!one.wants_junit) done.junit.clear();
  try {
    reports.finish(result, summary, {plain, json, junit}, cut_short);
  } catch (const reports::ReportError& error) {
    done.code = worst(done.code, ExitCode::file_error);
    done.error = error.what();
  }
  return done;
}

}  // namespace

OneResult perform(const OneRun& one, Format format, TextLook look) {
  try {
    return judged(one, format, look);
  } catch (const reports::ReportError& error) {
    OneResult failed;
    failed.code = ExitCode::file_error;
    failed.error = error.what();
    return failed;
  } catch (const BreakerCommandError& error) {
    OneResult failed;
    failed.code = error.code();
    failed.error = error.what();
    return failed;
  } catch (const std::exception& error) {
    // On a thread of its own nobody else would catch it.
    OneResult failed;
    failed.code = ExitCode::internal_error;
    failed.error = std::string("internal error: ") + error.what();
    return failed;
  }
}

std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./=:,+@%") == std::string::npos;
  if (plain) return word;
  std::string result = "'";
  for (const char c : word) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

std::string replay_command(const RunArguments& arguments, const std::string& file, std::uint64_t seed) {
  std::string command = fmt::format("windtunnel run {} --seed {}", shell_word(file), seed);
  for (const std::string& set : arguments.sets) command += " --set " + shell_word(set);
  if (!arguments.until.empty()) command += " --until " + shell_word(arguments.until);
  if (arguments.checks != std::vector<std::string>{"all"})
    command += fmt::format(" --checks {}", fmt::join(arguments.checks, ","));
  if (arguments.keep_going) command += " --keep-going";
  return command;
}

}  // namespace windtunnel::cli
