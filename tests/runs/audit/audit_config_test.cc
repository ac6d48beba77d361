// A log is held to a gateway's file by what the file states, and by nothing that an import assumes.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runs/audit/audit_job.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::runs::audit_config_test {
namespace {

constexpr const char* kPriced = R"(model_list:
  - model_name: chat
    litellm_params: {model: openai/gpt-4o, input_cost_per_token: 0.000001, output_cost_per_token: 0.00001}
litellm_settings: {request_timeout: 5}
)";
constexpr const char* kUnpriced = R"(model_list:
  - model_name: chat
    litellm_params: {model: openai/gpt-4o}
)";
constexpr const char* kEnvoy = R"(apiVersion: aigateway.envoyproxy.io/v1alpha1
kind: AIGatewayRoute
)";

class AuditConfigTest : public testing::Test {
 protected:
  [[nodiscard]] std::string written(const std::string& name, const std::string& text) const {
    reports::write_text(folder_.file(name), text);
    return folder_.file(name);
  }

  // Of one answer of 1000 and 150 tokens.
  [[nodiscard]] AuditDone audited(const std::string& config, const char* cost = "0.0025",
                                  const char* end = "02") const {
    const std::string log =
        R"({"request_id":"a","spend":)" + std::string{cost} +
        R"(,"startTime":"2026-04-01T09:00:00Z","endTime":"2026-04-01T09:00:)" + end +
        R"(Z","model":"gpt-4o","custom_llm_provider":"openai","prompt_tokens":1000,"completion_tokens":150,"cache_hit":"False","status":"success"})";
    return audit({.log = {.file = written("log.jsonl", log)}, .config = config});
  }

 private:
  reports::ScratchFolder folder_;
};

const AuditClaim& claim_of(const AuditDone& done, const char* name) {
  return *std::ranges::find(done.claims, name, &AuditClaim::name);
}

// Its own default would call each bill of a provider with that name wrong.
TEST_F(AuditConfigTest, takes_no_price_from_a_scenario_that_names_no_providers) {
  const std::string bare = written("bare.json", R"({"workload": {"chat": {"rate": 1}}, "duration": "1m"})");
  EXPECT_EQ(claim_of(audited(bare), "cost.price").checked, 0U);
  EXPECT_EQ(claim_of(audited(bare), "cost.price").broken, 0U);
  EXPECT_NE(claim_of(audited(bare), "cost.price").not_shown, "");
  for (const char* name : {"attempts.bounded", "time.limits", "budget.month"}) {
    EXPECT_EQ(claim_of(audited(bare), name).not_shown,
              "the file says nothing of a gateway: it has no providers and no monitor")
        << name;
  }
  const std::string named = written("named.json", R"({"workload": {"chat": {"rate": 1}}, "duration": "1m",
      "providers": {"openai": {"price_usd_per_million": {"input": 1, "output": 10}}}})");
  EXPECT_EQ(claim_of(audited(named), "cost.price").checked, 1U);
  EXPECT_EQ(claim_of(audited(named), "cost.price").broken, 0U);
}

TEST_F(AuditConfigTest, judges_the_prices_and_the_timeout_that_a_file_of_litellm_states) {
  const std::string config = written("config.yaml", kPriced);
  const AuditDone held = audited(config);
  ASSERT_FALSE(held.problem) << held.problem->text;
  EXPECT_EQ(claim_of(held, "cost.price").checked, 1U) << audit_text(held);
  EXPECT_EQ(claim_of(held, "time.limits").not_shown, "its records do not say how long each of their calls took");
  EXPECT_FALSE(held.is_broken()) << audit_text(held);
  EXPECT_EQ(claim_of(audited(config, "0.0026"), "cost.price").broken, 1U);
  EXPECT_NE(audit_text(held).find("by the rules of LiteLLM"), std::string::npos) << audit_text(held);
}

TEST_F(AuditConfigTest, holds_each_call_of_a_log_of_calls_to_the_timeout_of_the_file) {
  const auto broken_by = [&](const char* latency) {
    const std::string log =
        std::string{R"({"request_id":"a","request_created_at":"2026-04-01T09:00:00Z","delay_ms":)"} + latency +
        R"(,"response_status":200,"provider":"OPENAI","request_model":"gpt-4o"})";
    const AuditDone done = audit({.log = {.file = written("log.jsonl", log)}, .config = written("c.yaml", kPriced)});
    EXPECT_EQ(claim_of(done, "time.limits").checked, 1U) << audit_text(done);
    return claim_of(done, "time.limits").broken;
  };
  EXPECT_EQ(broken_by("5001"), 0U);
  EXPECT_EQ(broken_by("5002"), 1U);
}

