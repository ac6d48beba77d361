#pragma once
// The sections that searches and comparisons add to the summary of a GitHub job, with their annotations.

#include <string>

#include "reports/compare/compare_summary.h"
#include "runs/ci/github_actions.h"
#include "runs/search/search_job.h"

namespace windtunnel::runs {

void add_comparison(GithubActions& github, const reports::CompareSummary& summary);
// `file` is the scenario that was searched.
void add_search(GithubActions& github, const SearchDone& done, const std::string& file);

}  // namespace windtunnel::runs
