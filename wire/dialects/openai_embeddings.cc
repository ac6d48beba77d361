#include "wire/dialects/openai_embeddings.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>

#include "base/json_text.h"

namespace windtunnel::wire::openai_embeddings {
namespace {

using Vector = std::array<float, kDimensions>;

// Eighths, so that they are the same numbers in both forms: 0 to 7, beginning with the call's number.
Vector vector_of(std::uint64_t call, std::size_t input) {
  Vector vector{};
  for (std::size_t i = 0; i < kDimensions; ++i) vector[i] = static_cast<float>((call + input + i) % 8) / 8;
  return vector;
}

std::string decimals(const Vector& vector) {
  std::string text = "[";
  for (const float value : vector) text += fmt::format("{}{}", text.size() > 1 ? "," : "", value);
  return text + "]";
}

std::string base64(const Vector& vector) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  for (const float value : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xffU);
  }
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k <= bytes.size() ? kLetters[group >> (18 - 6 * k) & 0x3fU] : '=';
    }
  }
  return text;
}

}  // namespace

std::string whole(const Answer& answer) {
  std::string rows;
  for (std::size_t input = 0; input < answer.inputs; ++input) {
    const Vector vector = vector_of(answer.call, input);
    rows += fmt::format(R"({}{{"object":"embedding","index":{},"embedding":{}}})", input > 0 ? "," : "", input,
                        answer.base64 ? json_string(base64(vector)) : decimals(vector));
  }
  return fmt::format(R"({{"object":"list","data":[{}],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})",
                     rows, json_string(answer.model), answer.usage.input.count(), answer.usage.input.count());
}

}  // namespace windtunnel::wire::openai_embeddings
