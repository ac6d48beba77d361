#include "wire/dialects/anthropic_messages.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace windtunnel::wire::anthropic_messages {
namespace {

std::string usage_of(const Answer& answer, std::int64_t output) {
  if (!answer.has_usage) return R"({"service_tier":"standard"})";
  // Beside the input, not within it.
  const TokenKinds& kinds = answer.usage.kinds;
  return fmt::format(R"({{"input_tokens":{},"cache_creation_input_tokens":{},"cache_read_input_tokens":{},)"
                     R"("output_tokens":{},"service_tier":"standard"}})",
                     (answer.usage.input - kinds.cached_input - kinds.cache_write).count(), kinds.cache_write.count(),
                     kinds.cached_input.count(), output);
}

std::string message(const Answer& answer, std::string_view content, std::string_view reason, std::int64_t output) {
  return fmt::format(R"({{"id":"msg_wt{}","type":"message","role":"assistant","model":{},"content":[{}],)"
                     R"("stop_reason":{},"stop_sequence":null,"usage":{}}})",
                     answer.call, json_string(answer.model), content, reason, usage_of(answer, output));
}

std::string event(std::string_view type, std::string_view rest) {
  return fmt::format("event: {}\ndata: {{\"type\":\"{}\"{}}}\n\n", type, type, rest);
}

std::string_view stop_reason(const Answer& answer) { return answer.is_cut ? R"("max_tokens")" : R"("end_turn")"; }

}  // namespace

std::string whole(const Answer& answer) {
  const std::string text = json_string(answer_text(answer.call, answer.usage.output));
  return message(answer, fmt::format(R"({{"type":"text","text":{}}})", text), stop_reason(answer),
                 answer.usage.output.count());
}

std::string stream_begin(const Answer& answer) {
  return event("message_start", R"(,"message":)" + message(answer, "", "null", 1)) +
         event("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})") + event("ping", "");
}

std::string stream_token(std::string_view text) {
  return event("content_block_delta",
               fmt::format(R"(,"index":0,"delta":{{"type":"text_delta","text":{}}})", json_string(text)));
}

std::string stream_end(const Answer& answer) {
  return event("content_block_stop", R"(,"index":0)") +
         event("message_delta",
               fmt::format(R"(,"delta":{{"stop_reason":{},"stop_sequence":null}},"usage":{{{}}})", stop_reason(answer),
                           answer.has_usage ? fmt::format(R"("output_tokens":{})", answer.usage.output.count())
                                            : std::string())) +
         event("message_stop", "");
}

}  // namespace windtunnel::wire::anthropic_messages
