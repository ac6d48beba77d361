#include "wire/dialects/error_reply.h"

#include <fmt/format.h>

#include <cmath>

#include "base/check.h"
#include "base/json_text.h"
#include "wire/http/http_writer.h"

namespace windtunnel::wire {
namespace {

using monitor::ReplyKind;
using monitor::RetryAfter;

struct Words {
  int status;
  std::string_view type;
  std::string_view code;  // empty: null
  std::string_view message;
};

Words words_of(Family family, ReplyKind kind) {
  const bool openai = family == Family::openai;
  switch (kind) {
    case ReplyKind::server_error:
      return openai ? Words{500, "server_error", "", "The server had an error while processing your request. Sorry!"}
                    : Words{500, "api_error", "", "Internal server error"};
    case ReplyKind::overloaded:
      return openai ? Words{503, "server_error", "", "The engine is currently overloaded, please try again later"}
                    : Words{529, "overloaded_error", "", "Overloaded"};
    case ReplyKind::rate_limited:
      return openai ? Words{429, "requests", "rate_limit_exceeded", "Rate limit reached"}
                    : Words{429, "rate_limit_error", "", "This request would exceed your rate limit"};
    case ReplyKind::auth_or_quota:
    case ReplyKind::auth:
      return openai ? Words{401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided"}
                    : Words{401, "authentication_error", "", "invalid x-api-key"};
    case ReplyKind::client_error:
      return openai ? Words{400, "invalid_request_error", "", "The request is invalid"}
                    : Words{400, "invalid_request_error", "", "The request is invalid"};
    case ReplyKind::context_length:
      return openai ? Words{400, "invalid_request_error", "context_length_exceeded",
                            "This model's maximum context length is exceeded by the messages and max_tokens"}
                    : Words{400, "invalid_request_error", "", "prompt is too long"};
    case ReplyKind::content_policy:
      return openai ? Words{400, "invalid_request_error", "content_policy_violation",
                            "The request was refused by the content filter"}
                    : Words{400, "invalid_request_error", "", "Output blocked by content filtering policy"};
    case ReplyKind::not_found:
      return openai ? Words{404, "invalid_request_error", "model_not_found", "The model does not exist"}
                    : Words{404, "not_found_error", "", "The model does not exist"};
    case ReplyKind::quota_exhausted:
      return openai ? Words{429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota"}
                    : Words{402, "billing_error", "", "Your credit balance is too low"};
    case ReplyKind::ok:
    case ReplyKind::timeout:
    case ReplyKind::connection_error:
    case ReplyKind::malformed:
    case ReplyKind::truncated:
      break;
  }
  fail_check("a reply with a status has an error", __FILE__, __LINE__);
}

std::string body_of(Family family, const Words& words, std::string_view parameter, std::string_view id) {
  if (family == Family::anthropic) {
    return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":{}}},"request_id":"{}"}})", words.type,
                       json_string(words.message), id);
  }
  const auto or_null = [](std::string_view text) { return text.empty() ? std::string("null") : json_string(text); };
  return fmt::format(R"({{"error":{{"message":{},"type":"{}","param":{},"code":{}}}}})", json_string(words.message),
                     words.type, or_null(parameter), or_null(words.code));
}

}  // namespace

std::optional<std::string> retry_after_text(const RetryAfter& retry_after) {
  switch (retry_after.form) {
    case RetryAfter::Form::absent:
      return std::nullopt;
    case RetryAfter::Form::seconds: {
      // Whole seconds, as RFC 9110 has it, rounded up so that no caller comes too early.
      const double seconds = retry_after.seconds;
      if (!(std::abs(seconds) < 1e15)) return fmt::format("{}", seconds);
      return fmt::format("{}", static_cast<std::int64_t>(std::ceil(seconds)));
    }
    case RetryAfter::Form::date:
      return http_date(retry_after.date);
    case RetryAfter::Form::unreadable:
      return "soon";
  }
  fail_check("a form of Retry-After is known", __FILE__, __LINE__);
}

ErrorReply error_reply(Family family, ReplyKind kind, std::uint64_t call, const RetryAfter& retry_after) {
  const Words words = words_of(family, kind);
  ErrorReply reply{.status = words.status, .body = body_of(family, words, "", fmt::format("req_wt{}", call))};
  if (const auto text = retry_after_text(retry_after)) reply.headers.push_back({"retry-after", *text});
  // OpenAI's own clients read this one first; it holds what whole seconds cannot.
  const double milliseconds = retry_after.seconds * 1000;
  if (family == Family::openai && retry_after.form == RetryAfter::Form::seconds && milliseconds >= 0 &&
      milliseconds < 1e15 && retry_after.seconds != std::floor(retry_after.seconds)) {
    reply.headers.push_back({"retry-after-ms", fmt::format("{}", static_cast<std::int64_t>(std::ceil(milliseconds)))});
  }
  return reply;
}

ErrorReply refusal(Family family, int status, std::string_view message, std::string_view parameter) {
  const std::string_view type = status == 404 && family == Family::anthropic   ? "not_found_error"
                                : status == 413 && family == Family::anthropic ? "request_too_large"
                                                                               : "invalid_request_error";
  return {.status = status, .headers = {}, .body = body_of(family, {status, type, "", message}, parameter, "req_wt0")};
}

}  // namespace windtunnel::wire
