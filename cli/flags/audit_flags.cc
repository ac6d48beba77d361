#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/audit/audit_job.h"

namespace windtunnel::cli {
namespace {

ExitCode audit_log(const runs::AuditRequest& request) {
  if (!can_write_html(!request.html.empty())) return ExitCode::usage;
  const runs::AuditDone done = runs::audit(request);
  if (done.problem) return complain(*done.problem);
  if (!print(done.text)) return ExitCode::file_error;
  if (done.is_broken()) return ExitCode::invariant_violated;
  return done.shows_anything() ? ExitCode::pass : ExitCode::inconclusive;
}

}  // namespace

std::unique_ptr<Verb> add_audit(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<runs::AuditRequest>>(&audit_log);
  runs::AuditRequest& audit = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("audit", "Check every record of a log against claims that it can show");
  add_log(verb, audit.log, "LOG", "The log")->required()->type_name("");
  add_prices_file(verb, audit.log);
  CLI::Option* config = verb.add_option("--config", audit.config,
                                        "Hold the log to this scenario, or what a gateway has on its routes or callers")
                            ->type_name("FILE");
  using Format = runs::ConfigFormat;
  add_word<Format>(verb, "--config-format", audit.config_format,
                   {{"auto", Format::automatic},
                    {"scenario", Format::scenario},
                    {"litellm", Format::litellm},
                    {"litellm-keys", Format::litellm_keys},
                    {"portkey", Format::portkey},
                    {"tensorzero", Format::tensorzero},
                    {"envoy-ai", Format::envoy_ai}},
                   "What the --config file is; auto goes by its name and keys")
      ->needs(config)
      ->type_name("auto|scenario|litellm|litellm-keys|portkey|tensorzero|envoy-ai");
  CLI::Option* ledger = verb.add_option("--ledger", audit.ledger,
                                        "Compare it with what the provider billed: records with the same "
                                        "ids, or a cost report")
                            ->type_name("LOG");
  verb.add_option("--ledger-format", audit.ledger_format, "The ledger's format: that of a log, or serve")
      ->needs(ledger)
      ->capture_default_str()
      ->type_name("NAME");
  verb.add_option("--ledger-columns", audit.ledger_columns, "Read the ledger by these columns, as --columns does")
      ->needs(ledger)
      ->type_name("FIELD=COLUMN,...");
  verb.add_option("--junit", audit.junit, "Write the claims to this file as JUnit XML")->type_name("FILE");
  verb.add_option("--html", audit.html, "Write the audit to this file as one page that needs no network")
      ->type_name("FILE");
  add_word<bool>(verb, "--format", audit.as_json, {{"text", false}, {"json", true}}, "What stdout gets")
      ->type_name("text|json");
  return verb_of;
}

}  // namespace windtunnel::cli
