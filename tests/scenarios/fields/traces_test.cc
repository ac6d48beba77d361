#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "sim/world/world.h"

namespace windtunnel::scenarios::traces_test {
namespace {

using namespace std::chrono_literals;

// A folder of its own for each test, gone afterwards.
class Trace : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "windtunnel-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr) << folder;
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  sim::Scenario read(const std::string& csv, const std::vector<std::string>& sets = {}) {
    std::ofstream(folder_ / "t.csv", std::ios::binary) << csv;
    return read_scenario_text(R"({)" + before_ + R"("workload": {"w": {"executor": "replay", "trace": "t.csv"}}})",
                              (folder_ / "s.json").string(), sets);
  }
  // The errors without the folder.
  std::string error_of(const std::string& csv, const std::vector<std::string>& sets = {}) {
    try {
      read(csv, sets);
      return "no error";
    } catch (const ScenarioError& error) {
      const Diagnostic& first = error.diagnostics().front();
      return std::filesystem::path(first.file).filename().string() + ':' + std::to_string(first.line) + ' ' +
             first.message;
    }
  }
  std::filesystem::path folder_;
  std::string before_;  // the workload, in the scenario
};

TEST_F(Trace, fills_the_requests_of_a_replay) {
  const sim::Scenario s =
      read("\xEF\xBB\xBFt_us,input_tokens,output_tokens,prompt_key\r\n0,374,44,a\r\n1500,0,9,\r\n1500,1,0,a");
  const auto& requests = s.workloads[0].requests;
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0], (sim::ListedRequest{0ns, Tokens{374}, Tokens{44}, Tokens{44}, "a", {}, {}}));
  EXPECT_EQ(requests[1], (sim::ListedRequest{1500us, Tokens{0}, Tokens{9}, Tokens{9}, {}, {}, {}})) << "no key";
  EXPECT_EQ(requests[2].max_tokens, Tokens{0});
}

TEST_F(Trace, has_columns_of_callers_models_and_cached_tokens) {
  const sim::Scenario s = read(
      "t_us,input_tokens,output_tokens,user,team,key,model,cached_input_tokens,latency_ms,outcome\n"
      "0,10,2,ada,red,key-1,openai,7,12.5,served\n"
      "1,10,2,,,,claude-3-5-sonnet,,,\n"
      "2,10,2,,,,unheard-of,,,\n");
  const auto& requests = s.workloads[0].requests;
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].user, "ada");
  EXPECT_EQ(requests[0].team, "red");
  EXPECT_EQ(requests[0].key, "key-1");
  EXPECT_EQ(requests[0].provider, "openai");
  EXPECT_EQ(requests[0].cached_input, Tokens{7});
  EXPECT_EQ(requests[1].provider, "anthropic") << "whose model it is";
  EXPECT_FALSE(requests[1].user || requests[1].cached_input);
  EXPECT_FALSE(requests[2].provider);
  const auto& replay = std::get<sim::TraceReplay>(s.workloads[0].executor);
  EXPECT_EQ(replay.strangers, 1U) << "rows, which the run's notes name";
  EXPECT_EQ(replay.stranger, "unheard-of");
}

TEST_F(Trace, of_azure_is_read_as_it_is_published) {
  for (const char* const text :
       {"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 "
        "18:17:04.0319600,3180,8\n",
        "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2024-05-10 00:00:00.009930+00:00,4808,10\r\n"
        "2024-05-10 00:00:00.061930+00:00,3180,8\r\n"}) {
    const auto requests = read(text).workloads[0].requests;
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].at, 0ns) << "times since 1970 begin with the first row";
    EXPECT_EQ(requests[1].at, 52ms);
    EXPECT_EQ(requests[1].input, Tokens{3180});
    EXPECT_EQ(requests[1].output, Tokens{8});
  }
  EXPECT_EQ(error_of("TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,2\n"),
            "t.csv:2 TIMESTAMP \"yesterday\" is no time of the calendar since 1970");
}

