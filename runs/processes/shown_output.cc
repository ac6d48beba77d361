#include "runs/processes/shown_output.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/visible_text.h"

namespace windtunnel::runs {
namespace {

// A longer line is passed on in pieces.
constexpr std::size_t kLineMax = std::size_t{64} << 10;

void write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(to, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // nothing can be shown, and the program must not wait for us
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool is_own_terminal(int descriptor) { return isatty(descriptor) == 1 && std::getenv("GITHUB_ACTIONS") == nullptr; }

}  // namespace

ShownOutput::ShownOutput(int to) : to_(to) {
  if (!is_own_terminal(to)) pipe_.emplace();
}

ShownOutput::~ShownOutput() {
  if (pipe_) close_if_open(pipe_->write);
  if (thread_.joinable()) thread_.join();
}

void ShownOutput::start() {
  if (!pipe_) return;
  close_if_open(pipe_->write);
  thread_ = std::thread([this] { pass_on(); });
}

void ShownOutput::pass_on() {
  std::string pending;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t got = ::read(pipe_->read, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    pending.append(block.data(), static_cast<std::size_t>(got));
    std::size_t end = pending.rfind('\n') + 1;  // 0: no line is complete
    if (end == 0 && pending.size() > kLineMax) end = pending.size();
    write_all(to_, visible_lines(std::string_view{pending}.substr(0, end)));
    pending.erase(0, end);
  }
  write_all(to_, visible_lines(pending));
}

}  // namespace windtunnel::runs
