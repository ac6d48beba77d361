#include "monitor/text/record_text.h"

#include "base/calendar.h"
#include "base/json_text.h"

namespace windtunnel::monitor {
namespace {

std::string quoted(const char* word) { return '"' + std::string(word) + '"'; }

// The pieces of one record, made for it.
class OwnPieces {
 public:
  OwnPieces(const Record& record, const RecordTexts& texts)
      : texts_(texts), timestamp_(iso8601(texts.timestamp)), user_(json_or_null(texts.user)) {
    const Attempt* last = record.last_attempt();
    const ProviderConfig* called = last == nullptr ? nullptr : &texts.providers[index_of(last->provider)];
    caller_ = called == nullptr ? std::string(kNoCallerPiece) : caller_piece(called->name, called->model);
    ending_ = ending_piece(error_word_of(record), last == nullptr ? std::nullopt : std::optional{record.breaker});
    metadata_ = metadata_piece(texts.feature_version, texts.prompt_version, texts.experiment_id, texts.variant_id);
    outcome_ = outcome_piece(record.outcome);
  }

  [[nodiscard]] std::size_t size(const Record& record) const {
    std::size_t size = timestamp_.size() + texts_.request_id.size() + caller_.size() + ending_.size() +
                       metadata_.size() + outcome_.size() + user_.size();
    for (const Attempt& attempt : record.attempts()) size += attempt_of(attempt).size();
    return size;
  }

  char* put_timestamp(char* out, Instant /*at*/) const { return copy(out, timestamp_); }
  char* put_request_id(char* out, RequestId /*id*/) const { return copy(out, texts_.request_id); }
  char* put_caller(char* out, const Record& /*record*/) const { return copy(out, caller_); }
  char* put_ending(char* out, const Record& /*record*/) const { return copy(out, ending_); }
  char* put_metadata(char* out, const Record& /*record*/) const { return copy(out, metadata_); }
  char* put_outcome(char* out, Outcome /*outcome*/) const { return copy(out, outcome_); }
  char* put_user(char* out, const Request& /*request*/) const { return copy(out, user_); }
  char* put_attempt(char* out, const Attempt& attempt) const { return copy(out, attempt_of(attempt)); }

 private:
  static char* copy(char* out, std::string_view text) {
    text.copy(out, text.size());
    return out + text.size();
  }
  [[nodiscard]] std::string attempt_of(const Attempt& attempt) const {
    return attempt_piece(texts_.providers[index_of(attempt.provider)].name, attempt.kind);
  }

  const RecordTexts& texts_;
  std::string timestamp_;
  std::string caller_;
  std::string ending_;
  std::string metadata_;
  std::string outcome_;
  std::string user_;
};

}  // namespace

const char* error_word_of(const Record& record) {
  if (is_answered(record.outcome)) return nullptr;
  const Attempt* last = record.last_attempt();
  return record.outcome == Outcome::failed && last != nullptr ? name_of(last->kind) : name_of(record.outcome);
}

std::string json_or_null(std::string_view text) { return text.empty() ? "null" : json_string(text); }

std::string caller_piece(std::string_view provider, std::string_view model) {
  return R"(","provider":)" + json_string(provider) + R"(,"model":)" + json_string(model) + R"(,"latency_ms":)";
}

std::string ending_piece(const char* error, std::optional<BreakerState> state) {
  return std::string(R"(,"success":)") + (error == nullptr ? "true" : "false") + R"(,"error":)" +
         (error == nullptr ? "null" : quoted(error)) + R"(,"circuit_breaker_state":)" +
         (state ? quoted(name_of(*state)) : "null");
}

std::string metadata_piece(std::string_view feature_version, std::string_view prompt_version,
                           std::string_view experiment_id, std::string_view variant_id, std::string_view route) {
  return R"(,"metadata":{"feature_version":)" + json_or_null(feature_version) + R"(,"prompt_version":)" +
         json_or_null(prompt_version) + R"(,"experiment_id":)" + json_or_null(experiment_id) + R"(,"variant_id":)" +
         json_or_null(variant_id) + (route.empty() ? "" : R"(,"route":)" + json_string(route)) +
         R"(},"prompt_length":)";
}

std::string outcome_piece(Outcome outcome) {
  const bool hit = outcome == Outcome::cache_hit || outcome == Outcome::stale_hit;
  return R"(,"outcome":)" + quoted(name_of(outcome)) + R"(,"cache_hit":)" + (hit ? "true" : "false") + R"(,"ttft_ms":)";
}

std::string attempt_piece(std::string_view provider, ReplyKind kind) {
  return R"({"provider":)" + json_string(provider) + R"(,"outcome":)" + quoted(name_of(kind)) + R"(,"latency_ms":)";
}

std::string record_line(const Record& record, const RecordTexts& texts) {
  const OwnPieces pieces{record, texts};
  std::string line(pieces.size(record) + kRecordRoom + record.attempts().size() * kAttemptRoom, '\0');
  line.resize(static_cast<std::size_t>(write_record(line.data(), record, pieces) - line.data()));
  return line;
}

}  // namespace windtunnel::monitor
