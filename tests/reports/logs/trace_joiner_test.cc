// Records of calls become the requests whose attempts they are.

#include "reports/logs/trace_joiner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/calendar.h"

namespace windtunnel::reports::trace_joiner_test {
namespace {

using namespace std::chrono_literals;

// A call of 500 ms, and its line.
NumberedRow call(std::uint64_t number, const char* trace, Duration at, bool answered, const char* provider = "a") {
  const WallTime begin = *parse_iso8601("2026-04-01T09:00:00Z") + at;
  return {{.begin = begin,
           .end = begin + 500ms,
           .latency = 500ms,
           .trace = trace,
           .provider = provider,
           .cost = Usd::from_picos(answered ? 7 : 1),
           .answered = answered,
           .status = answered ? 200 : 500},
          number};
}

// "2 1500ms a:server_error b:ok 8": the line, how long the request took, its attempts and its cost.
std::vector<std::string> joined(std::vector<NumberedRow> calls) {
  TraceJoiner joiner;
  std::deque<NumberedRow> done;
  for (NumberedRow& row : calls) joiner.add(std::move(row), done);
  joiner.finish(done);
  std::vector<std::string> requests;
  for (const NumberedRow& request : done) {
    std::string text = fmt::format("{} {}ms", request.number, request.row.latency->count() / 1'000'000);
    for (const LogAttempt& attempt : request.row.attempts) text += " " + attempt.provider + ":" + attempt.outcome;
    requests.push_back(text + fmt::format(" {}", request.row.cost->picos()));
  }
  return requests;
}

using Requests = std::vector<std::string>;

TEST(TraceJoiner, calls_of_a_trace_are_attempts_up_to_the_answer) {
  EXPECT_EQ(joined({call(1, "t", 0s, false), call(2, "t", 1s, true, "b")}), Requests{"2 1500ms a:server_error b:ok 8"});
  EXPECT_EQ(joined({call(1, "t", 0s, true), call(2, "t", 1s, true, "b")}),
            (Requests{"1 500ms a:ok 7", "2 500ms b:ok 7"}));
  EXPECT_EQ(joined({call(1, "t", 0s, false), call(2, "t", 1s, false)}),
            Requests{"2 1500ms a:server_error a:server_error 2"});
}

TEST(TraceJoiner, other_traces_and_records_without_one_are_other_requests) {
  EXPECT_EQ(joined({call(1, "t", 0s, false), call(2, "u", 1s, true), call(3, "t", 1s, true)}),
            (Requests{"2 500ms a:ok 7", "3 1500ms a:server_error a:ok 8"}));
  EXPECT_EQ(joined({call(1, "", 0s, false), call(2, "", 1s, true)}), (Requests{"1 500ms 1", "2 500ms 7"}));
}

TEST(TraceJoiner, a_pause_of_more_than_a_minute_begins_another_request) {
  EXPECT_EQ(joined({call(1, "t", 0s, false), call(2, "t", 60s + 500ms, true)}).size(), 1U);
  EXPECT_EQ(joined({call(1, "t", 0s, false), call(2, "t", 60s + 501ms, true)}).size(), 2U);
}

TEST(TraceJoiner, the_order_of_records_does_not_matter) {
  EXPECT_EQ(joined({call(1, "t", 1s, true, "b"), call(2, "t", 0s, false)}), Requests{"1 1500ms a:server_error b:ok 8"});
}

TEST(TraceJoiner, a_trace_is_complete_two_minutes_later) {
  TraceJoiner joiner;
  std::deque<NumberedRow> done;
  joiner.add(call(1, "t", 0s, false), done);
  joiner.add(call(2, "u", 120s + 500ms, true), done);
  EXPECT_TRUE(done.empty());
  joiner.add(call(3, "v", 120s + 501ms, true), done);
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done.front().number, 1U);
}

}  // namespace
}  // namespace windtunnel::reports::trace_joiner_test
