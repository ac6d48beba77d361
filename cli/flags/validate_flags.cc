#include <fmt/format.h>

#include <string>
#include <vector>

#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/messages.h"
#include "scenarios/effective.h"

namespace windtunnel::cli {
namespace {

struct ValidateArguments {
  std::vector<std::string> files;
  std::vector<std::string> sets;
  bool effective = false;
  bool quiet = false;
};

ExitCode validate(const ValidateArguments& arguments) {
  ExitCode worst_code = ExitCode::pass;
  std::size_t valid = 0;
  runs::GithubActions github{github_settings()};
  for (const std::string& file : arguments.files) {
    const runs::LoadedScenario loaded = runs::load_scenario_with_any_breakers(file, arguments.sets);
    const ExitCode code = report_load(loaded);
    worst_code = worst(worst_code, code);
    github.add({.passed = loaded.scenario.has_value(),
                .verdict = loaded.scenario ? "valid" : std::string{meaning_of(code).word},
                .scenario = file});
    if (!loaded.scenario) {
      github.annotate_errors_of(loaded);
      continue;
    }
    ++valid;
    if (arguments.effective && !print(scenarios::effective_scenario(*loaded.scenario))) return ExitCode::file_error;
    if (arguments.quiet || arguments.effective) continue;
    std::string text = fmt::format("{}: valid\n", file);
    for (const std::string& note : runs::notes_of(*loaded.scenario)) text += "  note: " + note + "\n";
    if (!print(text)) return ExitCode::file_error;
  }
  if (arguments.files.size() > 1 && !arguments.quiet) {
    const std::string line =
        fmt::format("{} files: {} valid, {} not\n", arguments.files.size(), valid, arguments.files.size() - valid);
    if (!print(line)) return ExitCode::file_error;
  }
  return worst(worst_code, complain(github.finish()));
}

}  // namespace

std::unique_ptr<Verb> add_validate(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<ValidateArguments>>(&validate);
  ValidateArguments& validate = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("validate", "Check scenario files without running them");
  add_files(verb, validate.files);
  add_sets(verb, validate.sets);
  verb.add_flag("--effective", validate.effective, "Print the whole scenario: every key, its value and its source");
  verb.add_flag("--quiet,-q", validate.quiet, "Print nothing about valid files");
  verb.callback([&validate] {
    if (validate.effective && validate.files.size() > 1)
      throw UsageError("--effective prints one scenario: name one file");
  });
  return verb_of;
}

}  // namespace windtunnel::cli
