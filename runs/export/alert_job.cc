#include "runs/export/alert_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "base/exact_decimal.h"
#include "reports/prometheus/alert_rules.h"
#include "reports/prometheus/rule_probes.h"
#include "reports/prometheus/rule_reach.h"
#include "runs/export/rule_file.h"
#include "runs/processes/captured_child.h"
#include "runs/quoted_output.h"
#include "runs/unknown_word.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::runs {
namespace {

// From here on promtool takes so long that a note is due.
constexpr std::size_t kManyScrapes = 40'000;

struct Rules {
  std::vector<std::string> paths;  // absolute, because promtool resolves paths from the folder of the test
  reports::RuleFile all;
  std::vector<std::string> alerts;  // their names, each once, in file order
};

ChildResult promtool(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "promtool");
  std::string why;
  std::optional<ChildResult> output = run_child(arguments, why);
  if (!output) {
    refuse(ProblemKind::file, "promtool: " + why + "; it comes with Prometheus (Debian package prometheus)");
  }
  return *std::move(output);
}

// "BreakerOpen within 60s of openai-down" or "BreakerOpen never".
reports::AlertExpectation expectation_of(const std::string& text) {
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
    refuse(ProblemKind::request, "--expect '" + text + "': say 'ALERT within 60s of FAULT' or 'ALERT never'");
  }
  const std::string time = text.substr(within + kWithin.size(), of - within - kWithin.size());
  const scenarios::ExactNumber parsed = scenarios::exact_duration(time);
  if (parsed.problem != scenarios::NumberProblem::none || time.starts_with('-')) {
    refuse(ProblemKind::request, "--expect '" + text + "': " + time + " is not a duration such as 60s or 5m");
  }
  return reports::AlertExpectation{.text = text,
                                   .alert = text.substr(0, within),
                                   .fault = text.substr(of + kOf.size()),
                                   .within = Duration{parsed.value}};
}

void expect_known(const std::string& text, const char* noun, const std::string& word,
                  const std::vector<std::string>& known) {
  if (std::ranges::find(known, word) != known.end()) return;
  refuse(ProblemKind::request, "--expect '" + text + "': " + unknown_word(noun, word, known));
}

std::vector<reports::AlertExpectation> expectations_of(const AlertRequest& request, const Rules& rules,
                                                       const sim::Timeline& timeline) {
  std::vector<std::string> faults;
  for (const sim::Timeline::Fault& fault : timeline.faults) faults.push_back(fault.id);
  faults.emplace_back(reports::kRunStart);
  std::vector<reports::AlertExpectation> expectations;
  for (const std::string& text : request.expectations) {
    reports::AlertExpectation expectation = expectation_of(text);
    expect_known(text, "alert", expectation.alert, rules.alerts);
    if (expectation.within) expect_known(text, "fault", expectation.fault, faults);
    expectations.push_back(std::move(expectation));
  }
  return expectations;
}

Rules read_rules(const AlertRequest& request) {
  Rules rules;
  for (const std::string& path : request.rules) {
    reports::RuleFile file = read_rule_file(path);
    std::ranges::move(file.alerts, std::back_inserter(rules.all.alerts));
    std::ranges::move(file.recorded, std::back_inserter(rules.all.recorded));
    rules.paths.push_back(std::filesystem::absolute(path).lexically_normal().string());
  }
  for (const reports::AlertRule& rule : rules.all.alerts) {
    if (std::ranges::find(rules.alerts, rule.alert) == rules.alerts.end()) rules.alerts.push_back(rule.alert);
  }
  return rules;
}

struct Tried {
  std::vector<reports::AlertProbe> probes;
  reports::RuleTestAnswer answer;
  int exit = 0;
  [[nodiscard]] bool has_failed() const { return !answer.rest.empty() || exit > 1; }
};

// "out/promtest.json" becomes "out/promtest-probes.json".
std::string probes_file(const std::string& file) {
  const std::filesystem::path path{file};
  return (path.parent_path() / (path.stem().string() + "-probes.json")).string();
}

// The run as promtool takes it.
struct TriedRun {
  const AlertRequest& request;
  const Rules& rules;
  const sim::Timeline& timeline;
  const reports::Scrapes& scrapes;
  const reports::MetricLabels& labels;

