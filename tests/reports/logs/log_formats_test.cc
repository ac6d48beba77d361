// Each format is read as docs/logs.md describes it: the records that the page shows, and the rows that come of them.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "reports/logs/log_reader.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::log_formats_test {
namespace {

// The code blocks of the page, by format; a format may have several.
std::multimap<std::string, std::string> blocks_of_page() {
  std::ifstream page(WINDTUNNEL_ROOT "/docs/logs.md");
  std::multimap<std::string, std::string> blocks;
  std::string line;
  std::string* block = nullptr;
  while (std::getline(page, line)) {
    if (line.starts_with("```jsonl ") || line.starts_with("```csv ")) {
      block = &blocks.emplace(line.substr(line.find(' ') + 1), "")->second;
    } else if (line == "```") {
      block = nullptr;
    } else if (block != nullptr) {
      *block += line + "\n";
    }
  }
  return blocks;
}

template <class T>
std::string shown(const char* name, const std::optional<T>& value) {
  if (!value) return "";
  if constexpr (std::is_same_v<T, Tokens>) return fmt::format(" {}={}", name, value->count());
  if constexpr (std::is_same_v<T, Duration>) return fmt::format(" {}={}ms", name, exact_decimal(value->count(), 6));
  if constexpr (std::is_same_v<T, Usd>) return fmt::format(" {}={}", name, exact_decimal(value->picos(), 12));
  if constexpr (std::is_same_v<T, WallTime>) return fmt::format(" {}={}", name, iso8601(*value).substr(0, 23));
  if constexpr (std::is_integral_v<T>) return fmt::format(" {}={}", name, *value);
  return "";
}

// What a row holds; what it does not hold is not there.
std::string text_of(const LogRow& row) {
  std::string text = shown("begin", row.begin) + shown("end", row.end) + shown("latency", row.latency) +
                     shown("ttft", row.time_to_first_token);
  for (const auto& [name, value] :
       {std::pair{"id", row.id}, std::pair{"provider", row.provider}, std::pair{"model", row.model},
        std::pair{"user", row.user}, std::pair{"team", row.team}}) {
    if (!value.empty()) text += fmt::format(" {}={}", name, value);
  }
  text += shown("in", row.input) + shown("out", row.output) + shown("cached", row.cached) +
          shown("written", row.cache_written) + shown("reasoning", row.reasoning) + shown("cost", row.cost) +
          shown("answered", row.answered) + shown("status", row.status) + shown("hit", row.cache_hit) +
          shown("requests", row.requests);
  return (row.is_bucket ? "bucket" : "request") + text;
}

struct ReadLog {
  std::string title;
  std::vector<std::string> rows;
  std::vector<std::string> bad;
  std::uint64_t others = 0;
};

class LogFormatsTest : public testing::Test {
 protected:
  ScratchFolder folder;

  [[nodiscard]] ReadLog read(const std::string& text, LogChoice choice = {}) const {
    choice.file = folder.file("log");
    write_text(choice.file, text);
    LogReader reader{choice};
    ReadLog log{.title = std::string(reader.format().title)};
    LogRow row;
    while (reader.next(row)) log.rows.push_back(text_of(row));
    for (const BadLine& bad : reader.bad_lines())
      log.bad.push_back(fmt::format("{} {}: {}", reader.unit(), bad.line, bad.why));
    log.others = reader.others();
    return log;
  }

