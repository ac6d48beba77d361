#pragma once
// Programs that one under virtual time has executed, that do not register and wait all the same, in real time: the
// library of the clock cannot be preloaded into them. A program that registers does so before it waits for anything but
// the disk.

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace windtunnel::wire {

class Outsiders {
 public:
  using Clock = std::chrono::steady_clock;
  // How long, and how often in a row, a process must have been seen asleep: more than one whose hello is on its way.
  static constexpr std::chrono::milliseconds kAsleepFor{20};
  static constexpr int kTimesAsleep = 10;

  // Of a process that was executed and has not registered yet, whether each of its threads sleeps now.
  void saw(pid_t process, bool is_asleep, Clock::time_point now);
  // Their files, each once; an empty name: the file cannot be read.
  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }

 private:
  struct Unheard {
    pid_t process = 0;
    Clock::time_point awake;  // when it was seen so last
    int times_asleep = 0;     // since then
    bool is_named = false;
  };
  std::vector<Unheard> unheard_;
  std::vector<std::string> files_;
};

}  // namespace windtunnel::wire
