#include "cli/export_promtest.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "base/exact_decimal.h"
#include "cli/captured_child.h"
#include "cli/console.h"
#include "cli/words.h"
#include "reports/files/line_source.h"
#include "reports/prometheus/alert_history.h"
#include "reports/prometheus/alert_rules.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::cli {
namespace {

// From here on promtool takes long enough to be told of it.
constexpr std::size_t kManyScrapes = 40'000;

struct Rules {
  std::vector<std::string> paths;  // absolute: promtool looks from the folder of the test
  std::vector<std::string> alerts;
  std::optional<Duration> range_min;
};

void complain_of_alerts(const std::string& message) { std::fprintf(stderr, "windtunnel: %s\n", message.c_str()); }

// Runs promtool. Nothing: it is not there, which has been said.
std::optional<ChildSaid> promtool(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "promtool");
  std::string why;
  std::optional<ChildSaid> said = run_child(arguments, why);
  if (!said) complain_of_alerts("promtool: " + why + "; it comes with Prometheus (Debian package prometheus)");
  return said;
}

// "BreakerOpen within 60s of openai-down" or "BreakerOpen never". Nothing: it is neither, which has been said.
std::optional<reports::AlertExpectation> expectation_of(const std::string& text) {
  constexpr std::string_view kNever = " never";
  constexpr std::string_view kWithin = " within ";
  constexpr std::string_view kOf = " of ";
  if (text.ends_with(kNever)) {
    return reports::AlertExpectation{
        .text = text, .alert = text.substr(0, text.size() - kNever.size()), .fault = {}, .within = {}};
  }
  const std::size_t within = text.find(kWithin);
  const std::size_t of = within == std::string::npos ? within : text.find(kOf, within + kWithin.size());
  if (of == std::string::npos) {
    complain_of_alerts("--expect '" + text + "': say 'ALERT within 60s of FAULT' or 'ALERT never'");
    return std::nullopt;
  }
  const std::string time = text.substr(within + kWithin.size(), of - within - kWithin.size());
  const scenarios::ExactNumber parsed = scenarios::exact_duration(time);
  if (parsed.problem != scenarios::NumberProblem::none || parsed.value < 0) {
    complain_of_alerts("--expect '" + text + "': " + time + " is not a duration such as 60s or 5m");
    return std::nullopt;
  }
  return reports::AlertExpectation{.text = text,
                                   .alert = text.substr(0, within),
                                   .fault = text.substr(of + kOf.size()),
                                   .within = Duration{parsed.value}};
}

bool is_known(const std::string& text, const char* noun, const std::string& word,
              const std::vector<std::string>& known) {
  for (const std::string& one : known) {
    if (one == word) return true;
  }
  complain_of_alerts("--expect '" + text + "': " + unknown_word(noun, word, known));
  return false;
}

// Nothing: one of them is wrong, which has been said.
std::optional<std::vector<reports::AlertExpectation>> expectations_of(const ExportArguments& arguments,
                                                                      const Rules& rules,
                                                                      const sim::Timeline& timeline) {
  std::vector<std::string> faults;
  for (const sim::Timeline::Fault& fault : timeline.faults) faults.push_back(fault.id);
  faults.emplace_back(reports::kRunStart);
  std::vector<reports::AlertExpectation> expectations;
  bool good = true;
  for (const std::string& text : arguments.expectations) {
    std::optional<reports::AlertExpectation> one = expectation_of(text);
    good = good && one && is_known(text, "alert", one->alert, rules.alerts) &&
           (!one->within || is_known(text, "fault", one->fault, faults));
    if (good) expectations.push_back(std::move(*one));
  }
  return good ? std::optional{std::move(expectations)} : std::nullopt;
}

Rules read_rules(const ExportArguments& arguments) {
  Rules rules;
  for (const std::string& path : arguments.rules) {
    const std::string text = reports::read_whole_file(path);
    for (std::string& name : reports::alert_names(text)) rules.alerts.push_back(std::move(name));
    const std::optional<Duration> range = reports::range_min(text);
    if (range && (!rules.range_min || *range < *rules.range_min)) rules.range_min = range;
    rules.paths.push_back(std::filesystem::absolute(path).lexically_normal().string());
  }
  return rules;
}

ExitCode worst_of(const std::vector<reports::AlertFinding>& findings) {
  ExitCode code = ExitCode::pass;
  for (const reports::AlertFinding& finding : findings) {
    if (finding.verdict == sim::Verdict::fail) code = worst(code, ExitCode::threshold);
    if (finding.verdict == sim::Verdict::inconclusive) code = worst(code, ExitCode::inconclusive);
  }
  return code;
}

}  // namespace

ExitCode export_promtest(const ExportArguments& arguments, const sim::Timeline& timeline,
                         const reports::Scrapes& scrapes, const reports::MetricLabels& labels) {
  const Rules rules = read_rules(arguments);
  const auto expectations = expectations_of(arguments, rules, timeline);
  if (!expectations) return ExitCode::usage;
  if (scrapes.count > kManyScrapes) {
    complain_of_alerts(fmt::format(
        "promtool tries the rules at {} scrapes, which takes minutes and gigabytes of memory; --interval {} is half",
        with_thousands(static_cast<Int128>(scrapes.count)), span_text(2 * scrapes.interval)));
  }
  const std::string path =
      arguments.out.empty() ? (std::filesystem::path(arguments.directory) / "promtest.json").string() : arguments.out;
  reports::OutputFile file{path};
  write_rule_test(timeline, scrapes, labels, rules.paths, file);
  file.finish();
  std::vector<std::string> check{"check", "rules"};
  check.insert(check.end(), rules.paths.begin(), rules.paths.end());
  const std::optional<ChildSaid> checked = promtool(check);
  if (!checked) return ExitCode::file_error;
  if (checked->exit != 0) {
    complain_of_alerts("promtool refuses these rules:\n" + checked->text);
    return ExitCode::file_error;
  }
  const std::optional<ChildSaid> tested = promtool({"test", "rules", path});
  if (!tested) return ExitCode::file_error;
  const reports::RuleTestAnswer answer = reports::read_rule_test_answer(tested->text, scrapes.count);
  if (!answer.rest.empty() || tested->exit > 1) {
    complain_of_alerts("promtool could not try the rules on this run (promtool test rules " + path + "):\n" +
                       answer.rest);
    return ExitCode::inconclusive;
  }
  const auto histories = reports::alert_histories(timeline, scrapes, answer.alerts, rules.alerts);
  const reports::AlertRun run{timeline, scrapes, histories, rules.range_min};
  std::vector<reports::AlertFinding> findings;
  for (const reports::AlertExpectation& one : *expectations) {
    findings.push_back(judge_alert(one, run));
  }
  const reports::AlertReport report{run, findings};
  const bool said = print(arguments.format == Format::json ? alerts_json(report) : alerts_text(report));
  return worst(worst_of(findings), said ? ExitCode::pass : ExitCode::file_error);
}

}  // namespace windtunnel::cli
