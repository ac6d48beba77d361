#include "cli/verbs/verify_verb.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "cli/console.h"
#include "cli/foreign_breaker.h"
#include "cli/interrupt.h"
#include "cli/one_run.h"
#include "reports/files/output_file.h"
#include "reports/text/verify_text.h"
#include "scenarios/fields/breaker_codec.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/exact_numbers.h"
#include "sim/verify/verify.h"

namespace windtunnel::cli {
namespace {

// A part of a recorded history: what was asked between two resets.
struct Recorded {
  monitor::BreakerConfig config;
  std::vector<monitor::BreakerQuestion> questions;
};

std::vector<Recorded> read_recorded(const std::string& path) {
  std::vector<Recorded> parts;
  std::istringstream text{scenarios::read_whole_file(path)};
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    scenarios::RecordedLine recorded = scenarios::read_recorded_line(line, path, ++number);
    if (recorded.reset) {
      parts.push_back({std::move(*recorded.reset), {}});
    } else if (!parts.empty()) {
      parts.back().questions.push_back(recorded.question);
    }
  }
  return parts;
}

std::string command_text(const VerifyArguments& arguments) {
  std::string text = "--";
  for (const std::string& word : arguments.command) text += " " + shell_word(word);
  return text;
}

// Prints findings and keeps their histories.
class Findings {
 public:
  explicit Findings(const VerifyArguments& arguments) : arguments_(arguments) {}

  void add(const sim::VerifyFinding& finding) {
    ++count_;
    code_ = worst(code_, ExitCode::invariant_violated);
    std::string history = scenarios::reset_line(finding.config) + "\n";
    for (const monitor::BreakerQuestion& question : finding.questions) {
      history += scenarios::question_line(question) + "\n";
    }
    std::string text = reports::finding_text(finding);
    if (arguments_.out.empty()) {
      text += "The same as lines to ask it (--out DIR keeps them in a file):\n" + history;
    } else if (const std::string path = keep(history); !path.empty()) {
      text += fmt::format("Replay: windtunnel verify --replay {} {}\n", shell_word(path), command_text(arguments_));
    }
    if (!print(text + "\n")) code_ = worst(code_, ExitCode::file_error);
  }

  [[nodiscard]] ExitCode code() const { return code_; }

 private:
  // The path, or empty if it cannot be written.
  std::string keep(const std::string& history) {
    const std::string name = count_ == 1 ? "history.jsonl" : fmt::format("history-{}.jsonl", count_);
    const std::string path = (std::filesystem::path(arguments_.out) / name).string();
    try {
      std::error_code error;
      std::filesystem::create_directories(arguments_.out, error);
      if (error) throw reports::ReportError(arguments_.out, "create", error.message());
      reports::OutputFile file{path};
      file.append(history);
      file.finish();
      return path;
    } catch (const reports::ReportError& error) {
      std::fprintf(stderr, "windtunnel: %s\n", error.what());
      code_ = worst(code_, ExitCode::file_error);
      return {};
    }
  }

  const VerifyArguments& arguments_;
  ExitCode code_ = ExitCode::pass;
  int count_ = 0;
};

ExitCode replay(monitor::ForeignBreaker& breaker, const std::vector<Recorded>& parts, Findings& findings) {
  std::size_t supported = 0;
  for (const Recorded& part : parts) {
    if (breaker.reset(part.config)) continue;
    ++supported;
    const auto finding = sim::verify_recorded(breaker, part.config, part.questions);
    if (finding) findings.add(*finding);
  }
  if (supported == 0) {
    print("INCONCLUSIVE: it does not support the settings of the recorded history\n");
    return ExitCode::inconclusive;
  }
  if (findings.code() == ExitCode::pass && !print("PASS: it answers the recorded history by the rules\n")) {
    return ExitCode::file_error;
  }
  return ExitCode::pass;
}

ExitCode draw(monitor::ForeignBreaker& breaker, const VerifyArguments& arguments,
              const std::optional<monitor::BreakerConfig>& config, Findings& findings) {
  sim::VerifyOptions options{.cases = arguments.cases, .seed = arguments.seed, .keep_going = arguments.keep_going};
  if (config) options.settings = {{arguments.config, *config}};
  options.stop = &stop_requested();
  Progress progress{false};
  options.progress = [&](const sim::VerifySettings& settings, std::uint64_t number) {
    if (progress.due()) progress.show(fmt::format("{}: {} of {}", settings.name, number, arguments.cases));
  };
  const sim::Verification done = sim::verify(breaker, options, [&](const auto& finding) { findings.add(finding); });
  if (!print(reports::verification_text(done, options))) return ExitCode::file_error;
  if (done.stopped) return ExitCode::interrupted;
  return done.findings.empty() && done.settings_held == 0 ? ExitCode::inconclusive : ExitCode::pass;
}

// The timeout, or nothing if it is none.
std::optional<std::chrono::nanoseconds> timeout_of(const VerifyArguments& arguments) {
  const scenarios::ExactNumber parsed = scenarios::exact_duration(arguments.timeout);
  if (parsed.problem == scenarios::NumberProblem::none && parsed.value > 0)
    return std::chrono::nanoseconds{parsed.value};
  std::fprintf(stderr, "windtunnel: --timeout %s is not a duration above 0 such as 5s or 500ms\n",
               arguments.timeout.c_str());
  return std::nullopt;
}

ExitCode interrupted_code() {
  std::fprintf(stderr, "windtunnel: interrupted by %s\n", interrupted_by());
  return ExitCode::interrupted;
}

// What is to be asked: read before anything is started.
struct Task {
  std::optional<monitor::BreakerConfig> config;
  std::optional<std::vector<Recorded>> recorded;
};

ExitCode carry_out(const VerifyArguments& arguments, const Task& task, std::chrono::nanoseconds timeout) {
  watch_signals();
  Findings findings{arguments};
  std::optional<ProcessBreaker> breaker;
  ExitCode code = ExitCode::pass;
  try {
    breaker.emplace(ChildOptions{.command = arguments.command, .timeout = timeout});
    code =
        task.recorded ? replay(*breaker, *task.recorded, findings) : draw(*breaker, arguments, task.config, findings);
    if (code == ExitCode::interrupted) interrupted_code();
  } catch (const ChildError& error) {
    const std::string latest = breaker ? breaker->latest_line() : "";
    std::fprintf(stderr, "windtunnel: %s", child_error_text(error, arguments.command, latest).c_str());
    code = ExitCode::file_error;
  } catch (const ChildInterrupted&) {
    code = interrupted_code();
  }
  return worst(code, findings.code());
}

}  // namespace

ExitCode verify(const VerifyArguments& arguments) {
  const auto timeout = timeout_of(arguments);
  if (!timeout) return ExitCode::usage;
  Task task;
  try {
    if (!arguments.config.empty()) task.config = scenarios::read_breaker_config(arguments.config);
    if (!arguments.replay.empty()) task.recorded = read_recorded(arguments.replay);
  } catch (const scenarios::ScenarioError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return ExitCode::scenario_invalid;
  } catch (const scenarios::FileError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    return ExitCode::file_error;
  }
  return carry_out(arguments, task, *timeout);
}

}  // namespace windtunnel::cli
