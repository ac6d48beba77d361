#include "monitor/realtime/llm_monitor_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace windtunnel::monitor {
namespace {

// Only a file can: nothing is read from a pipe or a device.
bool ends_within_a_line(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::ifstream file{path, std::ios::binary | std::ios::ate};
  if (file.tellg() <= std::streamoff{0}) return false;
  file.seekg(-1, std::ios::end);
  return file.get() != '\n';
}

}  // namespace

TelemetryLog::TelemetryLog(const std::string& path) : path_(path) {
  if (path.empty()) return;
  torn_ = ends_within_a_line(path);
  file_.reset(std::fopen(path.c_str(), "ab"));
  if (file_ == nullptr) {
    error_ = fmt::format("{}: cannot be opened: {}", path, std::strerror(errno));
    return;
  }
  // Unbuffered: a line is in the file when its request has ended, and lines of several processes do not mix.
  std::setvbuf(file_.get(), nullptr, _IONBF, 0);
}

void TelemetryLog::write(const std::string& line) {
  if (file_ == nullptr) return;
  const std::lock_guard lock{write_mutex_};
  const std::string text = torn_ ? '\n' + line : line;
  const std::size_t written = std::fwrite(text.data(), 1, text.size(), file_.get());
  if (written > 0) torn_ = text[written - 1] != '\n';
  if (written < text.size()) lose_line(fmt::format("{}: cannot be written: {}", path_, std::strerror(errno)));
}

void TelemetryLog::lose_line(std::string why) {
  const std::lock_guard lock{account_mutex_};
  ++lines_lost_;
  if (!error_) error_ = std::move(why);
}

std::optional<std::string> TelemetryLog::error() const {
  const std::lock_guard lock{account_mutex_};
  return error_;
}

std::int64_t TelemetryLog::lines_lost() const {
  const std::lock_guard lock{account_mutex_};
  return lines_lost_;
}

}  // namespace windtunnel::monitor
