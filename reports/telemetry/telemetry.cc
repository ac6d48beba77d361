#include "reports/telemetry/telemetry.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/calendar.h"
#include "base/check.h"
#include "base/json_text.h"
#include "base/record_digits.h"
#include "monitor/text/record_text.h"

namespace windtunnel::reports {
namespace {

using monitor::Attempt;
using monitor::BreakerState;
using monitor::Outcome;
using monitor::Record;
using monitor::ReplyKind;
using monitor::record_text::put;

// Pieces are copied this many bytes at a time, past their end: a call of memcpy with a length costs more.
constexpr std::size_t kCopyStep = 32;

constexpr std::size_t kBreakerStates = 3;
constexpr std::size_t kStateWords = kBreakerStates + 1;                             // with that of no call
constexpr std::size_t kErrorWords = 1 + monitor::kOutcomes + monitor::kReplyKinds;  // none, an outcome, a reply kind

}  // namespace

TelemetryWriter::TelemetryWriter(const sim::Scenario& scenario, std::uint64_t seed, OutputFile& file, bool from_outside)
    : file_(file), clock_(scenario), uuids_(seed), from_outside_(from_outside) {
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
  record_size_max_ = monitor::kRecordRoom + longest(callers_) + longest(endings_) + longest(metadata_) +
                     longest(outcomes_) + user + monitor::kAttemptsMax * (longest(attempts_) + monitor::kAttemptRoom) +
                     kCopyStep;
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
    const char* word = nullptr;
    if (error > 0 && error <= monitor::kOutcomes) word = name_of(static_cast<Outcome>(error - 1));
    if (error > monitor::kOutcomes) word = name_of(static_cast<ReplyKind>(error - 1 - monitor::kOutcomes));
    endings_.push_back(keep(monitor::ending_piece(word, std::nullopt)));
    for (std::size_t state = 0; state < kBreakerStates; ++state) {
      endings_.push_back(keep(monitor::ending_piece(word, static_cast<BreakerState>(state))));
    }
  }
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    outcomes_.push_back(keep(monitor::outcome_piece(static_cast<Outcome>(i))));
  }
}

void TelemetryWriter::keep_providers(const sim::Scenario& scenario) {
  callers_.push_back(keep(monitor::kNoCallerPiece));
  for (const sim::ProviderSpec& provider : scenario.providers) {
    callers_.push_back(keep(monitor::caller_piece(provider.name, provider.model)));
    for (std::size_t kind = 0; kind < monitor::kReplyKinds; ++kind) {
      attempts_.push_back(keep(monitor::attempt_piece(provider.name, static_cast<ReplyKind>(kind))));
    }
  }
}

// The labels of a request are its workload's place in file order, from 1; 0 is none.
void TelemetryWriter::keep_metadata(const sim::Scenario& scenario) {
  const monitor::RouterConfig& router = scenario.monitor.ab_router;
  variants_ = router.variants.size();
  const auto keep_one = [&](std::string_view feature, std::string_view prompt, std::string_view route) {
    for (std::size_t variant = 0; variant <= variants_; ++variant) {
      const bool in_experiment = variant > 0;
      metadata_.push_back(keep(monitor::metadata_piece(feature, prompt, in_experiment ? router.experiment_id : "",
                                                       in_experiment ? router.variants[variant - 1].id : "", route)));
    }
  };
  keep_one({}, {}, {});
  const auto& routes = scenario.monitor.routing.routes;
  if (has_routes_of_rows(scenario)) {
    has_routes_of_rows_ = true;
    // With routes there are no variants.
    routes_ = routes.size();
    metadata_.clear();
    for (std::size_t route = 0; route < routes_; ++route) keep_one({}, {}, {});
    for (const sim::WorkloadSpec& workload : scenario.workloads) {
      for (const monitor::RouteConfig& route : routes)
        keep_one(workload.feature_version, workload.prompt_version, route.name);
    }
    return;
  }
  for (const sim::WorkloadSpec& workload : scenario.workloads) {
    const auto asked = route_of(scenario, workload);
    const std::string_view route = routes.empty() ? std::string_view{} : routes[index_of(asked)].name;
    keep_one(workload.feature_version, workload.prompt_version, route);
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
  const std::size_t state = last == nullptr || from_outside_ ? 0 : 1 + static_cast<std::size_t>(record.breaker);
  return endings_[error * kStateWords + state];
}

inline const TelemetryWriter::Piece& TelemetryWriter::metadata_of(const Record& record) const {
  if (has_routes_of_rows_) [[unlikely]]
    return metadata_[static_cast<std::size_t>(record.request.labels) * routes_ + index_of(record.request.route)];
  const std::size_t variant = record.variant ? std::size_t{*record.variant} + 1 : 0;
  const std::size_t place = static_cast<std::size_t>(record.request.labels) * (variants_ + 1) + variant;
  check(variant <= variants_ && place < metadata_.size(), "a record's labels and variant are of the scenario");
  return metadata_[place];
}

// The arguments of write_record(), from the texts that were kept.
class TelemetryWriter::Pieces {
 public:
  explicit Pieces(TelemetryWriter& writer) : writer_(writer) {}

  char* put_timestamp(char* out, Instant at) const { return writer_.write_timestamp(out, at); }
  char* put_request_id(char* out, RequestId id) const { return writer_.uuids_.write(out, id); }
  char* put_caller(char* out, const Record& record) const {
    const Attempt* last = record.last_attempt();
    return writer_.copy(out, writer_.callers_[last == nullptr ? 0 : 1 + index_of(last->provider)]);
  }
  char* put_ending(char* out, const Record& record) const { return writer_.copy(out, writer_.ending_of(record)); }
  char* put_metadata(char* out, const Record& record) const { return writer_.copy(out, writer_.metadata_of(record)); }
  char* put_outcome(char* out, Outcome outcome) const {
    return writer_.copy(out, writer_.outcomes_[static_cast<std::size_t>(outcome)]);
  }
  char* put_user(char* out, const monitor::Request& request) const { return writer_.write_user(out, request); }
  char* put_attempt(char* out, const Attempt& attempt) const {
    const std::size_t piece =
        index_of(attempt.provider) * monitor::kReplyKinds + static_cast<std::size_t>(attempt.kind);
    return writer_.copy(out, writer_.attempts_[piece]);
  }

 private:
  TelemetryWriter& writer_;
};

void TelemetryWriter::on(const monitor::Record& record) {
  char* const begin = file_.reserve(record_size_max_);
  const char* const end = write_record(begin, record, Pieces{*this});
  file_.commit(static_cast<std::size_t>(end - begin));
  ++records_;
}

}  // namespace windtunnel::reports
