#include "wire/dialects/rate_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "base/calendar.h"

namespace windtunnel::wire {
namespace {

// As Go writes a duration and OpenAI sends it: "0s", "17ms", "1.5s", "6m0s".
std::string go_duration(Duration duration) {
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  const auto whole = std::chrono::ceil<milliseconds>(duration);
  if (whole < std::chrono::seconds{1}) {
    return whole.count() == 0 ? std::string("0s") : fmt::format("{}ms", whole.count());
  }
  const auto in_minutes = std::chrono::floor<minutes>(whole);
  const double seconds = static_cast<double>((whole - in_minutes).count()) / 1000;
  return in_minutes.count() > 0 ? fmt::format("{}m{}s", in_minutes.count(), seconds) : fmt::format("{}s", seconds);
}

// RFC 3339 in whole seconds, rounded up so that no caller comes too early.
std::string rfc3339(WallTime wall) {
  const std::string text = iso8601(WallTime{std::chrono::ceil<std::chrono::seconds>(wall.time_since_epoch())});
  return text.substr(0, text.find('.')) + "Z";
}

void add_openai(std::vector<HttpHeader>& headers, const char* what, std::int64_t limit, std::int64_t left,
                const std::string& reset) {
  headers.push_back({fmt::format("x-ratelimit-limit-{}", what), std::to_string(limit)});
  headers.push_back({fmt::format("x-ratelimit-remaining-{}", what), std::to_string(std::max<std::int64_t>(0, left))});
  headers.push_back({fmt::format("x-ratelimit-reset-{}", what), reset});
}

void add_anthropic(std::vector<HttpHeader>& headers, const char* what, std::int64_t limit, std::int64_t left,
                   const std::string& reset) {
  const std::string name = fmt::format("anthropic-ratelimit-{}-", what);
  headers.push_back({name + "limit", std::to_string(limit)});
  headers.push_back({name + "remaining", std::to_string(std::max<std::int64_t>(0, left))});
  headers.push_back({name + "reset", reset});
}

}  // namespace

std::vector<HttpHeader> rate_headers(Family family, const sim::RateLimit& limit, const sim::RateLeft& left,
                                     WallTime calendar) {
  std::vector<HttpHeader> headers;
  const bool openai = family == Family::openai;
  const auto add = openai ? add_openai : add_anthropic;
  const std::string reset = openai ? go_duration(left.until_reset) : rfc3339(calendar + left.until_reset);
  if (left.requests) add(headers, "requests", *limit.requests_per_minute, *left.requests, reset);
  if (left.tokens) {
    // Anthropic rounds what is left to thousands.
    const std::int64_t tokens = openai ? left.tokens->count() : (left.tokens->count() + 500) / 1000 * 1000;
    add(headers, "tokens", limit.tokens_per_minute->count(), tokens, reset);
  }
  return headers;
}

}  // namespace windtunnel::wire