  // The rows of the page's records of the format; there are no bad ones.
  [[nodiscard]] std::vector<std::string> rows_of(const std::string& name, const std::string& columns = "") const {
    std::vector<std::string> rows;
    const auto blocks = blocks_of_page();
    for (auto block = blocks.lower_bound(name); block != blocks.upper_bound(name); ++block) {
      const ReadLog automatic = read(block->second, {.columns = columns});
      const ReadLog named = read(block->second, {.format = name, .columns = columns});
      EXPECT_EQ(automatic.rows, named.rows) << name << " is not recognised";
      EXPECT_EQ(automatic.bad, std::vector<std::string>{}) << name;
      rows.insert(rows.end(), named.rows.begin(), named.rows.end());
    }
    return rows;
  }
};

using Rows = std::vector<std::string>;

TEST_F(LogFormatsTest, every_format_has_a_record_on_the_page) {
  const auto blocks = blocks_of_page();
  for (const std::string& name : log_names()) {
    EXPECT_TRUE(name == "auto" || blocks.contains(name)) << name;
  }
}

TEST_F(LogFormatsTest, litellm) {
  EXPECT_EQ(
      rows_of("litellm"),
      (Rows{"request begin=2026-04-01T09:00:00.000 end=2026-04-01T09:00:02.500 latency=2500ms ttft=400ms "
            "id=chatcmpl-1 provider=openai model=gpt-4o user=u1 team=search in=1000 out=150 cached=600 cost=0.0034 "
            "answered=true hit=false",
            "request begin=2026-04-01T09:00:01.250 end=2026-04-01T09:00:04.250 latency=3000ms ttft=1500ms "
            "id=chatcmpl-3 provider=azure model=gpt-4o in=1000 out=150 cost=0.0034 answered=true"}));
}

TEST_F(LogFormatsTest, litellm_with_its_objects_as_texts) {
  const ReadLog log = read(
      R"({"request_id": "a", "spend": 0.1, "startTime": "2026-04-01 09:00:00.000", "endTime": "2026-04-01 09:00:01.000", "metadata": "{\"usage_object\": {\"prompt_tokens_details\": {\"cached_tokens\": 7}}, \"user_api_key_team_id\": \"t\"}"})");
  ASSERT_EQ(log.rows.size(), 1U);
  EXPECT_NE(log.rows[0].find(" team=t cached=7 "), std::string::npos) << log.rows[0];
}

TEST_F(LogFormatsTest, otel) {
  EXPECT_EQ(rows_of("otel"),
            (Rows{"request begin=2026-04-01T09:00:00.000 end=2026-04-01T09:00:02.500 latency=2500ms "
                  "id=b7ad6b7169203331 provider=openai model=gpt-4o-2024-08-06 team=shop in=1000 out=150 cached=600 "
                  "answered=true",
                  "request begin=2026-04-01T09:00:03.000 end=2026-04-01T09:00:04.000 latency=1000ms id=0x2 "
                  "provider=anthropic model=claude-haiku-4-5 in=20 out=0 answered=false status=529"}));
  EXPECT_EQ(read(blocks_of_page().lower_bound("otel")->second).others, 1U);
}

// One span with these attributes, which is 2.5 s long.
std::string span_of(const std::string& attributes) {
  return R"({"name": "chat", "span_id": "1", "start_time": "2026-04-01T09:00:00Z", "end_time": "2026-04-01T09:00:02.500Z", "attributes": {"gen_ai.system": "p", "gen_ai.request.model": "m", )" +
         attributes + "}}";
}

TEST_F(LogFormatsTest, otel_by_the_names_that_instrumentations_wrote_before_the_conventions) {
  const std::string begin = "request begin=2026-04-01T09:00:00.000 end=2026-04-01T09:00:02.500 latency=2500ms ";
  const std::string counts = R"("gen_ai.usage.prompt_tokens": 1000, "gen_ai.usage.completion_tokens": 150, )";
  EXPECT_EQ(
      read(
          span_of(
              counts +
              R"("gen_ai.usage.cache_read_input_tokens": 600, "gen_ai.usage.cache_creation_input_tokens": 50, "gen_ai.usage.reasoning_tokens": 20)"))
          .rows,
      Rows{begin + "id=1 provider=p model=m in=1000 out=150 cached=600 written=50 reasoning=20 answered=true"});
  EXPECT_EQ(read(span_of(counts + R"("gen_ai.response.time_to_first_chunk": 0.25)")).rows,
            Rows{begin + "ttft=250ms id=1 provider=p model=m in=1000 out=150 answered=true"});
}

TEST_F(LogFormatsTest, otel_with_input_tokens_that_do_not_hold_those_of_a_cache) {
  const auto input = [&](const char* more) {
    const ReadLog log = read(span_of(
        R"("gen_ai.usage.prompt_tokens": 1000, "gen_ai.usage.completion_tokens": 150, "gen_ai.usage.cache_read_input_tokens": )" +
        std::string{more}));
    EXPECT_EQ(log.bad, std::vector<std::string>{});
    return log.rows.empty() ? "" : log.rows[0].substr(log.rows[0].find(" in=") + 1, 7);
  };
  EXPECT_EQ(input("600"), "in=1000");
  EXPECT_EQ(input(R"(600, "llm.usage.total_tokens": 1150)"), "in=1000");
  EXPECT_EQ(input(R"(600, "llm.usage.total_tokens": 1750)"), "in=1600");
  EXPECT_EQ(input("1001"), "in=2001");
}

TEST_F(LogFormatsTest, langfuse) {
  EXPECT_EQ(
      rows_of("langfuse"),
      (Rows{"request begin=2026-04-01T09:00:00.000 end=2026-04-01T09:00:02.500 latency=2500ms ttft=400ms "
            "id=gen-1 provider=gpt-4o model=gpt-4o in=1000 out=150 cached=600 reasoning=20 cost=0.0034 answered=true",
            "request begin=2026-04-01T09:00:03.000 end=2026-04-01T09:00:04.000 latency=1000ms id=gen-2 "
            "provider=gpt-4o model=gpt-4o user=u2 in=30 out=0 answered=false"}));
}

TEST_F(LogFormatsTest, langfuse_by_the_names_of_its_ingestion_and_of_its_prices) {
  const auto tokens = [&](const std::string& usage) {
    const ReadLog log = read(
        R"({"id": "g", "traceId": "t", "type": "GENERATION", "startTime": "2026-04-01T09:00:00Z", "model": "m", "usageDetails": {"input": 100, "output": 10, )" +
        usage + "}}");
    EXPECT_EQ(log.bad, std::vector<std::string>{});
    return log.rows.empty() ? "" : log.rows[0].substr(log.rows[0].find(" in=") + 1);
  };
  EXPECT_EQ(tokens(R"("input_cached_tokens": 30, "input_cache_creation": 7)"), "in=137 out=10 cached=30 written=7");
  EXPECT_EQ(tokens(R"("input_cache_read": 30, "input_cache_write": 7)"), "in=137 out=10 cached=30 written=7");
  EXPECT_EQ(tokens(R"("input_cache_creation_5m": 7, "input_cache_creation_1h": 5)"), "in=112 out=10 written=12");
  EXPECT_EQ(tokens(R"("output_reasoning": 3)"), "in=100 out=13 reasoning=3");
}

TEST_F(LogFormatsTest, helicone) {
  EXPECT_EQ(
      rows_of("helicone"),
      (Rows{"request begin=2026-04-01T09:00:00.000 end=2026-04-01T09:00:02.500 latency=2500ms ttft=400ms id=h1 "
            "provider=OPENAI model=gpt-4o user=u1 in=1000 out=150 cached=600 reasoning=20 cost=0.0034 answered=true "
            "status=200 "
            "hit=false",
            "request begin=2026-04-01T09:00:03.000 end=2026-04-01T09:00:04.000 latency=1000ms id=h2 "
            "provider=OPENAI model=gpt-4o cached=0 answered=false status=429",
            "request begin=2026-04-01T09:00:05.000 end=2026-04-01T09:00:05.020 latency=20ms id=h3 provider=OPENAI "
            "model=gpt-4o in=0 out=0 cost=0 answered=true status=200 hit=true"}));
}

TEST_F(LogFormatsTest, openrouter) {
  EXPECT_EQ(
      rows_of("openrouter"),
      (Rows{"request begin=2026-04-01T09:00:00.000 latency=2500ms ttft=400ms id=gen-1 provider=OpenAI "
            "model=openai/gpt-4o-2024-08-06 user=u,1 team=search in=1000 out=150 cached=600 reasoning=20 cost=0.0034 "
            "answered=true",
            "bucket begin=2026-04-01T00:00:00.000 provider=OpenAI model=openai/gpt-4o in=150000 out=22500 "
            "reasoning=3000 cost=0.51 requests=150"}));
}

TEST_F(LogFormatsTest, openrouter_with_keys_of_ones_own_costs_what_the_provider_bills_too) {
  const ReadLog rows = read(
      "generation_id,created_at,cost_total,byok_usage_inference,model_permaslug\n"
      "g1,2026-04-01 09:00:00.000,0.0001,0.0035,m\n"
      "g2,2026-04-01 09:00:00.000,0.25,,m\n"
      "g3,2026-04-01 09:00:00.000,0,0.0035,m\n");
  ASSERT_EQ(rows.rows.size(), 3U);
  EXPECT_NE(rows.rows[0].find(" cost=0.0036"), std::string::npos) << rows.rows[0];
  EXPECT_NE(rows.rows[1].find(" cost=0.25"), std::string::npos) << rows.rows[1];
  EXPECT_NE(rows.rows[2].find(" cost=0.0035"), std::string::npos) << rows.rows[2];
  const ReadLog days = read(
      R"({"data": [{"date": "2026-04-01", "model": "m", "usage": 0.5, "byok_usage_inference": 0.25, "requests": 1, "prompt_tokens": 1, "completion_tokens": 1}]})");
  ASSERT_EQ(days.rows.size(), 1U);
  EXPECT_NE(days.rows[0].find(" cost=0.75"), std::string::npos) << days.rows[0];
}

TEST_F(LogFormatsTest, portkey) {
  EXPECT_EQ(
      rows_of("portkey"),
      (Rows{"request begin=2026-04-01T09:00:00.000 latency=2500ms id=p1 provider=openai model=gpt-4o user=u1 in=1000 "
            "out=150 cost=0.0034 answered=true status=200 hit=false",
            "request begin=2026-04-01T09:00:03.000 latency=12ms id=p2 provider=openai model=gpt-4o in=1000 out=150 "
            "cost=0 answered=true status=200 hit=true"}));
}

TEST_F(LogFormatsTest, portkey_by_each_status_of_its_cache) {
  for (const auto& [status, hit] :
       {std::pair{"HIT", "true"}, std::pair{"SEMANTIC HIT", "true"}, std::pair{"MISS", "false"},
        std::pair{"SEMANTIC MISS", "false"}, std::pair{"REFRESH", "false"}, std::pair{"DISABLED", "false"}}) {
    const ReadLog log = read(fmt::format(
        R"({{"id": "p", "created_at": "2026-04-01T09:00:00Z", "ai_org": "o", "ai_model": "m", "cache_status": "{}"}})",
        status));
    ASSERT_EQ(log.rows.size(), 1U) << status;
    EXPECT_TRUE(log.rows[0].ends_with(std::string{" hit="} + hit)) << log.rows[0];
  }
}

TEST_F(LogFormatsTest, openai_usage) {
  EXPECT_EQ(rows_of("openai-usage"),
            (Rows{"bucket begin=2026-04-01T00:00:00.000 end=2026-04-02T00:00:00.000 provider=openai "
                  "model=gpt-4o-2024-08-06 team=proj_1 in=150000 out=22500 cached=90000 requests=150"}));
}

TEST_F(LogFormatsTest, anthropic_usage) {
  EXPECT_EQ(rows_of("anthropic-usage"),
            (Rows{"bucket begin=2026-04-01T00:00:00.000 end=2026-04-02T00:00:00.000 provider=anthropic "
                  "model=claude-haiku-4-5 in=150000 out=22500 cached=80000 written=10000"}));
}

TEST_F(LogFormatsTest, tiers_of_service_with_another_price_are_kept_apart) {
  const auto row_of = [&](const char* tier) {
    write_text(
        folder.file("log"),
        fmt::format(
            R"({{"data": [{{"starting_at": "2026-04-01T00:00:00Z", "ending_at": "2026-04-02T00:00:00Z", "results": [{{"uncached_input_tokens": 60, "cache_creation": {{"ephemeral_1h_input_tokens": 7, "ephemeral_5m_input_tokens": 10}}, "cache_read_input_tokens": 80, "output_tokens": 22, "service_tier": {}, "model": "m"}}]}}]}})",
            tier));
    LogReader reader{LogChoice{.file = folder.file("log")}};
    LogRow row;
    EXPECT_TRUE(reader.next(row));
    return row;
  };
  EXPECT_EQ(row_of("null").cache_written, Tokens{17});
  EXPECT_EQ(row_of("null").cache_written_1h, Tokens{7});
  EXPECT_FALSE(row_of("null").is_batch);
  EXPECT_TRUE(row_of(R"("batch")").is_batch);
  EXPECT_EQ(row_of(R"("batch")").tier, "");
  EXPECT_EQ(row_of(R"("standard")").tier, "");
  EXPECT_EQ(row_of(R"("flex")").tier, "flex");
}

TEST_F(LogFormatsTest, csv_by_its_columns) {
  EXPECT_EQ(rows_of("csv", "time=created,model=m,input=in,output=out,cost_usd=usd,latency_ms=ms,success=ok"),
            (Rows{"request begin=2026-04-01T09:00:00.000 latency=2500ms provider=gpt-4o model=gpt-4o in=1000 out=150 "
                  "cost=0.0034 answered=true"}));
}

TEST_F(LogFormatsTest, windtunnel) {
  EXPECT_EQ(rows_of("windtunnel"),
            (Rows{"request begin=2026-04-01T09:00:00.000 end=2026-04-01T09:00:02.500 latency=2500ms id=w1 "
                  "provider=openai model=gpt-4o in=1000 out=150 cost=0.0034 answered=true"}));
}

TEST_F(LogFormatsTest, cost_reports_have_amounts_and_no_tokens) {
  EXPECT_EQ(
      read(
          R"({"object": "page", "data": [{"object": "bucket", "start_time": 1775001600, "end_time": 1775088000, "results": [{"object": "organization.costs.result", "amount": {"value": 0.51, "currency": "usd"}, "line_item": "gpt-4o input", "project_id": null}]}]})")
          .rows,
      (Rows{"bucket begin=2026-04-01T00:00:00.000 end=2026-04-02T00:00:00.000 provider=openai model=gpt-4o input "
            "cost=0.51"}));
  EXPECT_EQ(
      read(
          R"({"data": [{"starting_at": "2026-04-01T00:00:00Z", "ending_at": "2026-04-02T00:00:00Z", "results": [{"amount": "51.25", "currency": "USD", "description": null, "model": null}]}]})")
          .rows,
      (Rows{"bucket begin=2026-04-01T00:00:00.000 end=2026-04-02T00:00:00.000 provider=anthropic cost=0.5125"}));
}

// A record that cannot be read costs itself alone, and is shown with its place, its field and what the field is.
TEST_F(LogFormatsTest, shows_bad_records_with_their_place_and_reason) {
  const std::string good =
      R"({"request_id": "a", "spend": 0.1, "startTime": "2026-04-01T09:00:00Z", "endTime": "2026-04-01T09:00:01Z"})";
  const ReadLog log = read(
      good + "\n" + R"({"request_id": "b", "spend": "much", "startTime": "2026-04-01T09:00:00Z"})" + "\nhello\n" +
      R"({"request_id": "c", "spend": 0.1, )" + "\n" + good + "\n" +
      R"({"request_id": "d", "spend": 0.1, "startTime": "2026-04-01T09:00:02Z", "endTime": "2026-04-01T09:00:01Z"})" +
      "\n" + good + "\n" + good.substr(0, 50));
  EXPECT_EQ(log.rows.size(), 3U);
  ASSERT_EQ(log.bad.size(), 5U);
  EXPECT_EQ(log.bad[0], "line 2: spend is much, and a number of dollars is read");
  EXPECT_EQ(log.bad[1], "line 3: it is no JSON object: hello");
  EXPECT_TRUE(log.bad[2].starts_with("line 4: it stops in the middle: ")) << log.bad[2];
  EXPECT_EQ(log.bad[3], "line 6: it ends before it begins");
  EXPECT_TRUE(log.bad[4].starts_with("line 8: the file stops in the middle of it: ")) << log.bad[4];
}

TEST_F(LogFormatsTest, of_an_unknown_log_names_what_it_has) {
  write_text(folder.file("unknown.csv"), "when,what\n1,2\n");
  const LogReader csv{LogChoice{.file = folder.file("unknown.csv")}};
  EXPECT_EQ(csv.unrecognised(), "its columns are when, what; name those to read with --columns");
  write_text(folder.file("unknown.json"), R"({"when": 1})");
  const LogReader json{LogChoice{.file = folder.file("unknown.json")}};
  EXPECT_EQ(json.unrecognised(), "its first record has when");
}

TEST_F(LogFormatsTest, columns_are_checked) {
  EXPECT_THROW((void)read("a,b\n1,2\n", {.columns = "tiem=a"}), std::invalid_argument);
  EXPECT_THROW((void)read("a,b\n1,2\n", {.columns = "model=a"}), std::invalid_argument);
  EXPECT_THROW((void)read("a,b\n1,2\n", {.columns = "time"}), std::invalid_argument);
  EXPECT_THROW((void)read("a,b\n1,2\n", {.format = "csv"}), std::invalid_argument);
  EXPECT_THROW((void)read("a,b\n1,2\n", {.format = "lightllm"}), std::invalid_argument);
}

}  // namespace
}  // namespace windtunnel::reports::log_formats_test
