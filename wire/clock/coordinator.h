#pragma once
// Virtual time for real programs: one number in a page of memory that every program under it reads in place of the
// clock, and the only place that changes it.
//
// A program is started with environment(), which preloads windtunnel_clock.so. From its first instruction it counts as
// running, and every timed wait of its threads is registered with a virtual deadline. Time may move only when
// everything is idle: no thread runs, and no descriptor that a thread waits for is ready. settle() finds that out:
//
//   1. it reads the activity of every process, and sees that none has a running thread;
//   2. it asks each process, by a number, whether it is still idle; each looks at the descriptors that its threads wait
//   for;
//   3. when all have answered that question with yes, it sees that no activity has changed and no thread runs.
//
// Step 3 covers what two processes send to each other while they are asked: a writer is awake, and a thread that
// leaves a wait changes the activity before it does anything else. docs/virtual-time.md has the invariants, and
// tests/wire/clock explores every interleaving of them.
//
// The caller's own bytes must all have been written and read before settle() is asked. Linux alone.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "wire/clock/outsiders.h"

struct wt_page;
struct wt_message;

namespace windtunnel::wire {

class Coordinator {
 public:
  struct Settings {
    std::filesystem::path folder;   // for the page and the socket; its path has at most 90 bytes
    std::filesystem::path library;  // windtunnel_clock.so
    WallTime start;                 // the wall clock at the beginning
    std::uint64_t seed = 0;         // of the programs' random bytes
    bool entropy_is_real = false;   // the system's random bytes in place of the seed's
  };

  // What a process has done, for those who ask how virtual time suits it.
  struct Program {
    pid_t process = 0;
    std::uint32_t wait_kinds = 0;  // bits of wt_wait_kind
    std::uint64_t clock_reads = 0;
    std::uint64_t forced_idle = 0;  // times at which its threads slept in waits that are not registered
    std::uint64_t pushed = 0;       // steps of a millisecond, because it read the clock again and again
  };

  // Throws std::system_error if the page or the socket cannot be made.
  explicit Coordinator(const Settings& settings);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // NAME=VALUE for the environment of a program; `name` is a number that names its stream of random bytes.
  [[nodiscard]] std::vector<std::string> environment(std::uint64_t name) const;

  // Readable when a program has something to say; hear() takes it, without waiting.
  [[nodiscard]] int descriptor() const { return epoll_; }
  void hear();

  [[nodiscard]] Instant now() const;
  // Programs that have said hello and live.
  [[nodiscard]] std::size_t programs() const;
  // Whether the first process of the program with this name, of environment(), has come and not left yet. When it has
  // left it may still be ending in real time.
  [[nodiscard]] bool has(std::uint64_t name) const;
  // Programs that have said hello, since the beginning.
  [[nodiscard]] std::uint64_t registrations() const { return registrations_; }

  // The earliest deadline of any wait, Instant::max() without one, if everything is idle; nothing while something runs.
  [[nodiscard]] std::optional<Instant> settle();
  // Moves time, which never goes back, and wakes whatever is due by then. Only after settle() has found everything
  // idle.
  void move_to(Instant instant);
  // Moves time as move_to() does, but wakes nothing: what is due stays due until move_to(). A caller with something to
  // write at this instant writes it first, so that an answer at a deadline comes before the deadline is over.
  void show(Instant instant);
  // Waits in real time, for at most this long, for a program to say something. `other` is one more descriptor to wait
  // for, -1 for none. True: something came.
  bool wait(std::chrono::milliseconds at_most, int other = -1);

  // The files of programs that wait in real time, although one under virtual time has executed them.
  [[nodiscard]] const std::vector<std::string>& outsiders() const { return outsiders_.files(); }

  // The programs there have been, in the order of their entries.
  [[nodiscard]] std::vector<Program> report() const;

 private:
  struct Connection;

  void accept_all();
  // False: the program has left.
  bool read_from(Connection& connection);
  void leave(const Connection& connection);
  bool take_ready(std::chrono::milliseconds at_most);
  void free_the_dead();
  // Whether one that has left is not gone yet, or has been for so short a time that its parent may not know.
  [[nodiscard]] bool is_one_ending();
  [[nodiscard]] bool is_silent(std::size_t entry);
  [[nodiscard]] bool has_run_long(std::size_t entry);
  void note_spinners();

  Settings settings_;
  wt_page* page_ = nullptr;
  int epoll_ = -1;
  int listener_ = -1;
  std::uint64_t sequence_ = 0;
  std::uint64_t registrations_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  struct Silence;
  std::vector<Silence> silences_;  // by entry
  std::vector<Program> past_;      // of those that have ended
  Outsiders outsiders_;
  struct Ending {
    pid_t process = 0;
    std::chrono::steady_clock::time_point since;
  };
  std::vector<Ending> ending_;    // have left, and were not gone when last looked at
  std::int64_t quiet_until_ = 0;  // real nanoseconds: a child has just ended, and its parent may be about to hear of it
};

}  // namespace windtunnel::wire
