// Logs held to the routes of a file of LiteLLM: how many calls a request makes, and at which deployments in which
// order.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runs/audit/audit_job.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::runs::route_claims_test {
namespace {

// A request at chat has two calls at a or b, then two at c.
constexpr const char* kConfig = R"(model_list:
  - model_name: chat
    litellm_params: {model: azure/gpt-4o, api_base: "https://one.example.com", api_key: k1, input_cost_per_token: 0.000001, output_cost_per_token: 0.00001}
    model_info: {id: a}
  - model_name: chat
    litellm_params: {model: azure/gpt-4o, api_base: "https://two.example.com/", api_key: k2, input_cost_per_token: 0.000002, output_cost_per_token: 0.00002}
    model_info: {id: b}
  - model_name: spare
    litellm_params: {model: anthropic/claude-haiku-4-5, api_key: k3, input_cost_per_token: 0.000001, output_cost_per_token: 0.00001}
    model_info: {id: c}
  - model_name: other
    litellm_params: {model: mistral/mistral-large-latest, api_key: k4, input_cost_per_token: 0.000001, output_cost_per_token: 0.00001}
    model_info: {id: d}
router_settings:
  num_retries: 1
  fallbacks: [{chat: [spare]}]
)";

struct Call {
  std::string deployment;
  bool is_answered = false;
  std::string group = "chat";
  std::string address{};
};

class RouteClaimsTest : public testing::Test {
 protected:
  // Of one request, whose calls LiteLLM's callback writes one after the other.
  [[nodiscard]] AuditDone audited(const std::vector<Call>& calls, const std::string& config = kConfig) const {
    std::string log;
    int second = 0;
    for (const Call& call : calls) {
      log += fmt::format(
          R"({{"id":"c{}","trace_id":"t","call_type":"acompletion","response_cost":{},"startTime":{},"endTime":{},"model":"gpt-4o","model_group":"{}","model_id":"{}","api_base":"{}","custom_llm_provider":"azure","prompt_tokens":100,"completion_tokens":{},"status":"{}"{}}})"
          "\n",
          second, call.is_answered ? "0.0002" : "0", 1775034000 + second, 1775034001 + second, call.group,
          call.deployment, call.address, call.is_answered ? 10 : 0, call.is_answered ? "success" : "failure",
          call.is_answered ? "" : R"(,"error_information":{"error_code":"500"})");
      second += 2;
    }
    return audit({.log = {.file = written("log.jsonl", log)}, .config = written("config.yaml", config)});
  }

  [[nodiscard]] std::string written(const std::string& name, const std::string& text) const {
    reports::write_text(folder_.file(name), text);
    return folder_.file(name);
  }

 private:
  reports::ScratchFolder folder_;
};

const AuditClaim& claim_of(const AuditDone& done, const char* name) {
  EXPECT_FALSE(done.problem) << done.problem->text;
  return *std::ranges::find(done.claims, name, &AuditClaim::name);
}

std::string finding_of(const AuditDone& done, const char* name) {
  const AuditClaim& claim = claim_of(done, name);
  if (claim.checked == 0) return "not shown: " + claim.not_shown;
  return claim.findings.empty() ? "" : claim.findings.front().what;
}

TEST_F(RouteClaimsTest, allow_the_retries_of_a_group_and_those_of_its_fallback) {
  const AuditDone most = audited({{"a"}, {"b"}, {"c", false, "spare"}, {"c", true, "spare"}});
  EXPECT_EQ(finding_of(most, "attempts.bounded"), "");
  EXPECT_EQ(finding_of(most, "failover.order"), "");
  const AuditDone more = audited({{"a"}, {"b"}, {"a"}, {"c", false, "spare"}, {"c", true, "spare"}});
  EXPECT_EQ(finding_of(more, "attempts.bounded"), "5 calls, and chat allows 4");
}

// LiteLLM asks the fallbacks of a fallback too, also where a list names several.
TEST_F(RouteClaimsTest, allow_the_fallbacks_of_each_of_several_fallbacks) {
  std::string config = kConfig;
  config.replace(config.find("{chat: [spare]}"), 15, "{chat: [spare, last]}, {spare: [other]}");
  config.insert(
      config.find("router_settings"),
      "  - model_name: last\n    litellm_params: {model: openai/gpt-4o, api_key: k5}\n    model_info: {id: e}\n");
  const std::vector<Call> calls{{"a"}, {"c", false, "spare"}, {"d", false, "other"}, {"e", true, "last"}};
  EXPECT_EQ(finding_of(audited(calls, config), "failover.order"), "");
  std::vector<Call> most{{"a"}, {"b"}};
  for (const char* deployment : {"c", "d", "e"}) most.insert(most.end(), 2, Call{deployment});
  EXPECT_EQ(finding_of(audited(most, config), "attempts.bounded"), "");
  most.insert(most.begin(), Call{"a"});
  EXPECT_EQ(finding_of(audited(most, config), "attempts.bounded"), "9 calls, and chat allows 8");
  EXPECT_EQ(finding_of(audited({{"e"}, {"d", true}}, config), "failover.order"),
            "call 2 is at mistral/mistral-large-latest, which comes before the call in front of it in chat");
}

