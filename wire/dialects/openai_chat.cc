#include "wire/dialects/openai_chat.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace windtunnel::wire::openai_chat {
namespace {

std::string usage_of(const Answer& answer) {
  const std::int64_t input = answer.usage.input.count();
  const std::int64_t output = answer.usage.output.count();
  return fmt::format(R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},)"
                     R"("prompt_tokens_details":{{"cached_tokens":{}}},)"
                     R"("completion_tokens_details":{{"reasoning_tokens":{}}}}})",
                     input, output, input + output, answer.usage.kinds.cached_input.count(),
                     answer.usage.kinds.reasoning.count());
}

// What every chunk begins with.
std::string chunk_head(const Answer& answer) {
  return fmt::format(R"(data: {{"id":"chatcmpl-wt{}","object":"chat.completion.chunk","created":{},"model":{},)"
                     R"("system_fingerprint":"fp_windtunnel",)",
                     answer.call, answer.created, json_string(answer.model));
}

std::string chunk(const Answer& answer, std::string_view delta, std::string_view reason) {
  return chunk_head(answer) + fmt::format(R"("choices":[{{"index":0,"delta":{},"logprobs":null,"finish_reason":{}}}]}})"
                                          "\n\n",
                                          delta, reason);
}

std::string_view finish_reason(const Answer& answer) { return answer.is_cut ? R"("length")" : R"("stop")"; }

}  // namespace

std::string whole(const Answer& answer) {
  return fmt::format(R"({{"id":"chatcmpl-wt{}","object":"chat.completion","created":{},"model":{},)"
                     R"("choices":[{{"index":0,"message":{{"role":"assistant","content":{},"refusal":null}},)"
                     R"("logprobs":null,"finish_reason":{}}}],{}"service_tier":"default",)"
                     R"("system_fingerprint":"fp_windtunnel"}})",
                     answer.call, answer.created, json_string(answer.model),
                     json_string(answer_text(answer.call, answer.usage.output)), finish_reason(answer),
                     answer.has_usage ? R"("usage":)" + usage_of(answer) + "," : std::string());
}

std::string stream_begin(const Answer& answer) {
  return chunk(answer, R"({"role":"assistant","content":"","refusal":null})", "null");
}

std::string stream_token(const Answer& answer, std::string_view text) {
  return chunk(answer, fmt::format(R"({{"content":{}}})", json_string(text)), "null");
}

std::string stream_end(const Answer& answer) {
  std::string end = chunk(answer, "{}", finish_reason(answer));
  if (answer.wants_usage && answer.has_usage) {
    end += chunk_head(answer) + fmt::format(R"("choices":[],"usage":{}}})"
                                            "\n\n",
                                            usage_of(answer));
  }
  return end + "data: [DONE]\n\n";
}

}  // namespace windtunnel::wire::openai_chat
