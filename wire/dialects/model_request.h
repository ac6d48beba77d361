#pragma once
// What a provider needs of a request's body, in any dialect. Fields that no answer depends on are not read.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "wire/dialects/api.h"

namespace windtunnel::wire {

struct ModelRequest {
  Api api = Api::chat;
  std::string model;
  bool stream = false;
  bool wants_usage = false;          // of a chat's stream: a last chunk with the usage
  bool base64 = false;               // of embeddings: the numbers as bytes
  std::optional<Tokens> max_tokens;  // of the output
  std::string user;
  std::string last_text;      // of the last message of the user, at most kLastTextMax of it
  std::size_t text_size = 0;  // bytes of all texts
  std::size_t inputs = 1;     // of embeddings
};

inline constexpr std::size_t kLastTextMax = std::size_t{64} << 10;
inline constexpr std::size_t kInputsMax = 2048;

// The request, or why the provider refuses it: a sentence, and the parameter that it is about.
struct DecodedRequest {
  std::optional<ModelRequest> request;
  std::string problem;
  std::string parameter;
};

// `target` names the model where the body does not, as Azure's paths do.
[[nodiscard]] DecodedRequest decode_request(Api api, std::string_view target, std::string_view body);

// A rough count, as a tokenizer's mean is: at least one.
[[nodiscard]] Tokens tokens_of_text(std::size_t bytes);

}  // namespace windtunnel::wire
