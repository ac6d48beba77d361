#pragma once
// The name of a request outside its run: the same seed and request always have the same one, and no two requests of a
// run share it (but for the six bits that a UUID gives to its version, it is a pair of hashes, each one-to-one).

#include <array>
#include <cstdint>
#include <string_view>

#include "base/stable_hash.h"

namespace windtunnel::inline base {

// The arrival ordinal of a request in its run, from 0. Everything drawn or hashed for a request is named by it.
enum class RequestId : std::uint64_t {};
constexpr std::uint64_t number_of(RequestId id) { return static_cast<std::uint64_t>(id); }

inline constexpr std::size_t kUuidLength = 36;

// A version 4 UUID in lower case: "xxxxxxxx-xxxx-4xxx-[89ab]xxx-xxxxxxxxxxxx". Its bits are, but for version and
// variant, stable_hash(id, stable_hash(seed, 0)) and then stable_hash(id, stable_hash(seed, 1)), most significant
// first.
class RequestUuids {
 public:
  explicit RequestUuids(std::uint64_t seed) : salt_high_(stable_hash(seed, 0)), salt_low_(stable_hash(seed, 1)) {}

  // Writes kUuidLength characters, no terminator, and returns their end.
  char* write(char* out, RequestId id) const;

 private:
  std::uint64_t salt_high_;
  std::uint64_t salt_low_;
};

struct Uuid {
  std::array<char, kUuidLength> text{};
  [[nodiscard]] std::string_view view() const { return {text.data(), text.size()}; }
  friend bool operator==(const Uuid&, const Uuid&) = default;
};

Uuid request_uuid(std::uint64_t seed, RequestId id);

}  // namespace windtunnel::inline base
