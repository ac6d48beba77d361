#pragma once
// Reads from summary.json what other programs of ours need: which run it was and what it came to.

#include <cstdint>
#include <string>
#include <string_view>

#include "reports/files/report_error.h"

namespace windtunnel::reports {

struct SummaryHead {
  int version = 0;
  std::string scenario_file;
  std::string title;
  std::uint64_t scenario_hash = 0;
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  std::string verdict;  // pass, fail, inconclusive
  std::uint64_t events = 0;
};

// Throws ReportError if this is no summary, or one of another version than kSummaryVersion. `name` is for the message.
SummaryHead read_summary(std::string_view text, const std::string& name);
SummaryHead read_summary_file(const std::string& path);

// The text without `build` and `timing`, in one fixed form: equal runs give equal texts.
std::string comparable_summary(std::string_view text, const std::string& name);

}  // namespace windtunnel::reports
