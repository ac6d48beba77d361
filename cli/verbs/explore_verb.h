#pragma once
// Searches seeds for the first that breaks a claim, and shrinks what it finds.

#include "cli/terminal/command_options.h"
#include "runs/search/search_job.h"

namespace windtunnel::cli {

struct ExploreArguments {
  runs::SearchRequest request;
  Format format = Format::text;
  bool claims_required = false;
  bool quiet = false;
};

ExitCode explore(const ExploreArguments& arguments);

}  // namespace windtunnel::cli
