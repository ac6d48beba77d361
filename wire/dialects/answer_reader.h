#pragma once
// What a client makes of the body of an answer, whole or streamed: its text, its usage, and whether it came to its end.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/dialects/api.h"

namespace windtunnel::wire {

struct ReadAnswer {
  std::string text;
  std::optional<std::int64_t> output_tokens;  // as its usage states
  bool has_end = false;                       // the reason of the end, or the last event, has come
  bool is_garbage = false;                    // a body or an event that is no JSON, or no answer
  bool has_error = false;                     // an error event in a stream
};

class AnswerReader {
 public:
  // `api` is chat or messages.
  AnswerReader(Api api, bool stream) : api_(api), stream_(stream) {}

  void put(std::string_view body);
  // The body has ended.
  void end();
  [[nodiscard]] const ReadAnswer& answer() const { return answer_; }

 private:
  void read_event(std::string_view event);
  void read_data(std::string_view data);

  Api api_;
  bool stream_;
  std::string unread_;
  ReadAnswer answer_;
};

// Of a text as answer_text() makes it.
struct AnswerWords {
  std::optional<std::uint64_t> call;  // that made it; nothing: the text is another
  std::int64_t words = 0;
  bool in_order = true;  // every word follows the one before, from one call
};
[[nodiscard]] AnswerWords words_in(std::string_view text);

}  // namespace windtunnel::wire
