#include "wire/gateway/translation/stated_kinds.h"

#include <simdjson.h>

#include <algorithm>

namespace windtunnel::wire {

TokenKinds stated_kinds(Api api, const void* element, const std::string& pointer, const monitor::Usage& usage) {
  const auto& root = *static_cast<const simdjson::dom::element*>(element);
  const auto count_at = [&](const char* key, Tokens most) {
    std::int64_t count = 0;
    if (root.at_pointer(pointer + key).get(count) != simdjson::SUCCESS) return Tokens{};
    return std::clamp(Tokens{count}, Tokens{}, most);
  };
  TokenKinds kinds;
  if (api == Api::messages) {
    kinds.cached_input = count_at("/cache_read_input_tokens", usage.input);
    kinds.cache_write = count_at("/cache_creation_input_tokens", usage.input - kinds.cached_input);
    return kinds;
  }
  const bool responses = api == Api::responses;
  kinds.cached_input =
      count_at(responses ? "/input_tokens_details/cached_tokens" : "/prompt_tokens_details/cached_tokens", usage.input);
  kinds.reasoning =
      count_at(responses ? "/output_tokens_details/reasoning_tokens" : "/completion_tokens_details/reasoning_tokens",
               usage.output);
  return kinds;
}

}  // namespace windtunnel::wire
