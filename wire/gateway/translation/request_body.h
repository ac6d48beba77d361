#pragma once
// The body of a call, made of the body that a caller sent: in the provider's dialect, with the provider's model and
// the output that is granted.
//
// Between equal dialects every field that is not ours passes as it came. From one dialect to another the fields that
// both have are carried: system texts, messages with texts, images by URL or as base64, tools, calls of tools and
// their results, temperature, top_p, stop words. What the other dialect has no word for is left out.

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "wire/dialects/api.h"

namespace windtunnel::wire {

struct BodyWish {
  Api from = Api::chat;
  Api to = Api::chat;
  std::string_view model;
  std::optional<Tokens> max_tokens;  // nothing: as the caller has it
  // Which word a chat's limit has where the caller has none: newer models of OpenAI refuse the old one.
  bool new_limit_word = false;
};

// `body` is a JSON object that decode_request() has accepted.
[[nodiscard]] std::string request_body(const BodyWish& wish, std::string_view body);

// Whether a provider's interface can stand in for a caller's.
[[nodiscard]] bool can_translate(Api from, Api to);

}  // namespace windtunnel::wire
