#include "wire/gateway/telemetry/export_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/stable_hash.h"
#include "base/uuid.h"
#include "monitor/retry.h"

namespace windtunnel::wire {
namespace {

using namespace std::chrono_literals;

constexpr monitor::RetryConfig kBackoff{.base = 1s, .cap = 16s};
// A collector that asks for no wait is not asked again at once all the same.
constexpr Duration kWaitMin = 100ms;

bool is_sent_again(int status) {
  return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

std::string_view name_of(OtlpSignal signal) {
  switch (signal) {
    case OtlpSignal::traces:
      return "traces";
    case OtlpSignal::metrics:
      return "metrics";
  }
  fail_check("a signal has a name", __FILE__, __LINE__);
}

void ExportQueue::add(std::vector<OtlpSpan> spans, Instant now) {
  if (spans_held_ + spans.size() > kSpansMax) {
    counts_of(OtlpSignal::traces).queue_full += spans.size();
    return;
  }
  if (waiting_.empty()) waiting_since_ = now;
  spans_held_ += spans.size();
  spans_waiting_ += spans.size();
  waiting_.push_back(std::move(spans));
}

void ExportQueue::add(const OtlpMetrics& metrics) {
  if (metrics_) give_up(*metrics_);
  metrics_ =
      Export{.signal = OtlpSignal::metrics, .body = metrics_body(form_, resource_, metrics), .items = metrics.points()};
}

std::optional<ExportId> ExportQueue::begin(Instant now) {
  if (now < not_before_ || open_.size() >= kOpenMax) return std::nullopt;
  std::optional<Export> next = this->next(now);
  if (!next) return std::nullopt;
  if (next->tries == 0) next->first_sent = now;
  if (next->tries > 0) ++counts_of(next->signal).retries;
  const ExportId id{begun_++};
  open_.emplace(id, *std::move(next));
  return id;
}

std::optional<ExportQueue::Export> ExportQueue::next(Instant now) {
  if (metrics_ && !are_metrics_open()) return std::exchange(metrics_, std::nullopt);
  if (!again_.empty()) {
    Export next = std::move(again_.front());
    again_.pop_front();
    return next;
  }
  if (!is_batch_due(now)) return std::nullopt;
  return batch_of_spans();
}

bool ExportQueue::is_batch_due(Instant now) const {
  if (waiting_.empty()) return false;
  return has_batch() || is_hurried_ || now - waiting_since_ >= kGatherFor;
}

bool ExportQueue::are_metrics_open() const {
  return std::ranges::any_of(open_, [](const auto& each) { return each.second.signal == OtlpSignal::metrics; });
}

ExportQueue::Export ExportQueue::batch_of_spans() {
  std::vector<OtlpSpan> spans;
  while (!waiting_.empty() && (spans.empty() || spans.size() + waiting_.front().size() <= kBatch)) {
    std::ranges::move(waiting_.front(), std::back_inserter(spans));
    waiting_.pop_front();
  }
  spans_waiting_ -= spans.size();
  return {.signal = OtlpSignal::traces, .body = traces_body(form_, resource_, spans), .items = spans.size()};
}

void ExportQueue::end(ExportId id, const ExportAnswer& answer, Instant now) {
  Export ended = std::move(open_.extract(id).mapped());
  ExportCounts& counts = counts_of(ended.signal);
  if (answer.status / 100 == 2) {
    const auto rejected = std::min<std::uint64_t>(std::max<std::int64_t>(answer.rejected, 0), ended.items);
    counts.rejected += rejected;
    counts.exported += ended.items - rejected;
    return let_go(ended);
  }
  if (!is_sent_again(answer.status)) {
    counts.refused += ended.items;
    return let_go(ended);
  }
  const RequestId draw{stable_hash(begun_, seed_)};
  const Duration wait = answer.retry_after
                            ? std::max(*answer.retry_after, kWaitMin)
                            : monitor::backoff(kBackoff, static_cast<std::int32_t>(ended.tries), draw, ended.tries);
  ++ended.tries;
  not_before_ = std::max(not_before_, now + wait);
  const bool is_late = not_before_ - ended.first_sent > kRetryWithin;
  const bool is_metrics = ended.signal == OtlpSignal::metrics;
  if (is_late || (is_metrics && metrics_)) return give_up(ended);
  if (is_metrics) {
    metrics_ = std::move(ended);
  } else {
    again_.push_back(std::move(ended));
  }
}

void ExportQueue::give_up(const Export& gone) {
  counts_of(gone.signal).unavailable += gone.items;
  let_go(gone);
}

void ExportQueue::let_go(const Export& gone) {
  if (gone.signal == OtlpSignal::traces) spans_held_ -= gone.items;
}

}  // namespace windtunnel::wire
