#include "runs/ci/github_reports.h"

#include <fmt/format.h>

namespace windtunnel::runs {

void add_comparison(GithubActions& github, const reports::CompareSummary& summary) {
  for (const reports::RegressionSummary& regression : summary.regressions) {
    if (regression.verdict == sim::Verdict::pass) continue;
    github.annotate(
        {.file = regression.file,
         .title = regression.verdict == sim::Verdict::fail ? "windtunnel: regression" : "windtunnel: undecided",
         .message = reports::regression_line(regression)});
  }
  github.add_section("### Windtunnel: comparison\n\n" + reports::compare_markdown(summary) + "\n");
}

void add_search(GithubActions& github, const SearchDone& done, const std::string& file) {
  if (done.exploration.failure) {
    const auto& [seed, finding] = *done.exploration.failure;
    const bool is_named_by_claim = finding.claim.starts_with(finding.id);
    const std::string claim = is_named_by_claim ? "" : finding.claim + ": ";
    github.annotate({.file = file,
                     .title = "windtunnel: " + (is_named_by_claim ? finding.claim : finding.id),
                     .message = fmt::format("seed {}: {}{}", seed, claim, finding.reason)});
  }
  github.add_section("### Windtunnel: explore\n\n```\n" + done.text + "```\n");
}

}  // namespace windtunnel::runs
