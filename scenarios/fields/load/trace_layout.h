#pragma once
// The columns of traces: ours, and those of public traces as they are published.
//
//   ours t_us,input_tokens,output_tokens[,prompt_key,user,team,key,model,route,cached_input_tokens,latency_ms,outcome]
//   Azure TIMESTAMP,ContextTokens,GeneratedTokens, with times of the calendar (2023 and 2024) BurstGPT
//   Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type, with times in seconds Vidur
//   arrived_at,num_prefill_tokens,num_decode_tokens and others, with times in seconds Mooncake     JSON lines of
//   timestamp (milliseconds), input_length, output_length and hash_ids
//
// What a request met when it was recorded (latency, outcome) is read and not used: the simulation decides it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "sim/load/workload.h"

namespace windtunnel::scenarios {

enum class TraceColumn : std::uint8_t {
  microseconds,
  seconds,
  calendar,
  input,
  output,
  prompt,
  user,
  team,
  key,
  model,
  route,
  cached,
  unused,
};

struct NamedColumn {
  std::string_view name;
  TraceColumn column = TraceColumn::unused;
};

struct TraceLayout {
  std::string_view name;
  std::vector<NamedColumn> columns;  // the first three are needed: time, input, output
  std::string_view expected;         // the header, for messages

  [[nodiscard]] const NamedColumn* find(std::string_view column) const;
};

// The layout whose time stands in this header; ours if none does.
[[nodiscard]] const TraceLayout& layout_of(const std::vector<std::string_view>& header);

// A time of the calendar since 1970: "2023-11-16 18:17:03.9799600", "2024-05-10 00:00:00.009930+00:00".
[[nodiscard]] std::optional<Duration> calendar_time_of(std::string_view text);

// A row of Mooncake's; nothing: it is none. Rows with the same blocks and length are one question.
[[nodiscard]] std::optional<sim::ListedRequest> mooncake_row(std::string_view line);

// A text that may be compressed by gzip or zstd, whatever its file is named. Nothing: it is damaged, or larger than
// `bytes_max`.
[[nodiscard]] std::optional<std::string> unpacked(std::string text, std::size_t bytes_max);

}  // namespace windtunnel::scenarios
