#include "cli/verbs/breaker_verb.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "cli/console.h"
#include "monitor/breaker/protocol_breaker.h"
#include "scenarios/fields/breaker_codec.h"

namespace windtunnel::cli {
namespace {

// Lines of standard input. Of a line that is too long only the beginning is kept, one byte more than is allowed, so
// that it is refused for its length.
class Lines {
 public:
  // False at the end of input; a last line without an end is a line.
  bool next(std::string& line) {
    line.clear();
    for (bool any = false;; any = true) {
      if (used_ == filled_ && !fill()) return any;
      const char byte = buffer_[used_++];
      if (byte == '\n') return true;
      if (line.size() <= scenarios::kProtocolLineMax) line += byte;
    }
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  bool fill() {
    ssize_t n = 0;
    do {
      n = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
      std::fprintf(stderr, "windtunnel: cannot read standard input: %s\n", std::strerror(errno));
      failed_ = true;
    }
    used_ = 0;
    filled_ = n > 0 ? static_cast<std::size_t>(n) : 0;
    return n > 0;
  }

  std::array<char, 65536> buffer_{};
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
  bool failed_ = false;
};

}  // namespace

ExitCode breaker(const BreakerArguments& /*arguments*/) {
  monitor::ProtocolBreaker own;
  Lines lines;
  for (std::string line; lines.next(line);) {
    if (!print(scenarios::answer_line(own, line) + "\n")) return ExitCode::file_error;
  }
  return lines.failed() ? ExitCode::file_error : ExitCode::pass;
}

}  // namespace windtunnel::cli
