#include "reports/telemetry/telemetry.h"

#include <algorithm>
#include <cstring>

#include "base/calendar.h"
#include "base/check.h"
#include "base/json_text.h"
#include "base/record_digits.h"
#include "reports/text/enum_names.h"

namespace windtunnel::reports {
namespace {

using monitor::Attempt;
using monitor::BreakerState;
using monitor::Outcome;
using monitor::Record;
using monitor::ReplyKind;

// Pieces are copied this many bytes at a time, past their end: a call of memcpy with a length costs more.
constexpr std::size_t kCopyStep = 32;

constexpr std::size_t kBreakerStates = 3;
constexpr std::size_t kStateWords = kBreakerStates + 1;                             // with that of nobody
constexpr std::size_t kErrorWords = 1 + monitor::kOutcomes + monitor::kReplyKinds;  // none, an outcome, a reply kind

template <std::size_t kSize>
char* put(char* out, const char (&literal)[kSize]) {
  std::memcpy(out, literal, kSize - 1);
  return out + kSize - 1;
}

std::string string_or_null(std::string_view text) { return text.empty() ? "null" : json_string(text); }

std::string quoted(const char* word) { return '"' + std::string(word) + '"'; }

}  // namespace

TelemetryWriter::TelemetryWriter(const sim::Scenario& scenario, std::uint64_t seed, OutputFile& file)
    : file_(file), clock_(scenario), uuids_(seed) {
  keep_words();
  keep_providers(scenario);
  keep_metadata(scenario);
  keep_users(scenario);

  const auto longest = [](const std::vector<Piece>& pieces) {
    std::size_t size = 0;
    for (const Piece& piece : pieces) size = std::max<std::size_t>(size, piece.size);
    return size;
  };
  std::size_t user = kDecimalLengthMax;
  for (const std::vector<Piece>& names : users_listed_) user = std::max(user, longest(names));
  constexpr std::size_t kLiterals = 512;  // those of on_finish, its ten numbers, timestamp and uuid
  record_size_max_ = kLiterals + longest(callers_) + longest(endings_) + longest(metadata_) + longest(outcomes_) +
                     user + monitor::kAttemptsMax * (longest(attempts_) + 2 * kDecimalLengthMax + 32) + kCopyStep;
  text_.append(kCopyStep, '\0');
}

TelemetryWriter::Piece TelemetryWriter::keep(std::string_view text) {
  const Piece piece{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
  text_ += text;
  check(text_.size() < UINT32_MAX, "the names of a scenario fit into 4 GiB");
  return piece;
}

void TelemetryWriter::keep_words() {
  for (std::size_t error = 0; error < kErrorWords; ++error) {
    std::string word = "null";
    if (error > 0 && error <= monitor::kOutcomes) word = quoted(name_of(static_cast<Outcome>(error - 1)));
    if (error > monitor::kOutcomes) word = quoted(name_of(static_cast<ReplyKind>(error - 1 - monitor::kOutcomes)));
    for (std::size_t state = 0; state < kStateWords; ++state) {
      const std::string breaker = state == 0 ? "null" : quoted(name_of(static_cast<BreakerState>(state - 1)));
      endings_.push_back(keep(R"(,"success":)" + std::string(error == 0 ? "true" : "false") + R"(,"error":)" + word +
                              R"(,"circuit_breaker_state":)" + breaker));
    }
  }
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    const bool hit = outcome == Outcome::cache_hit || outcome == Outcome::stale_hit;
    outcomes_.push_back(keep(R"(,"outcome":)" + quoted(name_of(outcome)) + R"(,"cache_hit":)" +
                             (hit ? "true" : "false") + R"(,"ttft_ms":)"));
  }
}

void TelemetryWriter::keep_providers(const sim::Scenario& scenario) {
  callers_.push_back(keep(R"(","provider":null,"model":null,"latency_ms":)"));
  for (const sim::ProviderSpec& provider : scenario.providers) {
    callers_.push_back(keep(R"(","provider":)" + json_string(provider.name) + R"(,"model":)" +
                            json_string(provider.model) + R"(,"latency_ms":)"));
    for (std::size_t kind = 0; kind < monitor::kReplyKinds; ++kind) {
      attempts_.push_back(keep(R"({"provider":)" + json_string(provider.name) + R"(,"outcome":)" +
                               quoted(name_of(static_cast<ReplyKind>(kind))) + R"(,"latency_ms":)"));
    }
  }
}

// The labels of a request are its workload's place in file order, from 1; 0 is none.
void TelemetryWriter::keep_metadata(const sim::Scenario& scenario) {
  const monitor::RouterConfig& router = scenario.monitor.ab_router;
  variants_ = router.variants.size();
  const auto keep_one = [&](std::string_view feature, std::string_view prompt) {
    for (std::size_t variant = 0; variant <= variants_; ++variant) {
      const bool in_experiment = variant > 0;
      metadata_.push_back(keep(R"(,"metadata":{"feature_version":)" + string_or_null(feature) +
                               R"(,"prompt_version":)" + string_or_null(prompt) + R"(,"experiment_id":)" +
                               (in_experiment ? string_or_null(router.experiment_id) : "null") + R"(,"variant_id":)" +
                               (in_experiment ? string_or_null(router.variants[variant - 1].id) : "null") +
                               R"(},"prompt_length":)"));
    }
  };
  keep_one({}, {});
  for (const sim::WorkloadSpec& workload : scenario.workloads) {
    keep_one(workload.feature_version, workload.prompt_version);
  }
}

// The same names as sim::Load::user_name() gives: those of the catalogue are numbered, listed ones follow in order.
void TelemetryWriter::keep_users(const sim::Scenario& scenario) {
  for (const sim::WorkloadSpec& workload : scenario.workloads) {
    std::vector<std::string_view> names;
    for (const sim::ListedRequest& request : workload.requests) {
      if (request.user) names.push_back(*request.user);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    users_catalogued_.push_back(workload.users.count);
    std::vector<Piece>& pieces = users_listed_.emplace_back();
    for (const std::string_view name : names) pieces.push_back(keep(json_string(name)));
  }
}

inline char* TelemetryWriter::copy(char* out, Piece piece) const {
  const char* from = text_.data() + piece.offset;
  for (std::size_t done = 0; done < piece.size; done += kCopyStep) std::memcpy(out + done, from + done, kCopyStep);
  return out + piece.size;
}

inline char* TelemetryWriter::write_timestamp(char* out, Instant at) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr std::size_t kToTheSecond = 20;  // "2024-01-20T10:30:00."
  const WallTime wall = clock_.at(at);
  // Unsigned: a difference that is negative or beyond the range is a large one.
  auto into_second = static_cast<std::uint64_t>(wall.time_since_epoch().count()) -
                     static_cast<std::uint64_t>(second_begin_.time_since_epoch().count());
  if (into_second >= kSecond) [[unlikely]] {
    const auto whole = std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch());
    into_second = static_cast<std::uint64_t>((wall.time_since_epoch() - whole).count());
    second_begin_ = wall - Duration{static_cast<std::int64_t>(into_second)};
    write_iso8601(second_text_, wall);
  }
  std::memcpy(out, second_text_, kToTheSecond);
  out = write_six_digits(out + kToTheSecond, static_cast<std::uint32_t>(into_second / 1'000));
  *out = 'Z';
  return out + 1;
}

inline char* TelemetryWriter::write_user(char* out, const monitor::Request& request) const {
  const auto number = static_cast<std::int64_t>(request.user_id);
  const auto labels = static_cast<std::size_t>(request.labels);
  if (number == 0 || labels == 0) return put(out, "null");
  check(labels <= users_catalogued_.size(), "a request's labels are those of a workload");
  if (number > users_catalogued_[labels - 1]) {
    return copy(out, users_listed_[labels - 1][static_cast<std::size_t>(number - users_catalogued_[labels - 1] - 1)]);
  }
  out = write_whole(put(out, "\"user-"), static_cast<std::uint64_t>(number));
  return put(out, "\"");
}

inline const TelemetryWriter::Piece& TelemetryWriter::ending_of(const Record& record) const {
  std::size_t error = 0;
  if (!is_answered(record.outcome)) error = 1 + static_cast<std::size_t>(record.outcome);
  const Attempt* last = record.last_attempt();
  if (record.outcome == Outcome::failed && last != nullptr) {
    error = 1 + monitor::kOutcomes + static_cast<std::size_t>(last->kind);
  }
  const std::size_t state = last == nullptr ? 0 : 1 + static_cast<std::size_t>(record.breaker);
  return endings_[error * kStateWords + state];
}

inline const TelemetryWriter::Piece& TelemetryWriter::metadata_of(const Record& record) const {
  const std::size_t variant = record.variant ? std::size_t{*record.variant} + 1 : 0;
  const std::size_t place = static_cast<std::size_t>(record.request.labels) * (variants_ + 1) + variant;
  check(variant <= variants_ && place < metadata_.size(), "a record's labels and variant are of the scenario");
  return metadata_[place];
}

char* TelemetryWriter::write_attempts(char* out, const Record& record, Digits latency, Digits cost) const {
  // One attempt is most of the time all of its request: then its digits are there already.
  const auto again = [](char* to, Digits digits) {
    std::memcpy(to, digits.begin, kDecimalLengthMax);
    return to + digits.size;
  };
  const Usd cost_total = record.confirmed_cost();
  for (const Attempt& attempt : record.attempts()) {
    const std::size_t piece =
        index_of(attempt.provider) * monitor::kReplyKinds + static_cast<std::size_t>(attempt.kind);
    out = copy(out, attempts_[piece]);
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

void TelemetryWriter::on_finish(const Record& record) {
  char* const begin = file_.reserve(record_size_max_);
  const Attempt* last = record.last_attempt();
  char* out = put(begin, R"({"timestamp":")");
  out = write_timestamp(out, record.finished);
  out = put(out, R"(","request_id":")");
  out = uuids_.write(out, record.request.id);
  out = copy(out, callers_[last == nullptr ? 0 : 1 + index_of(last->provider)]);
  Digits latency{out, 0};
  out = write_milliseconds(out, record.latency());
  latency.size = static_cast<std::size_t>(out - latency.begin);
  out = put(out, R"(,"tokens":{"input":)");
  out = write_whole(out, static_cast<std::uint64_t>(record.input.count()));
  out = put(out, R"(,"output":)");
  out = write_whole(out, static_cast<std::uint64_t>(record.output.count()));
  out = put(out, R"(,"total":)");
  out = write_whole(out, static_cast<std::uint64_t>((record.input + record.output).count()));
  out = put(out, R"(},"cost_usd":)");
  Digits cost{out, 0};
  out = write_dollars(out, record.confirmed_cost());
  cost.size = static_cast<std::size_t>(out - cost.begin);
  out = copy(out, ending_of(record));
  out = copy(out, metadata_of(record));
  out = write_whole(out, record.request.prompt_length);
  out = put(out, R"(,"response_length":)");
  out = write_whole(out, record.response_length);
  out = copy(out, outcomes_[static_cast<std::size_t>(record.outcome)]);
  out = record.outcome == Outcome::served ? write_milliseconds(out, record.time_to_first_token) : put(out, "null");
  out = put(out, R"(,"user":)");
  out = write_user(out, record.request);
  out = put(out, R"(,"attempts":[)");
  out = write_attempts(out, record, latency, cost);
  out = put(out, "]}\n");
  file_.commit(static_cast<std::size_t>(out - begin));
  ++records_;
}

}  // namespace windtunnel::reports
