// Whatever happens to the process or the disk, each output is absent, .partial, or whole.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::nothing_lost_test {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::array kOutputs = {"telemetry.jsonl", "events.jsonl", "timeline.json",
                                 "junit.xml",       "summary.txt",  "summary.json"};

// The process, which is to be killed or waited for. Its stdout is dropped, its stderr goes to `errors`.
pid_t start(const std::vector<std::string>& arguments, const std::string& errors) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  if (chdir(WINDTUNNEL_ROOT) != 0) _exit(126);
  const int nowhere = open("/dev/null", O_WRONLY);
  const int error_file = open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  dup2(nowhere, STDOUT_FILENO);
  dup2(error_file, STDERR_FILENO);
  std::vector<char*> words{const_cast<char*>(WINDTUNNEL_BINARY)};
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execv(WINDTUNNEL_BINARY, words.data());
  _exit(127);
}

int exit_of(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The summary without what differs between two equal runs.
std::string comparable(const std::string& name, const std::string& text) {
  if (name != "summary.json") return text;
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return "no JSON: " + text;
  json.erase("timing");
  json.erase("build");
  return json.dump();
}

std::vector<std::string> demo_into(const std::string& folder) {
  return {"run", "scenarios/catalog/demo.json", "--set", "duration=30m", "--out", folder};
}

TEST(NothingLost, after_100_kills_at_random_instants_of_a_real_clock_each_output_is_absent_partial_or_whole) {
  const Folder folder;
  const std::string errors = folder.path("errors");
  const auto began = Clock::now();
  ASSERT_EQ(exit_of(start(demo_into(folder.path("whole")), errors)), 0);
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began);
  std::minstd_rand chance{42};
  // Further than the first run took, because a later one may find the machine busier.
  std::uniform_int_distribution<std::int64_t> instant{0, whole.count() + whole.count() / 2};
  int killed = 0;
  int complete = 0;
  int partial = 0;
  for (int round = 0; round < 100; ++round) {
    std::filesystem::remove_all(folder.path("cut"));
    const pid_t pid = start(demo_into(folder.path("cut")), errors);
    std::this_thread::sleep_for(std::chrono::microseconds{instant(chance)});
    kill(pid, SIGKILL);
    if (exit_of(pid) == 128 + SIGKILL) ++killed;
    for (const std::string name : kOutputs) {
      if (folder.has("cut/" + name + ".partial")) ++partial;
      if (!folder.has("cut/" + name)) continue;
      ++complete;
      ASSERT_EQ(comparable(name, folder.read("cut/" + name)), comparable(name, folder.read("whole/" + name)))
          << name << " after round " << round;
    }
  }
  // The rounds did meet all three cases.
  EXPECT_GT(killed, 10);
  EXPECT_GT(complete, 0);
  EXPECT_GT(partial, 10);
}

TEST(NothingLost, sigint_and_sigterm_keep_what_was_measured_and_report_it) {
  for (const auto& [signal, name] : {std::pair{SIGINT, "SIGINT"}, std::pair{SIGTERM, "SIGTERM"}}) {
    const Folder folder;
    const pid_t pid =
        start({"run", "scenarios/catalog/month.json", "--set", "duration=1500d", "--set",
               "monitor.cost_limiter.monthly_usd=null", "--out", folder.path("out"), "--junit", folder.path("j.xml")},
              folder.path("errors"));
    // It is running once its telemetry grows.
    const auto deadline = Clock::now() + 20s;
    std::error_code absent;
    const std::string telemetry = folder.path("out/telemetry.jsonl.partial");
    while (Clock::now() < deadline &&
           (!std::filesystem::exists(telemetry, absent) || std::filesystem::file_size(telemetry, absent) == 0)) {
      std::this_thread::sleep_for(5ms);
    }
    kill(pid, signal);
    EXPECT_EQ(exit_of(pid), 130) << name;
    EXPECT_NE(folder.read("errors").find("interrupted by " + std::string(name)), std::string::npos)
        << folder.read("errors");
    for (const std::string output : kOutputs) {
      EXPECT_FALSE(folder.has("out/" + output)) << output;
      EXPECT_TRUE(folder.has("out/" + output + ".partial")) << output;
    }
    EXPECT_TRUE(folder.read("out/telemetry.jsonl.partial").ends_with("}\n"));
    EXPECT_FALSE(folder.has("j.xml"));
    EXPECT_NE(folder.read("j.xml.partial").find("<error type=\"interrupted\""), std::string::npos);
    EXPECT_TRUE(folder.read("j.xml.partial").ends_with("</testsuites>\n"));
  }
}

// A file system of that size; gone with its folder at the end.
class SmallDisk {
 public:
  SmallDisk(const std::string& where, const std::string& size) : where_(where) {
    std::filesystem::create_directory(where);
    mounted_ = mount("tmpfs", where.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(where_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  std::string where_;
  bool mounted_ = false;
};

TEST(NothingLost, a_full_disk_is_a_file_error_and_nothing_poses_as_whole) {
  const Folder folder;
  const SmallDisk disk{folder.path("disk"), "256k"};
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount a small file system here";
  const ProcessResult result = windtunnel("run scenarios/catalog/demo.json --out " + folder.path("disk/out"));
  EXPECT_EQ(result.exit, 4) << result.out;
  EXPECT_NE(result.out.find("No space left on device"), std::string::npos) << result.out;
  EXPECT_GT(std::filesystem::file_size(folder.path("disk/out/telemetry.jsonl.partial")), 100'000U);
  // What was measured until then is told, and that it is not all.
  EXPECT_NE(result.out.find("LLM MONITORING STATISTICS"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("Stopped by a file that takes no more at "), std::string::npos) << result.out;
  for (const std::string name : kOutputs) EXPECT_FALSE(folder.has("disk/out/" + name)) << name;
}

TEST(NothingLost, a_folder_that_cannot_be_made_is_a_file_error_with_its_reason) {
  const Folder folder;
  folder.write("file", "mine");
  for (const char* flag : {"--out ", "--telemetry ", "--junit "}) {
    const ProcessResult result = windtunnel("run scenarios/catalog/healthy.json " + (flag + folder.path("file/below")));
    EXPECT_EQ(result.exit, 4) << flag << result.out;
    EXPECT_NE(result.out.find("Not a directory"), std::string::npos) << flag << result.out;
  }
  EXPECT_EQ(windtunnel("run scenarios/catalog/healthy.json --out " + folder.path("file")).exit, 4);
  EXPECT_EQ(folder.read("file"), "mine");
}

TEST(NothingLost, a_pipe_whose_reader_has_gone_is_a_file_error_with_its_reason) {
  const Folder folder;
  const std::string command = "bash -c \"set -o pipefail; cd '" WINDTUNNEL_ROOT "'; '" WINDTUNNEL_BINARY
                              "' run scenarios/catalog/healthy.json --set duration=10s --seeds 1..3000 2>" +
                              folder.path("errors") + " | head -1 >/dev/null\"";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 4);
  EXPECT_NE(folder.read("errors").find("cannot write to standard output: Broken pipe"), std::string::npos)
      << folder.read("errors");
}

}  // namespace
}  // namespace windtunnel::tests::nothing_lost_test
