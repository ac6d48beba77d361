#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/manual/manual_files.h"

namespace windtunnel::cli {
namespace {

struct GenerateArguments {
  runs::ManualRequest request;
  runs::VerbEntry program;
};

ExitCode generate_manual(const GenerateArguments& arguments) {
  const runs::ManualDone done = runs::write_manual(arguments.request, arguments.program, WINDTUNNEL_VERSION);
  if (done.problem) return complain(*done.problem);
  return print(done.text) ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace

std::unique_ptr<Verb> add_generate(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<GenerateArguments>>(&generate_manual);
  GenerateArguments& generate = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("generate", "Make the completion of a shell, or the manual pages");
  verb.require_subcommand(1);
  CLI::App& completion = *verb.add_subcommand("completion", "Print the script that completes windtunnel in a shell");
  completion.add_option("SHELL", generate.request.shell, "The shell")->required()->type_name("bash|zsh|fish");
  CLI::App& man = *verb.add_subcommand("man", "Write a manual page for the program and for each verb");
  man.add_option("DIR", generate.request.folder, "The folder to write them to")->required()->type_name("");
  verb.callback([&app, &generate] { generate.program = verb_entry(app); });
  return verb_of;
}

}  // namespace windtunnel::cli
