#include "runs/verify/verify_job.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "reports/files/line_source.h"
#include "reports/files/output_file.h"
#include "reports/text/verify_text.h"
#include "runs/flag_duration.h"
#include "runs/outputs.h"
#include "runs/processes/breaker_process.h"
#include "runs/shell_word.h"
#include "scenarios/fields/breaker_codec.h"
#include "scenarios/json/diagnostics.h"
#include "sim/verify/verify.h"

namespace windtunnel::runs {
namespace {

// A part of a recorded history: what was asked between two resets.
struct Recorded {
  monitor::BreakerConfig config;
  std::vector<monitor::BreakerQuestion> questions;
};

std::vector<Recorded> read_recorded(const std::string& path) {
  std::vector<Recorded> parts;
  reports::LineSource lines{path, reports::kSummaryBytesMax, scenarios::kProtocolLineMax};
  while (const auto line = lines.next()) {
    scenarios::RecordedLine recorded = scenarios::read_recorded_line(*line, path, static_cast<int>(lines.line()));
    if (recorded.reset) {
      parts.push_back({*recorded.reset, {}});
    } else if (!parts.empty()) {
      parts.back().questions.push_back(recorded.question);
    }
  }
  return parts;
}

// The file of settings beside an adapter, `opossum.json` for `node opossum.js`; empty if there is none.
std::string settings_beside(const std::vector<std::string>& command) {
  for (const std::string& word : command) {
    std::error_code ignored;
    std::filesystem::path path{word};
    if (!std::filesystem::is_regular_file(path, ignored)) continue;
    path.replace_extension(".json");
    if (path.string() != word && std::filesystem::is_regular_file(path, ignored)) return path.string();
  }
  return {};
}

// What is to be asked: read before anything is started.
struct Task {
  std::chrono::nanoseconds timeout;
  std::chrono::nanoseconds time_max;
  std::optional<monitor::BreakerConfig> config;
  std::optional<std::vector<Recorded>> recorded;
};

Task task_of(const VerifyRequest& request) {
  try {
    Task task{.timeout = flag_duration("--timeout", request.timeout),
              .time_max = flag_duration("--time-max", request.time_max),
              .config = {},
              .recorded = {}};
    if (!request.config.empty()) task.config = scenarios::read_breaker_config(request.config);
    if (!request.replay.empty()) task.recorded = read_recorded(request.replay);
    return task;
  } catch (const scenarios::ScenarioError& error) {
    throw ProblemError(ProblemKind::scenario, error.what());
  } catch (const scenarios::FileError& error) {
    throw ProblemError(ProblemKind::file, error.what());
  } catch (const reports::ReportError& error) {
    throw ProblemError(ProblemKind::file, error.what());
  }
}

// Asks the program, counts what it is asked, and reports what it finds.
class Verifier final : public monitor::ForeignBreaker {
 public:
  Verifier(const VerifyJob& job, const Task& task) : job_(job), request_(job.request), task_(task) {}

  VerifyDone perform() {
    try {
      breaker_.emplace(ChildOptions{.command = request_.command,
                                    .timeout = task_.timeout,
                                    .stop = job_.stop,
                                    .end_at = std::chrono::steady_clock::now() + task_.time_max});
      task_.recorded ? replay(*task_.recorded) : draw();
    } catch (const ChildError& error) {
      const std::string latest = breaker_ ? breaker_->latest_line() : "";
      done_.problems.push_back({ProblemKind::file, child_error_text(error, request_.command, latest)});
    } catch (const ChildTimeUp&) {
      done_.problems.push_back({ProblemKind::no_data, "it was not verified to the end within --time-max " +
                                                          request_.time_max + "; what was found until then stands"});
    } catch (const ChildInterrupted&) {
      done_.stopped = true;
    }
    if (findings_ > 0) done_.verdict = VerifyVerdict::failed;
    return std::move(done_);
  }

  std::optional<std::string> reset(const monitor::BreakerConfig& config) override { return breaker_->reset(config); }

  // A history that is being shrunk is asked for thousands of times, so that progress is counted in questions too.
  monitor::BreakerAnswer ask(const monitor::BreakerQuestion& question) override {
    ++questions_;
    if (job_.due()) job_.show(fmt::format("{}, {} questions", place_, questions_));
    monitor::BreakerAnswer answer = breaker_->ask(question);
    has_opened_ = has_opened_ || answer.state != monitor::BreakerState::closed;
    return answer;
  }

 private:
  void replay(const std::vector<Recorded>& parts) {
    std::size_t supported = 0;
    for (const Recorded& part : parts) {
      if (reset(part.config)) continue;
      ++supported;
      const auto finding = sim::verify_recorded(*this, part.config, part.questions);
      if (finding) add(*finding);
    }
    if (supported == 0) {
      done_.verdict = VerifyVerdict::shows_nothing;
      job_.print(parts.empty() ? "INCONCLUSIVE: the recorded history is empty\n"
                               : "INCONCLUSIVE: it does not support the settings of the recorded history\n");
    } else if (questions_ == 0) {
      done_.verdict = VerifyVerdict::shows_nothing;
      job_.print("INCONCLUSIVE: the recorded history asks nothing under settings that it supports\n");
    } else if (findings_ == 0) {
      job_.print("PASS: it answers the recorded history by the rules\n");
    }
  }

