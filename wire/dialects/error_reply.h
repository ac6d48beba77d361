#pragma once
// What a provider answers instead of an answer: status, headers and body, in the words of its family.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/request.h"
#include "wire/dialects/api.h"
#include "wire/http/http_message.h"

namespace windtunnel::wire {

struct ErrorReply {
  int status = 500;
  std::vector<HttpHeader> headers;
  std::string body;
};

// For a kind of reply that has a status: server_error, overloaded, rate_limited, auth_or_quota, client_error.
[[nodiscard]] ErrorReply error_reply(Family family, monitor::ReplyKind kind, std::uint64_t call,
                                     const monitor::RetryAfter& retry_after);

// A request that the provider refuses before it becomes a call. `parameter` is empty where it is about none.
[[nodiscard]] ErrorReply refusal(Family family, int status, std::string_view message, std::string_view parameter);

// The value of a Retry-After header; nothing: there is none.
[[nodiscard]] std::optional<std::string> retry_after_text(const monitor::RetryAfter& retry_after);

}  // namespace windtunnel::wire
