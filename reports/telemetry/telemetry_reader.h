#pragma once
// Reads telemetry.jsonl[.zst] back, ours and the seed's own (without our additions, timestamps without Z, numbers as
// Python prints them). A line that is no record is counted with its number and reason, never passed over in silence;
// empty lines are none. A record needs `timestamp` and `tokens`; other fields may be absent and unknown ones are
// skipped, but a field that is there must have its type.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"
#include "reports/files/byte_source.h"

namespace windtunnel::reports {

struct TelemetryAttempt {
  std::string provider;
  std::string outcome;
  Duration latency{0};
  std::optional<Usd> cost;  // nothing: the usage is unknown
  friend bool operator==(const TelemetryAttempt&, const TelemetryAttempt&) = default;
};

// Of a gateway alone: more of the attempt at the same place.
struct TelemetryCall {
  std::optional<Duration> start;         // since the arrival
  std::optional<std::string> answer_id;  // the provider's
  std::optional<Duration> retry_after;   // that the provider asked for
  friend bool operator==(const TelemetryCall&, const TelemetryCall&) = default;
};

// Of a gateway alone: an alert of its budget.
struct TelemetryAlert {
  std::string window;  // "month" or "day"
  WallTime begin{};    // of the window
  Millionths share{0};
  Usd spent;
  bool by_refusal = false;
  friend bool operator==(const TelemetryAlert&, const TelemetryAlert&) = default;
};

struct TelemetryRecord {
  WallTime timestamp{};
  std::string request_id;
  std::optional<std::string> provider;
  std::optional<std::string> model;
  Duration latency{0};  // exact to the nanosecond
  Tokens input;
  Tokens output;
  Tokens total;
  TokenKinds kinds;  // of these
  Usd cost;          // exact to the pico-dollar
  bool success = false;
  std::optional<std::string> error;
  std::optional<std::string> circuit_breaker_state;
  std::optional<std::string> feature_version;
  std::optional<std::string> prompt_version;
  std::optional<std::string> experiment_id;
  std::optional<std::string> variant_id;
  std::int64_t prompt_length = 0;
  std::int64_t response_length = 0;
  // Our additions.
  std::optional<std::string> outcome;
  std::optional<bool> cache_hit;
  std::optional<Duration> time_to_first_token;
  std::optional<std::string> user;
  std::vector<TelemetryAttempt> attempts;
  std::vector<TelemetryCall> calls;
  std::vector<TelemetryAlert> alerts;
  friend bool operator==(const TelemetryRecord&, const TelemetryRecord&) = default;
};

// A line that is no record. Lines count from 1.
struct BadLine {
  std::uint64_t line = 0;
  std::string why;
};

class TelemetryReader {
 public:
  static constexpr std::size_t kBadLinesKept = 100;

  // Throws ReportError if the file cannot be opened, here, or read, in next().
  explicit TelemetryReader(const std::string& path);
  explicit TelemetryReader(std::unique_ptr<ByteSource> bytes);
  ~TelemetryReader();

  // The next record; false at the end.
  bool next(TelemetryRecord& record);

  [[nodiscard]] std::uint64_t line() const;  // of the latest record
  [[nodiscard]] std::uint64_t bad_count() const;
  [[nodiscard]] std::span<const BadLine> bad_lines() const;  // the first kBadLinesKept

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace windtunnel::reports
