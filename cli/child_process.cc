#include "cli/child_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "cli/interrupt.h"

namespace windtunnel::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTailMax = 4096;
// How long a child may take to end by itself once its input has ended.
constexpr auto kFarewell = 500ms;
// How often a wait looks whether it was interrupted.
constexpr auto kSlice = 100ms;

// The children that live now; what else descends from us is theirs.
std::mutex children_mutex;
std::set<pid_t> children;

void close_if_open(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw ChildError(fmt::format("no pipe: {}", std::strerror(errno)), "");
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    close_if_open(read);
    close_if_open(write);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
};

void set_nonblocking(int descriptor) { fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK); }

// A process's parent, from /proc/PID/stat; the name in it may hold anything, so what counts follows its last ')'.
pid_t parent_of(pid_t process) {
  FILE* file = std::fopen(fmt::format("/proc/{}/stat", process).c_str(), "re");
  if (file == nullptr) return -1;
  std::array<char, 512> text{};
  const std::size_t size = std::fread(text.data(), 1, text.size() - 1, file);
  std::fclose(file);
  const std::string_view line{text.data(), size};
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string_view::npos || name_end + 4 >= size) return -1;
  return static_cast<pid_t>(std::strtol(text.data() + name_end + 4, nullptr, 10));
}

std::vector<std::pair<pid_t, pid_t>> processes_with_parents() {
  std::vector<std::pair<pid_t, pid_t>> all;
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return all;
  while (const dirent* entry = readdir(directory)) {
    const auto process = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (process > 0) all.emplace_back(process, parent_of(process));
  }
  closedir(directory);
  return all;
}

std::vector<pid_t> descendants_of(pid_t root) {
  const auto all = processes_with_parents();
  std::vector<pid_t> found{root};
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const auto& [process, parent] : all) {
      if (parent == found[i]) found.push_back(process);
    }
  }
  found.erase(found.begin());
  return found;
}

// Kills and reaps what a child's family left to us: orphans become ours (PR_SET_CHILD_SUBREAPER). While other children
// live an orphan may be of theirs, and waits for the last of them.
void bury_orphans() {
  for (bool any = true; any;) {
    any = false;
    for (const auto& [process, parent] : processes_with_parents()) {
      if (parent != getpid() || children.contains(process)) continue;
      kill(process, SIGKILL);
      any = waitpid(process, nullptr, 0) == process || any;
    }
  }
}

// What became of it, without reaping it, or nothing if it is still there after that time.
std::optional<std::string> ended_within(pid_t process, std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  for (auto pause = 1ms;; pause = std::min(pause * 2, 20ms)) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return "ended";
    if (info.si_pid != 0 && info.si_code == CLD_EXITED) return fmt::format("ended with exit code {}", info.si_status);
    if (info.si_pid != 0) return fmt::format("was killed by signal {} ({})", info.si_status, strsignal(info.si_status));
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

ChildProcess::ChildProcess(ChildOptions options) : options_(std::move(options)) {
  if (options_.command.empty()) throw ChildError("there is no command", "");
  start();
}

ChildProcess::~ChildProcess() { end(); }

void ChildProcess::start() {
  Pipe input;
  Pipe output;
  Pipe errors;
  Pipe report;  // the child's errno, if the program cannot be run
  const std::lock_guard lock{children_mutex};
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_ = fork();
  if (pid_ < 0) throw ChildError(fmt::format("cannot start a process: {}", std::strerror(errno)), "");
  if (pid_ == 0) run_program(input.read, output.write, errors.write, report.write);
  setpgid(pid_, pid_);  // in both, whoever comes first
  children.insert(pid_);
  close_if_open(report.write);
  int why = 0;
  ssize_t size = 0;
  do {
    size = read(report.read, &why, sizeof why);
  } while (size < 0 && errno == EINTR);
  if (size == static_cast<ssize_t>(sizeof why)) {
    waitpid(pid_, nullptr, 0);
    children.erase(std::exchange(pid_, -1));
    throw ChildError(fmt::format("cannot be started: {}", std::strerror(why)), "");
  }
  input_ = std::exchange(input.write, -1);
  output_ = std::exchange(output.read, -1);
  errors_ = std::exchange(errors.read, -1);
  for (const int descriptor : {input_, output_, errors_}) set_nonblocking(descriptor);
}

// In the child. Nothing here may allocate: another thread may have held a lock when we forked.
void ChildProcess::run_program(int input, int output, int errors, int report) const {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) std::signal(signal, SIG_DFL);
  const auto tell = [report] {
    const int why = errno;
    if (write(report, &why, sizeof why) < 0) _exit(126);
    _exit(127);
  };
  if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0) tell();
  if (!options_.directory.empty() && chdir(options_.directory.c_str()) != 0) tell();
  constexpr std::size_t kWordsMax = 1000;
  std::array<char*, kWordsMax + 1> words{};
  const std::size_t count = std::min(options_.command.size(), kWordsMax);
  for (std::size_t i = 0; i < count; ++i) words[i] = const_cast<char*>(options_.command[i].c_str());
  execvp(words[0], words.data());
  tell();
  _exit(127);
}

