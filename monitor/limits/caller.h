#pragma once
// Who asks, as limits see it: the words that a caller carries, as stable hashes. 0: the request has no such word.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/stable_hash.h"

namespace windtunnel::monitor {

// Tags that limits may name, in the order in which the limits name them first.
inline constexpr std::size_t kLimitTagsMax = 4;

struct Caller {
  std::uint64_t key = 0;
  std::uint64_t team = 0;
  std::uint64_t user = 0;
  std::array<std::uint64_t, kLimitTagsMax> tags{};
  friend bool operator==(const Caller&, const Caller&) = default;
};

// A word's place among callers. Words of different kinds are never compared.
constexpr std::uint64_t caller_word(std::string_view word) { return stable_hash(word) | 1U; }

}  // namespace windtunnel::monitor
