#include "sim/checks/invariants/telemetry_checks.h"

#include <algorithm>

namespace windtunnel::sim {

using monitor::Outcome;
using monitor::Record;
using monitor::ReplyKind;

namespace {

constexpr std::array<std::int64_t, 3> kPercentiles{500'000, 950'000, 990'000};  // millionths

std::int64_t ended(const monitor::Metrics& metrics) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) sum += metrics.ended_as(static_cast<Outcome>(i));
  return sum;
}

std::int64_t nanoseconds(Instant at) { return at.time_since_epoch().count(); }

}  // namespace

TelemetryChecks::TelemetryChecks(CheckContext& context) : context_(context) {
  if (context.violations.on(CheckId::T4)) latencies_.reserve(1024);
}

void TelemetryChecks::on_ledger(const LedgerEntry& entry) {
  if (entry.usage_known) known_[index_of(entry.provider)] += entry.billed;
}

void TelemetryChecks::on_attempt_end(const monitor::AttemptEnded& event) {
  if (context_.pipeline == nullptr) return;
  const UsdSum counted = context_.pipeline->metrics().provider(event.provider).cost;
  if (counted != known_[index_of(event.provider)])
    context_.violations.report(CheckId::T2, event.at, event.request,
                               "metrics count {} pico-USD for provider {}; it billed {} for calls of known usage",
                               counted.picos(), index_of(event.provider), known_[index_of(event.provider)].picos());
}

void TelemetryChecks::on_finish(const OpenRequest& open_request, const Record& record) {
  Violations& all = context_.violations;
  const Usd cost = record.confirmed_cost();
  if (cost != open_request.known_cost)
    all.report(CheckId::T2, context_.now, open_request.request.id,
               "its record costs {} pico-USD; providers billed {} for its calls of known usage", cost.picos(),
               open_request.known_cost.picos());
  recorded_ += cost;
  if (record.arrived != open_request.arrived || record.finished != context_.now || record.finished < finished_last_)
    all.report(CheckId::T3, context_.now, open_request.request.id,
               "its record spans {} to {} ns; it arrived at {} and the latest record is of {} ns",
               nanoseconds(record.arrived), nanoseconds(record.finished), nanoseconds(open_request.arrived),
               nanoseconds(finished_last_));
  const monitor::Attempt* const attempt = record.last_attempt();
  if (record.attempt_count != open_request.attempts ||
      (attempt != nullptr && (attempt->started != open_request.started || attempt->kind != open_request.last_kind ||
                              attempt->latency < Duration{0} || attempt->provider != open_request.provider)))
    all.report(CheckId::T3, context_.now, open_request.request.id,
               "its record tells of {} calls, or of another last one; there were {}",
               static_cast<int>(record.attempt_count), static_cast<int>(open_request.attempts));
  finished_last_ = std::max(finished_last_, record.finished);
  ends_right(open_request, record);
  ++records_;
  finished_ = true;
  const auto outcome = static_cast<std::size_t>(record.outcome);
  ++outcomes_[outcome];
  if (context_.pipeline != nullptr) {
    const std::int64_t counted = context_.pipeline->metrics().ended_as(record.outcome);
    if (counted != outcomes_[outcome])
      all.report(CheckId::T5, context_.now, open_request.request.id, "metrics count {} ended as {} instead of {}",
                 counted, record.outcome, outcomes_[outcome]);
  }
  if (!is_answered(record.outcome) || ranked_ || !all.on(CheckId::T4)) return;
  latencies_.push_back(record.latency().count());
  if (latencies_.size() == kLatenciesMax && context_.pipeline != nullptr)
    rank(context_.pipeline->metrics().all().latency);
}

