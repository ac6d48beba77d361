#pragma once
// An answer apart from the words of any interface, and how each interface writes it: what a gateway needs to answer
// in another dialect than its provider's, and to answer from its cache.
//
// It holds text and calls of tools. What else an answer may hold (sound, log probabilities, several choices) passes
// only where caller and provider speak the same dialect, because then the bytes pass as they are.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "wire/dialects/api.h"

namespace windtunnel::wire {

enum class Finish : std::uint8_t { stop, length, tool_calls, filtered };

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON
  friend bool operator==(const ToolCall&, const ToolCall&) = default;
};

struct NeutralAnswer {
  std::string id;
  std::string model;
  std::int64_t created = 0;  // seconds since 1970
  std::string text;
  std::vector<ToolCall> tools;
  Finish finish = Finish::stop;
  std::optional<monitor::Usage> usage;  // nothing: none was stated
  std::string body;                     // as the provider wrote it, where that is the caller's dialect; else empty
};

// The answer in a body of chat, responses or messages; nothing: it is no answer.
[[nodiscard]] std::optional<NeutralAnswer> read_answer(Api api, std::string_view body);
// The usage that a body states, also one of embeddings; nothing: none.
[[nodiscard]] std::optional<monitor::Usage> usage_in(Api api, std::string_view body);

[[nodiscard]] std::string whole_text(Api api, const NeutralAnswer& answer);

// A stream in three parts: what comes before the first text, a piece of text by its place from 0, and the end with
// calls of tools, reason and usage. `wants_usage` is of chat alone: a last event with the usage.
[[nodiscard]] std::string begin_text(Api api, const NeutralAnswer& answer);
[[nodiscard]] std::string piece_text(Api api, const NeutralAnswer& answer, std::string_view text);
[[nodiscard]] std::string end_text(Api api, const NeutralAnswer& answer, bool wants_usage);

// "length" in the words of an interface and back.
[[nodiscard]] Finish finish_of(Api api, std::string_view word);

}  // namespace windtunnel::wire
