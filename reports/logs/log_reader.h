#pragma once
// Reads a log of any known format, one record after the other.
//
// The format is the one that is named, or the first one that the log's first records are marked as. A record that is
// none is counted and kept with its number and reason, never passed over in silence. Records of other kinds than a
// model's call (spans of a database, say) are counted apart.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/logs/formats/log_format.h"
#include "reports/logs/log_choice.h"
#include "reports/logs/log_row.h"
#include "reports/telemetry/telemetry_reader.h"

namespace windtunnel::reports {

// "auto", then the formats.
[[nodiscard]] const std::vector<std::string>& log_names();

class LogReader {
 public:
  static constexpr std::size_t kBadLinesKept = 100;

  // Throws ReportError if the file cannot be opened or read, here or in next(), and std::invalid_argument for a format
  // or columns that are none.
  explicit LogReader(const LogChoice& choice);
  ~LogReader();

  bool next(LogRow& row);

  // Of the log; what is neither known nor named is read as our own telemetry if it is JSON, and has no rows if it is
  // CSV.
  [[nodiscard]] const LogFormat& format() const;
  // Why no format was recognised: what the log has instead; empty: one was.
  [[nodiscard]] const std::string& unrecognised() const;
  // "line", or "record" where a line holds several.
  [[nodiscard]] const char* unit() const;
  [[nodiscard]] std::uint64_t number() const;  // of the latest row's line or record
  [[nodiscard]] std::uint64_t others() const;  // records of other kinds
  [[nodiscard]] std::uint64_t joined() const;  // calls that are part of the request of another record
  // Of a log of sums: the buckets without any, which the log covers as well.
  [[nodiscard]] std::span<const LogRow> empty_buckets() const;
  [[nodiscard]] std::uint64_t bad_count() const;
  [[nodiscard]] std::span<const BadLine> bad_lines() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace windtunnel::reports
