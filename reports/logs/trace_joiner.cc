#include "reports/logs/trace_joiner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "monitor/record.h"
#include "reports/logs/failure_kind.h"

namespace windtunnel::reports {
namespace {

using monitor::ReplyKind;

constexpr Duration kPauseMost = std::chrono::minutes{1};
constexpr Duration kKept = std::chrono::minutes{2};
constexpr std::size_t kTracesMost = 10'000;

WallTime end_of(const LogRow& row) { return row.end.value_or(*row.begin + row.latency.value_or(Duration{0})); }

bool is_answer(const LogRow& row) { return row.answered.value_or(true); }

// Nothing: how long the call took, or why it failed, is not known, so that it is no attempt by itself.
std::optional<LogAttempt> attempt_of(const LogRow& row) {
  const auto kind = is_answer(row) ? std::optional{ReplyKind::ok} : failure_kind(row);
  if (!kind || !row.latency || row.cache_hit.value_or(false)) return std::nullopt;
  return LogAttempt{row.provider, std::string{name_of(*kind)}, *row.latency, row.cost, row.deployment, row.address};
}

}  // namespace

void TraceJoiner::add(NumberedRow row, std::deque<NumberedRow>& done) {
  if (row.row.trace.empty() || row.row.is_bucket) {
    done.push_back(std::move(row));
    return;
  }
  const WallTime begin = *row.row.begin;
  const WallTime end = end_of(row.row);
  const auto is_past = [&](const Calls& calls) {
    const LogRow& latest = calls.back().row;
    return end_of(latest) + kKept < begin || end + kKept < *latest.begin;
  };
  while (!traces_.empty() && (traces_.size() >= kTracesMost || is_past(traces_.front()))) close(traces_.begin(), done);
  const auto place = places_.find(row.row.trace);
  if (place == places_.end()) {
    traces_.emplace_back();
    places_.emplace(row.row.trace, std::prev(traces_.end()));
  } else {
    traces_.splice(traces_.end(), traces_, place->second);
  }
  traces_.back().push_back(std::move(row));
}

void TraceJoiner::finish(std::deque<NumberedRow>& done) {
  while (!traces_.empty()) close(traces_.begin(), done);
}

void TraceJoiner::close(std::list<Calls>::iterator trace, std::deque<NumberedRow>& done) {
  Calls calls = std::move(*trace);
  places_.erase(calls.front().row.trace);
  traces_.erase(trace);
  std::ranges::stable_sort(calls, {}, [](const NumberedRow& call) { return *call.row.begin; });
  Calls request;
  for (NumberedRow& call : calls) {
    const bool is_next = request.empty() || *call.row.begin - end_of(request.back().row) <= kPauseMost;
    if (!is_next) complete(std::exchange(request, {}), done);
    const bool is_last = is_answer(call.row);
    request.push_back(std::move(call));
    if (is_last) complete(std::exchange(request, {}), done);
  }
  if (!request.empty()) complete(std::move(request), done);
}

void TraceJoiner::complete(Calls calls, std::deque<NumberedRow>& done) {
  joined_ += calls.size() - 1;
  NumberedRow request = calls.back();
  LogRow& row = request.row;
  if (calls.size() == 1) {
    if (const auto attempt = attempt_of(row)) row.attempts = {*attempt};
    done.push_back(std::move(request));
    return;
  }
  const WallTime begin = *calls.front().row.begin;
  if (row.time_to_first_token) *row.time_to_first_token += *row.begin - begin;
  row.end = end_of(row);
  row.begin = begin;
  row.latency = *row.end - begin;
  row.route = calls.front().row.route;  // a fallback asks for another one
  row.cost.reset();
  for (const NumberedRow& call : calls) {
    if (call.row.cost) row.cost = row.cost.value_or(Usd{}) + *call.row.cost;
    const LogAttempt unknown{call.row.provider,
                             std::string{name_of(ReplyKind::server_error)},
                             call.row.latency.value_or(Duration{0}),
                             call.row.cost,
                             call.row.deployment,
                             call.row.address};
    if (!call.row.cache_hit.value_or(false)) row.attempts.push_back(attempt_of(call.row).value_or(unknown));
  }
  if (!calls.back().row.cost && is_answer(calls.back().row)) row.cost.reset();  // what the answer costs is not known
  done.push_back(std::move(request));
}

}  // namespace windtunnel::reports
