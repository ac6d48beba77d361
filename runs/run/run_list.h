#pragma once
// Many runs as one list: their summaries as one JSON document, and the line that counts their verdicts.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::runs {

// A run whose files could not be written may have no summary.
class SummaryList {
 public:
  // `print` returns false once it can print no more.
  explicit SummaryList(std::function<bool(std::string_view)> print) : print_(std::move(print)) {}
  bool add(std::string summary);
  bool end() { return print_(is_first_ ? "[]\n" : "\n]\n"); }

 private:
  std::function<bool(std::string_view)> print_;
  bool is_first_ = true;
};

struct VerdictCount {
  std::string verdict;
  std::uint64_t runs = 0;
};

// "3 of 5 runs, 1 threshold, 2 pass; 2 not run: --fail-fast", and a line end.
std::string totals_line(const std::vector<VerdictCount>& counts, std::uint64_t planned, const std::string& why_not_run);

}  // namespace windtunnel::runs
