// A claim passes by what was compared: a record without two figures that could disagree shows nothing.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "runs/audit/audit_job.h"
#include "tests/runs/audit/audited_logs.h"

namespace windtunnel::runs::audit_test {
namespace {

class AuditShownTest : public AuditTest {
 protected:
  [[nodiscard]] AuditDone audited_by(const std::string& text, const std::string& columns = "") const {
    write("log", text);
    return audit({.log = {.file = path("log"), .columns = columns}, .config = path("config.json")});
  }
};

AuditClaim claim_of(const AuditDone& done, const char* name) {
  const auto found = std::ranges::find(done.claims, name, &AuditClaim::name);
  EXPECT_NE(found, done.claims.end()) << name;
  return found == done.claims.end() ? AuditClaim{} : *found;
}

std::string row_of_litellm(const char* cost, const char* tokens) {
  return std::string{R"({"request_id":"a","startTime":"2026-04-01T09:00:00Z","endTime":"2026-04-01T09:00:59Z",)"} +
         R"("model":"m","custom_llm_provider":"a","status":"success","cache_hit":"False","spend":)" + cost + tokens +
         "}\n";
}

TEST_F(AuditShownTest, timeouts_are_shown_by_calls_and_a_deadline_by_requests) {
  const std::string row = row_of_litellm("0.1", "");
  const AuditDone plain = audited_by(row);
  EXPECT_EQ(claim_of(plain, "time.limits").not_shown, "its records do not say how long each of their calls took");
  EXPECT_EQ(claim_of(plain, "time.deadline").not_shown, "the config has no deadline");
  std::string config = kConfig;
  write("config.json", config.insert(config.find(R"("timeout": "5s")"), R"("deadline": "40s", )"));
  EXPECT_EQ(broken(audited_by(row)), (Claims{"time.deadline 1", "time.percentiles 0"}));
}

// A span is one call, and its time is that of the call.
TEST_F(AuditShownTest, a_span_is_held_to_the_timeout) {
  const auto span = [](const char* end) {
    return std::string{R"({"name":"chat m","span_id":"1","start_time":"2026-04-01T09:00:00Z","end_time":")"} + end +
           R"(","status":{"status_code":"UNSET"},"attributes":{"gen_ai.provider.name":"a","gen_ai.request.model":"m"}})";
  };
  EXPECT_EQ(claim_of(audited_by(span("2026-04-01T09:00:05Z")), "time.limits").broken, 0U);
  const AuditClaim claim = claim_of(audited_by(span("2026-04-01T09:00:05.010Z")), "time.limits");
  EXPECT_EQ(claim.checked, 1U);
  EXPECT_EQ(claim.broken, 1U);
}

TEST_F(AuditShownTest, tokens_add_up_only_where_a_sum_or_a_kind_could_disagree) {
  const auto shown = [&](const char* tokens) {
    return claim_of(audited_by(row_of_litellm("0.1", tokens)), "tokens.add_up").checked;
  };
  EXPECT_EQ(shown(R"(,"prompt_tokens":10,"completion_tokens":5)"), 0U);
  EXPECT_EQ(shown(R"(,"prompt_tokens":10,"total_tokens":15)"), 0U);  // the output is what is left of the sum
  EXPECT_EQ(shown(R"(,"prompt_tokens":10,"completion_tokens":5,"total_tokens":15)"), 1U);
  EXPECT_EQ(
      shown(R"(,"prompt_tokens":10,"completion_tokens":5,"metadata":{"usage_object":{"cache_read_input_tokens":3}})"),
      1U);
  const AuditDone bare = audited_by("t,i,o\n2026-04-01T09:00:00Z,10,5\n", "time=t,input=i,output=o");
  EXPECT_STREQ(bare.verdict(), "inconclusive") << audit_text(bare);
}

