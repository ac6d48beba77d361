#pragma once
// The mark by which a call is known as one of a request: "[wt 17]" or "[wt chat 17]" in the last message of the user.
// It is the one thing that passes every gateway; a copy in `user` is read where the message has none.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace windtunnel::wire {

struct RequestTag {
  std::string workload;  // empty: the first one
  std::uint64_t ordinal = 0;
  friend bool operator==(const RequestTag&, const RequestTag&) = default;
};

// The first mark in the text; nothing: it has none.
[[nodiscard]] std::optional<RequestTag> tag_in(std::string_view text);
[[nodiscard]] std::string text_of(const RequestTag& tag);

}  // namespace windtunnel::wire
