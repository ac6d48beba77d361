#pragma once
// Receives the spans of a gateway under trial, and knows when no more are to be waited for.

#include <optional>
#include <string>

#include "base/units.h"
#include "sim/service/gateway_spec.h"
#include "sim/world/scenario.h"
#include "wire/clock/trial_clock.h"
#include "wire/otlp/otlp_receiver.h"
#include "wire/trial/reported_spans.h"

namespace windtunnel::runs {

// The NAME of {url:NAME} in a gateway's file.
inline constexpr const char* kSpanReceiver = "otlp";

// Whether the gateway's file asks for a receiver. A provider or program of that name goes before it.
[[nodiscard]] bool wants_spans(const sim::GatewaySpec& spec, const sim::Scenario& scenario);

class SpanIntake {
 public:
  // Programs send spans in batches, every 5 s unless they are told otherwise.
  static constexpr Duration kAwaitedMost = std::chrono::seconds{10};
  // So long after the last export another one is not expected if each call has its span.
  static constexpr Duration kQuiet = std::chrono::milliseconds{500};

  // Both must outlive it. Throws ProblemError if it cannot listen.
  SpanIntake(wire::SocketLoop& loop, wire::TrialClock& clock);

  [[nodiscard]] const std::string& url() const { return receiver_.url(); }
  // To be asked once the workload has ended: whether spans may still come. `calls`: that the providers have had.
  [[nodiscard]] bool awaits(std::size_t calls);
  [[nodiscard]] wire::ReportedSpans take();

 private:
  wire::TakenTraces on_traces(const std::string& json);

  wire::TrialClock& clock_;
  wire::ReportedSpans spans_;
  Instant latest_{};                // export
  std::optional<Instant> waiting_;  // since
  wire::OtlpReceiver receiver_;
};

}  // namespace windtunnel::runs
