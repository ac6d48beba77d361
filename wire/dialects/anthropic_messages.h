#pragma once
// Anthropic messages as bytes: a whole answer, and the events of a stream.

#include <string>
#include <string_view>

#include "wire/dialects/answer.h"

namespace windtunnel::wire::anthropic_messages {

[[nodiscard]] std::string whole(const Answer& answer);
[[nodiscard]] std::string stream_begin(const Answer& answer);
[[nodiscard]] std::string stream_token(std::string_view text);
[[nodiscard]] std::string stream_end(const Answer& answer);

}  // namespace windtunnel::wire::anthropic_messages
