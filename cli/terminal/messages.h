#pragma once
// Messages on stderr, and the settings for GitHub Actions.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal/exit_code.h"
#include "runs/ci/github_actions.h"
#include "runs/problem.h"
#include "runs/scenario_source.h"

namespace windtunnel::cli {

// Text for people that is no result, as it is.
void print_note(std::string_view text);
// A message and a line end. Control characters are spelled out, because a message quotes flags, files and programs.
void print_message(std::string_view text);
// The same, after "windtunnel: ".
void complain(std::string_view text);

// Prints the problem and returns its exit code. Errors of a scenario stand as they are, because editors search for the
// file, line and column at the start of a line.
ExitCode complain(const runs::Problem& problem);
ExitCode complain(const std::vector<runs::Problem>& problems);
ExitCode complain(const std::optional<runs::Problem>& problem);

// Prints the problem and the warnings of a scenario. A warning that is in `warned` is not printed again; those that are
// printed are added to it.
ExitCode report_load(const runs::LoadedScenario& loaded, std::set<std::string>* warned = nullptr);

// "windtunnel: interrupted by SIGINT" and what follows of it.
ExitCode report_interrupt(std::string_view consequence = {});

// False: a page is wanted, and this build has none; the message has how to get it. Asked before anything is made.
bool can_write_html(bool wanted);

// Reads GITHUB_ACTIONS, GITHUB_WORKSPACE and GITHUB_STEP_SUMMARY. Annotations go to stderr, which GitHub reads as it
// reads stdout, so that results stay what they are.
runs::GithubSettings github_settings();

}  // namespace windtunnel::cli
