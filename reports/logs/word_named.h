#pragma once
// An enumerator by the word that name_of() has for it.

#include <cstddef>
#include <optional>
#include <string>

namespace windtunnel::reports {

// Nothing: none of the N has this name.
template <class Word, std::size_t N>
std::optional<Word> word_named(const std::string& name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (name == name_of(static_cast<Word>(i))) return static_cast<Word>(i);
  }
  return std::nullopt;
}

}  // namespace windtunnel::reports
