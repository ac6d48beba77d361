#include "cli/option_tree.h"

#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "base/visible_text.h"
#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/manual/verb_footers.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kDescription =
    "A wind tunnel for LLM gateways: drives the whole monitoring pipeline through scripted provider faults on a "
    "virtual clock and says what an outage, a latency spike or a price does to it.";

ExitCode say_usage_error(const std::string& message) {
  complain(message + "\nRun with --help for more information.");
  return ExitCode::usage;
}

// Help and version go the way of all results, so that a full disk or a closed pipe is an error here too.
ExitCode print_help(CLI::App& app, const CLI::Success& success) {
  std::ostringstream text;
  std::ostringstream errors;
  app.exit(success, text, errors);
  return print(text.str()) ? ExitCode::pass : ExitCode::file_error;
}

// About the first word that the chosen verb does not know.
std::optional<std::string> about_unknown_word(const CLI::App& app) {
  const CLI::App* chosen = &app;
  while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
  return runs::about_unknown_word(verb_entry(*chosen), chosen == &app ? "" : chosen->get_name(), app.remaining(true));
}

// Below the flags of the program and of each verb. `words` lead to the verb.
void set_footers(CLI::App& app, const std::string& words = "") {
  app.footer(runs::footer_of(words));
  for (CLI::App* verb : app.get_subcommands({})) {
    set_footers(*verb, words.empty() ? verb->get_name() : words + " " + verb->get_name());
  }
}

}  // namespace

Parsed parse_arguments(int argc, const char* const* argv) {
  CLI::App app{kDescription, "windtunnel"};
  app.set_version_flag("--version", "windtunnel " WINDTUNNEL_VERSION);
  app.require_subcommand(1);
  std::map<std::string, std::unique_ptr<Verb>> verbs;
  // In the order of the help.
  for (const auto add : {add_run,    add_explore, add_compare, add_forecast, add_merge,  add_validate, add_init,
                         add_prices, add_audit,   add_breaker, add_verify,   add_serve,  add_trial,    add_gateway,
                         add_doctor, add_export,  add_report,  add_explain,  add_schema, add_generate}) {
    auto verb = add(app);
    verbs.emplace(app.get_subcommands({}).back()->get_name(), std::move(verb));
  }
  set_footers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return {.verb = nullptr, .code = print_help(app, success)};
  } catch (const CLI::ParseError& error) {
    return {.verb = nullptr, .code = say_usage_error(about_unknown_word(app).value_or(visible_text(error.what())))};
  } catch (const runs::ProblemError& error) {
    // A request's problem is one line, and a line feed in it is one of the flag's value.
    const auto& [kind, text] = error.problem();
    return {.verb = nullptr, .code = say_usage_error(kind == runs::ProblemKind::request ? visible_text(text) : text)};
  }
  return {.verb = std::move(verbs.at(app.get_subcommands().front()->get_name())), .code = ExitCode::pass};
}

}  // namespace windtunnel::cli