TEST_F(RouteClaimsTest, find_a_call_of_the_group_behind_its_fallback) {
  EXPECT_EQ(finding_of(audited({{"c", false, "chat"}, {"a", true}}), "failover.order"),
            "call 2 is at azure/gpt-4o, which comes before the call in front of it in chat");
  EXPECT_EQ(finding_of(audited({{"b"}, {"a", true}}), "failover.order"), "");
}

TEST_F(RouteClaimsTest, find_a_deployment_that_is_no_target_of_the_route) {
  EXPECT_EQ(finding_of(audited({{"a"}, {"d", true}}), "failover.order"),
            "call 2 is at mistral/mistral-large-latest, which is no target of chat or its fallbacks");
  EXPECT_EQ(finding_of(audited({{"d", true, "other"}}), "failover.order"), "");
}

TEST_F(RouteClaimsTest, know_a_deployment_by_the_address_that_was_called) {
  const auto at = [&](const char* address) {
    return finding_of(audited({{"hashed", true, "other", address}}), "failover.order");
  };
  EXPECT_EQ(at("https://two.example.com/openai/"),
            "call 1 is at azure-2/gpt-4o, which is no target of other or its fallbacks");
  EXPECT_NE(at("https://two.example.community").find("not shown"), std::string::npos);
  EXPECT_NE(at("https://three.example.com").find("not shown"), std::string::npos);
}

TEST_F(RouteClaimsTest, price_an_answer_by_the_deployment_that_gave_it) {
  EXPECT_EQ(finding_of(audited({{"a", true}}), "cost.price"), "");
  EXPECT_EQ(finding_of(audited({{"b", true}}), "cost.price"),
            "100 input and 10 output tokens of gpt-4o cost 0.0004 USD, and are billed 0.0002 USD");
}

TEST_F(RouteClaimsTest, are_not_shown_where_the_log_asks_for_no_route_of_the_file) {
  const AuditDone none = audited({{"a", true, ""}});
  EXPECT_EQ(claim_of(none, "attempts.bounded").not_shown,
            "the file has several routes, and the log does not say which was asked");
  EXPECT_EQ(claim_of(audited({{"a", true, "chat2"}}), "attempts.bounded").not_shown,
            "the file has no route of a name that the log's requests ask for");
}

TEST_F(RouteClaimsTest, need_no_name_where_the_file_has_one_route) {
  const std::string config = R"(model_list:
  - model_name: chat
    litellm_params: {model: azure/gpt-4o, api_key: k1}
    model_info: {id: a}
router_settings: {num_retries: 0}
)";
  EXPECT_EQ(finding_of(audited({{"a", true, ""}}, config), "attempts.bounded"), "");
  EXPECT_EQ(finding_of(audited({{"a", false, ""}, {"a", true, ""}}, config), "attempts.bounded"),
            "2 calls, and chat allows 1");
}

// Twelve groups, each of which falls back to all others, have 95,000 ways of five fallbacks.
TEST_F(RouteClaimsTest, are_not_shown_where_fallbacks_lead_to_each_other_in_too_many_ways) {
  std::string models;
  std::string fallbacks;
  for (int i = 0; i < 12; ++i) {
    models += fmt::format("  - model_name: g{}\n    litellm_params: {{model: openai/m{}, api_key: k{}}}\n", i, i, i);
    std::string others;
    for (int j = 0; j < 12; ++j) others += i == j ? "" : fmt::format("{}g{}", others.empty() ? "" : ", ", j);
    fallbacks += fmt::format("{}{{g{}: [{}]}}", i == 0 ? "" : ", ", i, others);
  }
  const std::string config =
      "model_list:\n" + models + "router_settings:\n  num_retries: 0\n  fallbacks: [" + fallbacks + "]\n";
  EXPECT_EQ(claim_of(audited({{"a", true, "g0"}}, config), "attempts.bounded").not_shown,
            "the file's fallbacks lead to each other in too many ways");
}

TEST_F(RouteClaimsTest, are_not_shown_where_the_file_has_a_number_of_retries_for_a_kind_of_failure) {
  const std::string config = std::string{kConfig} + "  retry_policy: {TimeoutErrorRetries: 5}\n";
  EXPECT_EQ(
      claim_of(audited({{"a", true}}, config), "attempts.bounded").not_shown,
      "the gateway does not follow router_settings.retry_policy.TimeoutErrorRetries as this audit would judge it");
}

}  // namespace
}  // namespace windtunnel::runs::route_claims_test
