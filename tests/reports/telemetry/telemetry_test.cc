#include "reports/telemetry/telemetry.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/uuid.h"
#include "sim/kernel/chance.h"
#include "sim/world/load.h"
#include "sim/world/world.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::telemetry_test {
namespace {

using Json = nlohmann::ordered_json;
using monitor::Attempt;
using monitor::BreakerState;
using monitor::Outcome;
using monitor::ProviderId;
using monitor::Record;
using monitor::ReplyKind;

constexpr ProviderId kOpenai{0};
constexpr ProviderId kAnthropic{1};
constexpr std::uint64_t kSeed = 42;

std::string lines_of(const sim::Scenario& scenario, const std::vector<Record>& records) {
  const ScratchFolder folder;
  OutputFile file{folder.file("telemetry.jsonl")};
  TelemetryWriter writer{scenario, kSeed, file};
  for (const Record& record : records) writer.on(record);
  EXPECT_EQ(writer.records(), records.size());
  file.finish();
  return text_in(folder.file("telemetry.jsonl"));
}

Json line_of(const sim::Scenario& scenario, const Record& record) { return Json::parse(lines_of(scenario, {record})); }

sim::Scenario experiment_world() {
  sim::Scenario scenario = small_world();
  scenario.monitor.ab_router = {"provider_comparison", {{"variant_a", kOpenai, 1}, {"variant_b", kAnthropic, 1}}};
  scenario.workloads[0].users.count = 100;
  return scenario;
}

// Refused by OpenAI, served by Claude.
Record failed_over() {
  Record record;
  record.request.id = RequestId{17};
  record.request.labels = monitor::LabelsId{1};
  record.request.user_id = monitor::UserId{5};
  record.request.prompt_length = 600;
  record.arrived = Instant{1s};
  record.finished = Instant{2'234'560'001ns};
  record.outcome = Outcome::served;
  record.variant = std::uint16_t{0};
  record.answered_by = kAnthropic;
  record.input = Tokens{150};
  record.output = Tokens{200};
  record.time_to_first_token = 300'500us;
  record.response_length = 800;
  record.breaker = BreakerState::half_open;
  record.attempt_count = 3;
  record.attempt_storage[0] = {Instant{1s}, 10ms, Usd::from_picos(1'500'000'000), kOpenai, ReplyKind::server_error,
                               true};
  record.attempt_storage[1] = {Instant{1s}, 20ms, Usd::from_cents(9), kOpenai, ReplyKind::timeout, false};
  record.attempt_storage[2] = {Instant{1s}, 1'204'560'001ns, Usd::from_picos(3'500'000'000),
                               kAnthropic,  ReplyKind::ok,   true};
  return record;
}

TEST(Telemetry, writes_every_field_byte_for_byte) {
  EXPECT_EQ(lines_of(experiment_world(), {failed_over()}),
            R"({"timestamp":"2026-01-20T10:00:02.234560Z","request_id":")" +
                std::string(request_uuid(kSeed, RequestId{17}).view()) +
                R"(","provider":"anthropic","model":"claude-3-5-sonnet","latency_ms":1234.560001,)"
                R"("tokens":{"input":150,"output":200,"total":350},"cost_usd":0.005,"success":true,"error":null,)"
                R"("circuit_breaker_state":"half_open","metadata":{"feature_version":"1.2.3","prompt_version":"v2.1",)"
                R"("experiment_id":"provider_comparison","variant_id":"variant_a"},"prompt_length":600,)"
                R"("response_length":800,"outcome":"served","cache_hit":false,"ttft_ms":300.5,"user":"user-5",)"
                R"("attempts":[{"provider":"openai","outcome":"server_error","latency_ms":10,"cost_usd":0.0015},)"
                R"({"provider":"openai","outcome":"timeout","latency_ms":20,"cost_usd":null},)"
                R"({"provider":"anthropic","outcome":"ok","latency_ms":1204.560001,"cost_usd":0.0035}]})"
                "\n");
}

// The names and nesting of a value, in order: {"a":1} is "{a:number}".
std::string shape_of(const Json& json) {
  if (!json.is_object()) return json.type_name();
  std::string shape = "{";
  for (const auto& [key, value] : json.items()) shape += key + ":" + shape_of(value) + " ";
  return shape + "}";
}

