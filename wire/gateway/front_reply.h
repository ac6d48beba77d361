#pragma once
// How the gateway answers a request that has no answer: status and error in the caller's dialect, by the outcome and
// the last reply of a provider.
//
//   outcome                     status
//   refused_rate                429 with Retry-After
//   refused_tokens              400, because no other time would help
//   refused_budget              402
//   client_error                the provider's own status and body; 400 where there is none
//   failed                      429 if the last reply was one, 502 after a broken answer, else 503
//   all_providers_unavailable   503 with Retry-After, if one is known
//   deadline_exceeded           504

#include <string>
#include <string_view>

#include "monitor/record.h"
#include "wire/dialects/error_reply.h"

namespace windtunnel::wire {

struct LastReply {
  int status = 0;  // 0: none came
  std::string content_type;
  std::string body;
};

// `retry_after` is what the caller is asked to wait; 0: nothing is known. `same_dialect`: the last body is in the
// caller's dialect.
[[nodiscard]] ErrorReply front_error(Family family, const monitor::Record& record, Duration retry_after,
                                     const LastReply& last, bool same_dialect);

// Another error of the gateway's own.
[[nodiscard]] ErrorReply own_error(Family family, int status, std::string_view type, std::string_view code,
                                   std::string_view message);

// An error after a stream has begun.
[[nodiscard]] std::string stream_error_text(Api api, std::string_view message);

}  // namespace windtunnel::wire
