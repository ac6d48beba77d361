#include "reports/timeline/timeline_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "reports/timeline/timeline_reader.h"
#include "sim/timeline/timeline_recorder.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::timeline_test {
namespace {

using Json = nlohmann::ordered_json;
using monitor::ProviderId;

sim::Timeline eventful_timeline() {
  sim::Scenario scenario = small_world();
  scenario.duration = 3min;
  scenario.workloads[0].rate = {.count = Millionths{5'000'000}, .unit = 1s};
  scenario.monitor.ab_router = {"ab", {{"a", ProviderId{0}, 3}, {"b", ProviderId{1}, 1}}};
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(2);
  scenario.monitor.cost_limiter.daily = Usd::from_dollars(1);
  scenario.faults = {outage_of("openai"), outage_of("anthropic")};
  scenario.faults[0].at = 30s;
  scenario.faults[0].duration = 60s;
  scenario.faults[1].at = 2min;
  sim::TimelineRecorder watch{scenario, sim::timeline_widths(scenario)};
  return watch.finish(sim::run(scenario, {.observers = {&watch}}));
}

std::string why_refused(const std::string& text) {
  try {
    read_timeline(text, "t.json");
  } catch (const ReportError& error) {
    return error.what();
  }
  return "it was taken";
}

// With one of its values replaced.
std::string changed(const std::string& pointer, const Json& value) {
  static const std::string text = timeline_json(eventful_timeline());
  Json json = Json::parse(text);
  json[Json::json_pointer(pointer)] = value;
  return json.dump();
}

TEST(TimelineJson, is_read_back_as_it_was) {
  const sim::Timeline timeline = eventful_timeline();
  const std::string text = timeline_json(timeline);
  // Writing is a function of every member, so equal text is equal content; that each is there is the next test's.
  EXPECT_EQ(timeline_json(read_timeline(text, "t.json")), text);
}

TEST(TimelineJson, has_series_of_the_kinds_of_tokens_where_a_run_has_some) {
  const auto timeline_of = [](const sim::Scenario& scenario) {
    sim::TimelineRecorder watch{scenario, sim::timeline_widths(scenario)};
    return timeline_json(watch.finish(sim::run(scenario, {.observers = {&watch}})));
  };
  sim::Scenario scenario = small_world();
  EXPECT_EQ(timeline_of(scenario).find("cached_input"), std::string::npos);
  scenario.workloads[0].reasoning.law = sim::Law::fixed(5);
  const std::string text = timeline_of(scenario);
  EXPECT_EQ(timeline_json(read_timeline(text, "t.json")), text);
  const Json json = Json::parse(text);
  std::int64_t reasoning = 0;
  for (const Json& value : json["series"]["requests"]["reasoning_tokens"]) reasoning += value.get<std::int64_t>();
  EXPECT_EQ(reasoning, 5 * 10);
  EXPECT_TRUE(json["series"]["providers"][0]["cached_input_tokens"].empty());
}

TEST(TimelineJson, holds_what_happened) {
  const sim::Timeline timeline = eventful_timeline();
  const Json json = Json::parse(timeline_json(timeline));
  EXPECT_EQ(json["windtunnel_timeline"], kTimelineVersion);
  EXPECT_EQ(json["start_unix_ns"], std::int64_t{1'768'903'200'000'000'000});
  EXPECT_EQ(json["start_is_given"], false);
  EXPECT_EQ(json["steps"], timeline.steps);
  EXPECT_EQ(json["limits"]["daily_picos"], std::int64_t{1'000'000'000'000});
  EXPECT_EQ(json["faults"][0]["phases_ns"][0][1], std::int64_t{90'000'000'000});
  EXPECT_EQ(json["transitions"].size(), timeline.transitions.size());
  EXPECT_FALSE(json["transitions"].empty());
  EXPECT_EQ(json["transitions"][0]["to"], "open");
  EXPECT_FALSE(json["budget"].empty());
  EXPECT_FALSE(json["routes"].empty());
  EXPECT_EQ(json["series"]["arrivals"].get<sim::Series>(), timeline.arrivals);
  EXPECT_EQ(json["series"]["requests"]["outcomes"]["failed"].get<sim::Series>(), timeline.requests.outcomes[7]);
  EXPECT_EQ(json["series"]["providers"][1]["latency"]["le_500_ms"].get<sim::Series>(),
            timeline.providers[1].latency.bins[2]);
  EXPECT_FALSE(timeline.providers[1].latency.bins[2].empty());
  const auto picos = json["series"]["variants"][1]["cost_picos"].get<std::vector<std::int64_t>>();
  EXPECT_EQ(sim::MoneySeries(picos.begin(), picos.end()), timeline.variants[1].cost_picos);
  EXPECT_FALSE(picos.empty());
}

TEST(TimelineJson, reports_whether_the_scenario_names_its_start) {
  sim::Scenario scenario = small_world();
  scenario.origins["/start"] = {"small.json", 1, 1, "/start"};
  sim::TimelineRecorder watch{scenario, sim::timeline_widths(scenario)};
  const std::string text = timeline_json(watch.finish(sim::run(scenario, {.observers = {&watch}})));
  EXPECT_EQ(Json::parse(text)["start_is_given"], true);
  EXPECT_EQ(timeline_json(read_timeline(text, "t.json")), text);
}

TEST(TimelineJson, what_contradicts_itself_is_refused) {
  EXPECT_EQ(why_refused(changed("/windtunnel_timeline", 99)),
            "t.json: cannot read: this is a timeline of version 99, and only 2 is understood");
  EXPECT_EQ(why_refused("{}"), "t.json: cannot read: this is no timeline: it has no windtunnel_timeline");
  EXPECT_NE(why_refused("{").find("t.json: cannot read: "), std::string::npos);
  EXPECT_NE(why_refused(changed("/steps", 3)).find("is no series of this run"), std::string::npos);
  EXPECT_NE(why_refused(changed("/step_ns", 0)).find("its steps make no sense"), std::string::npos);
  EXPECT_NE(why_refused(changed("/steps", 1'000'000)).find("more steps than"), std::string::npos);
  EXPECT_NE(why_refused(changed("/transitions/0/provider", 2)).find("there is no provider 2"), std::string::npos);
  EXPECT_NE(why_refused(changed("/transitions/0/to", "ajar")).find("'ajar' is no word"), std::string::npos);
  EXPECT_NE(why_refused(changed("/series/arrivals/0", 1.5)).find("1.5 is no whole number"), std::string::npos);
  EXPECT_NE(why_refused(changed("/series/variants", Json::array())).find("one for each name"), std::string::npos);
  EXPECT_NE(why_refused(changed("/digest", "12")).find("16 hexadecimal digits"), std::string::npos);
  EXPECT_NE(why_refused(changed("/seed", "12")).find("cannot read"), std::string::npos);
  EXPECT_NE(why_refused(changed("/start_is_given", 1)).find("cannot read"), std::string::npos);
}

// A reader of a timeline adds its values up: none of these may leave the range of 64 bits, and money that of 128.
TEST(TimelineJson, a_value_beyond_what_a_run_reaches_is_refused) {
  constexpr std::uint64_t kTooLarge = std::uint64_t{INT64_MAX} + 1;
  for (const char* place :
       {"/start_unix_ns", "/duration_ns", "/ended_ns", "/step_ns", "/view_steps", "/transitions_total", "/budget_total",
        "/transitions/0/at_ns", "/budget/0/at_ns", "/budget/0/window_begin_unix_ns", "/faults/0/phases_ns/0/0",
        "/faults/0/phases_total", "/routes/0/requests", "/series/arrivals/0", "/series/requests/attempts/0"}) {
    for (const Json& value : {Json(INT64_MAX), Json(INT64_MIN), Json(kTooLarge)}) {
      EXPECT_NE(why_refused(changed(place, value)), "it was taken") << place << " " << value;
    }
  }
  for (const char* place : {"/series/month_settled_picos/0", "/series/requests/cost_picos/0"}) {
    EXPECT_NE(why_refused(changed(place, -1)), "it was taken") << place;
    EXPECT_NE(why_refused(changed(place, kTooLarge)), "it was taken") << place;
  }
  const Json two_large{INT64_MAX, 1};
  EXPECT_NE(why_refused(changed("/series/requests/latency/sum_ns", two_large)).find("sum_ns adds up to more"),
            std::string::npos);
  EXPECT_EQ(why_refused(changed("/start_unix_ns", std::int64_t{190} * 365 * 24 * 3600 * 1'000'000'000)),
            "it was taken");
}

// Money has 128 bits, and stands in a string where it needs them.
TEST(TimelineJson, money_beyond_64_bits_is_read_back) {
  sim::Timeline timeline = eventful_timeline();
  timeline.requests.cost_picos = {INT64_MAX, Int128{INT64_MAX} + 1, 0, Int128{INT64_MAX} * 1'000'000};
  timeline.month_settled_picos = timeline.requests.cost_picos;
  const std::string text = timeline_json(timeline);
  EXPECT_NE(text.find("9223372036854775807,\"9223372036854775808\",0,\"9223372036854775807000000\""),
            std::string::npos);
  const sim::Timeline read = read_timeline(text, "t.json");
  EXPECT_EQ(read.requests.cost_picos, timeline.requests.cost_picos);
  EXPECT_EQ(read.month_settled_picos, timeline.month_settled_picos);
  for (const char* wrong :
       {"", "12", "-9223372036854775808", "9223372036854775808.5", "1e30", "a", "1000000000000000000000000000001"}) {
    EXPECT_NE(why_refused(changed("/series/requests/cost_picos/0", wrong)), "it was taken") << wrong;
  }
}

TEST(TimelineJson, a_name_that_would_steer_a_terminal_is_refused) {
  for (const char* place :
       {"/scenario/title", "/scenario/file", "/providers/0/name", "/providers/1/model", "/experiment", "/variants/0/id",
        "/versions/0/feature_version", "/faults/0/id", "/faults/0/providers/0"}) {
    EXPECT_NE(why_refused(changed(place, "a\n::error::pwned")).find("holds the control character U+000A"),
              std::string::npos)
        << place;
  }
}

TEST(TimelineJson, is_read_from_its_file) {
  const ScratchFolder folder;
  write_text(folder.file("timeline.json"), timeline_json(eventful_timeline()));
  EXPECT_EQ(read_timeline_file(folder.file("timeline.json")).faults.size(), 2U);
  EXPECT_THROW(read_timeline_file(folder.file("none.json")), ReportError);
}

}  // namespace
}  // namespace windtunnel::reports::timeline_test
