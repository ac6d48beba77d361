#include "runs/processes/supervised_program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "runs/processes/pipe.h"

namespace windtunnel::runs {
namespace {

// --- In the supervisor: after a fork nothing may allocate, because another thread may have held a lock -------------

constexpr std::size_t kFamilyMax = 4096;  // that are killed at a time; those beyond are found again
constexpr std::size_t kWordsMax = 1000;   // of a command

// Everything that the supervisor needs, prepared before the fork.
struct Preparation {
  std::array<char*, kWordsMax + 1> words{};
  char** environment = nullptr;
  bool fixed_addresses = false;
  const char* directory = nullptr;
  ProgramStreams streams;
  int life_line = -1;  // read end
  int failure = -1;    // gets the errno if the program cannot be run; closed without a byte if it runs
  int status = -1;     // gets the status once the program has ended
};

// A process's parent, from /proc/PID/stat; the name in it may hold anything, so what counts follows its last ')'.
pid_t parent_of(const char* process) {
  std::array<char, 64> path{};
  char* end = path.data();
  for (const std::string_view step :
       {std::string_view{"/proc/"}, std::string_view{process}, std::string_view{"/stat"}}) {
    end = std::copy_n(step.data(), std::min<std::size_t>(step.size(), 16), end);
  }
  const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  std::array<char, 512> text{};
  const ssize_t size = read(file, text.data(), text.size() - 1);
  close(file);
  const std::string_view line{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string_view::npos || name_end + 4 >= line.size()) return -1;
  return static_cast<pid_t>(std::strtol(text.data() + name_end + 4, nullptr, 10));
}

struct ProcessTable {
  std::array<std::pair<pid_t, pid_t>, 32768> entries;  // process and parent
  std::size_t size = 0;
};
// The supervisor's own copy after the fork; too large for a stack.
ProcessTable processes;

void read_processes() {
  processes.size = 0;
  const int directory = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  alignas(std::uint64_t) static std::array<char, 32768> buffer;
  for (long size = 0; (size = syscall(SYS_getdents64, directory, buffer.data(), buffer.size())) > 0;) {
    for (long at = 0; at < size;) {
      // struct linux_dirent64: inode, offset, length, type, name.
      const char* entry = buffer.data() + at;
      std::uint16_t length = 0;
      std::memcpy(&length, entry + 16, sizeof length);
      const char* name = entry + 19;
      at += length;
      const auto process = static_cast<pid_t>(std::strtol(name, nullptr, 10));
      if (process <= 0 || processes.size == processes.entries.size()) continue;
      processes.entries[processes.size++] = {process, parent_of(name)};
    }
  }
  close(directory);
}

// Kills all that descends from this process. Members are killed by number before anyone is reaped, so that no number
// can have been given to a stranger.
void kill_family() {
  read_processes();
  static std::array<pid_t, kFamilyMax> family;
  std::size_t members = 0;
  family[members++] = getpid();
  for (std::size_t i = 0; i < members; ++i) {
    for (std::size_t k = 0; k < processes.size && members < family.size(); ++k) {
      if (processes.entries[k].second == family[i]) family[members++] = processes.entries[k].first;
    }
  }
  for (std::size_t i = 1; i < members; ++i) kill(family[i], SIGKILL);
}

// Until this process has no descendant. A member may have started another one meanwhile.
[[noreturn]] void end_family() {
  for (;;) {
    kill_family();
    // What was killed ends at once; what was missed is killed in the next round.
    for (int pause = 0; pause < 20; ++pause) {
      pid_t reaped = 0;
      while ((reaped = waitpid(-1, nullptr, WNOHANG)) > 0) {
      }
      if (reaped < 0 && errno == ECHILD) _exit(0);
      usleep(1000);
    }
  }
}

[[noreturn]] void run_program(const Preparation& it) {
  setpgid(0, 0);
  // If the supervisor is killed, the kernel kills the program.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGCHLD, SIGALRM}) std::signal(signal, SIG_DFL);
  // A limit that was set for ourselves (limit_memory()) is none of the program's.
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_DATA, &limit);
  }
  const bool ready = dup2(it.streams.input, STDIN_FILENO) >= 0 && dup2(it.streams.output, STDOUT_FILENO) >= 0 &&
                     dup2(it.streams.errors, STDERR_FILENO) >= 0 &&
                     (it.directory == nullptr || chdir(it.directory) == 0);
  if (it.fixed_addresses) personality(ADDR_NO_RANDOMIZE);  // a system that forbids it goes without
  environ = it.environment;
  if (ready) execvp(it.words[0], it.words.data());
  const int why = errno;
  if (write(it.failure, &why, sizeof why) < 0) _exit(126);
  _exit(127);
}

