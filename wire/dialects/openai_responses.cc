#include "wire/dialects/openai_responses.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace windtunnel::wire::openai_responses {
namespace {

// Events that come before the first token; a token's number in the sequence follows them.
constexpr std::int64_t kEventsBefore = 4;

std::string usage_of(const Answer& answer) {
  if (!answer.has_usage) return "null";
  const std::int64_t input = answer.usage.input.count();
  const std::int64_t output = answer.usage.output.count();
  return fmt::format(R"({{"input_tokens":{},"input_tokens_details":{{"cached_tokens":{}}},"output_tokens":{},)"
                     R"("output_tokens_details":{{"reasoning_tokens":{}}},"total_tokens":{}}})",
                     input, answer.usage.kinds.cached_input.count(), output, answer.usage.kinds.reasoning.count(),
                     input + output);
}

std::string text_part(std::string_view text) {
  return fmt::format(R"({{"type":"output_text","text":{},"annotations":[],"logprobs":[]}})", json_string(text));
}

std::string item(const Answer& answer, std::string_view status, std::string_view parts) {
  return fmt::format(R"({{"id":"msg_wt{}","type":"message","status":"{}","role":"assistant","content":[{}]}})",
                     answer.call, status, parts);
}

std::string response(const Answer& answer, std::string_view status, std::string_view items, std::string_view usage) {
  const std::string_view details =
      status == "incomplete" ? R"({"reason":"max_output_tokens"})" : std::string_view{"null"};
  return fmt::format(R"({{"id":"resp_wt{}","object":"response","created_at":{},"status":"{}","model":{},"error":null,)"
                     R"("incomplete_details":{},"instructions":null,"metadata":{{}},"output":[{}],)"
                     R"("parallel_tool_calls":true,"temperature":1.0,"tool_choice":"auto","tools":[],"top_p":1.0,)"
                     R"("usage":{}}})",
                     answer.call, answer.created, status, json_string(answer.model), details, items, usage);
}

std::string event(std::string_view type, std::int64_t sequence, std::string_view rest) {
  return fmt::format("event: {}\ndata: {{\"type\":\"{}\",\"sequence_number\":{},{}}}\n\n", type, type, sequence, rest);
}

std::string place_of(const Answer& answer) {
  return fmt::format(R"("item_id":"msg_wt{}","output_index":0,"content_index":0)", answer.call);
}

std::string_view end_status(const Answer& answer) { return answer.is_cut ? "incomplete" : "completed"; }

std::string whole_item(const Answer& answer) {
  return item(answer, end_status(answer), text_part(answer_text(answer.call, answer.usage.output)));
}

}  // namespace

std::string whole(const Answer& answer) {
  return response(answer, end_status(answer), whole_item(answer), usage_of(answer));
}

std::string stream_begin(const Answer& answer) {
  const std::string begun = response(answer, "in_progress", "", "null");
  return event("response.created", 0, R"("response":)" + begun) +
         event("response.in_progress", 1, R"("response":)" + begun) +
         event("response.output_item.added", 2, R"("output_index":0,"item":)" + item(answer, "in_progress", "")) +
         event("response.content_part.added", 3, place_of(answer) + R"(,"part":)" + text_part(""));
}

std::string stream_token(const Answer& answer, std::string_view text, std::int64_t place) {
  return event("response.output_text.delta", kEventsBefore + place,
               fmt::format(R"({},"delta":{},"logprobs":[])", place_of(answer), json_string(text)));
}

std::string stream_end(const Answer& answer) {
  const std::string text = answer_text(answer.call, answer.usage.output);
  const std::int64_t next = kEventsBefore + answer.usage.output.count();
  const std::string_view last = answer.is_cut ? "response.incomplete" : "response.completed";
  return event("response.output_text.done", next,
               fmt::format(R"({},"text":{},"logprobs":[])", place_of(answer), json_string(text))) +
         event("response.content_part.done", next + 1, place_of(answer) + R"(,"part":)" + text_part(text)) +
         event("response.output_item.done", next + 2, R"("output_index":0,"item":)" + whole_item(answer)) +
         event(last, next + 3, R"("response":)" + whole(answer));
}

}  // namespace windtunnel::wire::openai_responses
