// Providers with models, routes, and what is wrong with them, by place.

#include <gtest/gtest.h>

#include "scenarios/effective.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"

namespace windtunnel::scenarios::route_fields_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;

const std::string kModels = R"("providers": {"openai": {"rate_limit": {"requests_per_minute": 500}, "models": {
    "gpt-4o": {"price_usd_per_million": "gpt-4o", "context_window": 128000},
    "gpt-4o-mini": {"ttft": "1s", "rate_limit": {"requests_per_minute": 90}}}}, "anthropic": {}})";

std::string with_routes(const std::string& routes) { return "{" + kModels + R"(, "routes": )" + routes + "}"; }

sim::Scenario read(const std::string& text) {
  try {
    return read_scenario_text(text, "f.json");
  } catch (const ScenarioError& error) {
    ADD_FAILURE() << error.what();
    return {};
  }
}

std::vector<std::string> errors_of(const std::string& text) {
  std::vector<std::string> result;
  try {
    read_scenario_text(text, "f.json");
  } catch (const ScenarioError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics())
      result.push_back(diagnostic.pointer + ": " + diagnostic.message);
  }
  return result;
}
using Errors = std::vector<std::string>;

TEST(Models, are_deployments_with_the_settings_of_their_provider_and_their_own) {
  const sim::Scenario s = read("{" + kModels + "}");
  ASSERT_EQ(s.providers.size(), 3U);
  EXPECT_EQ(s.providers[0].name, "openai/gpt-4o");
  EXPECT_EQ(s.providers[0].account, "openai");
  EXPECT_EQ(s.providers[0].model, "gpt-4o");
  EXPECT_EQ(s.providers[0].context_window, Tokens{128'000});
  EXPECT_EQ(s.providers[0].quota, "openai");
  EXPECT_EQ(s.providers[0].rate_limit.requests_per_minute, 500);
  EXPECT_EQ(s.providers[1].name, "openai/gpt-4o-mini");
  EXPECT_EQ(s.providers[1].time_to_first_token, sim::Law::fixed(1e9));
  EXPECT_EQ(s.providers[1].quota, "");  // a limit of its own
  EXPECT_NE(s.providers[0].tariffs, s.providers[1].tariffs);
  EXPECT_EQ(s.providers[2].name, "anthropic");
  EXPECT_EQ(s.providers[2].account, "");
}

TEST(Models, are_written_as_they_were_read) {
  const sim::Scenario s = read(with_routes(R"({"chat": {"targets": [{"deployment": "openai/gpt-4o", "weight": 3},
    {"route": "cheap", "priority": 1}], "balance": "weighted", "sticky": "user",
    "retry": {"max_attempts": 3, "per": "route", "where": "another_target", "on": ["server_error", 529, "401"]},
    "failover": "never", "fallback": [{"route": "cheap", "on": ["context_length", "any"]}], "timeout": "1m"},
    "cheap": {"targets": [{"deployment": "openai/gpt-4o-mini"}], "rules": [{"when": {"tag.plan": "paid"}, "route":
    "chat"}]}}, "default_fallback": [{"route": "cheap"}])"));
  for (const std::string& text : {write_scenario(s), effective_scenario(s)}) {
    const sim::Scenario again = read(text);
    EXPECT_EQ(again.monitor.routing, s.monitor.routing) << text;
    ASSERT_EQ(again.providers.size(), 3U) << text;
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(again.providers[i].name, s.providers[i].name);
      EXPECT_EQ(again.providers[i].quota, s.providers[i].quota);
      EXPECT_EQ(again.providers[i].tariffs, s.providers[i].tariffs);
    }
  }
}

TEST(Models, of_a_provider_that_a_fault_names_are_all_touched) {
  const sim::Scenario s =
      read("{" + kModels + R"(, "faults": [{"id": "down", "kind": "outage", "provider": "openai", "at": "1m"}]})");
  EXPECT_EQ(s.faults.at(0).providers, (std::vector<std::string>{"openai/gpt-4o", "openai/gpt-4o-mini"}));
}

TEST(Models, that_cannot_be_are_errors_with_their_place) {
  EXPECT_EQ(errors_of(R"({"providers": {"p": {"models": {}}}})"),
            Errors{"/providers/p/models: at least one model is needed, or no \"models\""});
  EXPECT_EQ(errors_of(R"({"providers": {"p": {"models": {"m": {}}}}})"),
            Errors{"/providers/p/models/m: this model needs a price"});
  EXPECT_EQ(errors_of(R"({"providers": {"openai": {"models": {"m": {}}}, "openai/m": {"profile": "seed/gpt-4"}}})"),
            Errors{"/providers: two deployments are named \"openai/m\""});
  EXPECT_EQ(errors_of(R"({"providers": {"openai": {"quota": "org"},
                          "anthropic": {"quota": "org", "rate_limit": {"requests_per_minute": 5}}}})"),
            Errors{"/providers/anthropic/rate_limit: quota \"org\" has another rate limit at openai"});
}

