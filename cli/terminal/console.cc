#include "cli/terminal/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/utf8.h"

namespace windtunnel::cli {
namespace {

bool is_dumb_terminal() {
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::strcmp(terminal, "dumb") == 0;
}

// Of the terminal behind stderr; a window may change its size at any time. 80 if it has no size.
std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

bool wants_color(Color color) {
  switch (color) {
    case Color::always:
      return true;
    case Color::never:
      return false;
    case Color::automatic:
      break;
  }
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  if (is_dumb_terminal()) return false;
  return isatty(STDOUT_FILENO) == 1;
}

bool print(std::string_view text) {
  static bool failed = false;
  if (failed) return false;
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return true;
  std::fprintf(stderr, "windtunnel: cannot write to standard output: %s\n", std::strerror(errno));
  failed = true;
  return false;
}

Progress::Progress(bool quiet)
    : enabled_(!quiet && isatty(STDERR_FILENO) == 1 && !is_dumb_terminal()),
      next_(std::chrono::steady_clock::now() + std::chrono::seconds{1}) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

bool Progress::due() { return enabled_ && std::chrono::steady_clock::now() >= next_; }

void Progress::show(const std::string& line) {
  // The last column stays free: a terminal may wrap as soon as it is written.
  const std::string_view fits = first_characters(line, terminal_columns() - 1);
  std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(fits.size()), fits.data());
  std::fflush(stderr);
  shown_ = true;
  next_ = std::chrono::steady_clock::now() + std::chrono::milliseconds{100};
}

}  // namespace windtunnel::cli