  void write(const std::vector<reports::AlertProbe>& probes) const {
    std::vector<std::string> paths = rules.paths;
    const std::string probes_path = probes_file(request.file);
    std::error_code ignored;  // a file that is not there
    std::filesystem::remove(probes_path, ignored);
    if (!probes.empty()) {
      reports::OutputFile file{probes_path};
      write_probes(probes, file);
      file.finish();
      paths.push_back(std::filesystem::absolute(probes_path).lexically_normal().string());
    }
    reports::OutputFile file{request.file};
    write_rule_test(timeline, scrapes, labels, paths, probes.size(), file);
    file.finish();
  }
  // Of what is written.
  [[nodiscard]] Tried test(std::vector<reports::AlertProbe> probes) const {
    const ChildResult tested = promtool({"test", "rules", request.file});
    return {std::move(probes), reports::read_rule_test_answer(tested.text, scrapes.count), tested.exit};
  }
};

// Of several rules of one alert one that can fire is enough.
std::map<std::string, std::string> unreachable_of(const Rules& rules, const reports::ExportedSeries& series,
                                                  const reports::Scrapes& scrapes, const Tried& tried) {
  std::map<std::string, std::string> unreachable;
  std::set<std::string> reachable;
  for (const reports::AlertRule& rule : rules.all.alerts) {
    std::string why = why_unreachable(rule, rules.all, series, scrapes.after_start(scrapes.count - 1));
    if (why.empty()) reachable.insert(rule.alert);
    unreachable.emplace(rule.alert, std::move(why));
  }
  std::erase_if(unreachable, [&](const auto& entry) { return reachable.contains(entry.first); });
  for (const reports::AlertProbe& probe : tried.probes) {
    if (tried.answer.shown.contains(probe.alert) || unreachable.contains(probe.alert)) continue;
    unreachable.emplace(probe.alert, why_not_shown(probe.alert, rules.all, scrapes.interval));
  }
  return unreachable;
}

AlertDone tried(const AlertRequest& request, const sim::Timeline& timeline, const reports::Scrapes& scrapes,
                const reports::MetricLabels& labels) {
  const Rules rules = read_rules(request);
  const auto expectations = expectations_of(request, rules, timeline);
  if (scrapes.count > kManyScrapes) {
    request.note(fmt::format(
        "promtool tries the rules at {} scrapes, which takes minutes and gigabytes of memory; --interval {} is half",
        with_thousands(static_cast<Int128>(scrapes.count)), span_text(2 * scrapes.interval)));
  }
  const TriedRun run{request, rules, timeline, scrapes, labels};
  const std::vector<reports::AlertProbe> probes = probes_of(rules.all);
  run.write(probes);
  std::vector<std::string> check{"check", "rules"};
  check.insert(check.end(), rules.paths.begin(), rules.paths.end());
  const ChildResult checked = promtool(check);
  if (checked.exit != 0) refuse(ProblemKind::file, "promtool refuses these rules:\n" + quoted_output(checked.text));
  Tried done_by = run.test(probes);
  // Without its filters an expression may join more series than Prometheus allows.
  if (done_by.has_failed() && !probes.empty()) {
    run.write({});
    done_by = run.test({});
  }
  if (done_by.has_failed()) {
    refuse(ProblemKind::no_data, "promtool could not try the rules on this run (promtool test rules " + request.file +
                                     "):\n" + done_by.answer.rest);
  }
  const auto histories = reports::alert_histories(timeline, scrapes, done_by.answer.alerts, rules.alerts);
  const reports::AlertRun seen{timeline, scrapes, histories,
                               unreachable_of(rules, {timeline, scrapes, labels}, scrapes, done_by)};
  AlertDone done;
  for (const reports::AlertExpectation& expectation : expectations) {
    done.findings.push_back(judge_alert(expectation, seen));
  }
  const reports::AlertReport report{seen, done.findings};
  done.text = alerts_text(report);
  done.json = alerts_json(report);
  return done;
}

}  // namespace

AlertDone try_alerts(const AlertRequest& request, const sim::Timeline& timeline, const reports::Scrapes& scrapes,
                     const reports::MetricLabels& labels) {
  AlertDone failed;
  try {
    return tried(request, timeline, scrapes, labels);
  } catch (const ProblemError& error) {
    failed.problem = error.problem();
  } catch (const reports::ReportError& error) {
    failed.problem = Problem{ProblemKind::file, error.what()};
  } catch (const scenarios::ScenarioError& error) {
    failed.problem = Problem{ProblemKind::scenario, error.what()};
  } catch (const scenarios::FileError& error) {
    failed.problem = Problem{ProblemKind::file, error.what()};
  }
  return failed;
}

}  // namespace windtunnel::runs
