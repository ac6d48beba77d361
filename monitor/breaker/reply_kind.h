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
  auth_or_quota,  // 401, 402, 403, exhausted quota, where the provider does not tell them apart
  client_error,   // the other 4xx: the request itself is wrong
  // New kinds go to the end, because a digest and a swarm hold their numbers.
  context_length,   // a 400: input and max_tokens do not fit the model's window
  content_policy,   // a 400: the provider's filter refuses the content
  not_found,        // a 404: the deployment does not exist
  auth,             // 401, 403
  quota_exhausted,  // 402, a quota that is used up
};
inline constexpr std::size_t kReplyKinds = 15;
constexpr std::size_t index_of(ReplyKind kind) { return static_cast<std::size_t>(kind); }

// The request itself is at fault, so that another provider may refuse it too.
constexpr bool is_callers_own(ReplyKind kind) {
  return kind == ReplyKind::client_error || kind == ReplyKind::context_length || kind == ReplyKind::content_policy;
}
// The key, its quota or the deployment's name is at fault: the same provider refuses the next call too.
constexpr bool is_lasting(ReplyKind kind) {
  return kind == ReplyKind::auth_or_quota || kind == ReplyKind::not_found || kind == ReplyKind::auth ||
         kind == ReplyKind::quota_exhausted;
}

// Kinds of replies, each in or out.
class ReplySet {
 public:
  constexpr ReplySet() = default;
  // Every failure but those that are the caller's own.
  static constexpr ReplySet any() {
    ReplySet set;
    for (std::size_t i = 1; i < kReplyKinds; ++i) {
      if (!is_callers_own(static_cast<ReplyKind>(i))) set.add(static_cast<ReplyKind>(i));
    }
    return set;
  }
  constexpr void add(ReplyKind kind) { bits_ |= 1U << index_of(kind); }
  constexpr void add(ReplySet other) { bits_ |= other.bits_; }
  constexpr void remove(ReplyKind kind) { bits_ &= ~(1U << index_of(kind)); }
  [[nodiscard]] constexpr bool has(ReplyKind kind) const { return (bits_ >> index_of(kind) & 1U) != 0; }
  [[nodiscard]] constexpr bool has_all(ReplySet other) const { return (bits_ & other.bits_) == other.bits_; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(ReplySet, ReplySet) = default;

 private:
  std::uint32_t bits_ = 0;
};

}  // namespace windtunnel::monitor
