#include "wire/gateway/upstream_reply.h"

#include <simdjson.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>

#include "base/check.h"

namespace windtunnel::wire {
namespace {

namespace dom = simdjson::dom;
using monitor::ReplyKind;
using monitor::RetryAfter;

constexpr std::size_t kMessageMax = 300;

// The words of an error, of any dialect; empty where there are none.
struct ErrorWords {
  std::string type;
  std::string code;
  std::string message;
};

std::string error_text(dom::element root, std::string_view pointer) {
  std::string_view text;
  return root.at_pointer(pointer).get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

ErrorWords words_in_error(std::string_view body) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return {};
  return {error_text(root, "/error/type"), error_text(root, "/error/code"), error_text(root, "/error/message")};
}

ReplyKind kind_of_400(const ErrorWords& words) {
  if (words.code == "context_length_exceeded" || words.message.starts_with("prompt is too long")) {
    return ReplyKind::context_length;
  }
  if (words.code == "content_policy_violation" || words.code == "content_filter" ||
      words.message.find("content filter") != std::string::npos) {
    return ReplyKind::content_policy;
  }
  return ReplyKind::client_error;
}

std::optional<double> number_in(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (end == copy.c_str() || *end != '\0') return std::nullopt;
  return value;
}

// "Tue, 20 Jan 2026 10:00:00 GMT"
std::optional<WallTime> date_in(std::string_view text) {
  const std::string copy(text);
  std::tm parts{};
  const char* const end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year{parts.tm_year + 1900},
                                        std::chrono::month{static_cast<unsigned>(parts.tm_mon + 1)},
                                        std::chrono::day{static_cast<unsigned>(parts.tm_mday)}};
  if (!day.ok() || parts.tm_year < 70 || parts.tm_year > 300) return std::nullopt;
  const auto since = std::chrono::sys_days{day}.time_since_epoch() + std::chrono::hours{parts.tm_hour} +
                     std::chrono::minutes{parts.tm_min} + std::chrono::seconds{parts.tm_sec};
  return WallTime{since};
}

}  // namespace

ReplyKind kind_of_status(int status, std::string_view body) {
  if (status == 408) return ReplyKind::timeout;
  if (status == 401 || status == 403) return ReplyKind::auth;
  if (status == 402) return ReplyKind::quota_exhausted;
  if (status == 404) return ReplyKind::not_found;
  if (status == 503 || status == 529) return ReplyKind::overloaded;
  if (status == 429) {
    const ErrorWords words = words_in_error(body);
    const bool is_quota = words.code == "insufficient_quota" || words.type == "insufficient_quota";
    return is_quota ? ReplyKind::quota_exhausted : ReplyKind::rate_limited;
  }
  if (status >= 400 && status < 500) return kind_of_400(words_in_error(body));
  if (status >= 500) return ReplyKind::server_error;
  // A redirection, or what else no interface answers with.
  return ReplyKind::malformed;
}

RetryAfter retry_after_of(const std::vector<HttpHeader>& headers) {
  for (const char* const name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    const auto milliseconds = number_in(header_of(headers, name));
    if (milliseconds) return {.form = RetryAfter::Form::seconds, .seconds = *milliseconds / 1000};
  }
  const std::string_view text = header_of(headers, "retry-after");
  if (text.empty()) return {};
  if (const auto seconds = number_in(text)) return {.form = RetryAfter::Form::seconds, .seconds = *seconds};
  if (const auto date = date_in(text)) return {.form = RetryAfter::Form::date, .date = *date};
  return {.form = RetryAfter::Form::unreadable};
}

std::optional<monitor::Usage> failure_usage(ReplyKind kind, sim::FailureBill bill, Tokens input) {
  switch (kind) {
    case ReplyKind::ok:
    case ReplyKind::timeout:
    case ReplyKind::malformed:
    case ReplyKind::truncated:
      return std::nullopt;
    case ReplyKind::connection_error:
    case ReplyKind::server_error:
    case ReplyKind::overloaded:
    case ReplyKind::rate_limited:
    case ReplyKind::auth_or_quota:
    case ReplyKind::client_error:
    case ReplyKind::context_length:
    case ReplyKind::content_policy:
    case ReplyKind::not_found:
    case ReplyKind::auth:
    case ReplyKind::quota_exhausted:
      return monitor::Usage{bill == sim::FailureBill::input ? input : Tokens{}, Tokens{}};
  }
  fail_check("a reply has a kind", __FILE__, __LINE__);
}

std::string error_message_in(std::string_view body) { return words_in_error(body).message.substr(0, kMessageMax); }

}  // namespace windtunnel::wire