TEST_F(Trace, of_burstgpt_and_vidur_have_times_in_seconds) {
  const auto burst = read(
                         "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
                         "5,ChatGPT,472,18,490,Conversation log\n45.25,GPT-4,1087,230,1317,API log\n")
                         .workloads[0]
                         .requests;
  ASSERT_EQ(burst.size(), 2U);
  EXPECT_EQ(burst[1].at, 45'250ms);
  EXPECT_EQ(burst[1].input, Tokens{1087});
  EXPECT_EQ(burst[1].output, Tokens{230});
  const auto vidur =
      read("arrived_at,num_prefill_tokens,num_decode_tokens,pd_ratio\n0.5,374,44,8.5\n").workloads[0].requests;
  ASSERT_EQ(vidur.size(), 1U);
  EXPECT_EQ(vidur[0].at, 500ms);
  EXPECT_EQ(vidur[0].output, Tokens{44});
  EXPECT_EQ(error_of("arrived_at,num_prefill_tokens,num_decode_tokens\nsoon,1,2\n"),
            "t.csv:2 arrived_at \"soon\" is no time in seconds");
}

TEST_F(Trace, of_mooncake_is_lines_of_json_with_questions_by_their_blocks) {
  const auto requests = read(R"({"timestamp": 0, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}
{"timestamp": 3052, "input_length": 6955, "output_length": 26, "hash_ids": [46, 47]}
{"timestamp": 3052, "input_length": 6955, "output_length": 26, "hash_ids": [46, 48]}
)")
                            .workloads[0]
                            .requests;
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[1].at, 3052ms);
  EXPECT_EQ(requests[1].input, Tokens{6955});
  EXPECT_EQ(requests[1].max_tokens, Tokens{26});
  EXPECT_EQ(requests[0].prompt, requests[1].prompt);
  EXPECT_NE(requests[0].prompt, requests[2].prompt);
  EXPECT_EQ(error_of("{\"timestamp\": 1}\n"),
            "t.csv:1 the line is no object of timestamp, input_length and output_length; `windtunnel init --from LOG` "
            "makes a scenario of a gateway's log");
}

TEST_F(Trace, may_be_packed_by_gzip_or_zstd) {
  const auto packed = [&](const std::string& command) {
    std::ofstream(folder_ / "plain", std::ios::binary) << "t_us,input_tokens,output_tokens\n0,1,2\n5,3,4\n";
    const std::string to = (folder_ / "packed").string();
    if (std::system(("(" + command + ") < " + (folder_ / "plain").string() + " > " + to + " 2>/dev/null").c_str()) != 0)
      return std::string();
    std::ifstream in(to, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  for (const char* const command : {"gzip -c", "zstd -c"}) {
    const std::string bytes = packed(command);
    if (bytes.empty()) continue;  // the tool is not there
    const auto requests = read(bytes).workloads[0].requests;
    ASSERT_EQ(requests.size(), 2U) << command;
    EXPECT_EQ(requests[1].input, Tokens{3});
    EXPECT_NE(error_of(bytes.substr(0, bytes.size() - 3)).find("damaged gzip or zstd"), std::string::npos) << command;
    if (std::string(command) == "gzip -c") {
      EXPECT_EQ(read(bytes + packed("tail -n 1 | gzip -c")).workloads[0].requests.size(), 3U) << "two members";
    }
  }
}

TEST_F(Trace, columns_may_stand_in_any_order) {
  const auto requests = read("output_tokens,t_us,input_tokens\n3,1,2\n").workloads[0].requests;
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].at, 1us);
  EXPECT_EQ(requests[0].input, Tokens{2});
  EXPECT_EQ(requests[0].output, Tokens{3});
  EXPECT_FALSE(requests[0].prompt);
}

TEST_F(Trace, names_the_row_that_is_wrong) {
  const std::string header = "t_us,input_tokens,output_tokens\n";
  EXPECT_EQ(error_of(header + "0,1,2\n1,x,2\n"), "t.csv:3 input_tokens \"x\" is not a whole number");
  EXPECT_EQ(error_of(header + "0,1\n"), "t.csv:2 the row has 2 columns, the header 3");
  EXPECT_EQ(error_of(header + "0,1,2,3\n"), "t.csv:2 the row has 4 columns, the header 3");
  EXPECT_EQ(error_of(header + "0,-1,2\n"), "t.csv:2 input_tokens -1 is negative");
  EXPECT_EQ(error_of(header + "0,1,100000001\n"), "t.csv:2 output_tokens 100000001 is above 100000000, the most");
  EXPECT_EQ(error_of(header + "0,1,100000000\n"), "no error");
  EXPECT_EQ(error_of(header + "5,1,2\n5,1,2\n"), "no error");
  EXPECT_EQ(error_of(header + "5,1,2\n4,1,2\n"), "t.csv:3 t_us goes back");
  EXPECT_EQ(error_of(header + "5,1.5,2\n"), "t.csv:2 input_tokens \"1.5\" is not a whole number");
  EXPECT_EQ(error_of(header + "5,,2\n"), "t.csv:2 input_tokens \"\" is not a whole number");
  EXPECT_EQ(error_of(header + "5,1,2\n\n6,1,2\n"), "t.csv:3 the row has 1 columns, the header 3");
}

