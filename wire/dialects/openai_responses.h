#pragma once
// OpenAI responses as bytes: a whole answer, and the events of a stream.

#include <string>
#include <string_view>

#include "wire/dialects/answer.h"

namespace windtunnel::wire::openai_responses {

[[nodiscard]] std::string whole(const Answer& answer);
[[nodiscard]] std::string stream_begin(const Answer& answer);
// `place` is the token's number from 0.
[[nodiscard]] std::string stream_token(const Answer& answer, std::string_view text, std::int64_t place);
[[nodiscard]] std::string stream_end(const Answer& answer);

}  // namespace windtunnel::wire::openai_responses
