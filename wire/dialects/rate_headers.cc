#include "wire/dialects/rate_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "base/calendar.h"

namespace windtunnel::wire {
namespace {

// As Go writes a duration and OpenAI sends it: "0s", "17ms", "1.5s", "6m0s", "14h0m0s".
std::string go_duration(Duration duration) {
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  const auto whole = std::chrono::ceil<milliseconds>(duration);
  if (whole < std::chrono::seconds{1}) {
    return whole.count() == 0 ? std::string("0s") : fmt::format("{}ms", whole.count());
  }
  const auto in_minutes = std::chrono::floor<minutes>(whole);
  const double seconds = static_cast<double>((whole - in_minutes).count()) / 1000;
  const auto count = in_minutes.count();
  if (count == 0) return fmt::format("{}s", seconds);
  return count < 60 ? fmt::format("{}m{}s", count, seconds) : fmt::format("{}h{}m{}s", count / 60, count % 60, seconds);
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

std::vector<HttpHeader> rate_headers(Family family, const sim::RateLeft& left, WallTime calendar) {
  using sim::QuotaKind;
  std::vector<HttpHeader> headers;
  const bool openai = family == Family::openai;
  const auto add = [&](const char* what, const std::optional<sim::RateLeft::Kind>& kind) {
    if (!kind) return;
    const std::string reset = openai ? go_duration(kind->until_reset) : rfc3339(calendar + kind->until_reset);
    // Anthropic rounds the tokens that are left to thousands.
    const bool rounds = !openai && what != std::string_view("requests");
    const std::int64_t remaining = rounds ? (kind->left + 500) / 1000 * 1000 : kind->left;
    (openai ? add_openai : add_anthropic)(headers, what, kind->limit, remaining, reset);
  };
  add("requests", left.of(QuotaKind::requests));
  if (!openai) {
    add("tokens", left.of(QuotaKind::tokens));
    add("input-tokens", left.of(QuotaKind::input_tokens));
    add("output-tokens", left.of(QuotaKind::output_tokens));
    return headers;
  }
  auto least = left.of(QuotaKind::tokens);
  for (const QuotaKind kind : {QuotaKind::input_tokens, QuotaKind::output_tokens}) {
    const auto& other = left.of(kind);
    if (other && (!least || other->left < least->left)) least = other;
  }
  add("tokens", least);
  return headers;
}

}  // namespace windtunnel::wire
