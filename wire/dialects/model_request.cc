#include "wire/dialects/model_request.h"

#include <simdjson.h>

#include <algorithm>

namespace windtunnel::wire {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kBytesPerToken = 4;

std::string text_at(dom::element object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

bool flag_at(dom::element object, std::string_view key) {
  bool value = false;
  return object[key].get(value) == simdjson::SUCCESS && value;
}

// Calls `each` with every text of a message's content: a string, or a list of parts with a text.
template <class Each>
void each_text(dom::element content, const Each& each) {
  std::string_view text;
  if (content.get(text) == simdjson::SUCCESS) return each(text);
  dom::array parts;
  if (content.get(parts) != simdjson::SUCCESS) return;
  for (const dom::element part : parts) {
    if (part["text"].get(text) == simdjson::SUCCESS) each(text);
  }
}

// The messages of a chat, or the input items of `responses`.
void read_messages(dom::array messages, ModelRequest& request) {
  for (const dom::element message : messages) {
    std::string_view role;
    const bool is_user = message["role"].get(role) == simdjson::SUCCESS && role == "user";
    dom::element content;
    if (message["content"].get(content) != simdjson::SUCCESS) continue;
    std::string last;
    each_text(content, [&](std::string_view text) {
      request.text_size += text.size();
      if (is_user && last.size() < kLastTextMax) last += text.substr(0, kLastTextMax - last.size());
    });
    if (is_user) request.last_text = std::move(last);
  }
}

void read_input(dom::element body, ModelRequest& request, DecodedRequest& decoded) {
  dom::element input;
  if (body["input"].get(input) != simdjson::SUCCESS) {
    decoded.problem = "Missing required parameter: 'input'.";
    decoded.parameter = "input";
    return;
  }
  std::string_view text;
  dom::array list;
  if (input.get(text) == simdjson::SUCCESS) {
    request.text_size += text.size();
    request.last_text = text.substr(0, kLastTextMax);
  } else if (input.get(list) == simdjson::SUCCESS) {
    if (request.api == Api::responses) return read_messages(list, request);
    // Texts, or lists of token numbers.
    request.inputs = 0;
    for (const dom::element item : list) {
      ++request.inputs;
      if (item.get(text) != simdjson::SUCCESS) continue;
      request.text_size += text.size();
      request.last_text = text.substr(0, kLastTextMax);
    }
    if (request.inputs == 0 || request.inputs > kInputsMax) {
      decoded.problem = "'input' must hold 1 to 2048 items.";
      decoded.parameter = "input";
    }
  }
}

void read_chat(dom::element body, ModelRequest& request, DecodedRequest& decoded) {
  dom::array messages;
  if (body["messages"].get(messages) != simdjson::SUCCESS || messages.begin() == messages.end()) {
    decoded.problem = "'messages' must be a list with at least one message.";
    decoded.parameter = "messages";
    return;
  }
  dom::element system;
  if (body["system"].get(system) == simdjson::SUCCESS) {
    each_text(system, [&](std::string_view text) { request.text_size += text.size(); });
  }
  read_messages(messages, request);
}

void read_max_tokens(dom::element body, ModelRequest& request, DecodedRequest& decoded) {
  for (const std::string_view key : {"max_completion_tokens", "max_output_tokens", "max_tokens"}) {
    dom::element value;
    if (body[key].get(value) != simdjson::SUCCESS || value.is_null()) continue;
    std::int64_t count = 0;
    if (value.get(count) != simdjson::SUCCESS || count < 1 || count > kTokensMax.count()) {
      decoded.problem = "'" + std::string(key) + "' must be a whole number of at least 1.";
      decoded.parameter = key;
      return;
    }
    request.max_tokens = Tokens{count};
    return;
  }
  if (request.api != Api::messages) return;
  decoded.problem = "max_tokens: Field required";
  decoded.parameter = "max_tokens";
}

}  // namespace

Tokens tokens_of_text(std::size_t bytes) {
  return Tokens{static_cast<std::int64_t>(std::max<std::size_t>(1, (bytes + kBytesPerToken - 1) / kBytesPerToken))};
}

DecodedRequest decode_request(Api api, std::string_view target, std::string_view body) {
  DecodedRequest decoded;
  dom::parser parser;
  dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !root.is_object()) {
    decoded.problem = "We could not parse the JSON body of your request.";
    return decoded;
  }
  ModelRequest request{.api = api, .model = text_at(root, "model"), .stream = flag_at(root, "stream")};
  if (request.model.empty()) request.model = deployment_of(target);
  if (request.model.empty()) {
    decoded.problem = "you must provide a model parameter";
    decoded.parameter = "model";
    return decoded;
  }
  request.user = text_at(root, "user");
  dom::element inner;
  if (request.user.empty() && root["metadata"].get(inner) == simdjson::SUCCESS)
    request.user = text_at(inner, "user_id");
  if (root["stream_options"].get(inner) == simdjson::SUCCESS) request.wants_usage = flag_at(inner, "include_usage");
  request.base64 = text_at(root, "encoding_format") == "base64";
  if (api == Api::embeddings) request.stream = false;
  if (api == Api::responses || api == Api::embeddings) {
    read_input(root, request, decoded);
  } else {
    read_chat(root, request, decoded);
  }
  if (decoded.problem.empty()) read_max_tokens(root, request, decoded);
  if (decoded.problem.empty()) decoded.request = std::move(request);
  return decoded;
}

}  // namespace windtunnel::wire
