// A log is compared with what was billed: record by record, call by call, or day by day.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "runs/audit/audit_job.h"
#include "tests/runs/audit/audited_logs.h"

namespace windtunnel::runs::audit_test {
namespace {

using AuditLedgerTest = AuditTest;

std::string ledger_of(const Log& log) {
  std::string text = "id,at,in,out,usd\n";
  for (const Record& record : log) {
    if (record.cost_nanos == 0) continue;
    text += fmt::format("{},2026-04-01T10:00:00Z,{},{},{}\n", record.id, record.input, record.output,
                        usd(record.cost_nanos));
  }
  return text;
}

TEST_F(AuditLedgerTest, compares_the_log_with_what_was_billed) {
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
  EXPECT_EQ(broken(twice), Claims{"ledger.logged 0"});
  EXPECT_NE(audit_text(twice).find("r-3 is billed again with 0.0002 USD in the ledger's line 16"), std::string::npos)
      << audit_text(twice);
  EXPECT_NE(audit_text(twice).find("0.0028 USD logged, 0.003 USD billed, off by 0.0002 USD"), std::string::npos)
      << audit_text(twice);
}

// What is billed, and what the log leaves open, is no agreement.
TEST_F(AuditLedgerTest, finds_bills_of_records_without_a_cost) {
  const auto compared = [&](const char* log, const char* bills) {
    write("log.csv", std::string{"id,at,usd,ok\n"} + log);
    write("bills.csv", std::string{"id,at,usd\n"} + bills);
    return audit({.log = {.file = path("log.csv"), .columns = "id=id,time=at,cost_usd=usd,success=ok"},
                  .ledger = path("bills.csv"),
                  .ledger_columns = "id=id,time=at,cost_usd=usd"});
  };
  EXPECT_EQ(broken(compared("a,2026-04-01,0.1,true\n", "a,2026-04-01,0.1\n")), Claims{});
  const AuditDone open =
      compared("a,2026-04-01,0.1,true\nb,2026-04-01,,false\n", "a,2026-04-01,0.1\nb,2026-04-01,0.2\n");
  EXPECT_EQ(broken(open), Claims{"ledger.amounts 3"});
  EXPECT_NE(audit_text(open).find("it is logged without a cost, and billed 0.2 USD: it was cut or cancelled"),
            std::string::npos)
      << audit_text(open);
  for (const auto& [log, bills, name] :
       {std::tuple{"a,2026-04-01,0.1,true\n", "a,2026-04-01,0.1\n,2026-04-01,0.2\n", "ledger.logged"},
        std::tuple{"a,2026-04-01,0.1,true\n,2026-04-01,0.2,true\n", "a,2026-04-01,0.1\n", "ledger.billed"}}) {
    const AuditDone unnamed = compared(log, bills);
    const auto claim = std::ranges::find(unnamed.claims, name, &AuditClaim::name);
    EXPECT_NE(claim->not_shown.find("no id to compare by"), std::string::npos) << audit_text(unnamed);
  }
}

// The reason of a difference is the one that both records show.
TEST_F(AuditLedgerTest, names_why_amounts_differ) {
  const auto text_of_audit = [&](const char* log, const char* bills) {
    const std::string columns = "id=id,time=at,model=m,input=in,cached=c,output=out,cost_usd=usd";
    write("log.csv", std::string{"id,at,m,in,c,out,usd\n"} + log);
    write("bills.csv", std::string{"id,at,m,in,c,out,usd\n"} + bills);
    return audit_text(audit({.log = {.file = path("log.csv"), .columns = columns},
                             .ledger = path("bills.csv"),
                             .ledger_columns = columns}));
  };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  // 1000 input tokens at 2.5 USD a million, 600 of them at 1.25, and 150 output tokens at 10.
  const char* logged = "a,2026-04-01,gpt-4o,1000,600,150,0.00325\n";
  EXPECT_TRUE(has(text_of_audit(logged, "a,2026-04-01,gpt-4o,1000,600,100,0.00275\n"),
                  "150 output tokens are logged, and 100 billed\n"));
  EXPECT_TRUE(has(text_of_audit(logged, "a,2026-04-01,gpt-4o,1000,600,150,0.004\n"),
                  "its 600 cached tokens are billed at the price of others"));
  EXPECT_TRUE(has(text_of_audit("a,2026-04-01,gpt-4o,1000,600,150,0.004\n", logged),
                  "its 600 cached tokens are logged at the price of others"));
  EXPECT_TRUE(has(text_of_audit(logged, "a,2026-04-01,gpt-4o,1000,600,150,0.0071\n"), "the price is another one"));
  const std::string rounded = text_of_audit(logged, "a,2026-04-01,gpt-4o,1000,600,150,0.0033\n");
  EXPECT_TRUE(has(rounded, "rounded apart")) << rounded;
  EXPECT_FALSE(has(rounded, "another one")) << rounded;
  EXPECT_TRUE(has(rounded, "off by 0.00005 USD")) << rounded;
  EXPECT_TRUE(has(text_of_audit(logged, "a,2026-04-01,gpt-4o,1000,600,150,0.0034\n"), "another one"));
}

TEST_F(AuditLedgerTest, names_the_records_of_a_ledger_that_cannot_be_read) {
  const AuditDone done = audited(Log{served(1, 2000)}, text_of(served(1, 2000)) + "nothing\n");
  ASSERT_EQ(done.notes.size(), 1U) << audit_text(done);
  EXPECT_NE(audit_text(done).find("1 records of the ledger cannot be read, the first at line 2"), std::string::npos);
  EXPECT_NE(audit_json(done).find(R"("notes")"), std::string::npos);
}

// A bucket without results is a day on which nothing was billed, and so is a day that the report passes over.
TEST_F(AuditLedgerTest, finds_a_logged_day_that_a_cost_report_bills_nothing_for) {
  const auto bucket = [](int day, const char* results) {
    return fmt::format(
        R"({{"starting_at": "2026-04-{:02}T00:00:00Z", "ending_at": "2026-04-{:02}T00:00:00Z", "results": [{}]}})", day,
        day + 1, results);
  };
  const auto report = [](const std::string& buckets) { return R"({"data": [)" + buckets + "]}"; };
  const char* kBill = R"({"amount": "0.02", "currency": "USD"})";
  const Log log{served(1, 2000), served(2, 86'400'000), served(3, 2 * 86'400'000)};
  const std::string first = bucket(1, kBill) + ", ";
  const std::string last = ", " + bucket(3, kBill);
  EXPECT_EQ(broken(audited(log, report(first + bucket(2, kBill) + last))), Claims{});
  for (const std::string& hole : {first + bucket(2, "") + last, first + bucket(3, kBill)}) {
    const AuditDone done = audited(log, report(hole));
    EXPECT_EQ(broken(done), Claims{"ledger.amounts 0"}) << audit_text(done);
    EXPECT_NE(audit_text(done).find("2026-04-02: 0.0002 USD is logged and 0 USD billed"), std::string::npos);
    EXPECT_EQ(done.sums.size(), 3U);
  }
  const AuditDone fewer = audited(log, report(bucket(1, kBill)));
  EXPECT_EQ(broken(fewer), Claims{});
  ASSERT_EQ(fewer.notes.size(), 1U) << audit_text(fewer);
  EXPECT_EQ(fewer.notes[0], "2 of the log's days, with 0.0004 USD, are outside of the ledger's time and not compared");
  EXPECT_EQ(broken(audited(log, report(bucket(1, kBill) + ", " + bucket(2, "")))), Claims{"ledger.amounts 0"});
}

TEST_F(AuditLedgerTest, compares_days_with_a_cost_report) {
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

// A vendor bills the calls of its own models, whatever else the log has.
TEST_F(AuditLedgerTest, holds_a_cost_report_against_the_calls_of_its_vendor) {
  const auto log_of = [](const char* provider) {
    std::string text;
    const auto add = [&](int id, const std::string& by, const char* model, const char* cost) {
      text += fmt::format(R"({{"request_id":"{}","spend":{},"startTime":"2026-04-01T09:00:00Z","model":"{}"{}}})"
                          "\n",
                          id, cost, model, by.empty() ? "" : R"(,"custom_llm_provider":")" + by + "\"");
    };
    add(1, provider, "gpt-4o", "0.5");
    add(2, *provider == 0 ? "" : "anthropic", "claude-haiku-4-5", "0.25");
    add(3, "azure", "gpt-4o", "0.125");
    return text;
  };
  const auto openai = [](const char* value) {
    return fmt::format(
        R"({{"object": "page", "data": [{{"start_time": 1775001600, "end_time": 1775088000, "results": [{{"amount": {{"value": {}, "currency": "usd"}}}}]}}]}})",
        value);
  };
  const auto findings = [](const AuditDone& done) {
    for (const AuditClaim& claim : done.claims) {
      if (claim.name == "ledger.amounts") return claim.broken;
    }
    return std::uint64_t{99};
  };
  const std::string anthropic =
      R"({"data": [{"starting_at": "2026-04-01T00:00:00Z", "ending_at": "2026-04-02T00:00:00Z", "results": [{"amount": "25", "currency": "USD"}]}]})";
  for (const char* provider : {"openai", "OpenAI", "openai-eu", "chat-1", ""}) {
    const AuditDone done = audited(log_of(provider), openai("0.5"));
    const auto amounts = std::ranges::find(done.claims, "ledger.amounts", &AuditClaim::name);
    EXPECT_EQ(amounts->checked, 1U) << provider << audit_text(done);
    EXPECT_EQ(amounts->broken, 0U) << provider << audit_text(done);
    EXPECT_NE(audit_text(done).find("2 of the log's records, with 0.375 USD, are calls that openai does not bill"),
              std::string::npos)
        << audit_text(done);
    EXPECT_EQ(findings(audited(log_of(provider), anthropic)), 0U);
    EXPECT_EQ(findings(audited(log_of(provider), openai("0.6"))), 1U);
  }
  const std::string claude =
      R"({"request_id":"1","spend":1,"startTime":"2026-04-01T09:00:00Z","model":"claude-haiku-4-5"})";
  const AuditDone none = audited(claude, openai("0.5"));
  EXPECT_EQ(std::ranges::find(none.claims, "ledger.amounts", &AuditClaim::name)->not_shown,
            "no record of the log is a call that openai bills");
}

// Two days of OpenAI's cost API, of which the log has one.
TEST_F(AuditLedgerTest, compares_days_with_the_costs_of_openai) {
  const AuditDone done = audited(
      clean_log(),
      R"({"object": "page", "data": [{"object": "bucket", "start_time": 1775001600, "end_time": 1775088000, "results": [{"amount": {"value": 0.0028, "currency": "usd"}, "line_item": "m"}]}, {"object": "bucket", "start_time": 1775088000, "end_time": 1775174400, "results": [{"amount": {"value": 0.5, "currency": "usd"}, "line_item": "m"}]}]})");
  EXPECT_EQ(broken(done), Claims{"ledger.amounts 0"});
  EXPECT_NE(audit_text(done).find("2026-04-02: 0 USD is logged and 0.5 USD billed"), std::string::npos)
      << audit_text(done);
  ASSERT_EQ(done.sums.size(), 2U);
  EXPECT_NE(audit_json(done).find(R"("day": "2026-04-02")"), std::string::npos) << audit_json(done);
}

// Lines as `serve` writes them: answers of 0.0002 USD.
std::string served_line(int call, const char* usd) {
  return fmt::format(
      R"({{"call":{},"t":{}.5,"end":{}.9,"provider":"a","api":"chat","workload":"chat","n":{},"attempt":0,"tagged":false,"sdk_retry":null,"stream":false,"kind":"ok","status":200,"how":"whole","tokens_sent":0,"input":100,"output":10,"billed_usd":{},"usage_sent":true,"faults":[]}})"
      "\n",
      call, call, call, call, usd);
}

TEST_F(AuditLedgerTest, compares_the_calls_of_a_ledger_of_serve_by_the_ids_of_their_answers) {
  Log log{served(1, 2000), served(2, 4000), served(3, 6000)};
  log[0].id = "chatcmpl-wt0";
  log[1].id = "msg_wt1";
  log[2].id = "resp_wt12";
  const std::string same = served_line(0, "0.0002") + served_line(1, "0.0002");
  EXPECT_EQ(broken(audited(log, same + served_line(12, "0.0002"))), Claims{});
  EXPECT_EQ(broken(audited(log, same)), Claims{"ledger.billed 3"});
  EXPECT_EQ(broken(audited(log, same + served_line(12, "0.7"))), Claims{"ledger.amounts 3"});
  const AuditDone unlogged = audited(log, same + served_line(12, "0.0002") + served_line(13, "0.3"));
  EXPECT_EQ(broken(unlogged), Claims{"ledger.logged 0"});
  EXPECT_NE(audit_text(unlogged).find("call 13 of the ledger's line 4 is billed 0.3 USD and in no record"),
            std::string::npos)
      << audit_text(unlogged);
}

// Our own gateway gives records ids of its own, and exact costs.
TEST_F(AuditLedgerTest, compares_the_amounts_of_a_ledger_of_serve_with_telemetry_that_has_other_ids) {
  const std::string bills = served_line(0, "0.0002") + served_line(1, "0.0002");
  EXPECT_EQ(broken(audited(Log{served(1, 2000), served(2, 4000)}, bills)), Claims{});
  const AuditDone cut = audited(Log{served(1, 2000), served(2, 4000)}, bills + served_line(2, "0.3"));
  EXPECT_EQ(broken(cut), Claims{"ledger.logged 0"});
  EXPECT_NE(audit_text(cut).find("call 2 of the ledger's line 3 is billed 0.3 USD, which no call of the log costs"),
            std::string::npos)
      << audit_text(cut);
  const AuditDone twice = audited(Log{served(1, 2000)}, bills);
  EXPECT_EQ(broken(twice), Claims{"ledger.logged 0"});
  EXPECT_NE(audit_text(twice).find("which no further call of the log costs"), std::string::npos) << audit_text(twice);
  EXPECT_EQ(broken(audited(Log{served(1, 2000), served(2, 4000), served(3, 6000)}, bills)), Claims{"ledger.billed 3"});
  EXPECT_EQ(dollars(cut.total().logged_picos), "0.0004 USD");
  EXPECT_EQ(dollars(cut.total().billed_picos), "0.3004 USD");
  // A retry is a call of its own.
  Log retried{served(1, 2000)};
  retried[0].attempts.insert(retried[0].attempts.begin(), {.outcome = "malformed", .cost_nanos = 200'000});
  retried[0].cost_nanos *= 2;
  EXPECT_EQ(broken(audited(retried, bills)), (Claims{"time.adds_up 1"}));
}

// A log of another gateway rounds its costs, so that amounts show nothing.
TEST_F(AuditLedgerTest, shows_only_the_sums_with_a_ledger_of_serve_where_another_log_has_other_ids) {
  const AuditDone done = audited(R"({"request_id": "x", "spend": 0.0002, "startTime": "2026-04-01T09:00:00Z"})",
                                 served_line(0, "0.0002") + served_line(1, "0.3"));
  EXPECT_EQ(broken(done), Claims{});
  for (const AuditClaim& claim : done.claims) {
    if (claim.name.starts_with("ledger.")) {
      EXPECT_NE(claim.not_shown.find("chatcmpl-wt17"), std::string::npos);
    }
  }
  EXPECT_EQ(dollars(done.total().logged_picos), "0.0002 USD");
  EXPECT_EQ(dollars(done.total().billed_picos), "0.3002 USD");
}

}  // namespace
}  // namespace windtunnel::runs::audit_test
