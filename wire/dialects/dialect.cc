#include "wire/dialects/dialect.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/json_text.h"
#include "wire/dialects/anthropic_messages.h"
#include "wire/dialects/openai_chat.h"
#include "wire/dialects/openai_embeddings.h"
#include "wire/dialects/openai_responses.h"

namespace windtunnel::wire {

std::string whole_answer(Api api, const Answer& answer) {
  switch (api) {
    case Api::chat:
      return openai_chat::whole(answer);
    case Api::responses:
      return openai_responses::whole(answer);
    case Api::messages:
      return anthropic_messages::whole(answer);
    case Api::embeddings:
      return openai_embeddings::whole(answer);
    case Api::models:
    case Api::health:
      break;
  }
  fail_check("an interface that is called has an answer", __FILE__, __LINE__);
}

std::string stream_begin(Api api, const Answer& answer) {
  if (api == Api::messages) return anthropic_messages::stream_begin(answer);
  return api == Api::responses ? openai_responses::stream_begin(answer) : openai_chat::stream_begin(answer);
}

std::string stream_token(Api api, const Answer& answer, std::int64_t place) {
  const std::string text = token_text(answer.call, place);
  if (api == Api::messages) return anthropic_messages::stream_token(text);
  return api == Api::responses ? openai_responses::stream_token(answer, text, place)
                               : openai_chat::stream_token(answer, text);
}

std::string stream_end(Api api, const Answer& answer) {
  if (api == Api::messages) return anthropic_messages::stream_end(answer);
  return api == Api::responses ? openai_responses::stream_end(answer) : openai_chat::stream_end(answer);
}

std::string spoilt_token(Api api, const Answer& answer, std::int64_t place) {
  const std::string event = stream_token(api, answer, place);
  return event.substr(0, event.size() / 2) + "\n\n";
}

std::string stream_error(Api api) {
  if (api == Api::messages) {
    return "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
           "\"Overloaded\"}}\n\n";
  }
  if (api == Api::responses) {
    return "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":"
           "\"The server had an error while processing your request.\",\"param\":null}\n\n";
  }
  return "data: {\"error\":{\"message\":\"The server had an error while processing your request.\","
         "\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n";
}

std::string spoilt_answer(Api api, const Answer& answer) {
  const std::string body = whole_answer(api, answer);
  return body.substr(0, body.size() / 2);
}

std::string model_entry(std::string_view model, std::int64_t created) {
  return fmt::format(R"({{"id":{},"object":"model","created":{},"owned_by":"windtunnel"}})", json_string(model),
                     created);
}

std::string model_list(std::string_view model, std::int64_t created) {
  return R"({"object":"list","data":[)" + model_entry(model, created) + "]}";
}

}  // namespace windtunnel::wire
