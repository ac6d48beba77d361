#pragma once
// What a provider's response means to the pipeline: its kind, the wait that it asks for, the bill that it states.
//
//   status                               kind
//   200 with an answer                   ok
//   200 without one                      malformed
//   400, 413, 422 ... with a code        context_length, content_policy; else client_error
//   401, 403                             auth
//   402, or a quota that is used up      quota_exhausted
//   404                                  not_found
//   408                                  timeout
//   429                                  rate_limited
//   503, 529                             overloaded
//   500 and the rest of 5xx              server_error
//
// A failure states no usage: the provider's settings say what it bills. A bad 200 may have been billed, by an amount
// that nothing states, so that its usage is unknown.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/request.h"
#include "sim/world/scenario.h"
#include "wire/dialects/api.h"
#include "wire/http/http_message.h"

namespace windtunnel::wire {

[[nodiscard]] monitor::ReplyKind kind_of_status(int status, std::string_view body);

// `retry-after-ms` comes first, because whole seconds hold less.
[[nodiscard]] monitor::RetryAfter retry_after_of(const std::vector<HttpHeader>& headers);

// What a failed call of this input bills, where its usage is known.
[[nodiscard]] std::optional<monitor::Usage> failure_usage(monitor::ReplyKind kind, sim::FailureBill bill, Tokens input);

// The message of an error in any dialect; empty: none. At most a few hundred bytes.
[[nodiscard]] std::string error_message_in(std::string_view body);

}  // namespace windtunnel::wire
