#include "runs/run/run_list.h"

#include <fmt/format.h>

#include <utility>

namespace windtunnel::runs {

bool SummaryList::add(std::string summary) {
  while (!summary.empty() && summary.back() == '\n') summary.pop_back();
  if (summary.empty()) return true;
  return print_((std::exchange(is_first_, false) ? "[\n" : ",\n") + summary);
}

std::string totals_line(const std::vector<VerdictCount>& counts, std::uint64_t planned,
                        const std::string& why_not_run) {
  std::string totals;
  std::uint64_t sum = 0;
  for (const auto& [verdict, runs] : counts) {
    sum += runs;
    totals += fmt::format(", {} {}", runs, verdict);
  }
  std::string line = fmt::format("{} of {} runs{}", sum, planned, totals);
  if (sum < planned) line += fmt::format("; {} not run: {}", planned - sum, why_not_run);
  return line + "\n";
}

}  // namespace windtunnel::runs
