// What the telemetry of our own gateway has beyond that of a run: waits that providers asked for, alerts, ids of
// answers.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runs/audit/audit_job.h"
#include "tests/runs/audit/audited_logs.h"

namespace windtunnel::runs::audit_test {
namespace {

using GatewayClaimsTest = AuditTest;

// Of the only attempt.
std::string call(const char* answer_id, const char* retry_after = "null") {
  return fmt::format(R"("calls":[{{"start_ms":0,"answer_id":{},"retry_after_ms":{}}}])", answer_id, retry_after);
}

std::string noted(const Record& record, const std::string& notes) {
  std::string line = text_of(record);
  return line.insert(line.rfind('}'), "," + notes);
}

// A call that ends a second after its begin, at 429.
Record limited(int number, std::int64_t end_ms) {
  Record record = failed(number, end_ms);
  record.attempts[0].outcome = "rate_limited";
  return record;
}

AuditClaim claim_of(const AuditDone& done, const char* name) {
  const auto found = std::ranges::find(done.claims, name, &AuditClaim::name);
  EXPECT_NE(found, done.claims.end()) << name << (done.problem ? done.problem->text : "");
  return found == done.claims.end() ? AuditClaim{} : *found;
}

std::string finding_of(const AuditDone& done, const char* name) {
  const AuditClaim claim = claim_of(done, name);
  if (claim.checked == 0) return "not shown: " + claim.not_shown;
  return claim.findings.empty() ? "" : claim.findings.front().what;
}

// --- Retry-After ---------------------------------------------------------------------------------------------------

TEST_F(GatewayClaimsTest, find_a_call_before_a_retry_after_has_passed) {
  const auto second_begins_at = [&](std::int64_t ms) {
    return finding_of(
        audited(noted(limited(1, 1000), call("null", "5000")) + noted(served(2, ms + 1000), call(R"("chatcmpl-1")"))),
        "attempts.retry_after");
  };
  EXPECT_EQ(second_begins_at(6000), "");
  EXPECT_EQ(second_begins_at(5999), "a call at a begins 1 ms before the end of a wait of 5000 ms");
  // It began before the provider asked.
  EXPECT_EQ(second_begins_at(999), "");
}

TEST_F(GatewayClaimsTest, take_the_latest_wait_for_the_one_that_holds) {
  const std::string log = noted(limited(1, 1000), call("null", "60000")) + noted(limited(2, 1500), call("null", "0")) +
                          noted(served(3, 4000), call(R"("chatcmpl-1")"));
  EXPECT_EQ(finding_of(audited(log), "attempts.retry_after"), "");
}

TEST_F(GatewayClaimsTest, show_no_wait_where_no_provider_asks_or_the_log_is_another) {
  EXPECT_EQ(finding_of(audited(noted(served(1, 1000), call(R"("chatcmpl-1")"))), "attempts.retry_after"),
            "not shown: no provider asks for a wait");
  EXPECT_EQ(finding_of(audited(text_of(served(1, 1000))), "attempts.retry_after"),
            "not shown: of all logs the telemetry of windtunnel gateway alone has the header");
}

// --- Alerts --------------------------------------------------------------------------------------------------------

std::string alert(const char* share, const char* spent, const char* more = R"("by_refusal":false)") {
  return fmt::format(R"({{"window":"month","begin":"2026-04-01T00:00:00Z","share":{},"spent_usd":{},{}}})", share,
                     spent, more);
}

std::string alerts(const std::string& list) { return R"("alerts":[)" + list + "]"; }

TEST_F(GatewayClaimsTest, find_an_alert_that_fires_again_or_out_of_order) {
  const auto found = [&](const std::string& first, const std::string& second) {
    return finding_of(audited(noted(served(1, 1000), alerts(first)) + noted(served(2, 2000), alerts(second))),
                      "budget.alerts");
  };
  EXPECT_EQ(found(alert("0.8", "0.8"), alert("0.9", "0.9")), "");
  EXPECT_EQ(found(alert("0.8", "0.8"), alert("0.8", "0.81")),
            "the alert at 80 % of the month of 2026-04-01 fires once more");
  EXPECT_EQ(found(alert("0.9", "0.9"), alert("0.8", "0.9")),
            "the alert at 80 % of the month of 2026-04-01 fires behind a later one");
}

// The budget of a month is 1 USD.
TEST_F(GatewayClaimsTest, find_an_alert_before_its_share_was_spent) {
  const auto found = [&](const std::string& one) {
    return finding_of(audited(noted(served(1, 1000), alerts(one))), "budget.alerts");
  };
  EXPECT_EQ(found(alert("0.8", "0.8")), "");
  EXPECT_EQ(found(alert("0.8", "0.799999")),
            "the alert at 80 % of the month of 2026-04-01 fires at 0.799999 USD of 1 USD");
  EXPECT_EQ(found(alert("0.8", "0.1", R"("by_refusal":true)")), "");
}

TEST_F(GatewayClaimsTest, find_a_share_that_the_log_has_spent_without_an_alert) {
  // The log has the month from its begin on.
  Record before = served(1, -36'001'000);
  Record dear = served(2, 2000);
  dear.cost_nanos = dear.attempts[0].cost_nanos = 800'000'000;
  const std::string log = noted(before, call(R"("chatcmpl-1")")) + noted(dear, call(R"("chatcmpl-2")"));
  EXPECT_EQ(finding_of(audited(log), "budget.alerts"),
            "with it the month of 2026-04-01 has cost 0.8 USD of 1 USD, and no alert at 80 % fires");
  std::string fired =
      noted(before, call(R"("chatcmpl-1")")) +
      noted(
          dear,
          call(R"("chatcmpl-2")") + "," +
              alerts(
                  alert("0.8", "0.8") +
                  R"(,{"window":"day","begin":"2026-04-01T00:00:00Z","share":0.8,"spent_usd":0.8,"by_refusal":false},)"
                  R"({"window":"day","begin":"2026-04-01T00:00:00Z","share":0.9,"spent_usd":0.8,"by_refusal":false},)"
                  R"({"window":"day","begin":"2026-04-01T00:00:00Z","share":0.95,"spent_usd":0.8,"by_refusal":false},)"
                  R"({"window":"day","begin":"2026-04-01T00:00:00Z","share":1,"spent_usd":0.8,"by_refusal":false})"));
  EXPECT_EQ(finding_of(audited(fired), "budget.alerts"), "");
  // What was spent before the log began may have fired them.
  EXPECT_EQ(finding_of(audited(noted(dear, call(R"("chatcmpl-2")"))), "budget.alerts"),
            "not shown: no alert fires, and no share of a budget is known to be spent");
}

// --- A bill of calls -----------------------------------------------------------------------------------------------

// The first request fails over; its failed call was billed.
std::string two_requests() {
  Record over = served(1, 3000);
  over.latency_ms = 2500;
  over.ttft_ms = 1700;
  over.cost_nanos = 300'000;
  over.attempts = {{.outcome = "truncated", .cost_nanos = 100'000}, {.provider = "b", .cost_nanos = 200'000}};
  return noted(over, R"("calls":[{"start_ms":0,"answer_id":null,"retry_after_ms":null},)"
                     R"({"start_ms":1500,"answer_id":"chatcmpl-x1","retry_after_ms":null}])") +
         noted(served(2, 5000), call(R"("chatcmpl-x2")"));
}

TEST_F(GatewayClaimsTest, match_a_bill_by_the_ids_of_the_providers_answers) {
  const auto compared = [&](const char* bills) {
    write("log.jsonl", two_requests());
    write("bills.csv", std::string{"id,at,who,in,out,usd\n"} + bills);
    return audit({.log = {.file = path("log.jsonl")},
                  .ledger = path("bills.csv"),
                  .ledger_columns = "id=id,time=at,provider=who,input=in,output=out,cost_usd=usd"});
  };
  const AuditDone same = compared(
      "f0,2026-04-01,a,0,0,0.0001\nchatcmpl-x1,2026-04-01,b,100,10,0.0002\nchatcmpl-x2,2026-04-01,a,100,10,0.0002\n");
  EXPECT_EQ(broken(same), Claims{}) << audit_text(same);
  EXPECT_EQ(claim_of(same, "ledger.amounts").checked, 3U) << audit_text(same);
  const AuditDone more = compared(
      "f0,2026-04-01,a,0,0,0.0001\nchatcmpl-x1,2026-04-01,b,100,40,0.0005\nchatcmpl-x2,2026-04-01,a,100,10,0.0002\n");
  EXPECT_EQ(broken(more), Claims{"ledger.amounts 1"}) << audit_text(more);
  EXPECT_NE(audit_text(more).find("10 output tokens are logged, and 40 billed"), std::string::npos) << audit_text(more);
  const AuditDone unlogged = compared(
      "f0,2026-04-01,a,0,0,0.0001\nchatcmpl-x1,2026-04-01,b,100,10,0.0002\nchatcmpl-x2,2026-04-01,a,100,10,0.0002\n"
      "chatcmpl-x3,2026-04-01,a,100,10,0.0002\n");
  EXPECT_EQ(broken(unlogged), Claims{"ledger.logged 0"}) << audit_text(unlogged);
}

TEST_F(GatewayClaimsTest, match_the_ledger_of_serve_call_by_call) {
  const auto bill = [](int number, const char* provider, const char* usd) {
    return fmt::format(
        R"({{"call":{},"t":"2026-04-01T10:00:00.000000Z","end":"2026-04-01T10:00:01.000000Z","provider":"{}","status":200,"input":100,"output":10,"usage_sent":true,"billed_usd":{}}})"
        "\n",
        number, provider, usd);
  };
  const auto answered = [](const char* second) {
    return noted(served(1, 3000), call(R"("chatcmpl-wt7")")) + noted(served(2, 5000), call(second));
  };
  const AuditDone same = audited(answered(R"("msg_wt9")"), bill(7, "a", "0.0002") + bill(9, "a", "0.0002"));
  EXPECT_EQ(broken(same), Claims{}) << audit_text(same);
  EXPECT_EQ(claim_of(same, "ledger.amounts").checked, 2U) << audit_text(same);
  // By amounts alone, two bills of one amount could not be told apart.
  const AuditDone other = audited(answered(R"("msg_wt9")"), bill(7, "a", "0.0002") + bill(8, "a", "0.0002"));
  EXPECT_EQ(broken(other), (Claims{"ledger.logged 0", "ledger.billed 2"})) << audit_text(other);
}

}  // namespace
}  // namespace windtunnel::runs::audit_test
