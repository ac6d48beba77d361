// Spend logs of LiteLLM held to the budgets that its database has of keys, teams and users.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "runs/audit/audit_job.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::runs::caller_claims_test {
namespace {

constexpr const char* kKey =
    R"({"keys": [{"token": "h1", "key_alias": "search", "user_id": "u", "team_id": "t", "max_budget": 2, "budget_duration": "30d", "budget_reset_at": "2026-05-01T00:00:00+00:00"}]})";

class CallerClaimsTest : public testing::Test {
 protected:
  [[nodiscard]] std::string written(const std::string& name, const std::string& text) const {
    reports::write_text(folder_.file(name), text);
    return folder_.file(name);
  }

  [[nodiscard]] AuditDone audited(const std::string& log, const std::string& config) const {
    return audit({.log = {.file = written("log.jsonl", log)}, .config = written("keys.json", config)});
  }

 private:
  reports::ScratchFolder folder_;
};

// An answer that takes a second.
std::string row(const char* begin, const char* end, const char* spend) {
  return fmt::format(
      R"({{"request_id":"{}","spend":{},"startTime":"{}","endTime":"{}","model":"gpt-4o","custom_llm_provider":"openai","api_key":"h1","user":"u1","team_id":"t1","end_user":"","prompt_tokens":100,"completion_tokens":10,"cache_hit":"False","status":"success"}})"
      "\n",
      begin, spend, begin, end);
}

std::string two_dollars() { return row("2026-04-02T09:00:00Z", "2026-04-02T09:00:01Z", "2"); }

std::string finding_of(const AuditDone& done) {
  EXPECT_FALSE(done.problem) << done.problem->text;
  const AuditClaim& claim = *std::ranges::find(done.claims, "budget.callers", &AuditClaim::name);
  if (claim.checked == 0) return "not shown: " + claim.not_shown;
  return claim.findings.empty() ? "" : claim.findings.front().what;
}

TEST_F(CallerClaimsTest, find_an_answer_a_minute_after_the_budget_was_spent) {
  EXPECT_EQ(finding_of(audited(two_dollars() + row("2026-04-02T09:01:00.999Z", "2026-04-02T09:01:02Z", "0.1"), kKey)),
            "");
  EXPECT_EQ(finding_of(audited(two_dollars() + row("2026-04-02T09:01:01Z", "2026-04-02T09:01:02Z", "0.1"), kKey)),
            "the key search has spent 2 USD of 2 USD a minute before, and is answered");
}

TEST_F(CallerClaimsTest, allow_what_is_below_the_budget_and_what_costs_nothing) {
  EXPECT_EQ(finding_of(audited(row("2026-04-02T09:00:00Z", "2026-04-02T09:00:01Z", "1.999999") +
                                   row("2026-04-03T09:00:00Z", "2026-04-03T09:00:01Z", "5"),
                               kKey)),
            "");
  EXPECT_EQ(finding_of(audited(two_dollars() + row("2026-04-03T09:00:00Z", "2026-04-03T09:00:01Z", "0"), kKey)), "");
}

TEST_F(CallerClaimsTest, count_the_window_that_ends_at_the_reset_alone) {
  EXPECT_EQ(finding_of(audited(row("2026-03-31T23:59:00Z", "2026-03-31T23:59:01Z", "2") +
                                   row("2026-04-03T09:00:00Z", "2026-04-03T09:00:01Z", "1"),
                               kKey)),
            "");
  EXPECT_EQ(finding_of(audited(row("2026-05-01T00:00:00Z", "2026-05-01T00:00:01Z", "1"), kKey)),
            "not shown: no record with a cost is of a caller and a window that the config budgets");
}

TEST_F(CallerClaimsTest, hold_teams_and_users_to_their_own_budgets) {
  const std::string log = two_dollars() + row("2026-04-02T09:10:00Z", "2026-04-02T09:10:01Z", "0.1");
  EXPECT_EQ(finding_of(audited(log, R"([{"team_id": "t1", "max_budget": 1.5, "budget_duration": null}])")),
            "the team t1 has spent 2 USD of 1.5 USD a minute before, and is answered");
  EXPECT_EQ(finding_of(audited(log, R"({"users": [{"user_id": "u1", "max_budget": 1}]})")),
            "the user u1 has spent 2 USD of 1 USD a minute before, and is answered");
}

TEST_F(CallerClaimsTest, are_not_shown_where_no_window_is_known) {
  EXPECT_EQ(
      finding_of(audited(two_dollars(), R"({"keys": [{"token": "h1", "max_budget": 2, "budget_duration": "7d"}]})")),
      "not shown: the config has no budget whose window is known");
}

TEST_F(CallerClaimsTest, name_the_place_of_a_budget_that_is_no_amount) {
  const AuditDone done = audited(two_dollars(), R"({"keys": [{"token": "h1", "max_budget": "2"}]})");
  ASSERT_TRUE(done.problem);
  EXPECT_NE(done.problem->text.find("keys.json:1:41"), std::string::npos) << done.problem->text;
}

}  // namespace
}  // namespace windtunnel::runs::caller_claims_test
