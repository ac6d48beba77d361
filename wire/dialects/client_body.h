#pragma once
// The body that a client sends: one question with the mark of its request, as long as its tokens ask for.

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "wire/dialects/api.h"

namespace windtunnel::wire {

struct ClientQuestion {
  Api api = Api::chat;  // chat or messages
  std::string model;
  std::string mark;  // at the beginning of the text, and as the user
  Tokens input;
  Tokens max_tokens;
  bool stream = false;
  // The beginning of the text in place of the mark, which then stands in the user alone. The text has exactly its
  // tokens; empty: the mark begins it.
  std::string content{};
};

[[nodiscard]] std::string client_body(const ClientQuestion& question);

}  // namespace windtunnel::wire
