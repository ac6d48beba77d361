#pragma once
// A format of logs as a table: which of its fields is which of a row, in what unit, and what marks a log of it.
//
// A field is named by its path in the record, steps divided by dots ("metadata.usage.total"), or by the column of a CSV
// file. A list of {key, value} pairs, as OpenTelemetry writes attributes, is read as an object. JSON in a text is read
// as an object where a path leads into it, because databases export objects as texts.
//
// The first path of a field that has a value wins; a path that `adds` is added to it, a text behind ": ". Records may
// be nested: of each list in `lists` every element is a record that inherits the fields around it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::reports {

enum class LogField : std::uint8_t {
  id,
  trace,
  begin,
  end,
  latency,
  first_token_at,
  time_to_first_token,
  provider,
  model,
  user,
  team,
  route,
  deployment,
  address,
  key,
  holder,
  input,
  output,
  total,
  cached,
  cache_written,
  cache_written_1h,
  reasoning,
  cost,
  answered,
  failure,  // a text that is there: the request failed
  error,    // more of why it failed, if it did
  status,
  cache_hit,
  cancelled,
  batch,
  tier,
  requests,
  kind,  // of the record: see LogFormat::kinds
};

enum class LogUnit : std::uint8_t {
  text,
  time,  // ISO 8601, or a number since 1970: seconds, milliseconds, microseconds or nanoseconds by its size
  seconds,
  milliseconds,
  count,
  dollars,
  cents,
  word,         // yes or no: see log_values.cc
  span_status,  // of OpenTelemetry: 2 and ERROR are no
  tier,         // of service: "batch", "standard", ...
  reference,    // to another record; one of zeros is none
  finish,       // why an answer ended: only "error" is no
};

struct LogRule {
  LogField field{};
  std::string_view path;
  LogUnit unit = LogUnit::text;
  bool adds = false;
};

struct LogFormat {
  std::string_view name;   // --log-format
  std::string_view title;  // "LiteLLM spend logs"
  std::vector<LogRule> rules;
  std::vector<std::string_view> lists;
  // A log is of this format if its first record has all fields of one of these lists.
  std::vector<std::vector<std::string_view>> marks;
  // The kinds that are a model's call; empty: all. A record of another kind, or of none and without a model, is passed
  // over and counted.
  std::vector<std::string_view> kinds;
  bool is_bucketed = false;
  bool is_of_calls = false;                // a record is one call, and not a request with all of its calls
  bool may_have_kinds_apart = false;       // some programs write input tokens without those of a cache
  bool is_answered_unless_failed = false;  // a record writes a failure only
  std::string_view provider;               // of all records; empty: theirs
  // What no log of this format can show, ready to print behind "This format ".
  std::string_view lacks;
};

}  // namespace windtunnel::reports