TEST(Routes, name_kinds_of_replies_by_word_status_and_any) {
  const auto on = [](const std::string& words) {
    const sim::Scenario s = read(
        with_routes(R"({"chat": {"targets": [{"deployment": "anthropic"}], "failover": {"on": [)" + words + "]}}}"));
    return s.monitor.routing.routes.at(0).failover.value();
  };
  EXPECT_EQ(on(R"("any")"), monitor::ReplySet::any());
  EXPECT_FALSE(on(R"("any")").has(ReplyKind::context_length));
  EXPECT_TRUE(on("529").has(ReplyKind::overloaded));
  EXPECT_FALSE(on("529").has(ReplyKind::server_error));
  EXPECT_TRUE(on(R"("5xx")").has(ReplyKind::server_error));
  EXPECT_TRUE(on("408").has(ReplyKind::timeout));
  EXPECT_TRUE(on(R"("auth_or_quota")").has(ReplyKind::quota_exhausted));
  EXPECT_FALSE(on(R"("auth")").has(ReplyKind::auth_or_quota));
}

TEST(Routes, that_cannot_be_followed_are_errors_with_their_place) {
  EXPECT_EQ(errors_of(with_routes(R"({"chat": {"targets": [{"deployment": "openai/gpt-5"}]}})")),
            Errors{"/routes/chat/targets/0/deployment: no provider is named \"openai/gpt-5\""});
  EXPECT_EQ(errors_of(with_routes(R"({"chat": {"targets": [{"route": "big"}]}})")),
            Errors{"/routes/chat/targets/0/route: no route is named \"big\""});
  EXPECT_EQ(errors_of(with_routes(R"({"chat": {"targets": []}})")),
            Errors{"/routes/chat/targets: at least 1 is needed here"});
  EXPECT_EQ(errors_of(with_routes(R"({"chat": {"targets": [{"weight": 2}]}})")),
            Errors{"/routes/chat/targets/0: a target is a \"deployment\" or a \"route\", one of them"});
  EXPECT_EQ(
      errors_of(with_routes(R"({"a": {"targets": [{"route": "b"}]}, "b": {"targets": [{"route": "a"}]}})")).size(), 2U);
  EXPECT_EQ(errors_of(with_routes(R"({"chat": {"targets": [{"deployment": "anthropic", "weight": 0}],
                                               "balance": "weighted"}})")),
            Errors{"/routes/chat/targets: all targets of priority 0 have weight 0, so that none of them is ever asked; "
                   "give one a weight"});
  EXPECT_EQ(errors_of(with_routes(R"({"chat": {"targets": [{"deployment": "anthropic"}], "failover": "always"}})")),
            Errors{"/routes/chat/failover: failover is {\"on\": [...]} or \"never\""});
  EXPECT_EQ(errors_of(with_routes(R"({"chat": {"targets": [{"deployment": "anthropic"}], "retry": {"on": [200]}}})")),
            Errors{"/routes/chat/retry/on/0: \"200\" is no reply kind and no status of one"});
}

TEST(Routes, leave_no_other_word_to_choose_a_provider) {
  const std::string routes = R"({"chat": {"targets": [{"deployment": "anthropic"}]}})";
  EXPECT_EQ(
      errors_of("{" + kModels + R"(, "routes": )" + routes + R"(, "workload": {"w": {"provider": "anthropic"}}})"),
      Errors{"/workload/w/provider: with routes a caller names a route and no provider"});
  EXPECT_EQ(errors_of("{" + kModels + R"(, "routes": )" + routes + R"(, "workload": {"w": {"route": "big"}}})"),
            Errors{"/workload/w/route: no route is named \"big\""});
  EXPECT_EQ(errors_of("{" + kModels + R"(, "routes": )" + routes +
                      R"(, "monitor": {"ab_router": {"experiment_id": "e", "variants": [{"id": "a", "provider":
                      "anthropic"}]}}})"),
            Errors{"/monitor/ab_router: an experiment assigns providers, and so do routes"});
}

}  // namespace
}  // namespace windtunnel::scenarios::route_fields_test