TEST(Telemetry, begins_with_the_seeds_record) {
  const Json seed = Json::parse(R"({
    "timestamp": "2024-01-20T10:30:00.123456", "request_id": "uuid", "provider": "openai", "model": "gpt-4",
    "latency_ms": 1234.56, "tokens": {"input": 150, "output": 200, "total": 350}, "cost_usd": 0.021, "success": true,
    "error": null, "circuit_breaker_state": "closed",
    "metadata": {"feature_version": "1.2.3", "prompt_version": "v2.1", "experiment_id": "provider_comparison",
                 "variant_id": "variant_a"},
    "prompt_length": 50, "response_length": 100})");
  const std::string shape = shape_of(line_of(experiment_world(), failed_over()));
  std::string expected = shape_of(seed);
  expected.pop_back();
  EXPECT_EQ(shape.substr(0, expected.size()), expected);
}

TEST(Telemetry, of_a_refused_request_names_no_provider) {
  Record record;
  record.outcome = Outcome::refused_budget;
  record.arrived = record.finished = Instant{3s};
  const Json line = line_of(experiment_world(), record);
  for (const char* key : {"provider", "model", "circuit_breaker_state", "ttft_ms", "user"}) {
    EXPECT_TRUE(line[key].is_null()) << key;
  }
  for (const auto& [key, value] : line["metadata"].items()) EXPECT_TRUE(value.is_null()) << key;
  EXPECT_EQ(line["success"], false);
  EXPECT_EQ(line["error"], "refused_budget");
  EXPECT_EQ(line["outcome"], "refused_budget");
  EXPECT_EQ(line["latency_ms"], 0);
  EXPECT_EQ(line["cost_usd"], 0);
  EXPECT_EQ(line["tokens"], Json::parse(R"({"input":0,"output":0,"total":0})"));
  EXPECT_EQ(line["attempts"], Json::array());
}

TEST(Telemetry, of_a_hit_succeeds_without_a_call) {
  Record record;
  record.outcome = Outcome::cache_hit;
  record.answered_by = kOpenai;
  record.response_length = 12;
  const Json line = line_of(experiment_world(), record);
  EXPECT_EQ(line["success"], true);
  EXPECT_EQ(line["cache_hit"], true);
  EXPECT_TRUE(line["error"].is_null());
  EXPECT_TRUE(line["provider"].is_null());
  EXPECT_TRUE(line["ttft_ms"].is_null());
  EXPECT_EQ(line["response_length"], 12);
}

TEST(Telemetry, names_the_error_by_outcome_and_of_failures_by_the_last_reply) {
  Record record = failed_over();
  record.attempt_count = 2;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    record.outcome = static_cast<Outcome>(i);
    const Json line = line_of(experiment_world(), record);
    EXPECT_EQ(line["success"].get<bool>(), is_answered(record.outcome));
    EXPECT_EQ(line["outcome"], name_of(record.outcome));
    EXPECT_EQ(line["cache_hit"].get<bool>(), is_answered(record.outcome) && record.outcome != Outcome::served);
    if (is_answered(record.outcome)) {
      EXPECT_TRUE(line["error"].is_null());
    } else {
      EXPECT_EQ(line["error"], record.outcome == Outcome::failed ? "timeout" : name_of(record.outcome));
    }
  }
}

TEST(Telemetry, names_every_breaker_state_and_reply_kind) {
  Record record = failed_over();
  for (const auto& [state, word] : {std::pair{BreakerState::closed, "closed"}, {BreakerState::open, "open"}}) {
    record.breaker = state;
    EXPECT_EQ(line_of(experiment_world(), record)["circuit_breaker_state"], word);
  }
  for (std::size_t i = 0; i < monitor::kReplyKinds; ++i) {
    record.attempt_storage[1].kind = static_cast<ReplyKind>(i);
    EXPECT_EQ(line_of(experiment_world(), record)["attempts"][1]["outcome"], name_of(static_cast<ReplyKind>(i)));
  }
}

