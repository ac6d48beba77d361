#include "runs/processes/breaker_server.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "monitor/breaker/protocol_breaker.h"
#include "scenarios/fields/breaker_codec.h"

namespace windtunnel::runs {
namespace {

// The lines of the input. Of a line that is too long only the beginning is kept, one byte more than is allowed, so
// that it is refused for its length.
class Lines {
 public:
  explicit Lines(int input) : input_(input) {}

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
  [[nodiscard]] const std::optional<Problem>& problem() const { return problem_; }

 private:
  bool fill() {
    ssize_t n = 0;
    do {
      n = ::read(input_, buffer_.data(), buffer_.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0)
      problem_ = Problem{ProblemKind::file, std::string("cannot read standard input: ") + std::strerror(errno)};
    used_ = 0;
    filled_ = n > 0 ? static_cast<std::size_t>(n) : 0;
    return n > 0;
  }

  int input_;
  std::array<char, 65536> buffer_{};
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
  std::optional<Problem> problem_;
};

}  // namespace

std::optional<Problem> serve_breaker(int input, const std::function<bool(const std::string&)>& print) {
  monitor::ProtocolBreaker own;
  Lines lines{input};
  for (std::string line; lines.next(line);) {
    if (!print(scenarios::answer_line(own, line) + "\n")) return std::nullopt;
  }
  return lines.problem();
}

}  // namespace windtunnel::runs
