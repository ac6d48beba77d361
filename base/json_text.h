#pragma once
// Text as JSON. What is not UTF-8 is replaced by U+FFFD, byte by byte, so that every line we write can be read.

#include <string>
#include <string_view>

namespace windtunnel::inline base {

// Appends `text` as a JSON string with its quotes. Escapes the quote, the backslash, and control and invisible
// characters, because a JSON report may be printed on a terminal.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

}  // namespace windtunnel::inline base
