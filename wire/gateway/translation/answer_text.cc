// Neutral answers in the words of each interface.

#include <fmt/format.h>

#include "base/check.h"
#include "base/json_text.h"
#include "wire/gateway/translation/neutral_answer.h"

namespace windtunnel::wire {
namespace {

monitor::Usage usage_or_none(const NeutralAnswer& answer) { return answer.usage.value_or(monitor::Usage{}); }

const char* finish_word(Api api, Finish finish) {
  const bool messages = api == Api::messages;
  switch (finish) {
    case Finish::stop:
      return messages ? "end_turn" : "stop";
    case Finish::length:
      return messages ? "max_tokens" : "length";
    case Finish::tool_calls:
      return messages ? "tool_use" : "tool_calls";
    case Finish::filtered:
      return messages ? "refusal" : "content_filter";
  }
  return "stop";
}

// An id as a part of another one: letters, digits, - and _ alone.
std::string stable_id(std::string_view id) {
  std::string text;
  for (const char c : id) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    text += is_plain ? c : '_';
  }
  return text;
}

std::string arguments_or_empty(const ToolCall& call) { return call.arguments.empty() ? "{}" : call.arguments; }

// --- Chat ----------------------------------------------------------------------------------------------------------

std::string chat_usage(const NeutralAnswer& answer) {
  const monitor::Usage usage = usage_or_none(answer);
  const std::string details = usage.kinds.any()
                                  ? fmt::format(R"(,"prompt_tokens_details":{{"cached_tokens":{}}},)"
                                                R"("completion_tokens_details":{{"reasoning_tokens":{}}})",
                                                usage.kinds.cached_input.count(), usage.kinds.reasoning.count())
                                  : std::string();
  return fmt::format(R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}{}}})", usage.input.count(),
                     usage.output.count(), (usage.input + usage.output).count(), details);
}

std::string chat_tools(const NeutralAnswer& answer, bool numbered) {
  std::string list;
  for (std::size_t i = 0; i < answer.tools.size(); ++i) {
    const ToolCall& call = answer.tools[i];
    list += fmt::format(R"({}{{{}"id":{},"type":"function","function":{{"name":{},"arguments":{}}}}})",
                        i == 0 ? "" : ",", numbered ? fmt::format("\"index\":{},", i) : "", json_string(call.id),
                        json_string(call.name), json_string(call.arguments));
  }
  return list;
}

std::string chat_chunk(const NeutralAnswer& answer, std::string_view choices, std::string_view rest) {
  return fmt::format(R"(data: {{"id":{},"object":"chat.completion.chunk","created":{},"model":{},"choices":[{}]{}}})"
                     "\n\n",
                     json_string(answer.id), answer.created, json_string(answer.model), choices, rest);
}

std::string chat_choice(std::string_view delta, std::string_view finish) {
  return fmt::format(R"({{"index":0,"delta":{},"logprobs":null,"finish_reason":{}}})", delta, finish);
}

std::string chat_whole(const NeutralAnswer& answer) {
  const std::string tools =
      answer.tools.empty() ? std::string() : R"(,"tool_calls":[)" + chat_tools(answer, false) + "]";
  const std::string content = answer.text.empty() && !answer.tools.empty() ? "null" : json_string(answer.text);
  return fmt::format(R"({{"id":{},"object":"chat.completion","created":{},"model":{},"choices":[{{"index":0,)"
                     R"("message":{{"role":"assistant","content":{}{}}},"logprobs":null,"finish_reason":"{}"}}],)"
                     R"("usage":{}}})",
                     json_string(answer.id), answer.created, json_string(answer.model), content, tools,
                     finish_word(Api::chat, answer.finish), chat_usage(answer));
}

std::string chat_end(const NeutralAnswer& answer, bool wants_usage) {
  std::string text;
  if (!answer.tools.empty()) {
    text += chat_chunk(answer, chat_choice(R"({"tool_calls":[)" + chat_tools(answer, true) + "]}", "null"), "");
  }
  text += chat_chunk(answer, chat_choice("{}", std::string("\"") + finish_word(Api::chat, answer.finish) + "\""), "");
  if (wants_usage) text += chat_chunk(answer, "", ",\"usage\":" + chat_usage(answer));
  return text + "data: [DONE]\n\n";
}