// Closes what belongs to the owner, so that no pipe stays open because of the supervisor.
void close_all_but(std::initializer_list<int> kept) {
  std::array<int, 8> sorted{};
  std::copy(kept.begin(), kept.end(), sorted.begin());
  std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(kept.size()));
  unsigned first = 3;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto descriptor = static_cast<unsigned>(sorted[i]);
    if (descriptor > first) syscall(SYS_close_range, first, descriptor - 1, 0U);
    first = descriptor + 1;
  }
  syscall(SYS_close_range, first, ~0U, 0U);
}

// A descriptor that becomes readable when the process ends; -1 where the kernel has none.
int open_process(pid_t process) { return static_cast<int>(syscall(SYS_pidfd_open, process, 0)); }

[[noreturn]] void supervise(const Preparation& it) {
  setpgid(0, 0);  // signals of the terminal are not for us
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGALRM}) std::signal(signal, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t program = fork();
  if (program == 0) run_program(it);
  if (program < 0) {
    const int why = errno;
    if (write(it.failure, &why, sizeof why) < 0) _exit(126);
    _exit(127);
  }
  close_all_but({it.life_line, it.status});
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(stream);
  // Nothing is ever written to the life line, so that it becomes readable only by its end.
  std::array<pollfd, 2> all{pollfd{.fd = it.life_line, .events = POLLIN, .revents = 0},
                            pollfd{.fd = open_process(program), .events = POLLIN, .revents = 0}};
  for (bool runs = true;;) {
    // A kernel without descriptors of processes is asked often; adopted orphans that have ended are reaped now and
    // then.
    const int ready = poll(all.data(), all.size(), runs && all[1].fd < 0 ? 10 : 1000);
    if (ready > 0 && all[0].revents != 0) end_family();
    int status = 0;
    for (pid_t reaped = 0; (reaped = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (reaped != program) continue;
      runs = false;
      if (all[1].fd >= 0) close(all[1].fd);
      all[1].fd = -1;
      if (write(it.status, &status, sizeof status) < 0) _exit(126);
    }
  }
}

// --- In the owner -------------------------------------------------------------------------------------------------

std::string_view name_of(std::string_view variable) { return variable.substr(0, variable.find('=')); }

std::vector<std::string> environment_of(const ProgramSurroundings& surroundings) {
  std::vector<std::string> result = surroundings.environment;
  for (char** ours = environ; surroundings.inherits_environment && *ours != nullptr; ++ours) {
    const bool is_replaced = std::ranges::any_of(
        surroundings.environment, [&](const auto& variable) { return name_of(variable) == name_of(*ours); });
    if (!is_replaced) result.emplace_back(*ours);
  }
  return result;
}

void reap(pid_t process) {
  while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

SupervisedProgram::SupervisedProgram(const std::vector<std::string>& command, const ProgramSurroundings& surroundings,
                                     ProgramStreams streams) {
  Pipe life_line;
  Pipe failure;
  Pipe status;
  std::vector<std::string> environment = environment_of(surroundings);
  std::vector<char*> variables;
  for (std::string& variable : environment) variables.push_back(variable.data());
  variables.push_back(nullptr);
  Preparation it{.words = {},
                 .environment = variables.data(),
                 .fixed_addresses = surroundings.fixed_addresses,
                 .directory = surroundings.directory.empty() ? nullptr : surroundings.directory.c_str(),
                 .streams = streams,
                 .life_line = life_line.read,
                 .failure = failure.write,
                 .status = status.write};
  const std::size_t count = std::min(command.size(), kWordsMax);
  for (std::size_t i = 0; i < count; ++i) it.words[i] = const_cast<char*>(command[i].c_str());
  supervisor_ = fork();
  if (supervisor_ < 0) throw std::system_error(errno, std::generic_category());
  if (supervisor_ == 0) supervise(it);
  close_if_open(failure.write);
  close_if_open(status.write);
  int why = 0;
  ssize_t size = 0;
  do {
    size = read(failure.read, &why, sizeof why);
  } while (size < 0 && errno == EINTR);
  if (size == static_cast<ssize_t>(sizeof why)) {
    close_if_open(life_line.write);
    reap(supervisor_);
    throw std::system_error(why, std::generic_category());
  }
  life_line_ = std::exchange(life_line.write, -1);
  status_pipe_ = std::exchange(status.read, -1);
}

SupervisedProgram::~SupervisedProgram() {
  close_if_open(life_line_);
  reap(supervisor_);
  close_if_open(status_pipe_);
}

std::optional<int> SupervisedProgram::ended_within(std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!status_) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{.fd = status_pipe_, .events = POLLIN, .revents = 0};
    const int count = poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    int status = 0;
    const bool whole = read(status_pipe_, &status, sizeof status) == static_cast<ssize_t>(sizeof status);
    // A supervisor that was killed leaves no status; the kernel has killed the program then.
    status_ = whole ? status : SIGKILL;
  }
  return status_;
}

}  // namespace windtunnel::runs
