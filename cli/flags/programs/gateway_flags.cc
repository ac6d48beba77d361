#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/gateway/gateway_job.h"

namespace windtunnel::cli {
namespace {

ExitCode gateway(const runs::GatewayRequest& request) {
  install_signal_handlers(false);
  count_reload_requests();
  return complain(runs::serve_gateway({.request = request,
                                       .stop = &stop_requested(),
                                       .reloads = &reload_requests(),
                                       .print = print,
                                       .note = [](const std::string& text) { complain(text); }})
                      .problem);
}

}  // namespace

std::unique_ptr<Verb> add_gateway(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<runs::GatewayRequest>>(&gateway);
  runs::GatewayRequest& request = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("gateway", "Serve real traffic by the pipeline of a scenario file");
  verb.add_option("FILE", request.file, "A scenario file whose providers have endpoints")->required()->type_name("");
  add_sets(verb, request.sets);
  verb.add_option("--listen", request.listen, "Instead of the file's server.listen")->type_name("IP:PORT");
  verb.add_option("--trial", request.trial, "It is tried: write every decision to this file")->type_name("F");
  add_word<bool>(verb, "--format", request.json, {{"text", false}, {"json", true}}, "Of what stdout gets")
      ->type_name("text|json");
  return verb_of;
}

}  // namespace windtunnel::cli
