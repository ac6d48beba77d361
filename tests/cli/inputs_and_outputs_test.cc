// Where commands read and write: standard input, files of another command, and processes of another program.

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "reports/html/html_bundle.h"
#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::inputs_and_outputs_test {
namespace {

const std::string kOutage = "scenarios/catalog/openai-outage.json";
const std::string kBinary = "'" WINDTUNNEL_BINARY "' ";

TEST(Inputs, a_dash_is_standard_input) {
  const ProcessResult file = windtunnel("run " + kOutage + " --format json");
  ASSERT_EQ(file.exit, 0);
  EXPECT_EQ(windtunnel("run - <" + kOutage).exit, 0);
  EXPECT_EQ(windtunnel("validate - <" + kOutage).exit, 0);
  EXPECT_EQ(windtunnel("explore - --seeds 1..2 <" + kOutage).exit, 0);
  const ProcessResult compared =
      windtunnel("compare - --vary monitor.circuit_breaker.open=5s,30s --seeds 1..2 <" + kOutage);
  EXPECT_EQ(compared.exit, 0) << compared.out;
  const ProcessResult wrong = shell("echo '{\"version\": 1, \"durtion\": \"1m\"}' | " + kBinary + "run -");
  EXPECT_EQ(wrong.exit, 3) << wrong.out;
  EXPECT_NE(wrong.out.find("-:1:16: /durtion"), std::string::npos) << wrong.out;
}

TEST(Inputs, a_log_may_come_from_standard_input) {
  const Folder folder;
  ASSERT_EQ(windtunnel("run " + kOutage + " --telemetry " + folder.path("t.jsonl.zst")).exit, 0);
  const std::string log = folder.path("t.jsonl.zst");
  const ProcessResult file = windtunnel("init " + folder.path("a.json") + " --from-telemetry " + log);
  ASSERT_EQ(file.exit, 0) << file.out;
  const ProcessResult input = windtunnel("init " + folder.path("b.json") + " --from-telemetry - <" + log);
  EXPECT_EQ(input.exit, 0) << input.out;
  EXPECT_NE(folder.read("b.json"), "");
}

TEST(Inputs, no_message_names_an_exception_of_a_library) {
  const Folder folder;
  folder.write("notes.txt", "buy milk\n");
  folder.write("part.json", "{\"windtunnel_part\":4,\"oops\n");
  for (const char* name : {"forecast", "run"}) std::filesystem::create_directories(folder.path(name));
  folder.write("forecast/forecast.json", "oops");
  folder.write("run/summary.json", "{\"oops\"");
  folder.write("run/timeline.json", "{\"oops\"");
  std::vector<std::string> commands{"merge notes.txt", "merge part.json", "export csv run"};
  if (reports::html_bundle() != nullptr) commands.insert(commands.end(), {"report forecast", "report run"});
  for (const std::string& command : commands) {
    const std::size_t space = command.rfind(' ') + 1;
    const ProcessResult result = windtunnel(command.substr(0, space) + folder.path(command.substr(space)));
    EXPECT_EQ(result.exit, 4) << result.out;
    EXPECT_EQ(result.out.find("json.exception"), std::string::npos) << result.out;
  }
}

TEST(Outputs, no_flag_replaces_a_file_that_is_read) {
  const Folder folder;
  const std::string scenario = folder.path("s.json");
  const std::string text = shell("cat " + kOutage).out;
  folder.write("s.json", text);
  for (const std::string& command :
       {"run " + scenario + " --telemetry " + scenario, "run " + scenario + " --junit " + folder.path("./s.json"),
        "forecast " + scenario + " --horizon 1h --replications 2 --shard 0/1 --out " + scenario}) {
    const ProcessResult result = windtunnel(command);
    EXPECT_EQ(result.exit, 2) << command << "\n" << result.out;
    EXPECT_NE(result.out.find("would replace"), std::string::npos) << result.out;
    EXPECT_EQ(folder.read("s.json"), text) << command;
    EXPECT_FALSE(folder.has("s.json.partial")) << command;
  }
  ASSERT_EQ(windtunnel("run " + scenario + " --out " + folder.path("out")).exit, 0);
  for (const char* name : {"telemetry.jsonl", "events.jsonl", "summary.txt", "summary.json"}) {
    const std::string before = folder.read("out/" + std::string(name));
    for (const char* command : {"report --output ", "export csv --out ", "export openmetrics --out "}) {
      const ProcessResult result =
          windtunnel(command + folder.path("out/" + std::string(name)) + " " + folder.path("out"));
      EXPECT_EQ(result.exit, 2) << command << name << "\n" << result.out;
    }
    EXPECT_EQ(folder.read("out/" + std::string(name)), before) << name;
  }
  const std::string timeline = folder.read("out/timeline.json");
  EXPECT_EQ(windtunnel("export csv " + folder.path("out") + " --out " + folder.path("out/timeline.json")).exit, 2);
  EXPECT_EQ(windtunnel("report " + folder.path("out") + " --output " + folder.path("out/timeline.json")).exit, 2);
  EXPECT_EQ(folder.read("out/timeline.json"), timeline);
}

TEST(Outputs, a_shard_replaces_no_file_that_is_no_part) {
  const Folder folder;
  folder.write("notes.txt", "buy milk\n");
  const std::string forecast = "forecast " + kOutage + " --horizon 1h --replications 2";
  const ProcessResult result = windtunnel(forecast + " --shard 0/1 --out " + folder.path("notes.txt"));
  EXPECT_EQ(result.exit, 4) << result.out;
  EXPECT_NE(result.out.find("notes.txt is no part of a forecast and is not replaced"), std::string::npos) << result.out;
  EXPECT_EQ(folder.read("notes.txt"), "buy milk\n");
  EXPECT_FALSE(folder.has("notes.txt.partial"));
  folder.write("part.json", "mine\n");
  EXPECT_EQ(windtunnel(forecast + " --out " + folder.path()).exit, 4);
  EXPECT_EQ(folder.read("part.json"), "mine\n");
  // What is empty, or an earlier part cut within its first words, holds nothing.
  for (const char* text : {"", "{\"windtunnel_"}) {
    folder.write("again.json", text);
    const ProcessResult again = windtunnel(forecast + " --shard 0/1 --out " + folder.path("again.json"));
    EXPECT_EQ(again.exit, 0) << again.out;
    EXPECT_EQ(again.out.find("json.exception"), std::string::npos) << again.out;
  }
}

TEST(Outputs, telemetry_may_lie_in_a_folder_that_the_run_makes) {
  const Folder folder;
  const ProcessResult result =
      windtunnel("run " + kOutage + " --out " + folder.path("k") + " --telemetry " + folder.path("k/t.jsonl.zst"));
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(folder.has("k/t.jsonl.zst"));
  EXPECT_TRUE(folder.has("k/summary.json"));
}

// Files of a folder that is read from and written to.
TEST(Outputs, no_folder_of_a_study_replaces_a_file_that_is_read) {
  const Folder folder;
  const std::string scenario = shell("cat " + kOutage).out;
  const std::string rest = " --horizon 1h --replications 2";
  ASSERT_EQ(windtunnel("forecast " + kOutage + rest + " --shard 0/1 --out " + folder.path("part.json")).exit, 0);
  const std::string part = folder.read("part.json");
  const auto refuses = [&](const std::string& name, const std::string& content, const std::string& command) {
    folder.write(name, content);
    const ProcessResult result = windtunnel(command + " --out " + folder.path());
    EXPECT_EQ(result.exit, 2) << command << "\n" << result.out;
    EXPECT_NE(result.out.find("would replace"), std::string::npos) << result.out;
    EXPECT_EQ(folder.read(name), content) << command;
  };
  for (const char* name : {"forecast.json", "forecast.txt", "forecast.csv", "part.json"}) {
    refuses(name, scenario, "forecast " + folder.path(name) + rest);
  }
  refuses("forecast.json", part, "merge " + folder.path("forecast.json"));
  for (const char* name : {"compare.json", "compare.txt", "compare_runs.csv"}) {
    refuses(name, scenario, "compare " + kOutage + " " + folder.path(name) + " --seeds 1..2");
  }
}

TEST(Outputs, of_two_commands_with_one_folder_the_second_is_refused_and_the_first_is_whole) {
  const Folder folder;
  const std::string out = folder.path("out");
  const ProcessResult alone = windtunnel("run scenarios/catalog/demo.json --out " + folder.path("alone"));
  ASSERT_EQ(alone.exit, 0);
  // The first one is stopped in the middle, until the second has ended.
  const ProcessResult result = shell(kBinary + "run scenarios/catalog/demo.json --set duration=30m --out " + out +
                                     " >/dev/null & first=$!; while [ ! -e " + out +
                                     "/events.jsonl.partial ]; do sleep 0.01; done; "
                                     "kill -STOP $first; " +
                                     kBinary + "run " + kOutage + " --out " + out +
                                     "; echo second=$?; kill -CONT $first; wait $first; echo first=$?");
  EXPECT_NE(result.out.find("second=4"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("is writing there; wait for it, or name another place"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("first="), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("first=4"), std::string::npos) << result.out;
  EXPECT_NE(folder.read("out/summary.json").find("demo.json"), std::string::npos);
}

TEST(Outputs, a_shard_does_not_replace_the_part_of_another_one) {
  const Folder folder;
  folder.write("s.json", R"({"version": 1, "title": "m", "duration": "1d", "workload": {"a": {
    "executor": "constant-arrival-rate", "rate": 1, "time_unit": "1m"}}})");
  const std::string forecast = "forecast " + folder.path("s.json") + " --horizon 1d --replications 6 --out " +
                               folder.path("part-0.json") + " --shard ";
  ASSERT_EQ(windtunnel(forecast + "0/3").exit, 0);
  const std::string part = folder.read("part-0.json");
  const ProcessResult other = windtunnel(forecast + "1/3");
  EXPECT_EQ(other.exit, 4) << other.out;
  EXPECT_NE(other.out.find("is shard 0/3 and is not replaced by shard 1/3"), std::string::npos) << other.out;
  const ProcessResult seed = windtunnel(forecast + "0/3 --seed 5");
  EXPECT_EQ(seed.exit, 4) << seed.out;
  EXPECT_NE(seed.out.find("is of another forecast (it differs in "), std::string::npos) << seed.out;
  EXPECT_EQ(folder.read("part-0.json"), part);
}

// A shell that replaces itself by the program leaves it its own children.
TEST(Processes, those_that_the_command_did_not_start_live_on) {
  const Folder folder;
  const ProcessResult result =
      shell("sh -c 'sleep 1000 2>/dev/null & echo $! >" + folder.path("pids") +
            "; sleep 1000 2>/dev/null & echo $! >>" + folder.path("pids") +
            "; exec " WINDTUNNEL_BINARY " verify --cases 2 -- " WINDTUNNEL_BINARY " breaker' >/dev/null; echo exit=$?");
  EXPECT_NE(result.out.find("exit=0"), std::string::npos) << result.out;
  std::istringstream pids{folder.read("pids")};
  int alive = 0;
  for (pid_t pid = 0; pids >> pid; kill(pid, SIGKILL)) alive += kill(pid, 0) == 0 ? 1 : 0;
  EXPECT_EQ(alive, 2);
}

}  // namespace
}  // namespace windtunnel::tests::inputs_and_outputs_test
