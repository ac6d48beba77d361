#pragma once
// What stands below the flags in the help and the manual page of a verb: what it does in a few sentences, and commands
// to copy.

#include <string_view>

namespace windtunnel::runs {

// Of the words that lead to the verb, such as "export csv"; of "" the program's own. Empty for a verb that the footer
// of the verb above it explains.
[[nodiscard]] const char* footer_of(std::string_view verb);

}  // namespace windtunnel::runs
