#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/serve/serve_job.h"

namespace windtunnel::cli {
namespace {

ExitCode serve(const runs::ServeRequest& request) {
  return complain(runs::serve({.request = request,
                               .stop = &stop_requested(),
                               .starts = [] { install_signal_handlers(false); },
                               .print = print,
                               .note = [](const std::string& text) { complain(text); }})
                      .problem);
}

}  // namespace

std::unique_ptr<Verb> add_serve(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<runs::ServeRequest>>(&serve);
  runs::ServeRequest& request = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("serve", "Offer the providers of a scenario over HTTP, faults included");
  verb.add_option("FILE", request.file, "A scenario file")->required()->type_name("");
  add_memory(verb, request.memory_max);
  add_sets(verb, request.sets);
  add_number(verb, "--seed", request.seed, {}, "Instead of the scenario's", "WINDTUNNEL_SEED")->type_name("N");
  add_number(verb, "--port-base", request.port_base, {0, 65'535}, "The first provider's port; 0: free ones")
      ->default_str(std::to_string(request.port_base))
      ->type_name("N");
  verb.add_option("--listen", request.address, "The address to listen on")->capture_default_str()->type_name("IP");
  verb.add_flag("--start-now", request.start_now, "Start the clock of the faults now, not at the first call");
  verb.add_option("--ledger", request.ledger, "Write a line of JSON for each call")->type_name("F.jsonl");
  verb.add_option("--print-config", request.print_config, "Print the configuration of a gateway for these providers")
      ->type_name("portkey|litellm|nginx|envoy|openai-sdk");
  add_word<bool>(verb, "--format", request.json, {{"text", false}, {"json", true}}, "Of what stdout gets")
      ->type_name("text|json");
  return verb_of;
}

}  // namespace windtunnel::cli
