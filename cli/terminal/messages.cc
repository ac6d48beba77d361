#include "cli/terminal/messages.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "base/visible_text.h"
#include "cli/terminal/interrupt.h"
#include "reports/html/html_bundle.h"

namespace windtunnel::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

void print_note(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

void print_message(std::string_view text) { print_note(visible_lines(text) + "\n"); }

void complain(std::string_view text) { print_message(fmt::format("windtunnel: {}", text)); }

ExitCode complain(const runs::Problem& problem) {
  if (problem.kind == runs::ProblemKind::scenario) {
    print_message(problem.text);
  } else {
    complain(problem.text);
  }
  return exit_code_of(problem.kind);
}

ExitCode complain(const std::vector<runs::Problem>& problems) {
  ExitCode code = ExitCode::pass;
  for (const runs::Problem& problem : problems) code = worst(code, complain(problem));
  return code;
}

ExitCode complain(const std::optional<runs::Problem>& problem) { return problem ? complain(*problem) : ExitCode::pass; }

ExitCode report_load(const runs::LoadedScenario& loaded, std::set<std::string>* warned) {
  if (loaded.problem) return complain(*loaded.problem);
  for (const std::string& warning : loaded.scenario->warnings) {
    if (warned == nullptr || warned->insert(warning).second) print_message(warning);
  }
  return ExitCode::pass;
}

ExitCode report_interrupt(std::string_view consequence) {
  complain(fmt::format("interrupted by {}{}", interrupted_by(), consequence));
  return ExitCode::interrupted;
}

bool can_write_html(bool wanted) {
  if (!wanted || reports::html_bundle() != nullptr) return true;
  complain(reports::kNoHtmlBundle);
  return false;
}

runs::GithubSettings github_settings() {
  return {.annotates = environment("GITHUB_ACTIONS") == "true",
          .workspace = environment("GITHUB_WORKSPACE"),
          .summary_file = environment("GITHUB_STEP_SUMMARY"),
          .print = print_note};
}

}  // namespace windtunnel::cli
