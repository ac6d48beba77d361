#pragma once
// The telemetry log of the real-time monitor: one line per request, as monitor/text/record_text.h describes it.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace windtunnel::monitor {

// Appends lines to a file, each in one write. Thread-safe. A line that cannot be written is lost and counted, and its
// request succeeds all the same. If a part of it was written (the disk was full, or the program that wrote to the file
// before was killed), the next line begins on a line of its own.
class TelemetryLog {
 public:
  // Empty: no log.
  explicit TelemetryLog(const std::string& path);

  [[nodiscard]] bool on() const { return file_ != nullptr; }
  void write(const std::string& line);

  // The first thing that went wrong: the file could not be opened, or a line not written.
  [[nodiscard]] std::optional<std::string> error() const;
  [[nodiscard]] std::int64_t lines_lost() const;

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void lose_line(std::string why);

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::mutex write_mutex_;  // over the file and the next member
  bool torn_ = false;       // the file does not end with the end of a line

  // Apart, so that statistics do not wait for a slow disk. Over everything below; taken under the other or alone.
  mutable std::mutex account_mutex_;
  std::optional<std::string> error_;
  std::int64_t lines_lost_ = 0;
};

}  // namespace windtunnel::monitor