// --- Messages ------------------------------------------------------------------------------------------------------

std::string messages_event(std::string_view type, std::string_view rest) {
  return fmt::format("event: {}\ndata: {{\"type\":\"{}\"{}}}\n\n", type, type, rest);
}

std::string messages_input(const NeutralAnswer& answer) {
  const monitor::Usage usage = usage_or_none(answer);
  const TokenKinds& kinds = usage.kinds;
  const std::string plain =
      fmt::format(R"("input_tokens":{})", (usage.input - kinds.cached_input - kinds.cache_write).count());
  if (kinds.cached_input == Tokens{} && kinds.cache_write == Tokens{}) return plain;
  return plain + fmt::format(R"(,"cache_creation_input_tokens":{},"cache_read_input_tokens":{})",
                             kinds.cache_write.count(), kinds.cached_input.count());
}

std::string messages_shell(const NeutralAnswer& answer, std::string_view content, std::string_view reason,
                           std::int64_t output) {
  return fmt::format(R"({{"id":{},"type":"message","role":"assistant","model":{},"content":[{}],"stop_reason":{},)"
                     R"("stop_sequence":null,"usage":{{{},"output_tokens":{}}}}})",
                     json_string(answer.id), json_string(answer.model), content, reason, messages_input(answer),
                     output);
}

std::string messages_whole(const NeutralAnswer& answer) {
  std::string content;
  if (!answer.text.empty() || answer.tools.empty()) {
    content = fmt::format(R"({{"type":"text","text":{}}})", json_string(answer.text));
  }
  for (const ToolCall& call : answer.tools) {
    content += fmt::format(R"({}{{"type":"tool_use","id":{},"name":{},"input":{}}})", content.empty() ? "" : ",",
                           json_string(call.id), json_string(call.name), arguments_or_empty(call));
  }
  return messages_shell(answer, content, std::string("\"") + finish_word(Api::messages, answer.finish) + "\"",
                        usage_or_none(answer).output.count());
}

std::string messages_end(const NeutralAnswer& answer) {
  std::string text = messages_event("content_block_stop", R"(,"index":0)");
  for (std::size_t i = 0; i < answer.tools.size(); ++i) {
    const ToolCall& call = answer.tools[i];
    text += messages_event(
        "content_block_start",
        fmt::format(R"(,"index":{},"content_block":{{"type":"tool_use","id":{},"name":{},"input":{{}}}})", i + 1,
                    json_string(call.id), json_string(call.name)));
    text += messages_event("content_block_delta",
                           fmt::format(R"(,"index":{},"delta":{{"type":"input_json_delta","partial_json":{}}})", i + 1,
                                       json_string(arguments_or_empty(call))));
    text += messages_event("content_block_stop", fmt::format(R"(,"index":{})", i + 1));
  }
  text += messages_event("message_delta", fmt::format(R"(,"delta":{{"stop_reason":"{}","stop_sequence":null}},)"
                                                      R"("usage":{{{},"output_tokens":{}}})",
                                                      finish_word(Api::messages, answer.finish), messages_input(answer),
                                                      usage_or_none(answer).output.count()));
  return text + messages_event("message_stop", "");
}

// --- Responses -----------------------------------------------------------------------------------------------------

std::string responses_message(const NeutralAnswer& answer, std::string_view status, std::string_view text) {
  return fmt::format(R"({{"id":"msg_{}","type":"message","status":"{}","role":"assistant","content":[)"
                     R"({{"type":"output_text","text":{},"annotations":[]}}]}})",
                     stable_id(answer.id), status, json_string(text));
}

std::string responses_tools(const NeutralAnswer& answer) {
  std::string list;
  for (const ToolCall& call : answer.tools) {
    list += fmt::format(R"(,{{"type":"function_call","status":"completed","call_id":{},"name":{},"arguments":{}}})",
                        json_string(call.id), json_string(call.name), json_string(call.arguments));
  }
  return list;
}

