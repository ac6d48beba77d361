// `windtunnel run` and `validate` as their user meets them.

#include <gtest/gtest.h>

#include <string>

#include "reports/html/html_bundle.h"
#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::run_test {
namespace {

const std::string kOutage = "scenarios/catalog/openai-outage.json";

TEST(Run, writes_its_reports_complete) {
  const Folder out;
  ASSERT_EQ(windtunnel("run " + kOutage + " --out " + out.path()).exit, 0);
  for (const char* name : {"telemetry.jsonl", "events.jsonl", "timeline.json", "summary.json", "summary.txt"}) {
    EXPECT_TRUE(out.has(name)) << name;
    EXPECT_FALSE(out.has(std::string{name} + ".partial")) << name;
    EXPECT_FALSE(out.read(name).empty()) << name;
  }
}

TEST(Run, the_steps_of_the_timeline_are_as_wide_as_requested) {
  const Folder out;
  ASSERT_EQ(windtunnel("run " + kOutage + " --timeline-step 30s --out " + out.path()).exit, 0);
  EXPECT_NE(out.read("timeline.json").find("\"step_ns\": 30000000000,"), std::string::npos);
  for (const char* no_step : {"0s", "30", "soon"}) {
    const ProcessResult result = windtunnel("run " + kOutage + " --timeline-step " + no_step);
    EXPECT_EQ(result.exit, 2);
    EXPECT_NE(result.out.find(std::string{"--timeline-step "} + no_step + " is not a duration"), std::string::npos)
        << result.out;
  }
}

TEST(Run, the_same_seed_gives_the_same_bytes_and_another_seed_others) {
  const Folder out;
  windtunnel("run " + kOutage + " --seed 5 --out " + out.path("a"));
  windtunnel("run " + kOutage + " --seed 5 --out " + out.path("b"));
  windtunnel("run " + kOutage + " --seed 6 --out " + out.path("c"));
  for (const char* name : {"/telemetry.jsonl", "/events.jsonl", "/timeline.json", "/summary.txt"}) {
    EXPECT_EQ(out.read(std::string{"a"} + name), out.read(std::string{"b"} + name)) << name;
    EXPECT_NE(out.read(std::string{"a"} + name), out.read(std::string{"c"} + name)) << name;
  }
}

TEST(Run, several_seeds_give_the_same_lines_in_the_same_order_for_any_number_of_jobs) {
  const ProcessResult result = windtunnel("run " + kOutage + " --seeds 1..6 --jobs 1");
  const ProcessResult two = windtunnel("run " + kOutage + " --seeds 1..6 --jobs 2");
  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.out, two.out);
  EXPECT_NE(result.out.find("6 of 6 runs, 6 pass"), std::string::npos) << result.out;
}

TEST(Run, several_files_exit_with_the_worst_and_print_the_counts) {
  const ProcessResult result = windtunnel(
      "run scenarios/catalog/both-down.json scenarios/catalog/healthy.json --set monitor.circuit_breaker.open=2m");
  EXPECT_EQ(result.exit, 11);
  EXPECT_NE(result.out.find("replay: windtunnel run scenarios/catalog/both-down.json"), std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("2 of 2 runs, 1 liveness, 1 pass"), std::string::npos) << result.out;
}

TEST(Run, the_replay_line_repeats_the_failure) {
  const ProcessResult result = windtunnel("run scenarios/catalog/both-down.json --set monitor.circuit_breaker.open=2m");
  ASSERT_EQ(result.exit, 11);
  const std::size_t at = result.out.find("windtunnel run scenarios");
  ASSERT_NE(at, std::string::npos) << result.out;
  const std::string line = result.out.substr(at, result.out.find('\n', at) - at);
  EXPECT_EQ(windtunnel(line.substr(std::string{"windtunnel "}.size())).exit, 11);
}

TEST(Run, json_on_stdout_is_the_summary_file) {
  const Folder out;
  const ProcessResult result = windtunnel("run " + kOutage + " --format json --out " + out.path());
  EXPECT_EQ(result.out, out.read("summary.json"));
}

