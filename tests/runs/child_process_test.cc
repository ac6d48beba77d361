// Other programs are ended with everything that they started, and nothing else is.

#include "runs/processes/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <thread>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::child_process_test {
namespace {

using namespace std::chrono_literals;

const std::string kReset = R"({"op":"reset","config":{"consecutive_threshold":2,"open_ms":1000}})";

// A breaker in Python that starts a family of its own, a daemon among it, and notes its members.
runs::ChildOptions family_of(const Folder& folder, const std::string& how) {
  return {.command = {"python3", "tests/adapters/broken.py", how, folder.path("pids")},
          .directory = WINDTUNNEL_ROOT,
          .timeout = 20s};
}

std::size_t alive_of(const Folder& folder) {
  std::istringstream pids{folder.read("pids")};
  std::size_t alive = 0;
  for (pid_t pid = 0; pids >> pid;) alive += kill(pid, 0) == 0 ? 1U : 0U;
  return alive;
}

bool is_alive(pid_t process) { return waitpid(process, nullptr, WNOHANG) == 0; }

TEST(ChildProcess, its_whole_family_ends_with_it) {
  const Folder folder;
  {
    runs::ChildProcess child{family_of(folder, "stays")};
    EXPECT_EQ(child.ask(kReset), "{}");
    EXPECT_EQ(alive_of(folder), 4U);
  }
  EXPECT_EQ(alive_of(folder), 0U);
}

TEST(ChildProcess, a_child_of_ours_that_it_did_not_start_lives_on) {
  const pid_t sibling = fork();
  if (sibling == 0) {
    execlp("sleep", "sleep", "1000", nullptr);
    _exit(127);
  }
  const Folder folder;
  {
    runs::ChildProcess child{family_of(folder, "clean")};
    EXPECT_EQ(child.ask(kReset), "{}");
  }
  EXPECT_TRUE(is_alive(sibling));
  kill(sibling, SIGKILL);
  waitpid(sibling, nullptr, 0);
}

TEST(ChildProcess, its_whole_family_ends_when_we_are_killed) {
  const Folder folder;
  const pid_t us = fork();
  if (us == 0) {
    runs::ChildProcess child{family_of(folder, "stays")};
    (void)child.ask(kReset);
    raise(SIGKILL);
  }
  waitpid(us, nullptr, 0);
  for (int i = 0; i < 100 && alive_of(folder) > 0; ++i) std::this_thread::sleep_for(50ms);
  EXPECT_NE(folder.read("pids"), "");
  EXPECT_EQ(alive_of(folder), 0U);
}

TEST(ChildProcess, a_wait_ends_soon_after_it_is_stopped) {
  const Folder folder;
  std::atomic<bool> stop{false};
  runs::ChildOptions options = family_of(folder, "never_reads");
  options.command.pop_back();
  options.stop = &stop;
  runs::ChildProcess child{options};
  std::jthread stopper{[&] {
    std::this_thread::sleep_for(100ms);
    stop = true;
  }};
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THROW((void)child.ask(kReset), runs::ChildInterrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
}

TEST(ChildProcess, a_program_that_is_not_there_is_an_error_with_its_reason) {
  try {
    const runs::ChildProcess child{{.command = {"/no/such/breaker"}}};
    FAIL() << "it was started";
  } catch (const runs::ChildError& error) {
    EXPECT_STREQ(error.what(), "cannot be started: No such file or directory");
  }
}

}  // namespace
}  // namespace windtunnel::tests::child_process_test
