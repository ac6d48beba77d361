#pragma once
// The telemetry record as text: one JSON object a line, one line per request. The first fields are the seed's record,
// name for name and in its order; ours follow.
//
//   timestamp              of the end, ISO 8601 UTC on the wall clock, microseconds
//   request_id             a UUID made of seed and request (base/uuid.h)
//   provider, model        of the last call; null without a call
//   latency_ms             from arrival to end
//   tokens                 {input, output, total} of the answer that was served; 0 without one and for a hit; where
//                          some of them have a price of their own: cached_input, cache_write, reasoning
//   cost_usd               of the attempts whose usage is known
//   success, error         error: null; for `failed` the last reply's kind; else the outcome
//   circuit_breaker_state  of the last called provider, after its reply; null without a call
//   metadata               {feature_version, prompt_version, experiment_id, variant_id}, each null when absent
//   prompt_length, response_length   characters
//   outcome, cache_hit (fresh or stale), ttft_ms (null unless served), user (null without a user id)
//   attempts               [{provider, outcome, latency_ms, cost_usd (null when the usage is unknown)}]
//
// Every decimal is exact and as short as it can be. What is not UTF-8 is replaced by U+FFFD, byte by byte.
//
// A record has two writers: a simulated run, which keeps the texts that many records share and allocates nothing for a
// record, and the real-time monitor, which makes them for each record (record_line). The shape stands here, in the
// texts of its pieces and in write_record(), which puts pieces and numbers one behind the other.

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/record_digits.h"
#include "base/units.h"
#include "monitor/config.h"
#include "monitor/record.h"

namespace windtunnel::monitor {

// Why there is no answer, in the record's one word: the last reply's kind for `failed`, else the outcome. Null if there
// is one.
const char* error_word_of(const Record& record);

// The pieces, each from the end of what precedes it to the next number. An empty text that is no name of a provider or
// a model is written as null.
std::string json_or_null(std::string_view text);
inline constexpr std::string_view kNoCallerPiece = R"(","provider":null,"model":null,"latency_ms":)";
std::string caller_piece(std::string_view provider, std::string_view model);
std::string ending_piece(const char* error, std::optional<BreakerState> state);  // error: null if there is an answer
std::string metadata_piece(std::string_view feature_version, std::string_view prompt_version,
                           std::string_view experiment_id, std::string_view variant_id, std::string_view route = {});
std::string outcome_piece(Outcome outcome);
std::string attempt_piece(std::string_view provider, ReplyKind kind);

// An upper bound of a record's bytes without its pieces, its timestamp included; the second is for each attempt.
inline constexpr std::size_t kRecordRoom = 640;
inline constexpr std::size_t kAttemptRoom = 2 * kDecimalLengthMax + 32;

namespace record_text {

template <std::size_t kSize>
char* put(char* out, const char (&literal)[kSize]) {
  std::memcpy(out, literal, kSize - 1);
  return out + kSize - 1;
}

// A decimal of the record that is being written, followed by bytes that may be read.
struct Digits {
  const char* begin;
  std::size_t size;
};

inline char* write_kinds(char* out, const TokenKinds& kinds) {
  out = put(out, R"(,"cached_input":)");
  out = write_whole(out, static_cast<std::uint64_t>(kinds.cached_input.count()));
  out = put(out, R"(,"cache_write":)");
  out = write_whole(out, static_cast<std::uint64_t>(kinds.cache_write.count()));
  out = put(out, R"(,"reasoning":)");
  return write_whole(out, static_cast<std::uint64_t>(kinds.reasoning.count()));
}

template <typename Pieces>
char* write_attempts(char* out, const Record& record, const Pieces& pieces, Digits latency, Digits cost) {
  // One attempt is most of the time all of its request: then its digits are there already.
  const auto again = [](char* to, Digits digits) {
    std::memcpy(to, digits.begin, kDecimalLengthMax);
    return to + digits.size;
  };
  const Usd cost_total = record.confirmed_cost();
  for (const Attempt& attempt : record.attempts()) {
    out = pieces.put_attempt(out, attempt);
    out = attempt.latency == record.latency() ? again(out, latency) : write_milliseconds(out, attempt.latency);
    out = put(out, R"(,"cost_usd":)");
    if (!attempt.usage_known) {
      out = put(out, "null");
    } else {
      out = attempt.cost == cost_total ? again(out, cost) : write_dollars(out, attempt.cost);
    }
    out = put(out, "},");
  }
  return record.attempt_count == 0 ? out : out - 1;
}

}  // namespace record_text

// Writes the line and its end from `out` on and returns where it ends. `pieces` puts what is no number of the record:
// put_timestamp, put_request_id, put_caller, put_ending, put_metadata, put_outcome, put_user (the user's JSON), and
// put_attempt, each of which takes the place to write to and returns the end.
template <typename Pieces>
char* write_record(char* out, const Record& record, const Pieces& pieces) {
  using record_text::put;
  out = put(out, R"({"timestamp":")");
  out = pieces.put_timestamp(out, record.finished);
  out = put(out, R"(","request_id":")");
  out = pieces.put_request_id(out, record.request.id);
  out = pieces.put_caller(out, record);
  record_text::Digits latency{out, 0};
  out = write_milliseconds(out, record.latency());
  latency.size = static_cast<std::size_t>(out - latency.begin);
  out = put(out, R"(,"tokens":{"input":)");
  out = write_whole(out, static_cast<std::uint64_t>(record.input.count()));
  out = put(out, R"(,"output":)");
  out = write_whole(out, static_cast<std::uint64_t>(record.output.count()));
  out = put(out, R"(,"total":)");
  out = write_whole(out, static_cast<std::uint64_t>((record.input + record.output).count()));
  if (record.kinds.any()) [[unlikely]]
    out = record_text::write_kinds(out, record.kinds);
  out = put(out, R"(},"cost_usd":)");
  record_text::Digits cost{out, 0};
  out = write_dollars(out, record.confirmed_cost());
  cost.size = static_cast<std::size_t>(out - cost.begin);
  out = pieces.put_ending(out, record);
  out = pieces.put_metadata(out, record);
  out = write_whole(out, record.request.prompt_length);
  out = put(out, R"(,"response_length":)");
  out = write_whole(out, record.response_length);
  out = pieces.put_outcome(out, record.outcome);
  out = record.outcome == Outcome::served ? write_milliseconds(out, record.time_to_first_token) : put(out, "null");
  out = put(out, R"(,"user":)");
  out = pieces.put_user(out, record.request);
  out = put(out, R"(,"attempts":[)");
  out = record_text::write_attempts(out, record, pieces, latency, cost);
  return put(out, "]}\n");
}

// What a record names by number, or not at all. An empty text is written as null.
struct RecordTexts {
  WallTime timestamp{};  // of the end
  std::string_view request_id{};
  std::span<const ProviderConfig> providers{};
  std::string_view feature_version{};
  std::string_view prompt_version{};
  std::string_view experiment_id{};
  std::string_view variant_id{};
  std::string_view user{};
};

// One line, with its end.
std::string record_line(const Record& record, const RecordTexts& texts);

}  // namespace windtunnel::monitor
