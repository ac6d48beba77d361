#pragma once
// What the caller asks for, what a provider answers, and how a request can end.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/units.h"
#include "base/uuid.h"
#include "monitor/breaker/reply_kind.h"
#include "monitor/limits/caller.h"
#include "monitor/routing/provider_id.h"

namespace windtunnel::monitor {

// A caller of the library needs no other namespace.
using windtunnel::Duration;
using windtunnel::Instant;
using windtunnel::Tokens;
using windtunnel::Usd;

// A 128-bit stable hash of the normalised content of a request (content_key.h makes it).
struct ContentKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(ContentKey, ContentKey) = default;
};

// A user's name as interned by the driver; 0 is "no user id".
enum class UserId : std::uint32_t {};

// The labels a caller attaches (feature version, prompt version) are interned by the driver; 0 is "none".
enum class LabelsId : std::uint32_t {};

struct Request {
  RequestId id{};
  ContentKey content;      // user profile, job-market data, system prompt, normalised
  std::uint64_t user = 0;  // stable hash of the user id; without one of the user profile; else of the request
  std::optional<ProviderId> provider;  // an explicit choice wins over the A/B router
  Tokens input;                        // prompt tokens, [0, kTokensMax]
  Tokens max_tokens{500};              // the most output tokens asked for, [0, kTokensMax]
  // False: max_tokens is what the driver expects and the caller never named, so that the answer does not depend on it.
  bool max_tokens_is_asked = true;
  // Its usage may hold tokens that are dearer than input and output: written into a provider's cache, or of reasoning.
  bool has_token_kinds = false;
  bool stream = false;  // the caller reads the answer as it comes, so that it sees where one breaks off
  RouteId route{};      // what is asked for, if there are routes
  LabelsId labels{};
  UserId user_id{};
  Caller caller;                    // for limits
  std::uint32_t prompt_length = 0;  // characters
};

// The usage that a provider reports for one call, and bills.
struct Usage {
  Tokens input;
  Tokens output;
  TokenKinds kinds{};
};

constexpr bool is_possible(Tokens tokens) { return tokens >= Tokens{} && tokens <= kTokensMax; }
constexpr bool is_possible(const Usage& usage) {
  const TokenKinds& kinds = usage.kinds;
  const Tokens input = kinds.cached_input + kinds.cache_write;
  return is_possible(usage.input) && is_possible(usage.output) && is_possible(kinds.cached_input) &&
         is_possible(kinds.cache_write) && input <= usage.input && is_possible(kinds.reasoning) &&
         kinds.reasoning <= usage.output;
}

// The most that a call of this request may be billed.
constexpr Usd worst_case(const Tariff& tariff, const Request& request, Tokens output_max) {
  if (request.has_token_kinds) [[unlikely]]
    return cost_most(tariff, request.input, output_max);
  return cost(tariff, request.input, output_max);
}

// A Retry-After header as it was sent: seconds may be NaN, negative or absurd; a date is a wall-clock instant.
struct RetryAfter {
  enum class Form : std::uint8_t { absent, seconds, date, unreadable };
  Form form = Form::absent;
  double seconds = 0;
  WallTime date{};
};

struct Reply {
  ReplyKind kind = ReplyKind::ok;
  std::optional<Usage> usage;         // nothing: unknown (a timeout, a cut stream)
  Duration time_to_first_token{0};    // since the call started; 0 if there was none
  std::uint32_t response_length = 0;  // characters
  RetryAfter retry_after;
  bool began = false;  // of a timeout: a part of the answer had come
};

enum class Outcome : std::uint8_t {
  served,
  cache_hit,
  stale_hit,
  refused_rate,
  refused_tokens,
  refused_budget,
  client_error,
  failed,
  all_providers_unavailable,
  deadline_exceeded,
  broken_stream,
};
inline constexpr std::size_t kOutcomes = 11;

// The same request may succeed at another time, because the provider failed and not the request or its key.
constexpr bool is_retriable(ReplyKind kind) {
  return kind != ReplyKind::ok && !is_callers_own(kind) && !is_lasting(kind);
}

// An answer broke off after it had begun, so that a caller who reads a stream has seen it.
constexpr bool is_broken(const Reply& reply) {
  return reply.kind == ReplyKind::truncated || (reply.kind == ReplyKind::timeout && reply.began);
}

// The words of files and reports.
const char* name_of(ReplyKind kind);
const char* name_of(Outcome outcome);
// What `explain` prints.
const char* doc_of(Outcome outcome);
// The settings that decide how often requests end so: "monitor.rate_limiter". Empty for
// an answer.
const char* settings_behind(Outcome outcome);

// The caller got an answer that it can use.
constexpr bool is_answered(Outcome outcome) {
  return outcome == Outcome::served || outcome == Outcome::cache_hit || outcome == Outcome::stale_hit;
}
// Our own limiters refused the request before or between calls.
constexpr bool is_refused(Outcome outcome) {
  return outcome == Outcome::refused_rate || outcome == Outcome::refused_tokens || outcome == Outcome::refused_budget;
}

}  // namespace windtunnel::monitor
