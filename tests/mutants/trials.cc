// The main of a folder's tests when its sources are full of operator mutants: runs one test under one mutant, as
// often as it is asked to.
//
// Tells 'test NAME FILE' for each test and 'ready NUMBERS' with the places that were reached before main. Then answers
// each line 'MUTANT CPU_MILLISECONDS TEST RC_PARAMS' with 'WORD CPU_MICROSECONDS NUMBERS': the word is ok, failed (an
// assertion of the test), stops (the program ended otherwise, an exception included) or hangs; the numbers are the
// places that were reached, told for mutant 0 only. Each trial has a process of its own, made by fork, so that it costs
// a millisecond and what it breaks is gone afterwards. A mutant of the environment acts from the start.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "base/check.h"
#include "tests/mutants/mutation.h"

namespace mutation {
namespace {

// Not 1, with which the product itself stops.
constexpr int kFailed = 42;

struct Trial {
  int mutant = 0;
  long cpu_ms = 0;
  std::string test;
  std::string params;
};

void limit(int resource, rlim_t most) {
  const rlimit both{most, most};
  setrlimit(resource, &both);
}

[[noreturn]] void be_tried(const Trial& trial) {
  setpgid(0, 0);
  const int nowhere = open("/dev/null", O_RDWR);
  for (const int stream : {0, 1, 2}) dup2(nowhere, stream);
  // Computing for ever, waiting for ever, either of them in a child of its own, and filling the memory.
  const itimerval computing{{}, {trial.cpu_ms / 1000, trial.cpu_ms % 1000 * 1000}};
  setitimer(ITIMER_PROF, &computing, nullptr);
  alarm(static_cast<unsigned>(60 + trial.cpu_ms / 1000));
  limit(RLIMIT_CPU, static_cast<rlim_t>(trial.cpu_ms / 1000 + 2));
  limit(RLIMIT_AS, rlim_t{4} << 30);
  if (trial.mutant != 0) chosen = trial.mutant;
  setenv("RC_PARAMS", trial.params.c_str(), 1);
  GTEST_FLAG_SET(filter, trial.test);
  GTEST_FLAG_SET(catch_exceptions, false);
  _exit(RUN_ALL_TESTS() == 0 ? 0 : kFailed);
}

void deliver_reached() {
  for (int i = 0; i < kMost; ++i) {
    if (reached[i]) std::printf(" %d", i);
  }
  std::printf("\n");
  std::fflush(stdout);
}

void perform(const Trial& trial) {
  std::fill(reached, reached + kMost, false);
  const pid_t child = fork();
  if (child == 0) be_tried(trial);
  int status = 0;
  rusage used{};
  wait4(child, &status, 0, &used);
  kill(-child, SIGKILL);
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  const bool hangs = signal == SIGPROF || signal == SIGALRM || signal == SIGXCPU;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::printf(
      "%s %ld",
      hangs             ? "hangs"
      : code == 0       ? "ok"
      : code == kFailed ? "failed"
                        : "stops",
      (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1'000'000 + used.ru_utime.tv_usec + used.ru_stime.tv_usec);
  if (trial.mutant == 0) return deliver_reached();
  std::printf("\n");
  std::fflush(stdout);
}

void tell_tests() {
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int k = 0; k < suite.total_test_count(); ++k) {
      std::printf("test %s.%s %s\n", suite.name(), suite.GetTestInfo(k)->name(), suite.GetTestInfo(k)->file());
    }
  }
  std::printf("ready");
  deliver_reached();
}

}  // namespace
}  // namespace mutation

int main(int count, char** words) {
  windtunnel::set_check_handler(windtunnel::end_process);
  using namespace mutation;
  testing::InitGoogleTest(&count, words);
  tell_tests();
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in{line};
    Trial trial;
    in >> trial.mutant >> trial.cpu_ms >> trial.test;
    std::getline(in >> std::ws, trial.params);
    perform(trial);
  }
  return 0;
}