TEST(Telemetry, survives_any_name) {
  const std::string odd = "a\"b\\c\n\x01 Zürich 🔴";
  sim::Scenario scenario = experiment_world();
  scenario.providers[1].name = odd + "1";
  scenario.providers[1].model = std::string(10'000, 'm') + odd;
  scenario.workloads[0].feature_version = odd + "2";
  scenario.workloads[0].prompt_version = odd + "3";
  scenario.monitor.ab_router.experiment_id = odd + "4";
  scenario.monitor.ab_router.variants[0].id = odd + "5";
  scenario.workloads[0].users.count = 0;
  scenario.workloads[0].requests = {{.user = odd + "6"}};
  Record record = failed_over();
  record.request.user_id = monitor::UserId{1};
  const Json line = line_of(scenario, record);
  EXPECT_EQ(line["provider"], odd + "1");
  EXPECT_EQ(line["model"], scenario.providers[1].model);
  EXPECT_EQ(line["metadata"]["feature_version"], odd + "2");
  EXPECT_EQ(line["metadata"]["prompt_version"], odd + "3");
  EXPECT_EQ(line["metadata"]["experiment_id"], odd + "4");
  EXPECT_EQ(line["metadata"]["variant_id"], odd + "5");
  EXPECT_EQ(line["user"], odd + "6");
  EXPECT_EQ(line["attempts"][2]["provider"], odd + "1");
}

TEST(Telemetry, has_room_for_the_largest_record) {
  Record record = failed_over();
  record.attempt_count = monitor::kAttemptsMax;
  for (std::size_t i = 0; i < monitor::kAttemptsMax; ++i) {
    Attempt& attempt = record.attempt_storage[i];
    attempt = {Instant{},  Duration{INT64_MAX - 7},     Usd::from_picos(100'000'000'000'000'007),
               kAnthropic, ReplyKind::connection_error, true};
  }
  record.finished = Instant{Duration{7'000'000'000'000'000'001}};
  record.arrived = Instant{};
  record.input = record.output = kTokensMax;
  record.request.prompt_length = record.response_length = UINT32_MAX;
  record.time_to_first_token = Duration{INT64_MAX - 9};
  record.request.user_id = monitor::UserId{100};
  const std::vector<Record> records(500, record);
  const std::string text = lines_of(experiment_world(), records);
  const std::string line = text.substr(0, text.find('\n') + 1);
  EXPECT_EQ(text.size(), 500 * line.size());
  EXPECT_EQ(Json::parse(line)["attempts"].size(), monitor::kAttemptsMax);
}

// The writer spells users itself, without an allocation: it must agree with the load.
TEST(Telemetry, names_users_as_the_load_does) {
  sim::Scenario scenario = small_world();
  sim::WorkloadSpec& workload = scenario.workloads[0];
  workload.users.count = 12'345;
  workload.requests = {{.user = "zoe"}, {.user = "adam"}, {}, {.user = "zoe"}, {.user = "a longer name than most"}};
  const sim::Chance chance{1};
  const sim::Load load{workload, 0, chance, Instant{10s}, scenario.start, scenario.providers, monitor::LabelsId{1}};
  Record record;
  record.request.labels = monitor::LabelsId{1};
  for (const std::uint32_t id : {1U, 9U, 10U, 12'345U, 12'346U, 12'347U, 12'348U}) {
    record.request.user_id = monitor::UserId{id};
    EXPECT_EQ(line_of(scenario, record)["user"], load.user_name(monitor::UserId{id})) << id;
  }
}

TEST(Telemetry, prints_the_wall_clock_where_it_has_stepped) {
  sim::Scenario scenario = small_world();
  scenario.faults.resize(1);
  scenario.faults[0].settings = sim::WallClockStep{.offset = -1h};
  const ScratchFolder folder;
  OutputFile file{folder.file("a")};
  TelemetryWriter writer{scenario, kSeed, file};
  Record record;
  const auto finish_at = [&](Duration at) {
    record.finished = Instant{at};
    writer.on(record);
  };
  finish_at(1'999'999'999ns);
  finish_at(2s);
  writer.on(sim::FaultChanged{Instant{2s}, 0, true});
  finish_at(2s);
  finish_at(2'000'001us);
  writer.on(sim::FaultChanged{Instant{3s}, 0, false});
  finish_at(3s);
  file.finish();
  std::string stamps;
  const std::string text = text_in(folder.file("a"));
  for (std::size_t at = 0; (at = text.find("2026-", at)) != std::string::npos; ++at)
    stamps += text.substr(at + 11, 16) + " ";
  EXPECT_EQ(stamps, "10:00:01.999999Z 10:00:02.000000Z 09:00:02.000000Z 09:00:02.000001Z 10:00:03.000000Z ");
}

TEST(Telemetry, of_a_run_has_a_line_for_every_request) {
  sim::Scenario scenario = small_world();
  scenario.faults = {outage_of("openai")};
  const ScratchFolder folder;
  OutputFile file{folder.file("a")};
  TelemetryWriter writer{scenario, scenario.seed, file};
  const sim::RunResult result = sim::run(scenario, {.observers = {&writer}});
  file.finish();
  EXPECT_EQ(writer.records(), result.arrivals);
  const std::string text = text_in(folder.file("a"));
  const Json first = Json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first["provider"], "anthropic");
  EXPECT_EQ(first["attempts"].size(), 2U);
  EXPECT_EQ(first["attempts"][0]["outcome"], "connection_error");
  EXPECT_EQ(first["cost_usd"], 0.0035);
}

}  // namespace
}  // namespace windtunnel::reports::telemetry_test