std::string ChildProcess::ask(std::string_view line) {
  refuse_unasked();
  const Clock::time_point deadline = Clock::now() + options_.timeout;
  const std::string request = std::string(line) + "\n";
  for (std::string_view rest = request; !rest.empty();) {
    write_some(rest);
    if (!rest.empty()) wait(true, deadline, "to read what it is asked");
  }
  for (;;) {
    if (const std::size_t end = pending_.find('\n'); end != std::string::npos) {
      std::string answer = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (!answer.empty() && answer.back() == '\r') answer.pop_back();
      return answer;
    }
    if (pending_.size() > options_.line_max) {
      throw error(fmt::format("floods: more than {} bytes without a line end", options_.line_max));
    }
    if (!read_output()) fail_ended();
    if (pending_.find('\n') == std::string::npos && pending_.size() <= options_.line_max)
      wait(false, deadline, "to answer");
  }
}

ChildError ChildProcess::error(const std::string& what_happened) {
  // What it has to say about it may be still on its way.
  for (int i = 0; i < 5 && errors_ >= 0; ++i) {
    pollfd one{.fd = errors_, .events = POLLIN, .revents = 0};
    if (poll(&one, 1, 20) <= 0) break;
    read_errors();
  }
  return ChildError(what_happened, tail_);
}

// One line is answered by one line. More is a flood, or an answer to nothing, and would be taken for the next answer.
void ChildProcess::refuse_unasked() {
  read_errors();
  // What is there already; the rest of a flood need not be read.
  for (std::size_t before = 0; read_output() && pending_.size() > before && pending_.size() <= options_.line_max;) {
    before = pending_.size();
  }
  if (pending_.empty()) return;
  if (pending_.size() > options_.line_max) throw error("floods: it goes on writing without being asked");
  throw error(fmt::format("wrote more than one line in answer to one: {}", pending_.substr(0, 200)));
}

void ChildProcess::write_some(std::string_view& rest) {
  const ssize_t size = write(input_, rest.data(), rest.size());
  if (size >= 0) return rest.remove_prefix(static_cast<std::size_t>(size));
  if (errno == EPIPE) fail_ended();
  if (errno != EAGAIN && errno != EINTR) throw error(fmt::format("cannot be written to: {}", std::strerror(errno)));
}

// Until something has been read, or it can be written to.
void ChildProcess::wait(bool to_write, Clock::time_point deadline, const char* what_for) {
  for (;;) {
    if (interrupted()) throw ChildInterrupted();
    const auto left = deadline - Clock::now();
    if (left <= 0ns) {
      throw error(fmt::format("hangs: it took more than {} ms {}", options_.timeout / 1ms, what_for));
    }
    std::array<pollfd, 3> all{pollfd{.fd = output_, .events = POLLIN, .revents = 0},
                              pollfd{.fd = errors_, .events = POLLIN, .revents = 0},
                              pollfd{.fd = to_write ? input_ : -1, .events = POLLOUT, .revents = 0}};
    const auto slice = std::min<std::chrono::nanoseconds>(left, kSlice);
    const int ready = poll(all.data(), all.size(), static_cast<int>(slice / 1ms) + 1);
    if (ready < 0 && errno != EINTR) throw error(fmt::format("cannot be waited for: {}", std::strerror(errno)));
    if (ready <= 0) continue;
    if (all[1].revents != 0) read_errors();
    if (to_write ? all[2].revents != 0 : all[0].revents != 0) return;
    // It writes without reading: an answer to what it was not asked yet.
    if (to_write && all[0].revents != 0) {
      if (!read_output()) fail_ended();
      refuse_unasked();
    }
  }
}

// False: its output has ended.
bool ChildProcess::read_output() {
  std::array<char, 16384> buffer;
  const ssize_t size = read(output_, buffer.data(), buffer.size());
  if (size > 0) pending_.append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

void ChildProcess::read_errors() {
  std::array<char, 16384> buffer;
  // A bounded number of times, so that a flood on stderr does not keep us from everything else.
  for (int i = 0; i < 16 && errors_ >= 0; ++i) {
    const ssize_t size = read(errors_, buffer.data(), buffer.size());
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) return close_if_open(errors_);
    if (size < 0) return;
    tail_.append(buffer.data(), static_cast<std::size_t>(size));
    if (tail_.size() > kTailMax) tail_.erase(0, tail_.size() - kTailMax);
  }
}

void ChildProcess::fail_ended() {
  const auto how = ended_within(pid_, kFarewell);
  if (!how) throw error("closed its standard input or output");
  throw error(*how + (pending_.empty() ? "" : ", in the middle of a line: " + pending_.substr(0, 200)));
}

void ChildProcess::end() {
  if (pid_ < 0) return;
  close_if_open(input_);
  close_if_open(output_);
  close_if_open(errors_);
  if (!interrupted()) ended_within(pid_, kFarewell);
  // Those that it started may have left its group; what was found is killed by number before anybody is reaped.
  const std::vector<pid_t> family = descendants_of(pid_);
  kill(-pid_, SIGKILL);
  for (const pid_t one : family) kill(one, SIGKILL);
  const std::lock_guard lock{children_mutex};
  waitpid(pid_, nullptr, 0);
  // Orphans of its group are ours by now.
  while (waitpid(-pid_, nullptr, 0) > 0 || errno == EINTR) {
  }
  children.erase(pid_);
  if (children.empty()) bury_orphans();
  pid_ = -1;
}

}  // namespace windtunnel::cli
