#pragma once
// UTF-8 by table 3-7 of the Unicode standard: overlong forms, surrogates and what is beyond U+10FFFF are not
// well-formed.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace windtunnel::inline base {

// What is not UTF-8 is shown as.
inline constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";

// The length of the well-formed sequence that `text` begins with; 0 if there is none.
std::size_t utf8_length(std::string_view text);

// The code point of a well-formed sequence, all of it.
std::uint32_t code_point_of(std::string_view sequence);

// The length of the longest well-formed text that `text` begins with.
std::size_t utf8_prefix(std::string_view text);
bool is_utf8(std::string_view text);

// How many characters a well-formed text has; of any other text, how many bytes continue none.
std::size_t characters_in(std::string_view text);
// The first `count` characters, or the whole text if it has fewer.
std::string_view first_characters(std::string_view text, std::size_t count);

}  // namespace windtunnel::inline base
