#include "runs/gateway/live_metrics_otlp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/exact_decimal.h"
#include "runs/gateway/live_metrics_text.h"
#include "sim/world/world.h"
#include "tests/reports/small_world.h"

namespace windtunnel::runs::live_metrics_otlp_test {
namespace {

std::vector<LiveFamily> families() {
  const sim::Scenario scenario = reports::small_world();
  LiveCounts counts{scenario.providers.size()};
  const sim::RunResult result = sim::run(scenario, {.observers = {&counts}});
  LiveTotals totals;
  totals.add(scenario, counts, result.pipeline.metrics());
  const wire::GatewayCounts server;
  const ReloadCounts reloads;
  const wire::ExportQueue exports{wire::OtlpForm::json, {}, 0};
  return live_metrics({.scenario = scenario,
                       .totals = totals,
                       .pipeline = result.pipeline,
                       .server = server,
                       .reloads = reloads,
                       .exports = &exports,
                       .now = result.ended});
}

std::map<std::string, wire::OtlpMetric> by_name(const std::vector<wire::OtlpMetric>& metrics) {
  std::map<std::string, wire::OtlpMetric> map;
  for (const wire::OtlpMetric& metric : metrics) map[metric.name] = metric;
  return map;
}

// As a receiver for Prometheus names what it gets: underscores for dots, the unit and _total at the end.
std::string name_in_prometheus(const wire::OtlpMetric& metric) {
  std::string name = metric.name;
  std::ranges::replace(name, '.', '_');
  if (metric.unit == "s" && !name.ends_with("_seconds")) name += "_seconds";
  if (metric.kind == wire::OtlpMetricKind::counter) name += "_total";
  if (metric.kind == wire::OtlpMetricKind::histogram) name += "_count";
  return name;
}

TEST(LiveMetricsOtlp, come_to_the_names_of_the_scrape_in_a_prometheus) {
  const std::vector<LiveFamily> families = live_metrics_otlp_test::families();
  const std::string text = live_metrics_text(families);
  const std::vector<wire::OtlpMetric> metrics = live_metrics_otlp(families);
  EXPECT_GT(metrics.size(), 25U);
  for (const wire::OtlpMetric& metric : metrics) {
    const std::string name = "\n" + name_in_prometheus(metric);
    EXPECT_TRUE(text.find(name + " ") != std::string::npos || text.find(name + "{") != std::string::npos) << name;
    for (const wire::OtlpPoint& point : metric.points) {
      for (const wire::OtlpAttribute& attribute : point.attributes) {
        std::string label = attribute.key;
        std::ranges::replace(label, '.', '_');
        EXPECT_NE(text.find(label + "=\"" + std::get<std::string>(attribute.value) + "\""), std::string::npos) << label;
      }
    }
  }
}

TEST(LiveMetricsOtlp, have_the_bounds_that_the_conventions_advise) {
  const auto metrics = by_name(live_metrics_otlp(families()));
  const auto bounds = [&](const char* name) {
    std::string text;
    for (const auto& [value, decimals] : metrics.at(name).bounds) text += exact_decimal(value, decimals) + " ";
    return text;
  };
  EXPECT_EQ(bounds("gen_ai.client.operation.duration"),
            "0.01 0.02 0.04 0.08 0.16 0.32 0.64 1.28 2.56 5.12 10.24 20.48 40.96 81.92 ");
  EXPECT_EQ(bounds("gen_ai.client.token.usage"),
            "1 4 16 64 256 1024 4096 16384 65536 262144 1048576 4194304 16777216 67108864 ");
  EXPECT_EQ(bounds("gen_ai.server.time_to_first_token"),
            "0.001 0.005 0.01 0.02 0.04 0.06 0.08 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 ");
  EXPECT_EQ(metrics.at("gen_ai.client.operation.duration").unit, "s");
  EXPECT_EQ(metrics.at("gen_ai.client.token.usage").unit, "{token}");
}

// Ten requests are served.
TEST(LiveMetricsOtlp, have_the_figures_of_the_requests) {
  const auto metrics = by_name(live_metrics_otlp(families()));
  const wire::OtlpMetric& duration = metrics.at("gen_ai.client.operation.duration");
  std::uint64_t calls = 0;
  for (const wire::OtlpPoint& point : duration.points) {
    EXPECT_EQ(point.counts.size(), duration.bounds.size() + 1);
    for (const std::uint64_t count : point.counts) calls += count;
  }
  EXPECT_EQ(calls, 10U);
  const auto& states = metrics.at("windtunnel_breaker_state").points;
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(states, 1, &wire::OtlpPoint::value)) * 3, states.size())
      << "a breaker is in one of its three states";
  EXPECT_EQ(metrics.at("windtunnel_cost_known_usd").decimals, 12);
}

}  // namespace
}  // namespace windtunnel::runs::live_metrics_otlp_test