TEST_F(Trace, has_a_column_of_routes) {
  const std::string header = "t_us,input_tokens,output_tokens,route\n";
  EXPECT_EQ(error_of(header + "0,1,1,\n1,1,1,chat\n"),
            "t.csv:3 no route is named \"chat\"; write \"routes\" at the top of the scenario");
  before_ = R"("routes": {"chat": {"targets": [{"deployment": "openai"}]},
                          "large": {"targets": [{"deployment": "anthropic"}]}}, )";
  const sim::Scenario s = read(header + "0,1,1,large\n1,1,1,\n2,1,1,chat\n");
  EXPECT_EQ(s.workloads[0].requests[0].route, "large");
  EXPECT_FALSE(s.workloads[0].requests[1].route);
  EXPECT_EQ(s.workloads[0].requests[2].route, "chat");
  EXPECT_EQ(error_of(header + "0,1,1,chat\n1,1,1,larg\n"),
            "t.csv:3 no route is named \"larg\"; did you mean \"large\"? (an empty field asks for the "
            "workload's route)");
}

TEST_F(Trace, needs_its_header) {
  EXPECT_EQ(error_of(""),
            "t.csv:1 the header names an unknown column \"\"; it is "
            "t_us,input_tokens,output_tokens[,prompt_key,user,team,key,model,route,"
            "cached_input_tokens]; `windtunnel init --from LOG` makes a scenario of a gateway's log");
  EXPECT_EQ(error_of("0,1,2\n").substr(0, 44), "t.csv:1 the header names an unknown column \"");
  EXPECT_EQ(error_of("t_us,input_tokens\n"), "t.csv:1 the header lacks the column output_tokens");
  EXPECT_EQ(error_of("t_us,t_us,input_tokens\n"), "t.csv:1 the header names \"t_us\" twice");
  EXPECT_EQ(error_of("t_us,input_tokens,output_tokens\n"), "t.csv:1 no rows behind the header");
}

TEST_F(Trace, stops_after_ten_bad_rows) {
  std::string csv = "t_us,input_tokens,output_tokens\n";
  for (int i = 0; i < 50; ++i) csv += "a;b;c\n";
  try {
    read(csv);
    FAIL();
  } catch (const ScenarioError& error) {
    EXPECT_EQ(error.diagnostics().size(), 10U);
  }
}

TEST_F(Trace, a_missing_one_is_an_error_at_its_key) {
  const std::string text = R"({"workload": {"w": {"executor": "replay", "trace": "gone.csv"}}})";
  try {
    read_scenario_text(text, (folder_ / "s.json").string());
    FAIL();
  } catch (const ScenarioError& error) {
    EXPECT_EQ(error.diagnostics().front().pointer, "/workload/w/trace");
  }
}

constexpr const char* kThreeRows = "t_us,input_tokens,output_tokens\n500000,1,2\n700000,1,2\n3000000,1,2\n";

TEST_F(Trace, decides_how_long_a_run_lasts_whose_duration_is_not_written) {
  EXPECT_EQ(read(kThreeRows).duration, 4s) << "a row at 3 s comes before the end";
  EXPECT_EQ(read("t_us,input_tokens,output_tokens\n0,1,2\n2999999,1,2\n").duration, 3s);
  EXPECT_EQ(read("t_us,input_tokens,output_tokens\n0,1,2\n").duration, 1s);
  EXPECT_EQ(read(kThreeRows, {"workload.w.time_scale=100"}).duration, 301s);
  EXPECT_EQ(read(kThreeRows, {"workload.w.start=1h"}).duration, 1h + 4s);
  EXPECT_EQ(read(kThreeRows, {"workload.w.duration=2s"}).duration, 2s);
  EXPECT_EQ(read(kThreeRows, {"duration=10m"}).duration, 10min);
  EXPECT_EQ(read(kThreeRows, {"duration=1s"}).duration, 1s);
}

TEST_F(Trace, keeps_a_duration_of_ten_minutes_that_is_written) {
  const sim::Scenario written = read(kThreeRows, {"duration=10m"});
  std::ofstream(folder_ / "again.json") << write_scenario(written);
  EXPECT_EQ(read_scenario((folder_ / "again.json").string()).duration, 10min);
}