// Each outcome is reached by its own way and no other.
inline void TelemetryChecks::ends_right(const OpenRequest& open_request, const Record& record) {
  bool right = true;
  switch (record.outcome) {
    case Outcome::refused_rate:
    case Outcome::refused_tokens:
      right = record.limit ? open_request.granted : !open_request.granted;
      break;
    case Outcome::refused_budget:
      right = open_request.granted && (!open_request.held || open_request.permit_pending || record.limit);
      break;
    case Outcome::served:
      right = open_request.attempts > 0 && open_request.last_kind == ReplyKind::ok && !open_request.cache_served;
      break;
    case Outcome::cache_hit:
    case Outcome::stale_hit:
      right = open_request.granted && open_request.cache_served;
      break;
    case Outcome::broken_stream:
      right = open_request.attempts > 0 && open_request.request.stream && open_request.last_kind != ReplyKind::ok;
      break;
    case Outcome::failed:
      right = open_request.attempts > 0 && open_request.last_kind != ReplyKind::ok;
      break;
    case Outcome::client_error:
    case Outcome::all_providers_unavailable:
    case Outcome::deadline_exceeded:
      right = open_request.granted && (open_request.attempts == 0 || open_request.last_kind != ReplyKind::ok);
      break;
  }
  if (!right)
    context_.violations.report(CheckId::T5, context_.now, open_request.request.id,
                               "it ends as {}: granted {}, reserved {}, from the cache {}, {} calls, the last one {}",
                               record.outcome, open_request.granted, open_request.held, open_request.cache_served,
                               static_cast<int>(open_request.attempts), open_request.last_kind);
}

void TelemetryChecks::on_event() {
  if (context_.pipeline != nullptr) {
    const std::int64_t counted = ended(context_.pipeline->metrics());
    if (counted != records_)
      context_.violations.report(CheckId::T1, context_.now, std::nullopt,
                                 "{} requests have ended by the metrics, and {} have a record", counted, records_);
  }
  if (!finished_) return;
  finished_ = false;
  if (arrivals_ != records_ + context_.open.count())
    context_.violations.report(CheckId::T1, context_.now, std::nullopt,
                               "{} arrived, {} have a record and {} are in flight", arrivals_, records_,
                               context_.open.count());
  if (finished_last_ != context_.now)
    context_.violations.report(CheckId::T3, context_.now, std::nullopt, "a record of {} ns is written now",
                               nanoseconds(finished_last_));
}

void TelemetryChecks::rank(const Histogram& reported) {
  ranked_ = true;
  if (latencies_.empty()) return;
  const auto count = static_cast<std::int64_t>(latencies_.size());
  for (const std::int64_t share : kPercentiles) {
    // Nearest rank: the ceil(share x count)-th least.
    const std::int64_t rank = (share * count + 999'999) / 1'000'000;
    const auto place = latencies_.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(latencies_.begin(), place, latencies_.end());
    const std::int64_t exact = *place;
    const std::int64_t shown = reported.quantile(Millionths{share}).value_or(Duration{-1}).count();
    const std::int64_t error = shown < exact ? exact - shown : shown - exact;
    if (error * 1000 > exact)
      context_.violations.report(CheckId::T4, context_.now, std::nullopt,
                                 "percentile {} of {} latencies is told as {} ns; it is {} ns", share / 10'000, count,
                                 shown, exact);
  }
  std::vector<std::int64_t>{}.swap(latencies_);
}

void TelemetryChecks::at_end(const RunResult& result) {
  Violations& all = context_.violations;
  const monitor::Metrics& metrics = result.pipeline.metrics();
  // Where a record is missing every sum differs, and that is T1.
  if (metrics.all().requests() >= records_ && result.in_flight == arrivals_ - records_ &&
      !std::ranges::equal(outcomes_, metrics.all().outcomes))
    all.report(CheckId::T5, result.ended, std::nullopt, "the outcomes counted are not those of the records");
  if (static_cast<std::int64_t>(result.arrivals) != arrivals_ || metrics.all().requests() != records_ ||
      result.in_flight != arrivals_ - records_)
    all.report(CheckId::T1, result.ended, std::nullopt,
               "{} of {} arrivals were shown, {} of {} records; {} are in flight", arrivals_, result.arrivals, records_,
               metrics.all().requests(), result.in_flight);
  UsdSum known;
  for (const UsdSum sum : known_) known += sum;
  UsdSum ledger;
  for (const LedgerTotals& totals : result.ledger) ledger += totals.billed_known;
  const bool sums = ledger == known && metrics.cost() == known;
  const bool records = result.in_flight != 0 || (recorded_ == known && metrics.all().cost == known);
  if (!sums || !records)
    all.report(
        CheckId::T2, result.ended, std::nullopt,
        "providers billed {} pico-USD for calls of known usage; metrics count {} by call and {} by request, records {}",
        known.picos(), metrics.cost().picos(), metrics.all().cost.picos(), recorded_.picos());
  if (!ranked_ && all.on(CheckId::T4)) rank(metrics.all().latency);
}

}  // namespace windtunnel::sim
