#pragma once
// What waits for a collector, and what becomes of each export by the rules of OTLP over HTTP, without sockets and
// without a clock:
//
//   200                        taken, but for what partial_success states as rejected; never sent again
//   429, 502, 503, 504         sent again, after Retry-After or a back-off of 1 s, 2 s, ... 16 s with full jitter
//   no connection, no answer   likewise
//   any other status           dropped, because the same bytes would be refused again
//
// An export is given up a minute after it was first sent. Nothing is sent while a wait lasts, because all exports go to
// one collector. Spans beyond kSpansMax are dropped, so that a collector that is away costs spans and no memory. A
// request's spans are taken or dropped together. They gather until they fill an export or half a second has passed, so
// that a busy gateway does not make an export of each request. Of metrics the latest alone are worth sending, because
// they hold what those before them did: what is sent again gives way to them, and they wait for what is open.

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "wire/otlp/otlp_messages.h"

namespace windtunnel::wire {

// What a collector takes, each on a path of its own.
enum class OtlpSignal : std::uint8_t { traces, metrics };
inline constexpr std::size_t kOtlpSignals = 2;
[[nodiscard]] std::string_view name_of(OtlpSignal signal);

// Spans or data points, by what became of them.
struct ExportCounts {
  std::uint64_t exported = 0;
  std::uint64_t queue_full = 0;   // dropped: too much waited
  std::uint64_t unavailable = 0;  // dropped: the collector did not take it within a minute
  std::uint64_t refused = 0;      // dropped: by a status that says not to send it again
  std::uint64_t rejected = 0;     // dropped: by partial_success
  std::uint64_t retries = 0;      // exports that were sent again
};

// How a collector answered.
struct ExportAnswer {
  int status = 0;                       // 0: not at all
  std::optional<Duration> retry_after;  // that it asks for
  std::int64_t rejected = 0;            // of what it took
};

enum class ExportId : std::uint32_t {};

class ExportQueue {
 public:
  static constexpr std::size_t kSpansMax = 8192;  // held at once
  static constexpr std::size_t kBatch = 512;      // spans; a request's are not parted
  static constexpr std::size_t kOpenMax = 4;      // exports at once
  static constexpr Duration kGatherFor = std::chrono::milliseconds{500};
  static constexpr Duration kRetryWithin = std::chrono::minutes{1};

  struct Export {
    OtlpSignal signal = OtlpSignal::traces;
    std::string body;
    std::size_t items = 0;
    std::uint32_t tries = 0;  // that have ended
    Instant first_sent{};
  };

  // `seed` names the jitter, so that several gateways do not come back at once.
  ExportQueue(OtlpForm form, OtlpAttributes resource, std::uint64_t seed)
      : form_(form), resource_(std::move(resource)), seed_(seed) {}

  // The spans of one request.
  void add(std::vector<OtlpSpan> spans, Instant now);

  // Metrics as they stand now.
  void add(const OtlpMetrics& metrics);

  // The process ends: from now on spans are sent as they come.
  void hurry() { is_hurried_ = true; }

  // The next export to be sent now, which is open until end(); nothing: none may be.
  [[nodiscard]] std::optional<ExportId> begin(Instant now);
  [[nodiscard]] const Export& at(ExportId id) const { return open_.at(id); }
  void end(ExportId id, const ExportAnswer& answer, Instant now);

  // There are enough spans for an export of full size.
  [[nodiscard]] bool has_batch() const { return spans_waiting_ >= kBatch; }
  // Nothing waits and nothing is open.
  [[nodiscard]] bool is_idle() const { return waiting_.empty() && !metrics_ && again_.empty() && open_.empty(); }
  [[nodiscard]] std::size_t spans_held() const { return spans_held_; }
  [[nodiscard]] const ExportCounts& counts(OtlpSignal signal) const {
    return counts_[static_cast<std::size_t>(signal)];
  }

 private:
  [[nodiscard]] ExportCounts& counts_of(OtlpSignal signal) { return counts_[static_cast<std::size_t>(signal)]; }
  [[nodiscard]] std::optional<Export> next(Instant now);
  [[nodiscard]] bool is_batch_due(Instant now) const;
  [[nodiscard]] Export batch_of_spans();
  [[nodiscard]] bool are_metrics_open() const;
  void let_go(const Export& gone);
  void give_up(const Export& gone);

  OtlpForm form_;
  OtlpAttributes resource_;
  std::uint64_t seed_;
  std::deque<std::vector<OtlpSpan>> waiting_;  // by request
  Instant waiting_since_{};
  bool is_hurried_ = false;
  std::size_t spans_waiting_ = 0;
  std::size_t spans_held_ = 0;     // waiting, to be sent again, and open
  std::optional<Export> metrics_;  // the latest, if they are not open
  std::deque<Export> again_;       // of spans
  std::map<ExportId, Export> open_;
  Instant not_before_{};
  std::uint32_t begun_ = 0;
  std::array<ExportCounts, kOtlpSignals> counts_;
};

}  // namespace windtunnel::wire
