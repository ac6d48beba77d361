#pragma once
// The numbers by which the pipeline names whom it calls and what is asked for.

#include <cstddef>
#include <cstdint>

namespace windtunnel::monitor {

// The place in file order of a provider, or of a deployment (one model at one provider).
enum class ProviderId : std::uint8_t {};
inline constexpr std::size_t kProvidersMax = 64;
constexpr std::size_t index_of(ProviderId id) { return static_cast<std::size_t>(id); }

// A route's place in file order.
enum class RouteId : std::uint8_t {};
inline constexpr std::size_t kRoutesMax = 64;
constexpr std::size_t index_of(RouteId id) { return static_cast<std::size_t>(id); }

}  // namespace windtunnel::monitor
