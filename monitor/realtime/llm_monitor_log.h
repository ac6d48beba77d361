#pragma once
// The telemetry log of the real-time monitor: one JSON object a line, one line per request. The fields, their order and
// their texts are those of a simulated run's telemetry.jsonl (reports/telemetry/telemetry.h lists them); a test
// compares both.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "monitor/config.h"
#include "monitor/record.h"

namespace windtunnel::monitor {

// What a record names by number, or not at all. An empty text is written as null.
struct RecordTexts {
  WallTime timestamp{};  // of the end
  std::string_view request_id{};
  std::span<const ProviderConfig> providers{};
  std::string_view feature_version{};
  std::string_view prompt_version{};
  std::string_view experiment_id{};
  std::string_view variant_id{};
  std::string_view user{};
};

// One line, with its end. What is not UTF-8 is replaced by U+FFFD, byte by byte.
std::string telemetry_line(const Record& record, const RecordTexts& texts);

// A version 4 UUID: its bits are, but for version and variant, stable_hash(id, stable_hash(seed, 0)) and then
// stable_hash(id, stable_hash(seed, 1)).
std::string uuid_of(std::uint64_t seed, RequestId id);

// Why there is no answer, in the record's one word: the last reply's kind for `failed`, else the outcome. Null if there
// is one.
const char* error_word_of(const Record& record);

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
