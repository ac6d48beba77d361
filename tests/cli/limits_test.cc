// What legal input may cost: threads, memory, bytes of a log, and the time until an interrupt is obeyed.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::limits_test {
namespace {

const std::string kOutage = "scenarios/catalog/openai-outage.json";

// A provider that goes down and up again every nanosecond.
const char* const kFlapping = R"({"version": 1, "title": "flaps", "duration": "10m", "faults": [
  {"id": "f", "kind": "flapping", "provider": "openai", "at": "1s", "duration": "9m", "up": "1ns", "down": "1ns"}]})";

// Load whose state changes every nanosecond between two arrivals that are minutes apart.
const char* const kRestless = R"({"version": 1, "title": "restless", "duration": "30d", "workload": {"a": {
  "executor": "constant-arrival-rate", "arrival": "mmpp", "rate": 1, "time_unit": "1h",
  "mmpp": {"factors": [1, 2], "mean_sojourn": ["1ns", "1ns"]}}}})";

const char* const kBillionPrompts = R"({"version": 1, "title": "prompts", "duration": "1m", "workload": {"chat": {
  "executor": "constant-arrival-rate", "rate": 1, "prompts": {"count": 1000000000, "zipf": 1}}}})";

#if !defined(WINDTUNNEL_SANITIZE)
TEST(Limits, where_threads_cannot_start_a_command_does_its_work_without_them) {
  const Folder folder;
  folder.write("month.json", R"({"version": 1, "title": "m", "duration": "1d", "workload": {"a": {
    "executor": "constant-arrival-rate", "rate": 1, "time_unit": "1m"}}})");
  // A stack that is larger than the address space.
  const std::string limits = "ulimit -v 4000000; ulimit -s 8000000; timeout 60 '" WINDTUNNEL_BINARY "' ";
  const std::string forecast =
      "forecast " + folder.path("month.json") + " --horizon 1d --replications 20 --format json";
  const std::string explore = "explore " + kOutage + " --seeds 1..6";
  const std::string run = "run " + kOutage + " --seeds 1..4";
  for (const std::string& command : {forecast, explore, run}) {
    const ProcessResult result = shell(limits + command + " --jobs 4 2>/dev/null");
    EXPECT_EQ(result.exit, 0) << command << "\n" << result.out;
  }
}

TEST(Limits, out_of_memory_names_itself) {
  const ProcessResult result = shell("ulimit -v 300000; timeout 60 '" WINDTUNNEL_BINARY "' run " + kOutage +
                                     " --set 'workload.chat.prompts={\"count\": 100000000, \"zipf\": 1}'");
  EXPECT_EQ(result.exit, 1) << result.out;
  EXPECT_NE(result.out.find("windtunnel: out of memory"), std::string::npos) << result.out;
}
#endif

TEST(Limits, what_takes_too_much_memory_is_refused_before_it_takes_any) {
  const Folder folder;
  folder.write("s.json", kBillionPrompts);
  const std::string file = folder.path("s.json");
  for (const std::string& command :
       {"run " + file + " --memory-max 7GB", "run " + file + " --seeds 1..2 --jobs 2", "explore " + file + " --jobs 2",
        "forecast " + file + " --memory-max 7GB",
        "compare " + file + " --vary monitor.circuit_breaker.open=1s,2s --memory-max 1000MB", "run " + file,
        "explore " + file + " --swarm", "explore " + file + " --frontier monitor.circuit_breaker.open=1s..9s",
        "forecast " + file, "serve --port-base 0 " + file}) {
    const ProcessResult result = windtunnel(command, "timeout 30");
    EXPECT_EQ(result.exit, 2) << command << "\n" << result.out;
    EXPECT_NE(result.out.find("of memory (workload chat: 1000000000 prompts"), std::string::npos) << result.out;
  }
  const ProcessResult tried = windtunnel("validate " + file, "timeout 30");
  EXPECT_EQ(tried.exit, 0) << tried.out;
  EXPECT_NE(tried.out.find("note: a run takes at least 8 GB of memory (workload chat: 1000000000 prompts"),
            std::string::npos)
      << tried.out;
  const ProcessResult kept =
      windtunnel("forecast scenarios/catalog/month.json --replications 10000000 --horizon 3660d");
  EXPECT_EQ(kept.exit, 2) << kept.out;
  EXPECT_NE(kept.out.find("10000000 replications of 3661 days"), std::string::npos) << kept.out;
  EXPECT_EQ(windtunnel("run " + kOutage + " --memory-max 8").exit, 2);
  EXPECT_EQ(windtunnel("run " + kOutage + " --memory-max 0GB").exit, 2);
}

