#pragma once
// Starts another program so that nothing of it outlives its owner, and so that no other process is ever ended.
//
// Between us and the program stands a process of our own, the supervisor. It adopts every process that the program
// leaves behind (PR_SET_CHILD_SUBREAPER), so that the program's whole family descends from the supervisor and nothing
// else does, whatever group or session a member moves to. When its owner ends, or is killed, the supervisor kills the
// family and ends. We do not adopt orphans ourselves, because this process may have children that it did not start: a
// shell that runs `mock & exec windtunnel` leaves us its mock.
//
// The owner holds the write end of a pipe, the life line. It is closed by the destructor, or by the kernel when this
// process ends in any way, and the supervisor waits for that.

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace windtunnel::runs {

// The standard streams of the program, as descriptors of this process.
struct ProgramStreams {
  int input = -1;
  int output = -1;
  int errors = -1;
};

// What surrounds the program.
struct ProgramSurroundings {
  std::string directory;                 // where it works; empty: where we do
  std::vector<std::string> environment;  // NAME=VALUE, each in place of what our own environment has by that name
  bool inherits_environment = true;      // false: it has those and no others
  bool fixed_addresses = false;          // the kernel places its memory alike in every run (ADDR_NO_RANDOMIZE)
};

class SupervisedProgram {
 public:
  // `command` is a program, found as a shell finds it, and its arguments. Throws std::system_error if it cannot be
  // started.
  SupervisedProgram(const std::vector<std::string>& command, const ProgramSurroundings& surroundings,
                    ProgramStreams streams);
  // Kills what is left of the program's family, and waits until it is gone.
  ~SupervisedProgram();
  SupervisedProgram(const SupervisedProgram&) = delete;
  SupervisedProgram& operator=(const SupervisedProgram&) = delete;

  // The status of the program, as waitpid() reports it, or nothing if it has not ended after that time.
  [[nodiscard]] std::optional<int> ended_within(std::chrono::milliseconds time);

 private:
  pid_t supervisor_ = -1;
  int life_line_ = -1;
  int status_pipe_ = -1;
  std::optional<int> status_;
};

}  // namespace windtunnel::runs
