#pragma once
// The kinds of replies. They stand beside the breaker because its settings say what a reply of each kind counts as.

#include <cstddef>
#include <cstdint>

namespace windtunnel::monitor {

enum class ReplyKind : std::uint8_t {
  ok,
  timeout,
  connection_error,
  server_error,
  overloaded,
  rate_limited,
  malformed,      // a bad 200: billed in full, worth nothing
  truncated,      // cut mid-stream: partly billed by an unknown amount
  auth_or_quota,  // 401, 402, 403, exhausted quota
  client_error,   // the other 4xx: the request itself is wrong
};
inline constexpr std::size_t kReplyKinds = 10;
constexpr std::size_t index_of(ReplyKind kind) { return static_cast<std::size_t>(kind); }

}  // namespace windtunnel::monitor
