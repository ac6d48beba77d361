#pragma once
// What another program has written, as part of a message.

#include <string>
#include <string_view>

namespace windtunnel::runs {

// Each line indented after "  | " with its control characters spelled out, so that it can neither steer a terminal nor
// be taken for a line of ours. Without the last line end.
std::string quoted_output(std::string_view output);

}  // namespace windtunnel::runs