std::string responses_shell(const NeutralAnswer& answer, std::string_view status, std::string_view output,
                            bool has_usage) {
  const monitor::Usage usage = usage_or_none(answer);
  const std::string usage_json =
      has_usage ? fmt::format(R"({{"input_tokens":{},"input_tokens_details":{{"cached_tokens":{}}},"output_tokens":{},)"
                              R"("output_tokens_details":{{"reasoning_tokens":{}}},"total_tokens":{}}})",
                              usage.input.count(), usage.kinds.cached_input.count(), usage.output.count(),
                              usage.kinds.reasoning.count(), (usage.input + usage.output).count())
                : "null";
  return fmt::format(R"({{"id":{},"object":"response","created_at":{},"status":"{}","error":null,)"
                     R"("incomplete_details":{},"model":{},"output":[{}],"usage":{}}})",
                     json_string(answer.id), answer.created, status,
                     has_usage && answer.finish == Finish::length ? R"({"reason":"max_output_tokens"})" : "null",
                     json_string(answer.model), output, usage_json);
}

const char* responses_status(const NeutralAnswer& answer) {
  return answer.finish == Finish::length ? "incomplete" : "completed";
}

std::string responses_whole(const NeutralAnswer& answer) {
  return responses_shell(answer, responses_status(answer),
                         responses_message(answer, responses_status(answer), answer.text) + responses_tools(answer),
                         true);
}

std::string responses_event(std::string_view type, std::string_view rest) {
  return fmt::format("event: {}\ndata: {{\"type\":\"{}\"{}}}\n\n", type, type, rest);
}

std::string responses_begin(const NeutralAnswer& answer) {
  return responses_event("response.created", ",\"response\":" + responses_shell(answer, "in_progress", "", false)) +
         responses_event("response.output_item.added",
                         fmt::format(R"(,"output_index":0,"item":{{"id":"msg_{}","type":"message",)"
                                     R"("status":"in_progress","role":"assistant","content":[]}})",
                                     stable_id(answer.id)));
}

std::string responses_end(const NeutralAnswer& answer) {
  const std::string message = responses_message(answer, responses_status(answer), answer.text);
  return responses_event("response.output_item.done", R"(,"output_index":0,"item":)" + message) +
         responses_event(answer.finish == Finish::length ? "response.incomplete" : "response.completed",
                         ",\"response\":" + responses_whole(answer));
}

[[noreturn]] void no_such_answer() { fail_check("an interface that is called has an answer", __FILE__, __LINE__); }

}  // namespace

std::string whole_text(Api api, const NeutralAnswer& answer) {
  if (!answer.body.empty()) return answer.body;
  if (api == Api::chat) return chat_whole(answer);
  if (api == Api::messages) return messages_whole(answer);
  if (api == Api::responses) return responses_whole(answer);
  no_such_answer();
}

std::string begin_text(Api api, const NeutralAnswer& answer) {
  if (api == Api::chat) return chat_chunk(answer, chat_choice(R"({"role":"assistant","content":""})", "null"), "");
  if (api == Api::messages) {
    return messages_event("message_start", ",\"message\":" + messages_shell(answer, "", "null", 1)) +
           messages_event("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})");
  }
  if (api == Api::responses) return responses_begin(answer);
  no_such_answer();
}

std::string piece_text(Api api, const NeutralAnswer& answer, std::string_view text) {
  if (api == Api::chat) {
    return chat_chunk(answer, chat_choice(fmt::format(R"({{"content":{}}})", json_string(text)), "null"), "");
  }
  if (api == Api::messages) {
    return messages_event("content_block_delta",
                          fmt::format(R"(,"index":0,"delta":{{"type":"text_delta","text":{}}})", json_string(text)));
  }
  if (api == Api::responses) {
    return responses_event("response.output_text.delta",
                           fmt::format(R"(,"item_id":"msg_{}","output_index":0,"content_index":0,"delta":{})",
                                       stable_id(answer.id), json_string(text)));
  }
  no_such_answer();
}

std::string end_text(Api api, const NeutralAnswer& answer, bool wants_usage) {
  if (api == Api::chat) return chat_end(answer, wants_usage);
  if (api == Api::messages) return messages_end(answer);
  if (api == Api::responses) return responses_end(answer);
  no_such_answer();
}

}  // namespace windtunnel::wire
