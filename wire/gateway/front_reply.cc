#include "wire/gateway/front_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/json_text.h"
#include "wire/gateway/upstream_reply.h"

namespace windtunnel::wire {
namespace {

using monitor::Outcome;
using monitor::ReplyKind;

ErrorReply with_wait(ErrorReply reply, Duration wait) {
  if (wait <= Duration{0}) return reply;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  reply.headers.push_back({"retry-after", std::to_string(seconds)});
  return reply;
}

const char* family_type(Family family, const char* openai, const char* anthropic) {
  return family == Family::openai ? openai : anthropic;
}

ErrorReply failed(Family family, const monitor::Record& record, Duration wait) {
  const monitor::Attempt* const last = record.last_attempt();
  const ReplyKind kind = last == nullptr ? ReplyKind::server_error : last->kind;
  const std::string message =
      fmt::format("No provider answered: {} attempts, the last ended as {}", record.attempt_count, name_of(kind));
  if (kind == ReplyKind::rate_limited) {
    return with_wait(
        own_error(family, 429, family_type(family, "requests", "rate_limit_error"), "rate_limit_exceeded", message),
        wait);
  }
  const bool is_broken = kind == ReplyKind::malformed || kind == ReplyKind::truncated;
  return with_wait(own_error(family, is_broken ? 502 : 503, family_type(family, "server_error", "api_error"),
                             name_of(kind), message),
                   wait);
}

ErrorReply callers_own(Family family, const LastReply& last, bool same_dialect) {
  const bool is_refusal = last.status >= 400 && last.status < 500;
  if (is_refusal && same_dialect) return {.status = last.status, .headers = {}, .body = last.body};
  std::string message = is_refusal ? error_message_in(last.body) : std::string();
  if (message.empty()) message = "The provider refuses the request";
  return own_error(family, is_refusal ? last.status : 400, "invalid_request_error", "", message);
}

}  // namespace

ErrorReply own_error(Family family, int status, std::string_view type, std::string_view code,
                     std::string_view message) {
  ErrorReply reply{.status = status};
  if (family == Family::anthropic) {
    reply.body = fmt::format(R"({{"type":"error","error":{{"type":{},"message":{}}}}})", json_string(type),
                             json_string(message));
  } else {
    reply.body = fmt::format(R"({{"error":{{"message":{},"type":{},"param":null,"code":{}}}}})", json_string(message),
                             json_string(type), code.empty() ? std::string("null") : json_string(code));
  }
  return reply;
}

ErrorReply front_error(Family family, const monitor::Record& record, Duration retry_after, const LastReply& last,
                       bool same_dialect) {
  switch (record.outcome) {
    case Outcome::refused_rate:
      return with_wait(own_error(family, 429, family_type(family, "requests", "rate_limit_error"),
                                 "rate_limit_exceeded", "The gateway's own rate limit is reached"),
                       record.retry_after);
    case Outcome::refused_tokens:
      return own_error(family, 400, "invalid_request_error", "token_limit",
                       "The request does not fit the gateway's token limit");
    case Outcome::refused_budget:
      return own_error(family, 402, family_type(family, "insufficient_quota", "billing_error"), "budget_exhausted",
                       "The gateway's budget is spent");
    case Outcome::client_error:
      return callers_own(family, last, same_dialect);
    case Outcome::failed:
    case Outcome::broken_stream:
      return failed(family, record, retry_after);
    case Outcome::all_providers_unavailable:
      return with_wait(own_error(family, 503, family_type(family, "server_error", "overloaded_error"),
                                 "all_providers_unavailable", "No provider can be called now"),
                       retry_after);
    case Outcome::deadline_exceeded:
      return own_error(family, 504, family_type(family, "server_error", "api_error"), "deadline_exceeded",
                       "The request's deadline is over");
    case Outcome::served:
    case Outcome::cache_hit:
    case Outcome::stale_hit:
      break;
  }
  fail_check("only a request without an answer has an error", __FILE__, __LINE__);
}

std::string stream_error_text(Api api, std::string_view message) {
  if (api == Api::messages) {
    return fmt::format(
        "event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"api_error\",\"message\":{}}}}}\n\n",
        json_string(message));
  }
  if (api == Api::responses) {
    return fmt::format(
        "event: error\ndata: {{\"type\":\"error\",\"code\":\"server_error\",\"message\":{},\"param\":null}}\n\n",
        json_string(message));
  }
  return fmt::format(
      "data: {{\"error\":{{\"message\":{},\"type\":\"server_error\",\"param\":null,\"code\":null}}}}\n\n",
      json_string(message));
}

}  // namespace windtunnel::wire
