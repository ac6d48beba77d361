#include "wire/dialects/client_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"

namespace windtunnel::wire {
namespace {

// Four bytes a token, as tokens_of_text() counts them.
std::string text_of(const ClientQuestion& question) {
  if (!question.content.empty()) {
    const auto exact = static_cast<std::size_t>(4 * std::max<std::int64_t>(1, question.input.count()));
    std::string text = question.content.substr(0, exact);
    while (text.size() < exact) text += " wnd";
    text.resize(exact);
    return text;
  }
  std::string text = question.mark;
  const auto size = static_cast<std::size_t>(4 * std::max<std::int64_t>(0, question.input.count()));
  while (text.size() + 4 <= size) text += " wnd";
  return text;
}

}  // namespace

std::string client_body(const ClientQuestion& question) {
  const std::string model = json_string(question.model);
  const std::string mark = json_string(question.mark);
  const std::string text = json_string(text_of(question));
  const std::int64_t max_tokens = std::max<std::int64_t>(1, question.max_tokens.count());
  if (question.api == Api::messages) {
    return fmt::format(R"({{"model":{},"max_tokens":{},"stream":{},"metadata":{{"user_id":{}}},)"
                       R"("messages":[{{"role":"user","content":{}}}]}})",
                       model, max_tokens, question.stream, mark, text);
  }
  return fmt::format(R"({{"model":{},"max_tokens":{},"stream":{}{},"user":{},)"
                     R"("messages":[{{"role":"user","content":{}}}]}})",
                     model, max_tokens, question.stream,
                     question.stream ? R"(,"stream_options":{"include_usage":true})" : "", mark, text);
}

}  // namespace windtunnel::wire