TEST(Run, a_scenario_with_errors_runs_nothing) {
  const Folder folder;
  folder.write("bad.json", "{\"version\": 1, \"duratoin\": \"5m\"}\n");
  const ProcessResult result = windtunnel("run " + folder.path("bad.json") + " --out " + folder.path("out"));
  EXPECT_EQ(result.exit, 3);
  EXPECT_NE(result.out.find("bad.json:1:16"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("did you mean \"duration\"?"), std::string::npos) << result.out;
  EXPECT_FALSE(folder.has("out"));
}

TEST(Run, a_missing_file_is_a_file_error) { EXPECT_EQ(windtunnel("run no-such-file.json").exit, 4); }

TEST(Run, a_full_disk_is_a_file_error_with_its_reason) {
  const ProcessResult result = windtunnel("run " + kOutage + " --telemetry /dev/full");
  EXPECT_EQ(result.exit, 4);
  EXPECT_NE(result.out.find("No space left on device"), std::string::npos) << result.out;
}

TEST(Run, a_closed_pipe_is_a_file_error) {
  const std::string command = "cd '" WINDTUNNEL_ROOT "' && { '" WINDTUNNEL_BINARY "' run " + kOutage +
                              " --seeds 1..40 2>/dev/null; echo $? >&2; } 2>&1 >/dev/full";
  FILE* pipe = popen(command.c_str(), "r");
  char line[16] = {};
  ASSERT_NE(fgets(line, sizeof line, pipe), nullptr);
  pclose(pipe);
  EXPECT_EQ(std::string{line}, "4\n");
}

TEST(Run, an_interrupt_keeps_what_was_measured_and_marks_it) {
  const Folder out;
  const std::string command =
      "cd '" WINDTUNNEL_ROOT "' && timeout --foreground --signal=INT 1 '" WINDTUNNEL_BINARY
      "' run scenarios/catalog/month.json --set duration=1500d --set monitor.cost_limiter.monthly_usd=null"
      " --out " +
      out.path() + " >/dev/null 2>&1; echo $?";
  FILE* pipe = popen(command.c_str(), "r");
  char line[16] = {};
  ASSERT_NE(fgets(line, sizeof line, pipe), nullptr);
  pclose(pipe);
  // timeout itself answers 124 when it had to send the signal; the marks tell the rest.
  EXPECT_EQ(std::string{line}, "124\n");
  EXPECT_FALSE(out.has("telemetry.jsonl"));
  EXPECT_TRUE(out.has("telemetry.jsonl.partial"));
  EXPECT_TRUE(out.has("timeline.json.partial"));
  EXPECT_TRUE(out.has("summary.json.partial"));
}

TEST(Run, until_stops_at_that_instant) {
  const ProcessResult whole = windtunnel("run " + kOutage + " --format json");
  const ProcessResult part = windtunnel("run " + kOutage + " --until 60s --format json");
  EXPECT_NE(whole.out, part.out);
  EXPECT_EQ(windtunnel("run " + kOutage + " --until soon").exit, 2);
}

TEST(Run, quiet_prints_nothing_that_passes) { EXPECT_EQ(windtunnel("run --quiet " + kOutage).out, ""); }

TEST(Run, telemetry_can_be_compressed) {
  const Folder out;
  EXPECT_EQ(windtunnel("run --quiet " + kOutage + " --telemetry " + out.path("t.jsonl.zst")).exit, 0);
  EXPECT_EQ(out.read("t.jsonl.zst").substr(0, 4), "\x28\xB5\x2F\xFD");
}

TEST(Usage, errors_exit_2_and_help_exits_0) {
  EXPECT_EQ(windtunnel("").exit, 2);
  EXPECT_EQ(windtunnel("fly").exit, 2);
  EXPECT_EQ(windtunnel("run").exit, 2);
  EXPECT_EQ(windtunnel("run " + kOutage + " --seeds 5..1").exit, 2);
  EXPECT_EQ(windtunnel("run " + kOutage + " --format xml").exit, 2);
  EXPECT_EQ(windtunnel("run " + kOutage + " " + kOutage + " --telemetry x").exit, 2);
  const ProcessResult help = windtunnel("run --help");
  EXPECT_EQ(help.exit, 0);
  EXPECT_NE(help.out.find("--seeds"), std::string::npos);
}

TEST(Usage, a_flag_wins_over_the_environment_and_the_environment_over_the_file) {
  const std::string root = "cd '" WINDTUNNEL_ROOT "' && WINDTUNNEL_SEED=9 '" WINDTUNNEL_BINARY "' run " + kOutage;
  const auto seed_of = [](const std::string& command) {
    FILE* pipe = popen((command + " --format json | grep -m1 '\"seed\"'").c_str(), "r");
    char line[64] = {};
    EXPECT_NE(fgets(line, sizeof line, pipe), nullptr);
    pclose(pipe);
    return std::string{line};
  };
  EXPECT_NE(seed_of(root).find(" 9"), std::string::npos);
  EXPECT_NE(seed_of(root + " --seed 8").find(" 8"), std::string::npos);
}

TEST(Validate, names_what_is_valid_and_exits_3_on_the_rest) {
  const Folder folder;
  folder.write("bad.json", "{\"version\": 1, \"seed\": -1}\n");
  EXPECT_EQ(windtunnel("validate " + kOutage).exit, 0);
  const ProcessResult result = windtunnel("validate " + kOutage + " " + folder.path("bad.json"));
  EXPECT_EQ(result.exit, 3);
  EXPECT_NE(result.out.find("2 files: 1 valid, 1 not"), std::string::npos) << result.out;
}

TEST(Run, counts_more_money_than_a_single_amount_holds) {
  const Folder folder;
  const std::string file = "tests/cases/spend-above-9.2-million.json";
  const ProcessResult result = windtunnel("run " + file + " --out " + folder.path("out"));
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_NE(result.out.find("Total Cost: $18000000.0000\n"), std::string::npos) << result.out;
  if (reports::html_bundle() != nullptr) {
    EXPECT_EQ(windtunnel("report " + folder.path("out")).exit, 0);
    EXPECT_NE(folder.read("out/report.html").find("18000000.0000"), std::string::npos) << "the last bucket's Billed";
  }
  const ProcessResult csv = windtunnel("export csv " + folder.path("out") + " --out " + folder.path("t.csv"));
  EXPECT_EQ(csv.exit, 0) << csv.out;
  EXPECT_NE(folder.read("t.csv").find(",18000000,"), std::string::npos) << "month_settled_usd at the end";
  const ProcessResult metrics =
      windtunnel("export openmetrics " + folder.path("out") + " --out " + folder.path("metrics.txt"));
  EXPECT_EQ(metrics.exit, 0) << metrics.out;
  EXPECT_NE(folder.read("metrics.txt").find("windtunnel_provider_cost_usd_total{provider=\"openai\"} 18000000 "),
            std::string::npos);
}

// 36 million USD in an hour, which three steps of a budget's account, a part and a page must hold.
TEST(Run, a_forecast_counts_more_money_than_a_single_amount_holds) {
  const Folder folder;
  const std::string flags =
      "forecast --quiet --horizon 30m --replications 60 tests/cases/spend-above-9.2-million.json --out ";
  const ProcessResult whole = windtunnel(flags + folder.path("whole"));
  EXPECT_EQ(whole.exit, 0) << whole.out;
  const std::string text = folder.read("whole/forecast.txt");
  EXPECT_NE(text.find("18,000,000"), std::string::npos) << text;
  EXPECT_NE(folder.read("whole/forecast.csv").find(",18000000,18000000,18000000,"), std::string::npos);
  if (reports::html_bundle() != nullptr) {
    const ProcessResult page = windtunnel("report " + folder.path("whole"));
    EXPECT_EQ(page.exit, 0) << page.out;
  }
  for (const char* shard : {"0", "1"}) {
    const ProcessResult part =
        windtunnel(flags + folder.path(std::string("part-") + shard + ".json") + " --shard " + shard + "/2");
    EXPECT_EQ(part.exit, 0) << part.out;
  }
  const ProcessResult merged = windtunnel("merge " + folder.path("part-0.json") + " " + folder.path("part-1.json"));
  EXPECT_EQ(merged.exit, 0) << merged.out;
  EXPECT_NE(merged.out.find("18,000,000"), std::string::npos) << merged.out;
  const ProcessResult compared = windtunnel(
      "compare --quiet tests/cases/spend-above-9.2-million.json --vary workload.a.rate=50,60 --seeds 1..2 "
      "--max-regression 'cost_usd<=1%'");
  EXPECT_NE(compared.out.find("21600000"), std::string::npos) << compared.out;
}

}  // namespace
}  // namespace windtunnel::tests::run_test