TEST_F(AuditShownTest, success_agrees_with_a_status_only_where_both_are_written) {
  const AuditDone derived = audited_by(
      R"({"request_id":"a","request_created_at":"2026-04-01T09:00:00Z","response_status":200,"provider":"OPENAI"})");
  EXPECT_EQ(claim_of(derived, "outcome.agrees").checked, 0U) << audit_text(derived);
  const auto portkey = [&](const char* success, const char* status) {
    const AuditDone done =
        audited_by(std::string{R"({"id":"p","created_at":"2026-04-01T09:00:00Z","ai_org":"openai","ai_model":"m",)"} +
                   R"("is_success":)" + success + R"(,"response_status_code":)" + status + "}");
    EXPECT_EQ(claim_of(done, "outcome.agrees").checked, 1U) << audit_text(done);
    return claim_of(done, "outcome.agrees").broken;
  };
  EXPECT_EQ(portkey("1", "200"), 0U);
  EXPECT_EQ(portkey("0", "500"), 0U);
  EXPECT_EQ(portkey("1", "500"), 1U);
  EXPECT_EQ(portkey("0", "200"), 1U);
}

TEST_F(AuditShownTest, a_budget_holds_only_where_each_answer_has_a_cost) {
  EXPECT_EQ(claim_of(audited_by(row_of_litellm("0.1", "")), "budget.month").checked, 1U);
  const AuditClaim half = claim_of(audited_by(row_of_litellm("0.1", "") + row_of_litellm("null", "")), "budget.month");
  EXPECT_EQ(half.checked, 0U);
  EXPECT_EQ(half.not_shown, "1 of its answers have no cost, and may be what is too much");
  EXPECT_EQ(claim_of(audited_by(row_of_litellm("1.1", "") + row_of_litellm("null", "")), "budget.month").broken, 1U);
}

class AuditPricesTest : public AuditShownTest {
 protected:
  // The claim on prices, held to a list with 2 USD a million for input, 1 for cached, 8 for output, and half for a
  // batch.
  [[nodiscard]] AuditClaim priced_by(const std::string& rows, const std::string& more = "") const {
    write("prices.json",
          R"({"models": {"m": {"input": 2, "cached_input": 1, "output": 8, "batch_input": 1, "batch_output": 4}}})");
    write("log.csv", "at,m,in,out,usd,ok,c,b\n" + rows);
    return claim_of(audit({.log = {.file = path("log.csv"),
                                   .columns = "time=at,model=m,input=in,output=out,cost_usd=usd,success=ok" + more,
                                   .prices = path("prices.json")}}),
                    "cost.price");
  }
};

TEST_F(AuditPricesTest, a_log_without_cached_tokens_does_not_show_costs_between_all_and_none_cached) {
  // 1000 input and 100 output tokens: 0.0028 USD, with all input cached 0.0018.
  EXPECT_EQ(priced_by("2026-04-01,m,1000,100,0.0028,true,,\n").checked, 1U);
  const AuditClaim open = priced_by("2026-04-01,m,1000,100,0.0028,true,,\n2026-04-01,m,1000,100,0.0020,true,,\n");
  EXPECT_EQ(open.broken, 0U);
  EXPECT_NE(open.not_shown.find("1 answers cost what they may by their price"), std::string::npos) << open.not_shown;
  EXPECT_EQ(priced_by("2026-04-01,m,1000,100,0.0017,true,,\n").broken, 1U);
  EXPECT_EQ(priced_by("2026-04-01,m,1000,100,0.0029,true,,\n").broken, 1U);
  // A log that names them for other answers has none where it names none.
  EXPECT_EQ(
      priced_by("2026-04-01,m,1000,100,0.0020,true,,\n2026-04-01,m,1000,100,0.0018,true,1000,\n", ",cached=c").broken,
      1U);
}

TEST_F(AuditPricesTest, a_batch_costs_what_the_list_has_for_batches) {
  EXPECT_EQ(priced_by("2026-04-01,m,1000,100,0.0014,true,0,true\n", ",cached=c,batch=b").broken, 0U);
  EXPECT_EQ(priced_by("2026-04-01,m,1000,100,0.0014,true,0,true\n", ",cached=c,batch=b").checked, 1U);
  EXPECT_EQ(priced_by("2026-04-01,m,1000,100,0.0028,true,0,true\n", ",cached=c,batch=b").broken, 1U);
}

TEST_F(AuditShownTest, an_empty_log_passes_nothing) {
  for (const AuditClaim& claim : audited(std::string{}).claims) EXPECT_NE(claim.not_shown, "") << claim.name;
}

}  // namespace
}  // namespace windtunnel::runs::audit_test
