#pragma once
// The word that a misspelt one most likely meant.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace windtunnel::inline base {

// The number of insertions, deletions, replacements and swaps of neighbours between two words (optimal string
// alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

// At most a third of its letters away from `written`, or one if there are two; the first of equals wins. Nothing if no
// word is that near, or if `written` has more than 64 letters.
std::optional<std::string> nearest_word(std::string_view written, std::span<const std::string> words);

}  // namespace windtunnel::inline base
