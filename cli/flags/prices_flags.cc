#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/logs/log_prices.h"

namespace windtunnel::cli {
namespace {

// Without a log the list is shown.
ExitCode give_prices(const reports::LogChoice& log) {
  const runs::ShownPrices shown = log.file.empty() ? runs::show_prices(log.prices) : runs::check_prices(log);
  if (shown.problem) return complain(*shown.problem);
  if (!print(shown.text)) return ExitCode::file_error;
  return shown.all_listed ? ExitCode::pass : ExitCode::threshold;
}

}  // namespace

std::unique_ptr<Verb> add_prices(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<reports::LogChoice>>(&give_prices);
  CLI::App& verb = *app.add_subcommand("prices", "Show what models cost, or which models of a log have no price");
  add_log(verb, verb_of->arguments, "--check", "List the models of this log without a price");
  add_prices_file(verb, verb_of->arguments);
  return verb_of;
}

}  // namespace windtunnel::cli
