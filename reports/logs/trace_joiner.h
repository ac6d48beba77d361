#pragma once
// Joins the calls of a request that a log has as records of their own, by the name of their trace.
//
// Calls of a trace are of one request as long as they fail: an answer ends it, and so does a minute without a call,
// because programs also give one trace to a whole session. Records may come in any order. Only traces whose calls are
// at most two minutes from the latest record are in memory, and at most 10,000.

#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "reports/logs/log_row.h"

namespace windtunnel::reports {

struct NumberedRow {
  LogRow row;
  std::uint64_t number = 0;  // of its line or record
};

class TraceJoiner {
 public:
  // Appends the requests that are complete by now to `done`. A row without a trace is one.
  void add(NumberedRow row, std::deque<NumberedRow>& done);
  // The log has ended.
  void finish(std::deque<NumberedRow>& done);
  // Calls that were not the last one of their request.
  [[nodiscard]] std::uint64_t joined() const { return joined_; }

 private:
  using Calls = std::vector<NumberedRow>;

  void close(std::list<Calls>::iterator trace, std::deque<NumberedRow>& done);
  void complete(Calls calls, std::deque<NumberedRow>& done);

  std::list<Calls> traces_;  // the one with the latest record last
  std::unordered_map<std::string, std::list<Calls>::iterator> places_;
  std::uint64_t joined_ = 0;
};

}  // namespace windtunnel::reports
