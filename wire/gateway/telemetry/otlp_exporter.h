#pragma once
// Sends what a queue holds to a collector, over the same loop as everything else. A collector that is slow or away
// costs spans, which are counted, and never holds up a request.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wire/gateway/gateway_clock.h"
#include "wire/gateway/telemetry/export_queue.h"
#include "wire/gateway/upstream_pool.h"
#include "wire/http/http_parser.h"

namespace windtunnel::wire {

struct OtlpSettings {
  BaseUrl url;          // of the collector, such as http://127.0.0.1:4318
  std::string ca_file;  // as TlsTrust has it
  OtlpForm form = OtlpForm::protobuf;
  Duration timeout{};       // of one export
  OtlpAttributes resource;  // what this process is
  std::uint64_t seed = 0;   // of the waits' jitter
};

class OtlpExporter final : private UpstreamEvents {
 public:
  // `clock` and `loop` must outlive it. Throws TlsError.
  OtlpExporter(OtlpSettings settings, const GatewayClock& clock, SocketLoop& loop);

  // The spans of one request.
  void add(std::vector<OtlpSpan> spans);
  // Metrics as they stand now.
  void add(const OtlpMetrics& metrics) { queue_.add(metrics); }
  // The process ends: nothing gathers any more.
  void hurry() { queue_.hurry(); }
  // Gives up exports that take too long, and sends what may be sent.
  void advance();

  [[nodiscard]] const ExportQueue& queue() const { return queue_; }
  // What was wrong with the latest export that was not taken whole; empty: nothing was yet.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct Sent {
    ConnectionId connection{};
    ResponseReader response;
    std::string body;  // of the response
    Instant deadline{};
  };
  void on_upstream_bytes(CallSlot call, std::string_view bytes) override;
  void on_upstream_left(CallSlot call) override;

  void send();
  void end(CallSlot call, const ExportAnswer& answer, std::string problem);
  void take(CallSlot call, const Sent& sent);

  OtlpSettings settings_;
  const GatewayClock& clock_;
  std::vector<Upstream> collectors_;  // one
  UpstreamPool pool_;
  ExportQueue queue_;
  std::map<CallSlot, Sent> sent_;  // by the number of the export
  std::string problem_;
};

}  // namespace windtunnel::wire