#if !defined(WINDTUNNEL_SANITIZE)
// Sparse files, of which nothing is read.
TEST(Limits, a_file_over_its_limit_is_refused_unread) {
  const Folder folder;
  std::filesystem::create_directories(folder.path("run"));
  std::filesystem::create_directories(folder.path("study"));
  for (const char* name : {"part.json", "run/timeline.json", "run/summary.json", "study/forecast.json"}) {
    folder.write(name, "{\"windtunnel_part\":");
    std::filesystem::resize_file(folder.path(name), 3'000'000'000);
  }
  for (const std::string& command : {"merge " + folder.path("part.json"), "report " + folder.path("run"),
                                     "report " + folder.path("study"), "export csv " + folder.path("run")}) {
    const ProcessResult result = shell("ulimit -v 500000; timeout 20 '" WINDTUNNEL_BINARY "' " + command);
    EXPECT_EQ(result.exit, 4) << command << "\n" << result.out;
    EXPECT_NE(result.out.find("it has 3000000000 bytes, and at most "), std::string::npos) << result.out;
  }
  folder.write("replay.jsonl", "{");
  std::filesystem::resize_file(folder.path("replay.jsonl"), 2'000'000'000);
  const std::string verify = "ulimit -v 300000; timeout 20 '" WINDTUNNEL_BINARY "' verify ";
  const ProcessResult replayed = shell(verify + "--replay " + folder.path("replay.jsonl") + " -- true");
  EXPECT_EQ(replayed.exit, 4) << replayed.out;
  EXPECT_NE(replayed.out.find("it has 2000000000 bytes, and at most "), std::string::npos) << replayed.out;
  const ProcessResult settings = shell(verify + "--config " + folder.path("part.json") + " -- true");
  EXPECT_EQ(settings.exit, 3) << settings.out;
  EXPECT_NE(settings.out.find("longer than 16 MiB"), std::string::npos) << settings.out;
  const ProcessResult piped =
      shell("ulimit -v 900000; head -c 120000000 /dev/zero | timeout 60 '" WINDTUNNEL_BINARY "' init " +
            folder.path("s.json") + " --from-telemetry -");
  EXPECT_EQ(piped.exit, 4) << piped.out;
  EXPECT_NE(piped.out.find("line 1 has more than 100000000 bytes"), std::string::npos) << piped.out;
}
#endif

#if !defined(WINDTUNNEL_SANITIZE)
TEST(Limits, an_endless_standard_input_is_read_up_to_the_limit) {
  for (const char* command : {"run -", "verify --config - -- true"}) {
    const ProcessResult result =
        shell("ulimit -v 300000; head -c 8G /dev/zero 2>/dev/null | timeout 20 '" WINDTUNNEL_BINARY "' " +
              std::string(command));
    EXPECT_EQ(result.exit, 3) << result.out;
    EXPECT_NE(result.out.find("longer than 16 MiB"), std::string::npos) << result.out;
  }
}
#endif

TEST(Limits, an_event_log_has_a_limit_and_the_events_beyond_are_counted) {
  const Folder folder;
  folder.write("s.json", kFlapping);
  const ProcessResult result = windtunnel(
      "run " + folder.path("s.json") + " --until 1000100us --out " + folder.path("out") + " --events-max 100kB",
      "timeout 300");
  EXPECT_NE(result.out.find(" events are not in " + folder.path("out") + "/events.jsonl, which --events-max limits"),
            std::string::npos)
      << result.out;
  const std::string events = folder.read("out/events.jsonl");
  EXPECT_LT(events.size(), 101'000U);
  EXPECT_GT(events.size(), 99'000U);
  const std::size_t last = events.rfind('\n', events.size() - 2) + 1;
  EXPECT_NE(events.find("\"type\":\"events_left_out\",\"count\":", last), std::string::npos) << events.substr(last);
}

TEST(Limits, an_interrupt_is_obeyed_within_a_second_whatever_a_job_does) {
  const Folder folder;
  folder.write("restless.json", kRestless);
  folder.write("flapping.json", kFlapping);
  for (const std::string name : {"restless.json", "flapping.json"}) {
    const auto began = std::chrono::steady_clock::now();
    const ProcessResult result =
        windtunnel("run " + folder.path(name), "timeout --foreground --preserve-status -s INT 1");
    EXPECT_EQ(result.exit, 130) << name << "\n" << result.out;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{4}) << name;
    EXPECT_NE(result.out.find("interrupted"), std::string::npos) << result.out;
  }
}

// Each stops by itself, and is not ended as it stands because half a second has passed.
TEST(Limits, an_interrupt_stops_every_study_between_two_events) {
  const Folder folder;
  folder.write("restless.json", kRestless);
  folder.write("flapping.json", kFlapping);
  for (const std::string name : {"restless.json", "flapping.json"}) {
    const std::string file = folder.path(name);
    for (const std::string& command :
         {"run " + file + " --verify-determinism", "explore " + file,
          "explore " + file + " --out " + folder.path("found"),
          "explore " + file + " --swarm --set 'explore.keep=[\"faults\",\"workload\",\"duration\"]'",
          "explore " + file + " --frontier monitor.circuit_breaker.open=1s..9s",
          "forecast " + file + " --replications 8", "compare " + file + " --vary monitor.circuit_breaker.open=1s,2s"}) {
      const ProcessResult result = windtunnel(command, "timeout --foreground --preserve-status -s INT 0.7");
      EXPECT_EQ(result.exit, 130) << command << "\n" << result.out;
      EXPECT_NE(result.out.find("interrupted"), std::string::npos) << command << "\n" << result.out;
      EXPECT_EQ(result.out.find("did not stop"), std::string::npos) << command << "\n" << result.out;
    }
  }
}

TEST(Limits, verification_has_a_bound_in_all) {
  const ProcessResult result =
      windtunnel("verify --time-max 1s --cases 100000000 -- '" WINDTUNNEL_BINARY "' breaker", "timeout 60");
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_NE(result.out.find("it was not verified to the end within --time-max 1s"), std::string::npos) << result.out;
  EXPECT_EQ(windtunnel("verify --time-max 0s -- true").exit, 2);
}

}  // namespace
}  // namespace windtunnel::tests::limits_test