  void draw() {
    sim::VerifyOptions options{.cases = request_.cases, .seed = request_.seed, .keep_going = request_.keep_going};
    if (task_.config) options.settings = {{request_.config, *task_.config}};
    options.stop = job_.stop;
    options.progress = [&](const sim::VerifySettings& settings, std::uint64_t number) {
      place_ = fmt::format("{}: {} of {}", settings.name, number, request_.cases);
    };
    const auto verify = [&] { return sim::verify(*this, options, [&](const auto& finding) { add(finding); }); };
    const auto supports_nothing = [](const sim::Verification& found) {
      return found.findings.empty() && found.settings_held == 0 && !found.stopped;
    };
    sim::Verification found = verify();
    if (supports_nothing(found) && !task_.config) {
      if (auto beside = read_settings_beside(options.settings.size())) {
        options.settings = {std::move(*beside)};
        found = verify();
      }
    }
    found.is_closed_always = !has_opened_;
    job_.print(reports::verification_text(found, options));
    done_.stopped = found.stopped;
    const bool shows_something = found.settings_held > 0 && has_opened_;
    if (found.findings.empty() && !shows_something) done_.verdict = VerifyVerdict::shows_nothing;
  }

  // For a breaker that supports none of the listed settings. Nothing if no file beside it has others.
  std::optional<sim::VerifySettings> read_settings_beside(std::size_t listed) {
    const std::string path = settings_beside(request_.command);
    const std::string none =
        fmt::format("It supports none of the {} settings that are tried without --config.", listed);
    if (path.empty()) {
      job_.print(none + " Write settings that it supports to a file, and name it with --config F.json.\n");
      return std::nullopt;
    }
    try {
      sim::VerifySettings settings{path, scenarios::read_breaker_config(path)};
      job_.print(fmt::format("{} The settings of {}, which lies beside it, are tried.\n\n", none, path));
      return settings;
    } catch (const scenarios::ScenarioError& error) {
      job_.print(fmt::format("{} {} lies beside it and is no file of settings:\n{}\n", none, path, error.what()));
    } catch (const scenarios::FileError& error) {
      job_.print(fmt::format("{} {} lies beside it and cannot be read: {}\n", none, path, error.what()));
    }
    return std::nullopt;
  }

  void add(const sim::VerifyFinding& finding) {
    ++findings_;
    std::string history = scenarios::reset_line(finding.config) + "\n";
    for (const monitor::BreakerQuestion& question : finding.questions) {
      history += scenarios::question_line(question) + "\n";
    }
    std::string text = reports::finding_text(finding);
    if (request_.out.empty()) {
      text += "The same as lines to ask it (--out DIR keeps them in a file):\n" + history;
    } else if (const std::string path = keep(history); !path.empty()) {
      std::string command = "--";
      for (const std::string& word : request_.command) command += " " + shell_word(word);
      text += fmt::format("Replay: windtunnel verify --replay {} {}\n", shell_word(path), command);
    }
    job_.print(text + "\n");
  }

  // The path, or empty if it cannot be written.
  std::string keep(const std::string& history) {
    const std::string name = findings_ == 1 ? "history.jsonl" : fmt::format("history-{}.jsonl", findings_);
    std::string path = (std::filesystem::path(request_.out) / name).string();
    if (const auto problem = problem_with_outputs({{"--out", path}}, {request_.replay, request_.config})) {
      done_.problems.push_back(*problem);
      return {};
    }
    try {
      reports::OutputFile file{path};
      file.append(history);
      file.finish();
      return path;
    } catch (const reports::ReportError& error) {
      done_.problems.push_back({ProblemKind::file, error.what()});
      return {};
    }
  }

  const VerifyJob& job_;
  const VerifyRequest& request_;
  const Task& task_;
  std::optional<BreakerProcess> breaker_;
  VerifyDone done_;
  int findings_ = 0;
  std::string place_ = "recorded history";  // where the verification is
  std::uint64_t questions_ = 0;
  bool has_opened_ = false;  // by some answer
};

}  // namespace

VerifyDone verify(const VerifyJob& job) {
  try {
    const Task task = task_of(job.request);
    const LockedFolder folder = lock_folder(job.request.out);
    if (folder.problem) throw ProblemError(folder.problem->kind, folder.problem->text);
    job.starts();
    return Verifier{job, task}.perform();
  } catch (const ProblemError& error) {
    VerifyDone failed;
    failed.problems.push_back(error.problem());
    return failed;
  }
}

}  // namespace windtunnel::runs