TEST_F(Trace, leaves_out_what_comes_until_a_time_and_later) {
  const sim::Scenario s = read(kThreeRows, {"workload.w.until=700001us"});
  EXPECT_EQ(s.workloads[0].requests.size(), 2U);
  EXPECT_EQ(s.duration, 1s);
  EXPECT_EQ(read(kThreeRows, {"workload.w.until=700ms"}).workloads[0].requests.size(), 1U);
  EXPECT_EQ(read(kThreeRows, {"workload.w.until=700ms", "workload.w.time_scale=10"}).workloads[0].requests.size(), 1U)
      << "a time of the trace's own";
  EXPECT_TRUE(error_of(kThreeRows, {"workload.w.until=500ms"}).ends_with("no row of the trace comes before it"));
}

TEST_F(Trace, counts_times_since_1970_from_its_first_row) {
  const std::string header = "t_us,input_tokens,output_tokens\n";
  const sim::Scenario s = read(header + "1700000000000000,10,10\n1700000000000001,10,10\n");
  EXPECT_EQ(s.workloads[0].requests[0].at, 0us);
  EXPECT_EQ(s.workloads[0].requests[1].at, 1us);
  EXPECT_EQ(std::get<sim::TraceReplay>(s.workloads[0].executor).shift, 1'700'000'000s);
  EXPECT_EQ(s.duration, 1s);
  // Times of a trace that begins late in its own time stay what they are.
  const sim::Scenario late = read(header + "946684799999999,10,10\n");
  EXPECT_EQ(late.workloads[0].requests[0].at, 946'684'799'999'999us);
  EXPECT_EQ(read(header + "946684800000000,10,10\n").workloads[0].requests[0].at, 0us);
}

TEST_F(Trace, is_part_of_the_hash) {
  const std::string header = "t_us,input_tokens,output_tokens\n";
  EXPECT_NE(read(header + "0,1,2\n").hash, read(header + "0,1,3\n").hash);
}

TEST(ShippedTraces, have_the_rows_and_tokens_of_their_source) {
  const auto read_shipped = [](const char* file) {
    const std::string text =
        std::string(R"({"workload": {"w": {"executor": "replay", "trace": "data/)") + file + "\"}}}";
    return read_scenario_text(text, std::string(WINDTUNNEL_ROOT) + "/scenarios/x.json").workloads[0].requests;
  };
  const auto azure = read_shipped("azure2023_conv.csv");
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t small = 0;
  for (const sim::ListedRequest& request : azure) {
    input += request.input->count();
    output += request.output->count();
    if (request.input->count() + request.output->count() <= 500) ++small;
  }
  EXPECT_EQ(azure.size(), 19'366U);
  EXPECT_EQ(input, 22'361'870);
  EXPECT_EQ(output, 4'088'665);
  EXPECT_EQ(small, 5'443);
  const auto mooncake = read_shipped("mooncake_synthetic.csv");
  EXPECT_EQ(mooncake.size(), 3'993U);
  EXPECT_EQ(mooncake.front().prompt, "f31655adc8598248");
}

// Every repeat of a prompt is a hit where answers take no time and all are kept, but for those of one instant.
TEST(ShippedTraces, repeat_their_prompts_however_long_the_answers_are) {
  const sim::Scenario scenario = read_scenario_text(
      R"({"monitor": {"token_limiter": {"mode": "off"}, "cost_limiter": {"monthly_usd": null}},
          "providers": {"p": {"profile": null, "price_usd_per_million": {"input": 1, "output": 1}}},
          "workload": {"w": {"executor": "replay", "trace": "data/mooncake_synthetic.csv"}}})",
      std::string(WINDTUNNEL_ROOT) + "/scenarios/x.json");
  std::map<std::string, std::set<std::int64_t>> lengths;
  std::map<std::string, Duration> first;
  std::int64_t repeats = 0;
  for (const sim::ListedRequest& row : scenario.workloads[0].requests) {
    lengths[*row.prompt].insert(row.output->count());
    const auto [seen, is_new] = first.try_emplace(*row.prompt, row.at);
    if (!is_new && seen->second < row.at) ++repeats;
  }
  EXPECT_TRUE(std::any_of(lengths.begin(), lengths.end(), [](const auto& entry) { return entry.second.size() > 1; }));
  EXPECT_EQ(run(scenario).pipeline.cache().hits(), repeats);
}

}  // namespace
}  // namespace windtunnel::scenarios::traces_test
