#pragma once
// The breaker protocol: one JSON object a line, one answer line for each, in both directions.
//
//   {"op":"reset","config":{...}}                  {} or {"unsupported":true,"why":"..."}
//   {"op":"acquire","t_ms":T}                      {"admitted":true,"state":"closed","permit":N}   permit null: refused
//   {"op":"report","t_ms":T,"permit":N,"ok":true}  {"state":"closed"}                              ok null: ignored
//   {"op":"state","t_ms":T}                        {"state":"closed"}
//
// Anything that is wrong is answered {"error":"..."} and changes nothing. Times are whole milliseconds since the reset,
// never decreasing. `config` has the settings of monitor/breaker/breaker_config.h by name, durations as open_ms,
// window_ms, open_ms_max, half_open_timeout_ms and slow_call_ms; an absent setting is off. Lines are read strictly: a
// key that is not above is an error.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "monitor/breaker/breaker_protocol.h"

namespace windtunnel::scenarios {

// No line of the protocol is longer.
inline constexpr std::size_t kProtocolLineMax = std::size_t{64} << 10;

// The breaker's side: runs one line and returns the answer, without line ends.
std::string answer_line(monitor::ForeignBreaker& breaker, std::string_view line);

// The asker's side, without line ends. The settings must be in whole milliseconds.
std::string reset_line(const monitor::BreakerConfig& config);
std::string question_line(const monitor::BreakerQuestion& question);

// The content of an answer line. `nonsense` holds why it is none; the rest is then empty.
struct ResetAnswer {
  std::string nonsense;
  std::optional<std::string> unsupported;  // the reason
};
ResetAnswer read_reset_answer(std::string_view line);

struct QuestionAnswer {
  std::string nonsense;
  monitor::BreakerAnswer answer;
};
QuestionAnswer read_answer(std::string_view line, monitor::BreakerOp op);

// One line of a recorded history: a reset or a question. Throws a ScenarioError that names the line.
struct RecordedLine {
  std::optional<monitor::BreakerConfig> reset;
  monitor::BreakerQuestion question;  // if it is no reset
};
RecordedLine read_recorded_line(std::string_view line, const std::string& file, int number);

// A file that holds the `config` of a reset. Throws ScenarioError, FileError.
monitor::BreakerConfig read_breaker_config(const std::string& path);

// Whether each duration is a whole number of milliseconds.
bool in_whole_milliseconds(const monitor::BreakerConfig& config);

// The words of the protocol.
const char* word_of(monitor::BreakerOp op);

}  // namespace windtunnel::scenarios
