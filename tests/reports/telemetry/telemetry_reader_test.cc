#include "reports/telemetry/telemetry_reader.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "reports/telemetry/telemetry.h"
#include "sim/world/world.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::telemetry_reader_test {
namespace {

constexpr const char* kSeedLine =
    R"({"timestamp": "2024-01-20T10:30:00.123456", "request_id": "uuid", "provider": "openai", "model": "gpt-4", )"
    R"("latency_ms": 1234.56, "tokens": {"input": 150, "output": 200, "total": 350}, "cost_usd": 2.1e-05, )"
    R"("success": true, "error": null, "circuit_breaker_state": "closed", "metadata": {"feature_version": "1.2.3", )"
    R"("prompt_version": "v2.1", "experiment_id": "provider_comparison", "variant_id": "variant_a"}, )"
    R"("prompt_length": 50, "response_length": 100})";

struct ReadBack {
  std::vector<TelemetryRecord> records;
  std::vector<std::uint64_t> lines;
  std::vector<BadLine> bad;
  std::uint64_t bad_count = 0;
};

ReadBack read_all(const std::string& path) {
  TelemetryReader reader{path};
  ReadBack back;
  TelemetryRecord record;
  while (reader.next(record)) {
    back.records.push_back(record);
    back.lines.push_back(reader.line());
  }
  EXPECT_FALSE(reader.next(record));
  back.bad.assign(reader.bad_lines().begin(), reader.bad_lines().end());
  back.bad_count = reader.bad_count();
  return back;
}

ReadBack read_text(std::string_view text) {
  const ScratchFolder folder;
  write_text(folder.file("a.jsonl"), text);
  return read_all(folder.file("a.jsonl"));
}

// Keeps what the run said, to be compared with what was read.
class Keeper final {
 public:
  void on(const monitor::Record& record) { records.push_back(record); }
  std::vector<monitor::Record> records;
};

void expect_same(const TelemetryRecord& read, const monitor::Record& record, const sim::Scenario& scenario) {
  EXPECT_EQ(read.timestamp,
            std::chrono::floor<std::chrono::microseconds>(scenario.start + record.finished.time_since_epoch()));
  EXPECT_EQ(read.latency, record.latency());
  EXPECT_EQ(read.cost, record.confirmed_cost());
  EXPECT_EQ(read.total, record.input + record.output);
  EXPECT_EQ(read.outcome, name_of(record.outcome));
  ASSERT_EQ(read.attempts.size(), record.attempts().size());
  for (std::size_t i = 0; i < read.attempts.size(); ++i) {
    const monitor::Attempt& attempt = record.attempts()[i];
    EXPECT_EQ(read.attempts[i].provider, scenario.providers[index_of(attempt.provider)].name);
    EXPECT_EQ(read.attempts[i].outcome, name_of(attempt.kind));
    EXPECT_EQ(read.attempts[i].latency, attempt.latency);
    EXPECT_EQ(read.attempts[i].cost, attempt.usage_known ? std::optional{attempt.cost} : std::nullopt);
  }
}

class TelemetryRoundTrip : public testing::TestWithParam<const char*> {};

TEST_P(TelemetryRoundTrip, reads_what_was_written) {
  sim::Scenario scenario = small_world();
  scenario.duration = 30min;
  scenario.workloads[0].arrival = sim::Arrival::poisson;
  scenario.workloads[0].rate.count = Millionths{5'000'000};
  scenario.workloads[0].prompts.count = 5'000;
  scenario.workloads[0].users.count = 50;
  scenario.providers[0].time_to_first_token = sim::Law::lognormal_p50_p95(3e8, 2e9);
  scenario.providers[0].errors.rates = {{monitor::ReplyKind::timeout, 0.1}, {monitor::ReplyKind::malformed, 0.1}};
  const ScratchFolder folder;
  const std::string path = folder.file(GetParam());
  OutputFile file{path};
  TelemetryWriter writer{scenario, scenario.seed, file};
  Keeper keeper;
  (void)sim::run(scenario, {.observers = {&writer, &keeper}});
  file.finish();

  const ReadBack back = read_all(path);
  EXPECT_EQ(back.bad_count, 0U);
  ASSERT_EQ(back.records.size(), keeper.records.size());
  ASSERT_GT(back.records.size(), 8'000U);
  for (std::size_t i = 0; i < back.records.size(); ++i) {
    expect_same(back.records[i], keeper.records[i], scenario);
    ASSERT_EQ(back.lines[i], i + 1);
    if (HasFailure()) FAIL() << "record " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Names, TelemetryRoundTrip, testing::Values("telemetry.jsonl", "telemetry.jsonl.zst"));

TEST(TelemetryReader, reads_the_seeds_own_records) {
  const ReadBack back = read_text(std::string(kSeedLine) + "\r\n\n" + kSeedLine);
  ASSERT_EQ(back.records.size(), 2U);
  EXPECT_EQ(back.bad_count, 0U);
  EXPECT_EQ(back.lines, (std::vector<std::uint64_t>{1, 3}));
  const TelemetryRecord& record = back.records[1];
  EXPECT_EQ(record.timestamp, WallTime{1'705'746'600'123'456'000ns});
  EXPECT_EQ(record.request_id, "uuid");
  EXPECT_EQ(record.provider, "openai");
  EXPECT_EQ(record.model, "gpt-4");
  EXPECT_EQ(record.latency, 1'234'560us);
  EXPECT_EQ(record.input, Tokens{150});
  EXPECT_EQ(record.output, Tokens{200});
  EXPECT_EQ(record.total, Tokens{350});
  EXPECT_EQ(record.cost, Usd::from_picos(21'000'000));
  EXPECT_TRUE(record.success);
  EXPECT_EQ(record.error, std::nullopt);
  EXPECT_EQ(record.circuit_breaker_state, "closed");
  EXPECT_EQ(record.feature_version, "1.2.3");
  EXPECT_EQ(record.prompt_version, "v2.1");
  EXPECT_EQ(record.experiment_id, "provider_comparison");
  EXPECT_EQ(record.variant_id, "variant_a");
  EXPECT_EQ(record.prompt_length, 50);
  EXPECT_EQ(record.response_length, 100);
  EXPECT_EQ(record.outcome, std::nullopt);
  EXPECT_EQ(record.cache_hit, std::nullopt);
  EXPECT_TRUE(record.attempts.empty());
}

TEST(TelemetryReader, takes_fields_in_any_order_and_passes_over_unknown_ones) {
  const ReadBack back = read_text(
      R"({"more": {"a": [1, {"b": "}"}]}, "tokens": {"total": 9, "output": 2, "x": 1, "input": 7}, "success": false,)"
      R"( "timestamp": "2024-01-20T10:30:00+00:00", "user": "a\"\u00fc"})");
  ASSERT_EQ(back.records.size(), 1U);
  EXPECT_EQ(back.records[0].input, Tokens{7});
  EXPECT_EQ(back.records[0].timestamp, WallTime{1'705'746'600s});
  EXPECT_EQ(back.records[0].user, "a\"ü");
}

TEST(TelemetryReader, reads_the_calls_and_alerts_of_a_gateway) {
  const ReadBack back = read_text(
      R"({"timestamp": "2024-01-20T10:30:00Z", "tokens": {}, "calls": [{"start_ms": 0.5, "answer_id": null, "retry_after_ms": 2000}, {"start_ms": 3, "answer_id": "msg_1", "retry_after_ms": null}],)"
      R"( "alerts": [{"window": "day", "begin": "2024-01-20T00:00:00.000000Z", "share": 0.95, "spent_usd": 4.01, "by_refusal": true}]})");
  ASSERT_EQ(back.records.size(), 1U);
  EXPECT_EQ(back.records[0].calls,
            (std::vector<TelemetryCall>{{500us, std::nullopt, 2s}, {3ms, "msg_1", std::nullopt}}));
  EXPECT_EQ(back.records[0].alerts, (std::vector<TelemetryAlert>{{"day", WallTime{1'705'708'800s}, Millionths{950'000},
                                                                  Usd::from_picos(4'010'000'000'000), true}}));
}

// The failures are what is looked for in a log: what programs said of them is spelled out, and none is lost.
TEST(TelemetryReader, keeps_a_failure_whose_error_has_lines_and_colours) {
  const ReadBack back =
      read_text(R"({"timestamp": "2024-01-20T10:30:00Z", "tokens": {"input": 7, "output": 2}, "success": false,)"
                R"( "error": "Traceback:\n\t\u001b[31mTimeout"})");
  ASSERT_EQ(back.records.size(), 1U);
  EXPECT_EQ(back.records[0].error, R"(Traceback:\n\t\x1b[31mTimeout)");
}

TEST(TelemetryReader, counts_every_line_that_is_no_record) {
  const std::pair<const char*, const char*> lines[] = {
      {R"({})", "it has no timestamp"},
      {R"({"timestamp": "2024-01-20T10:30:00"})", "it has no tokens"},
      {R"([1])", "it is no JSON object, but [1]"},
      {R"(nonsense)", "it is no JSON object, but nonsense"},
      {R"({"timestamp": "yesterday", "tokens": {}})",
       "timestamp is \"yesterday\", which is no ISO 8601 timestamp in UTC"},
      {R"({"timestamp": 5, "tokens": {}})", "timestamp is the number 5, and an ISO 8601 time such as"},
      {R"({"timestamp": "2024-01-20T10:30:00", "tokens": {"input": -1}})", "tokens.input is -1, which is negative"},
      {R"({"timestamp": "2024-01-20T10:30:00", "tokens": {"input": "1"}})",
       "tokens.input is the text \"1\", and a number is read"},
      {R"({"timestamp": "2024-01-20T10:30:00", "tokens": {"input": 1.5}})", "tokens.input is 1.5, and a whole number"},
      {R"({"timestamp": "2024-01-20T10:30:00", "tokens": 7})", "tokens is the number 7, and an object is read"},
      {R"({"timestamp": "2024-01-20T10:30:00", "tokens": {}, "latency_ms": [1]})",
       "latency_ms is a list, and a number"},
      {R"({"timestamp": "2024-01-20T10:30:00", "tokens": {}, "attempts": [{"outcome": null}]})",
       "attempts.outcome is null, and a text is read"},
      {R"({"timestamp": "2024-01-20T10:30:00", "tokens": {}, "success": tru})", "success: "},
      {R"({"timestamp": "2024-01-20T10:30:00", "tokens": {}, "user": 5})",
       "user is the number 5, and a text or null is read"},
      {R"({"timestamp": "2024-01-20T10:30:00", "tokens": {}} {})", ""},
      {R"({"timestamp": "2024-01-20T10:30:00", "tok)", ""},
  };
  std::string text = std::string(kSeedLine) + "\n";
  for (const auto& [line, why] : lines) text += std::string(line) + "\n";
  text += kSeedLine;
  const ReadBack back = read_text(text);
  EXPECT_EQ(back.records.size(), 2U);
  EXPECT_EQ(back.records[0], back.records[1]);
  ASSERT_EQ(back.bad.size(), std::size(lines));
  EXPECT_EQ(back.bad_count, std::size(lines));
  for (std::size_t i = 0; i < back.bad.size(); ++i) {
    EXPECT_EQ(back.bad[i].line, i + 2);
    EXPECT_NE(back.bad[i].why.find(lines[i].second), std::string::npos) << back.bad[i].why << " / " << lines[i].second;
    EXPECT_FALSE(back.bad[i].why.empty());
  }
}

TEST(TelemetryReader, keeps_the_first_bad_lines_and_counts_all) {
  std::string text;
  for (int i = 0; i < 250; ++i) text += "{}\n";
  const ReadBack back = read_text(text);
  EXPECT_EQ(back.bad.size(), TelemetryReader::kBadLinesKept);
  EXPECT_EQ(back.bad_count, 250U);
}

TEST(TelemetryReader, detects_a_compressed_file_that_was_cut) {
  const ScratchFolder folder;
  OutputFile file{folder.file("a.zst")};
  for (int i = 0; i < 5'000; ++i) file.append(std::string(kSeedLine) + "\n");
  file.finish();
  const std::string bytes = text_in(folder.file("a.zst"));
  write_text(folder.file("b.zst"), std::string_view(bytes).substr(0, bytes.size() - 3));
  const ReadBack back = read_all(folder.file("b.zst"));
  EXPECT_LT(back.records.size(), 5'001U);
  ASSERT_FALSE(back.bad.empty());
  EXPECT_EQ(back.bad.back().why, "the compressed file stops in the middle");
}

TEST(TelemetryReader, reports_that_there_is_no_file) {
  EXPECT_THROW(TelemetryReader{"/nowhere/telemetry.jsonl"}, ReportError);
}

TEST(TelemetryReader, reports_that_a_folder_is_no_file) {
  const ScratchFolder folder;
  TelemetryReader reader{folder.file("")};
  TelemetryRecord record;
  EXPECT_THROW((void)reader.next(record), ReportError);
}

}  // namespace
}  // namespace windtunnel::reports::telemetry_reader_test
