#include "runs/gateway/gateway_revision.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/reports/small_world.h"

namespace windtunnel::runs::gateway_revision_test {
namespace {

std::string problem_after(const std::function<void(sim::Scenario&)>& change, bool listens_elsewhere = false) {
  const sim::Scenario now = reports::small_world();
  sim::Scenario next = now;
  change(next);
  const auto problem = problem_with_change("gateway.json", now, next, listens_elsewhere);
  return problem ? problem->text : "";
}

TEST(GatewayRevision, may_change_whatever_belongs_to_requests) {
  EXPECT_EQ(problem_after([](sim::Scenario& next) {
              next.providers.pop_back();
              next.providers[0].name = "new";
              next.monitor.cost_limiter.monthly = Usd{};
              next.monitor.cache.enabled = false;
              next.server.connections = 1;
              next.server.drain = std::chrono::seconds{1};
              next.server.ca_file = "other.pem";
            }),
            "");
}

TEST(GatewayRevision, names_each_key_that_needs_a_restart) {
  EXPECT_EQ(problem_after([](sim::Scenario& next) { next.server.listen = "127.0.0.1:1"; }),
            "gateway.json: server.listen has changed, which needs a restart of the gateway");
  const std::string all = problem_after([](sim::Scenario& next) {
    next.server.storage = "other.db";
    next.server.retention = std::chrono::hours{1};
    next.server.telemetry = "other.jsonl";
    next.server.otlp = "http://127.0.0.1:1";
    next.server.otlp_protocol = sim::OtlpForm::json;
    next.server.otlp_metric_interval = std::chrono::seconds{1};
    next.server.otlp_timeout = std::chrono::seconds{1};
    next.month_spent = Usd::from_dollars(1);
  });
  for (const char* key :
       {"server.storage", "server.retention", "server.telemetry", "server.otlp", "server.otlp_protocol",
        "server.otlp_metric_interval", "server.otlp_timeout", "month_spent_usd"}) {
    EXPECT_NE(all.find(std::string("gateway.json: ") + key + " has changed"), std::string::npos) << all;
  }
}

TEST(GatewayRevision, has_no_address_where_it_listens_elsewhere) {
  EXPECT_EQ(problem_after([](sim::Scenario& next) { next.server.listen = "127.0.0.1:1"; }, true), "");
}

}  // namespace
}  // namespace windtunnel::runs::gateway_revision_test