TEST_F(AuditConfigTest, judges_nothing_that_the_import_assumes) {
  const AuditDone done = audited(written("config.yaml", kUnpriced), "77", "59");
  ASSERT_FALSE(done.problem) << done.problem->text;
  EXPECT_FALSE(done.is_broken()) << audit_text(done);
  for (const char* name : {"cost.price", "time.limits", "time.deadline", "breaker.open", "budget.month", "budget.day",
                           "time.percentiles", "failover.order"}) {
    EXPECT_NE(claim_of(done, name).not_shown, "") << name;
    EXPECT_NE(claim_of(done, name).not_shown.find("the file"), std::string::npos) << name;
  }
  EXPECT_EQ(claim_of(done, "attempts.bounded").not_shown, "its records have no attempts");
}

// A deployment of the model without a price may have answered.
TEST_F(AuditConfigTest, has_no_price_of_a_model_that_another_deployment_has_without_one) {
  const std::string both = std::string{kPriced}.insert(std::string{kPriced}.find("litellm_settings"),
                                                       "  - model_name: chat\n"
                                                       "    litellm_params: {model: azure/gpt-4o}\n");
  EXPECT_NE(claim_of(audited(written("config.yaml", both)), "cost.price").not_shown, "");
}

// LiteLLM's budget may be overspent by requests in flight, and its month begins when the proxy does.
TEST_F(AuditConfigTest, does_not_judge_what_the_gateway_does_in_its_own_way) {
  const std::string config =
      written("config.yaml", std::string{kUnpriced} + "litellm_settings: {max_budget: 1, budget_duration: 30d}\n");
  EXPECT_EQ(claim_of(audited(config, "77"), "budget.month").not_shown,
            "the gateway does not follow litellm_settings.max_budget as this audit would judge it");
}

TEST_F(AuditConfigTest, names_the_key_of_a_time_that_is_not_that_of_all_calls) {
  const std::string portkey = written("p.json", R"({"provider": "openai", "api_key": "k", "request_timeout": 1000})");
  EXPECT_EQ(claim_of(audited(portkey), "time.limits").not_shown,
            "the gateway does not follow request_timeout as this audit would judge it");
  const std::string bare = written("b.json", R"({"provider": "openai", "api_key": "k"})");
  EXPECT_EQ(claim_of(audited(bare), "time.limits").not_shown, "the file does not say how long a call may take");
}

TEST_F(AuditConfigTest, recognises_each_format_by_name_and_keys) {
  EXPECT_EQ(config_format_of(written("a.yaml", kPriced)), ConfigFormat::litellm);
  EXPECT_EQ(config_format_of(written("a.yml", kEnvoy)), ConfigFormat::envoy_ai);
  EXPECT_EQ(config_format_of(written("a.toml", "")), ConfigFormat::tensorzero);
  EXPECT_EQ(config_format_of(written("a.json", R"({"provider": "openai"})")), ConfigFormat::portkey);
  EXPECT_EQ(config_format_of(written("b.json", R"({"providers": {}})")), ConfigFormat::scenario);
  EXPECT_EQ(config_format_of(written("c.json", "{")), ConfigFormat::scenario);
  EXPECT_EQ(config_format_of("no-such-file.json"), ConfigFormat::scenario);
}

TEST_F(AuditConfigTest, names_the_flag_where_the_keys_do_not_decide) {
  for (const auto& [name, text] :
       {std::pair{"a.yaml", std::string{kEnvoy} + "---\n" + kPriced}, std::pair{"b.yaml", std::string{"a: 1\n"}},
        std::pair{"c.json", std::string{R"({"providers": {}, "strategy": {}})"}}}) {
    const AuditDone done = audited(written(name, text));
    ASSERT_TRUE(done.problem) << name;
    EXPECT_EQ(done.problem->kind, ProblemKind::request);
    EXPECT_NE(done.problem->text.find("--config-format"), std::string::npos) << done.problem->text;
  }
}

TEST_F(AuditConfigTest, names_the_place_of_an_error_in_the_file) {
  const AuditDone done = audited(written("config.yaml", "model_list: [\n"));
  ASSERT_TRUE(done.problem);
  EXPECT_NE(done.problem->text.find("config.yaml:"), std::string::npos) << done.problem->text;
}

}  // namespace
}  // namespace windtunnel::runs::audit_config_test
