#pragma once
// The interfaces that a provider offers, by the method and the path of a request.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace windtunnel::wire {

enum class Api : std::uint8_t { chat, responses, embeddings, messages, models, health };

// Whose words an answer's errors and headers are in.
enum class Family : std::uint8_t { openai, anthropic };

[[nodiscard]] constexpr Family family_of(Api api) { return api == Api::messages ? Family::anthropic : Family::openai; }

// The word of the ledger.
[[nodiscard]] std::string_view name_of(Api api);

// The path of a target, without its query.
[[nodiscard]] std::string_view path_of(std::string_view target);

// Nothing: no interface has this path. OpenAI's are taken with /v1, without it, and with the paths of Azure
// (/openai/deployments/NAME/...).
[[nodiscard]] std::optional<Api> api_of(std::string_view target);
// Whether the interface is read (GET) and not called (POST).
[[nodiscard]] constexpr bool is_read(Api api) { return api == Api::models || api == Api::health; }
// The deployment that a path of Azure names; empty: none.
[[nodiscard]] std::string_view deployment_of(std::string_view target);

}  // namespace windtunnel::wire
