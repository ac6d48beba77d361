#pragma once
// OpenAI chat completions as bytes: a whole answer, and the events of a stream.
//
// A stream is: the role, one chunk for each token, a chunk with the reason of the end, the usage if the caller asked
// for it (with no choices), and [DONE].

#include <string>
#include <string_view>

#include "wire/dialects/answer.h"

namespace windtunnel::wire::openai_chat {

[[nodiscard]] std::string whole(const Answer& answer);
[[nodiscard]] std::string stream_begin(const Answer& answer);
[[nodiscard]] std::string stream_token(const Answer& answer, std::string_view text);
[[nodiscard]] std::string stream_end(const Answer& answer);

}  // namespace windtunnel::wire::openai_chat
