// An audit finds each fault that is planted in a log by the claim that it breaks, with its record, and finds nothing in
// the log without it.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runs/audit/audit_job.h"
#include "tests/runs/audit/audited_logs.h"

namespace windtunnel::runs::audit_test {
namespace {

TEST_F(AuditTest, of_a_clean_log_finds_nothing_and_shows_its_claims) {
  const AuditDone done = audited(clean_log());
  ASSERT_FALSE(done.problem) << done.problem->text;
  EXPECT_EQ(broken(done), Claims{}) << audit_text(done);
  EXPECT_TRUE(done.shows_anything());
  Claims not_shown;
  for (const AuditClaim& claim : done.claims) {
    if (!claim.not_shown.empty()) not_shown.push_back(claim.name);
  }
  EXPECT_EQ(not_shown, (Claims{"time.deadline", "attempts.retry_after", "budget.alerts", "budget.callers"}));
}

struct Fault {
  const char* claim;  // and the record
  std::function<void(Log&)> plant;
};

// Records count from 1; 1 to 12 are answers, 13 a hit, 14 a refusal, 15 a failover, 16 to 20 failures, 21 an answer.
const std::vector<Fault>& faults() {
  static const std::vector<Fault> all{
      {"records.once 5", [](Log& log) { log[4].id = log[1].id; }},
      {"records.complete 4", [](Log& log) { log.erase(log.begin() + 3); }},
      {"records.order 8", [](Log& log) { std::swap(log[6].end_ms, log[7].end_ms); }},
      {"attempts.bounded 15",
       [](Log& log) {
         log[14].latency_ms = 4500;
         log[14].attempts.insert(log[14].attempts.begin(), 2, Attempt{.outcome = "overloaded"});
       }},
      {"attempts.end 15", [](Log& log) { log[14].attempts[0].outcome = "client_error"; }},
      {"failover.order 15",
       [](Log& log) {
         log[14].attempts[0].outcome = "auth_or_quota";
         log[14].attempts[1].provider = "a";
       }},
      {"breaker.open 21", [](Log& log) { log[20].end_ms = log[19].end_ms + 11'000; }},
      {"cost.adds_up 15", [](Log& log) { log[14].attempts[0].cost_nanos = 1000; }},
      {"cost.cache_hits 13", [](Log& log) { log[12].cost_nanos = 110; }},
      {"cost.refused 14", [](Log& log) { log[13].cost_nanos = 110; }},
      {"cost.price 6", [](Log& log) { log[5].cost_nanos = log[5].attempts[0].cost_nanos = cost_nanos(100, 10) / 2; }},
      {"tokens.add_up 9", [](Log& log) { log[8].total = 111; }},
      {"outcome.agrees 3", [](Log& log) { log[2].success = false; }},
      {"time.adds_up 2", [](Log& log) { log[1].attempts[0].latency_ms = 1900; }},
      {"time.limits 21", [](Log& log) { log[20].latency_ms = log[20].attempts[0].latency_ms = 5100; }},
      {"time.percentiles 0",
       [](Log& log) {
         for (std::size_t i = 0; i < 2; ++i) {
           log[i].latency_ms = log[i].attempts[0].latency_ms = 3200;
           log[i].ttft_ms = 300;
         }
       }},
  };
  return all;
}

TEST_F(AuditTest, finds_each_planted_fault_by_its_claim) {
  for (const Fault& fault : faults()) {
    Log log = clean_log();
    fault.plant(log);
    const AuditDone done = audited(log);
    ASSERT_FALSE(done.problem) << done.problem->text;
    Claims found = broken(done);
    // An id that is used twice is missing elsewhere.
    if (std::string_view{fault.claim}.starts_with("records.once")) std::erase(found, "records.complete 6");
    EXPECT_EQ(found, Claims{fault.claim}) << audit_text(done);
  }
}

// Failures that overlap: each begins before the one in front of it has ended.
TEST_F(AuditTest, finds_overlapping_calls_beyond_the_probes_of_a_breaker_that_is_not_closed) {
  const auto log_of = [](int failures, std::int64_t apart_ms) {
    Log log{served(1, 2000)};
    for (int i = 0; i < failures; ++i) {
      Record record = failed(2 + i, 10'000 + i * apart_ms);
      record.latency_ms = record.attempts[0].latency_ms = 300;
      log.push_back(record);
    }
    return log;
  };
  const auto claim_of = [](const AuditDone& done) {
    for (const AuditClaim& claim : done.claims) {
      if (claim.name == "breaker.open") return claim;
    }
    return AuditClaim{};
  };
  // The fifth failure opens it at 10.2 s; six more are in flight by then, and one may be a probe.
  EXPECT_EQ(claim_of(audited(log_of(11, 50))).broken, 0U);
  EXPECT_EQ(claim_of(audited(log_of(11, 50))).checked, 1U);
  EXPECT_EQ(claim_of(audited(log_of(12, 50))).broken, 0U);
  EXPECT_EQ(claim_of(audited(log_of(13, 50))).broken, 1U);
  EXPECT_EQ(claim_of(audited(log_of(40, 50))).broken, 28U);
  // One probe in 30 s.
  EXPECT_EQ(claim_of(audited(log_of(9, 30'500))).broken, 0U);
}

TEST_F(AuditTest, shows_no_open_breaker_where_none_must_have_opened) {
  const auto shown = [&](const Log& log) {
    for (const AuditClaim& claim : audited(log).claims) {
      if (claim.name == "breaker.open") return claim.not_shown;
    }
    return std::string{};
  };
  Log four{served(1, 2000), failed(2, 4000), failed(3, 6000), failed(4, 8000), failed(5, 10'000), served(6, 12'000)};
  EXPECT_EQ(shown(four), "no provider failed so often in a row that its breaker must have opened");
  // What the caller's own request caused opens no breaker.
  four.insert(four.begin() + 5, failed(7, 11'500));
  EXPECT_EQ(shown(four), "");
  four[5].attempts[0].outcome = "context_length";
  EXPECT_NE(shown(four), "");
}

TEST_F(AuditTest, finds_lines_that_are_no_records) {
  EXPECT_EQ(broken(audited(text_of(served(1, 1000)) + "nothing\n" + text_of(served(2, 3000)))),
            Claims{"records.readable 2"});
}

// Of 1 and 0.5 USD: each answer here costs 0.2 USD.
TEST_F(AuditTest, finds_budgets_that_are_overspent_in_their_window) {
  const auto dear = [](int number, std::int64_t end_ms) {
    Record record = served(number, end_ms);
    record.output = 19'990;
    record.total = 20'090;
    record.cost_nanos = record.attempts[0].cost_nanos = cost_nanos(100, 19'990);
    return record;
  };
  constexpr std::int64_t kDay = 86'400'000;
  EXPECT_EQ(broken(audited(Log{dear(1, 2000), dear(2, 4000)})), Claims{});
  EXPECT_EQ(broken(audited(Log{dear(1, 2000), dear(2, 4000), dear(3, 6000)})), Claims{"budget.day 3"});
  EXPECT_EQ(broken(audited(Log{dear(1, 2000), dear(2, 4000), dear(3, kDay), dear(4, kDay + 2000), dear(5, 2 * kDay),
                               dear(6, 2 * kDay + 2000)})),
            Claims{"budget.month 6"});
}

// A log does not say which of several replicas served a request, nor what a process forgot that was restarted.
TEST_F(AuditTest, shows_nothing_of_what_replicas_do_not_share_or_a_restart_forgets) {
  const auto not_shown = [&](const std::string& more) {
    std::string config = kConfig;
    write("config.json", config.insert(config.size() - 1, more));
    std::vector<std::string> names;
    for (const AuditClaim& claim : audited(clean_log()).claims) {
      if (!claim.not_shown.empty() && claim.name != "budget.alerts") names.push_back(claim.name);
    }
    return names;
  };
  const std::vector<std::string> plain = not_shown("");
  const auto with = [&](std::vector<std::string> names) {
    names.insert(names.end(), plain.begin(), plain.end());
    std::ranges::sort(names);
    return names;
  };
  const auto sorted = [](std::vector<std::string> names) {
    std::ranges::sort(names);
    return names;
  };
  EXPECT_EQ(sorted(not_shown(R"(, "replicas": {"count": 2, "shared": {"spend": "1s", "breakers": "at_once"}})")),
            with({"budget.day", "budget.month"}));
  EXPECT_EQ(sorted(not_shown(R"(, "replicas": {"count": 2, "shared": {"spend": "at_once"}})")), with({"breaker.open"}));
  EXPECT_EQ(sorted(not_shown(R"(, "faults": [{"id": "deploy", "kind": "gateway_restart", "at": "1s"}])")),
            with({"breaker.open"}));
  EXPECT_EQ(sorted(not_shown(R"(, "faults": [{"id": "x", "kind": "gateway_restart", "at": "1s", "state": "kept"}])")),
            with({}));
}

// A route, or a deployment, may allow more than the gateway as a whole.
TEST_F(AuditTest, holds_a_call_to_the_longest_timeout_that_may_have_been_its) {
  Log log = clean_log();
  log[20].latency_ms = log[20].attempts[0].latency_ms = 5100;
  const auto with_routes = [&](const std::string& timeout) {
    std::string config = kConfig;
    config.insert(
        config.size() - 1,
        R"(, "routes": {"chat": {"targets": [{"deployment": "a"}, {"deployment": "b"}], "attempt_timeout": ")" +
            timeout + R"("}})");
    const std::string load = R"("rate": 1)";
    write("config.json", config.insert(config.find(load), R"("route": "chat", )"));
    return audited(log);
  };
  EXPECT_EQ(broken(with_routes("6s")), Claims{});
  EXPECT_EQ(broken(with_routes("5s")), Claims{"time.limits 21"});
}

TEST_F(AuditTest, writes_over_no_file_that_it_reads) {
  write("log.jsonl", text_of(served(1, 1000)));
  const AuditDone done = audit({.log = {.file = path("log.jsonl")}, .html = path("log.jsonl")});
  ASSERT_TRUE(done.problem);
  EXPECT_NE(done.problem->text.find("--html"), std::string::npos) << done.problem->text;
  EXPECT_TRUE(audit({.log = {.file = path("log.jsonl")}, .junit = path("out"), .html = path("out")}).problem);
}

TEST_F(AuditTest, what_the_log_does_not_show_is_no_pass) {
  write("log.jsonl", R"({"request_id": "x", "spend": 0.1, "startTime": "2026-04-01T09:00:00Z"})");
  const AuditDone done = audit({.log = {.file = path("log.jsonl")}});
  EXPECT_EQ(broken(done), Claims{});
  for (const AuditClaim& claim : done.claims) {
    const bool is_shown = claim.name == "records.readable" || claim.name == "records.once";
    EXPECT_EQ(claim.not_shown.empty(), is_shown) << claim.name;
    EXPECT_EQ(claim.checked > 0, is_shown) << claim.name;
  }
  const AuditDone empty = audited(std::string{});
  EXPECT_FALSE(empty.shows_anything());
}

TEST_F(AuditTest, junit_counts_the_findings_that_it_does_not_list) {
  Log log;
  for (int i = 0; i < 103; ++i) {
    log.push_back(served(i + 1, 2000 * (i + 1)));
    log.back().total = 111;
  }
  EXPECT_NE(audit_junit(audited(log)).find("and 3 more\n</failure>"), std::string::npos);
}

TEST_F(AuditTest, reports_as_json_and_junit_hold_the_same_findings) {
  Log log = clean_log();
  log[12].cost_nanos = 110;
  const AuditDone done = audited(log);
  const std::string json = audit_json(done);
  EXPECT_NE(json.find("\"verdict\": \"fail\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"line\": 13"), std::string::npos) << json;
  const std::string junit = audit_junit(done);
  EXPECT_NE(junit.find("failures=\"1\""), std::string::npos) << junit;
  EXPECT_NE(junit.find("line 13: a hit of the cache costs 0.00000011 USD"), std::string::npos) << junit;
  EXPECT_NE(junit.find("<skipped message="), std::string::npos) << junit;
}

}  // namespace
}  // namespace windtunnel::runs::audit_test
