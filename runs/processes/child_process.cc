#include "runs/processes/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "runs/processes/pipe.h"

namespace windtunnel::runs {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTailMax = 4096;
// How long a child may take to end by itself once its input has ended.
constexpr auto kFarewell = 500ms;
// How often a wait checks for an interrupt.
constexpr auto kSlice = 100ms;

void set_nonblocking(int descriptor) { fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK); }

// What a status of waitpid() means.
std::string end_text(int status) {
  if (WIFEXITED(status)) return fmt::format("ended with exit code {}", WEXITSTATUS(status));
  return fmt::format("was killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

}  // namespace

ChildProcess::ChildProcess(ChildOptions options) : options_(std::move(options)) {
  if (options_.command.empty()) throw ChildError("there is no command", "");
  start();
}

ChildProcess::~ChildProcess() { end(); }

void ChildProcess::start() {
  try {
    Pipe input;
    Pipe output;
    Pipe errors;
    program_.emplace(options_.command, ProgramSurroundings{.directory = options_.directory},
                     ProgramStreams{input.read, output.write, errors.write});
    input_ = std::exchange(input.write, -1);
    output_ = std::exchange(output.read, -1);
    errors_ = std::exchange(errors.read, -1);
  } catch (const std::system_error& error) {
    throw ChildError(fmt::format("cannot be started: {}", std::strerror(error.code().value())), "");
  }
  for (const int descriptor : {input_, output_, errors_}) set_nonblocking(descriptor);
}

std::string ChildProcess::ask(std::string_view line) {
  refuse_unasked();
  const Clock::time_point now = Clock::now();
  if (now >= options_.end_at) throw ChildTimeUp();
  const Clock::time_point deadline = now + options_.timeout;
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
  // The last of its output may still be on its way.
  for (int i = 0; i < 5 && errors_ >= 0; ++i) {
    pollfd entry{.fd = errors_, .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, 20) <= 0) break;
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
    if (is_stopped()) throw ChildInterrupted();
    if (Clock::now() >= options_.end_at) throw ChildTimeUp();
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
  const auto status = program_->ended_within(kFarewell);
  if (!status) throw error("closed its standard input or output");
  throw error(end_text(*status) + (pending_.empty() ? "" : ", in the middle of a line: " + pending_.substr(0, 200)));
}

void ChildProcess::end() {
  if (!program_) return;
  close_if_open(input_);
  close_if_open(output_);
  close_if_open(errors_);
  if (!is_stopped()) (void)program_->ended_within(kFarewell);
  program_.reset();
}

}  // namespace windtunnel::runs
