#include "cli/flags/flags.h"
#include "cli/verbs/validate_verb.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kValidateFooter =
    "Examples:\n"
    "  windtunnel validate scenarios/*.json\n"
    "  windtunnel validate outage.json --set faults.openai-down.duration=2m\n"
    "  windtunnel validate outage.json --effective > all.json   # a scenario with every key, of the same world";

}  // namespace

std::unique_ptr<Verb> add_validate(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<ValidateArguments>>(&cli::validate);
  ValidateArguments& validate = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("validate", "Check scenario files without running them");
  verb.footer(kValidateFooter);
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
