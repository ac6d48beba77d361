#pragma once
// OpenAI embeddings as bytes: numbers that depend on the call, as decimals or as base64 of little-endian float32.

#include <string>

#include "wire/dialects/answer.h"

namespace windtunnel::wire::openai_embeddings {

inline constexpr std::size_t kDimensions = 8;

[[nodiscard]] std::string whole(const Answer& answer);

}  // namespace windtunnel::wire::openai_embeddings
