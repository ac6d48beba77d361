#include "reports/telemetry/event_log.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/uuid.h"
#include "sim/world/world.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::events_test {
namespace {

using Json = nlohmann::ordered_json;
using monitor::BreakerState;
using monitor::ProviderId;

std::string text_of(const sim::Scenario& scenario, const std::function<void(EventsWriter&)>& happen) {
  const ScratchFolder folder;
  OutputFile file{folder.file("events.jsonl")};
  EventsWriter writer{scenario, 42, file};
  happen(writer);
  file.finish();
  return text_in(folder.file("events.jsonl"));
}

TEST(Events, writes_transitions) {
  EXPECT_EQ(text_of(small_world(),
                    [](EventsWriter& writer) {
                      writer.on(monitor::BreakerMoved{ProviderId{0},
                                                      {.at = Instant{1'500'000'001ns},
                                                       .from = BreakerState::closed,
                                                       .to = BreakerState::open,
                                                       .rule = monitor::TripRule::consecutive,
                                                       .epoch = 1,
                                                       .consecutive_failures = 5,
                                                       .window_calls = 10,
                                                       .window_failures = 6,
                                                       .open_for = 30s}});
                      writer.on(monitor::BreakerMoved{
                          ProviderId{1},
                          {.at = Instant{32s}, .from = BreakerState::open, .to = BreakerState::half_open, .epoch = 2}});
                    }),
            R"({"timestamp":"2026-01-20T10:00:01.500000Z","t_s":1.500000001,"type":"breaker_transition",)"
            R"("provider":"openai","from":"closed","to":"open","rule":"consecutive","failures":6,"window":10,)"
            R"("consecutive_failures":5,"epoch":1,"open_ms":30000})"
            "\n"
            R"({"timestamp":"2026-01-20T10:00:32.000000Z","t_s":32,"type":"breaker_transition",)"
            R"("provider":"anthropic","from":"open","to":"half_open","rule":null,"failures":0,"window":0,)"
            R"("consecutive_failures":0,"epoch":2,"open_ms":null})"
            "\n");
}

TEST(Events, writes_faults_and_follows_the_wall_clock) {
  sim::Scenario scenario = small_world();
  scenario.faults = {outage_of("openai"), {.id = "step", .settings = sim::WallClockStep{.offset = 1h}}};
  EXPECT_EQ(
      text_of(scenario,
              [](EventsWriter& writer) {
                writer.on(sim::FaultChanged{Instant{1s}, 0, true});
                writer.on(sim::FaultChanged{Instant{2s}, 1, true});
                writer.on(sim::FaultChanged{Instant{3s}, 0, false});
                writer.violation({.id = "B3", .at = Instant{1s}}, "windtunnel run a.json --seed 7");
              }),
      R"({"timestamp":"2026-01-20T10:00:01.000000Z","t_s":1,"type":"fault_started","id":"openai-down","kind":"outage"})"
      "\n"
      R"({"timestamp":"2026-01-20T11:00:02.000000Z","t_s":2,"type":"fault_started","id":"step","kind":"wall_clock_step"})"
      "\n"
      R"({"timestamp":"2026-01-20T11:00:03.000000Z","t_s":3,"type":"fault_stopped","id":"openai-down","kind":"outage"})"
      "\n"
      R"({"timestamp":"2026-01-20T10:00:01.000000Z","t_s":1,"type":"violation","kind":"threshold","id":"B3",)"
      R"("verdict":"pass","claim":"","reason":"","request_id":null,"origin":null,)"
      R"("replay":"windtunnel run a.json --seed 7"})"
      "\n");
}

TEST(Events, writes_budgets) {
  using Kind = monitor::BudgetEvent::Kind;
  EXPECT_EQ(
      text_of(small_world(),
              [](EventsWriter& writer) {
                writer.on(monitor::BudgetChanged{Instant{5s},
                                                 {.kind = Kind::alert,
                                                  .daily = false,
                                                  .window_begin = WallTime{1'767'225'600s},
                                                  .share = {950'000},
                                                  .spent = Usd::from_cents(475'001),
                                                  .reserved = Usd::from_picos(1),
                                                  .limit = Usd::from_dollars(5'000)}});
                writer.on(monitor::BudgetChanged{Instant{6s}, {.kind = Kind::window_closed, .daily = true}});
              }),
      R"({"timestamp":"2026-01-20T10:00:05.000000Z","t_s":5,"type":"budget_alert","window":"month",)"
      R"("window_begin":"2026-01-01T00:00:00.000000Z","share":0.95,"spent_usd":4750.01,)"
      R"("reserved_usd":0.000000000001,"limit_usd":5000,"by_refusal":false})"
      "\n"
      R"({"timestamp":"2026-01-20T10:00:06.000000Z","t_s":6,"type":"budget_window_closed","window":"day",)"
      R"("window_begin":"1970-01-01T00:00:00.000000Z","share":null,"spent_usd":0,"reserved_usd":0,"limit_usd":null,"by_refusal":false})"
      "\n");
}

TEST(Events, writes_retry_after) {
  EXPECT_EQ(text_of(small_world(),
                    [](EventsWriter& writer) {
                      writer.on(monitor::RetryAfterSet{Instant{5s}, ProviderId{1}, Instant{7'500ms}});
                    }),
            R"({"timestamp":"2026-01-20T10:00:05.000000Z","t_s":5,"type":"retry_after","provider":"anthropic",)"
            R"("wait_ms":2500,"until_s":7.5})"
            "\n");
}

TEST(Events, writes_the_fallback_that_begins_and_what_it_follows) {
  sim::Scenario scenario = small_world();
  scenario.monitor.routing.routes = {{.name = "chat", .targets = {{.deployment = ProviderId{0}}}},
                                     {.name = "large", .targets = {{.deployment = ProviderId{1}}}}};
  const std::string text = text_of(scenario, [](EventsWriter& writer) {
    writer.on(
        monitor::RouteEntered{Instant{5s}, RequestId{3}, monitor::RouteId{1}, monitor::ReplyKind::context_length});
    writer.on(monitor::RouteEntered{Instant{5s}, RequestId{3}, monitor::RouteId{1}, std::nullopt});
  });
  EXPECT_NE(text.find(R"("t_s":5,"type":"fallback","request_id":")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("route":"large","after":"context_length"})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("route":"large","after":null})"), std::string::npos) << text;
}

TEST(Events, writes_violations_where_they_happened_or_at_the_latest_event) {
  const std::string text = text_of(small_world(), [](EventsWriter& writer) {
    sim::Finding finding{.kind = sim::Finding::Kind::invariant,
                         .id = "C1",
                         .verdict = sim::Verdict::fail,
                         .claim = "spend stays within its \"limit\"",
                         .reason = "6 > 5",
                         .at = Instant{4s},
                         .request = RequestId{3},
                         .origin = {"a.json", 14, 9, "/monitor"}};
    writer.violation(finding, "windtunnel run \"a b.json\"");
    writer.on(monitor::RetryAfterSet{Instant{8s}, ProviderId{0}, Instant{9s}});
    finding.at.reset();
    writer.violation(finding, "");
    EXPECT_EQ(writer.lines(), 3U);
  });
  const Json first = Json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first["t_s"], 4);
  EXPECT_EQ(first["type"], "violation");
  EXPECT_EQ(first["kind"], "invariant");
  EXPECT_EQ(first["id"], "C1");
  EXPECT_EQ(first["verdict"], "fail");
  EXPECT_EQ(first["claim"], "spend stays within its \"limit\"");
  EXPECT_EQ(first["reason"], "6 > 5");
  EXPECT_EQ(first["request_id"], request_uuid(42, RequestId{3}).view());
  EXPECT_EQ(first["origin"], "a.json:14:9");
  EXPECT_EQ(first["replay"], "windtunnel run \"a b.json\"");
  EXPECT_EQ(Json::parse(text.substr(text.rfind("{\"timestamp")))["t_s"], 8);
}

TEST(Events, of_a_run_include_its_breaker_and_fault) {
  sim::Scenario scenario = small_world();
  scenario.duration = 60s;
  scenario.faults = {outage_of("openai")};
  scenario.faults[0].duration = 20s;
  const std::string text =
      text_of(scenario, [&](EventsWriter& writer) { (void)sim::run(scenario, {.observers = {&writer}}); });
  std::multiset<std::string> types;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    types.insert(Json::parse(text.substr(at, end - at))["type"].get<std::string>());
    at = end + 1;
  }
  EXPECT_EQ(types.count("fault_started"), 1U);
  EXPECT_EQ(types.count("fault_stopped"), 1U);
  EXPECT_EQ(types.count("breaker_transition"), 3U);  // opened, half-open, closed
  EXPECT_EQ(types.count("budget_window_opened"), 2U);
}

}  // namespace
}  // namespace windtunnel::reports::events_test
