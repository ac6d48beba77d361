// An audit finds each fault that is planted in a log by the claim that it breaks, with its record, and finds nothing in
// the log without it.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "runs/audit/audit_job.h"

namespace windtunnel::runs::audit_test {
namespace {

using namespace std::chrono_literals;

// Of a record of telemetry, as it is written.
struct Attempt {
  std::string provider = "a";
  std::string outcome = "ok";
  std::int64_t latency_ms = 1000;
  std::int64_t cost_nanos = 0;  // 10^-9 USD
};

struct Record {
  std::string id;
  std::int64_t end_ms = 0;  // since the start
  std::int64_t latency_ms = 1000;
  std::int64_t ttft_ms = 200;
  std::int64_t input = 100;
  std::int64_t output = 10;
  std::int64_t total = 110;
  std::int64_t cost_nanos = 0;
  bool success = true;
  std::string outcome = "served";
  bool cache_hit = false;
  std::vector<Attempt> attempts;
};

// 1 and 10 USD per million tokens.
constexpr std::int64_t cost_nanos(std::int64_t input, std::int64_t output) { return input * 1000 + output * 10'000; }

std::string usd(std::int64_t nanos) { return exact_decimal(nanos, 9); }

std::string text_of(const Record& record) {
  const WallTime end = *parse_iso8601("2026-04-01T10:00:00Z") + 1ms * record.end_ms;
  std::string attempts;
  for (const Attempt& attempt : record.attempts) {
    attempts += fmt::format(R"({}{{"provider":"{}","outcome":"{}","latency_ms":{},"cost_usd":{}}})",
                            attempts.empty() ? "" : ",", attempt.provider, attempt.outcome, attempt.latency_ms,
                            usd(attempt.cost_nanos));
  }
  return fmt::format(
      R"({{"timestamp":"{}","request_id":"{}","provider":{},"model":"m","latency_ms":{},"tokens":{{"input":{},"output":{},"total":{}}},"cost_usd":{},"success":{},"outcome":"{}","cache_hit":{},"ttft_ms":{},"attempts":[{}]}})"
      "\n",
      iso8601(end), record.id, record.attempts.empty() ? "null" : "\"" + record.attempts.back().provider + "\"",
      record.latency_ms, record.input, record.output, record.total, usd(record.cost_nanos), record.success,
      record.outcome, record.cache_hit, record.success && !record.cache_hit ? std::to_string(record.ttft_ms) : "null",
      attempts);
}

Record served(int number, std::int64_t end_ms) {
  const std::int64_t cost = cost_nanos(100, 10);
  return {.id = fmt::format("r-{}", number), .end_ms = end_ms, .cost_nanos = cost, .attempts = {{.cost_nanos = cost}}};
}

Record failed(int number, std::int64_t end_ms) {
  return {.id = fmt::format("r-{}", number),
          .end_ms = end_ms,
          .input = 0,
          .output = 0,
          .total = 0,
          .success = false,
          .outcome = "failed",
          .attempts = {{.outcome = "server_error"}}};
}

using Log = std::vector<Record>;

// Twelve answers, a hit, a refusal, a failover, and five failures in a row, after which no request calls `a` for 30 s.
Log clean_log() {
  Log log;
  int number = 1;
  std::int64_t now = 0;
  for (int i = 0; i < 12; ++i) log.push_back(served(number++, now += 2000));
  log.push_back({.id = fmt::format("r-{}", number++),
                 .end_ms = now += 2000,
                 .latency_ms = 0,
                 .input = 0,
                 .output = 0,
                 .total = 0,
                 .outcome = "cache_hit",
                 .cache_hit = true});
  log.push_back({.id = fmt::format("r-{}", number++),
                 .end_ms = now += 2000,
                 .latency_ms = 0,
                 .input = 0,
                 .output = 0,
                 .total = 0,
                 .success = false,
                 .outcome = "refused_rate"});
  Record over = served(number++, now += 3000);
  over.latency_ms = 2500;
  over.ttft_ms = 1700;
  over.attempts = {{.outcome = "overloaded"}, {.provider = "b", .cost_nanos = over.cost_nanos}};
  log.push_back(over);
  now += 100'000;
  for (int i = 0; i < 5; ++i) log.push_back(failed(number++, now += 2000));
  log.push_back(served(number, now += 40'000));
  return log;
}

constexpr const char* kConfig = R"({"version": 1, "start": "2026-04-01T10:00:00Z",
  "monitor": {"cost_limiter": {"monthly_usd": 1, "daily_usd": 0.5}, "provider_call": {"timeout": "5s", "max_attempts": 2}},
  "providers": {"a": {"model": "m", "price_usd_per_million": {"input": 1, "output": 10}},
                "b": {"model": "m", "price_usd_per_million": {"input": 1, "output": 10}}},
  "workload": {"chat": {"executor": "constant-arrival-rate", "rate": 1}},
  "thresholds": {"request_duration": ["p(90)<3s"]}})";

class AuditTest : public testing::Test {
 protected:
  AuditTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "windtunnel-audit-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    write("config.json", kConfig);
  }
  ~AuditTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  [[nodiscard]] AuditDone audited(const std::string& text, const std::string& ledger = "") const {
    write("log.jsonl", text);
    AuditRequest request{.log = {.file = path("log.jsonl")}, .config = path("config.json")};
    if (!ledger.empty()) {
      write("ledger", ledger);
      request.ledger = path("ledger");
    }
    return audit(request);
  }

  [[nodiscard]] AuditDone audited(const Log& log, const std::string& ledger = "") const {
    std::string text;
    for (const Record& record : log) text += text_of(record);
    return audited(text, ledger);
  }

 private:
  std::string folder_;
};

// "records.once 3": the broken claims, each with the record of its first finding.
std::vector<std::string> broken(const AuditDone& done) {
  if (done.problem) return {done.problem->text};
  std::vector<std::string> claims;
  for (const AuditClaim& claim : done.claims) {
    if (claim.broken > 0) claims.push_back(fmt::format("{} {}", claim.name, claim.findings.front().record));
  }
  return claims;
}

using Claims = std::vector<std::string>;

TEST_F(AuditTest, of_a_clean_log_finds_nothing_and_shows_its_claims) {
  const AuditDone done = audited(clean_log());
  ASSERT_FALSE(done.problem) << done.problem->text;
  EXPECT_EQ(broken(done), Claims{}) << audit_text(done);
  EXPECT_TRUE(done.shows_anything());
  Claims not_shown;
  for (const AuditClaim& claim : done.claims) {
    if (!claim.not_shown.empty()) not_shown.push_back(claim.name);
  }
  EXPECT_EQ(not_shown, (Claims{"attempts.retry_after", "budget.alerts"}));
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

std::string ledger_of(const Log& log) {
  std::string text = "id,at,in,out,usd\n";
  for (const Record& record : log) {
    if (record.cost_nanos == 0) continue;
    text += fmt::format("{},2026-04-01T10:00:00Z,{},{},{}\n", record.id, record.input, record.output,
                        usd(record.cost_nanos));
  }
  return text;
}

TEST_F(AuditTest, compares_the_log_with_what_was_billed) {
  const auto compared = [&](const Log& log, const Log& bills) {
    std::string text;
    for (const Record& record : log) text += text_of(record);
    write("log.jsonl", text);
    write("bills.csv", ledger_of(bills));
    return audit({.log = {.file = path("log.jsonl")},
                  .config = path("config.json"),
                  .ledger = path("bills.csv"),
                  .ledger_columns = "id=id,time=at,input=in,output=out,cost_usd=usd"});
  };
  const Log log = clean_log();
  EXPECT_EQ(broken(compared(log, log)), Claims{});

  Log more = log;
  more.push_back(served(99, 500'000));
  EXPECT_EQ(broken(compared(log, more)), Claims{"ledger.logged 0"});

  Log fewer = log;
  fewer.erase(fewer.begin() + 3);
  EXPECT_EQ(broken(compared(log, fewer)), Claims{"ledger.billed 4"});

  Log cut = log;
  cut[5].output = 40;
  cut[5].cost_nanos = cost_nanos(100, 40);
  const AuditDone done = compared(log, cut);
  EXPECT_EQ(broken(done), Claims{"ledger.amounts 6"});
  EXPECT_NE(audit_text(done).find("10 output tokens are logged, and 40 billed: it was cut"), std::string::npos)
      << audit_text(done);
  // Each of the fourteen answers costs 0.0002 USD, and the cut one is billed 0.0005 USD.
  ASSERT_EQ(done.sums.size(), 2U) << audit_text(done);
  EXPECT_EQ(done.total().records, 14U);
  EXPECT_NE(audit_text(done).find("0.0028 USD logged, 0.0031 USD billed, off by 0.0003 USD"), std::string::npos)
      << audit_text(done);
  write("bills.csv", "id,at,usd\nr-6,2026-04-01T10:00:00Z,7\n");
  const AuditDone tokenless = audit({.log = {.file = path("log.jsonl")},
                                     .ledger = path("bills.csv"),
                                     .ledger_columns = "id=id,time=at,cost_usd=usd"});
  EXPECT_NE(audit_text(tokenless).find("7 USD billed: the records do not show why"), std::string::npos)
      << audit_text(tokenless);
  EXPECT_NE(audit_json(done).find(R"("reason": "other output tokens")"), std::string::npos) << audit_json(done);

  // What is billed twice is part of the sums.
  const AuditDone twice = [&] {
    Log bills = log;
    bills.push_back(log[2]);
    return compared(log, bills);
  }();
  EXPECT_NE(audit_text(twice).find("0.0028 USD logged, 0.003 USD billed, off by 0.0002 USD"), std::string::npos)
      << audit_text(twice);
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

TEST_F(AuditTest, compares_days_with_a_cost_report) {
  const auto report = [](const char* cents) {
    return fmt::format(
        R"({{"data": [{{"starting_at": "2026-04-01T00:00:00Z", "ending_at": "2026-04-02T00:00:00Z", "results": [{{"amount": "{}", "currency": "USD"}}]}}]}})",
        cents);
  };
  // Fourteen answers of 0.0002 USD.
  EXPECT_EQ(broken(audited(clean_log(), report("0.28"))), Claims{});
  const AuditDone off = audited(clean_log(), report("0.38"));
  EXPECT_EQ(broken(off), Claims{"ledger.amounts 0"});
  EXPECT_NE(audit_text(off).find("2026-04-01: 0.0028 USD is logged and 0.0038 USD billed, 0.001 USD too little"),
            std::string::npos)
      << audit_text(off);
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
