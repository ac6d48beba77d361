#include "wire/trial/observed_lines.h"

#include <fmt/format.h>

#include <algorithm>

namespace windtunnel::wire {
namespace {

std::int64_t nanoseconds(Instant instant) { return (instant - Instant{}).count(); }

}  // namespace

std::vector<std::string> observed_lines(const TrialRun& run) {
  std::vector<std::string> lines;
  lines.reserve(run.calls.size() + run.requests.size());
  for (const CallLine& call : run.calls) {
    std::string line = text_of(call);
    if (line.ends_with('\n')) line.pop_back();
    lines.push_back("call " + line);
  }
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    const TrialRequest& request = run.requests[i];
    lines.push_back(fmt::format("request {}: sent at {} ns, first byte {}, ended at {} ns, end {}, status {}", i,
                                nanoseconds(request.sent), request.first_byte ? nanoseconds(*request.first_byte) : -1,
                                nanoseconds(request.finished), static_cast<int>(request.end), request.status));
  }
  return lines;
}

std::string first_difference(const TrialRun& one, const TrialRun& other) {
  const std::vector<std::string> first = observed_lines(one);
  const std::vector<std::string> second = observed_lines(other);
  const auto [a, b] = std::ranges::mismatch(first, second);
  if (a == first.end() && b == second.end()) return {};
  return fmt::format("  {}\n  {}\n", a == first.end() ? "(nothing more)" : *a,
                     b == second.end() ? "(nothing more)" : *b);
}

}  // namespace windtunnel::wire
