#pragma once
// Text of others on its way to a terminal or into the log of a CI job.
//
// A control character moves the cursor, colours what follows or begins a line of its own. GitHub Actions obeys a line
// that begins with "::" (after blanks), and "##[" anywhere in a line, as commands: a name could forge an error or
// switch the real ones off. Names that hold such things are refused where a file is read (problem_with_name); what a
// program of others writes is shown with them spelled out (visible_text). So are characters without a width of their
// own, because two names that differ by one look alike ("Trojan Source"). Homoglyphs are not found, and the variation
// selectors U+FE00 to U+FE0F pass, because emoji carry them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace windtunnel::inline base {

// C0 (tab and line ends too), DEL, C1, the line and paragraph separators, and the marks that change the direction of
// what follows.
bool is_control(std::uint32_t code_point);

// What takes no room: zero-width spaces and joiners, the marks of a direction, fillers, tags and soft hyphens.
bool is_invisible(std::uint32_t code_point);

// What a name or another text of one line must not hold, to be put behind "it ": "holds the control character U+001B".
// Nothing if it is fine.
std::optional<std::string> problem_with_name(std::string_view name);

// On one line, with every control and invisible character spelled out: "\n", "\x1b", "\u2028", "\U000e0041". What is
// not UTF-8 is "\xff".
std::string visible_text(std::string_view text);

// The same of each line: line feeds and tabs stay. What is spelled out already is left as it is.
std::string visible_lines(std::string_view text);

}  // namespace windtunnel::inline base
