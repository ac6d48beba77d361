#pragma once
// A collector of OpenTelemetry for the gateway under test: OTLP over HTTP, as JSON and as protobuf, plain or gzip.
//
//   POST /v1/traces              the spans go to `on_traces`, as JSON whatever their form
//   POST /v1/metrics, /v1/logs   200; they are counted and not read
//
// A body that is no export of spans is answered with 400 and counted; one that holds some spans that cannot be read is
// taken without these. It listens on a port of its own in the loop that its owner polls, so that a gateway in virtual
// time meets it as it meets the providers. gRPC is not received.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "wire/http/http_parser.h"
#include "wire/http/socket_loop.h"
#include "wire/otlp/otlp_messages.h"

namespace windtunnel::wire {

// What became of one export.
struct TakenTraces {
  std::string problem;        // why the body is no export; empty: it is one
  std::int64_t rejected = 0;  // spans that cannot be read
  std::string why;            // of the first of them
};

struct OtlpCounts {
  std::uint64_t exports = 0;  // of spans, that were taken
  std::uint64_t refused = 0;  // requests that were answered with an error
  std::string first_problem;  // of these
  std::uint64_t others = 0;   // of metrics and logs
};

class OtlpReceiver final : private SocketEvents {
 public:
  using OnTraces = std::function<TakenTraces(const std::string& json)>;

  static constexpr std::size_t kBodyMax = std::size_t{64} << 20;  // once unzipped

  // `loop` must outlive it.
  OtlpReceiver(SocketLoop& loop, OnTraces on_traces) : loop_(loop), on_traces_(std::move(on_traces)) {}

  // Listens on a free port; returns what is wrong, or nothing.
  [[nodiscard]] std::optional<std::string> listen();
  // "http://127.0.0.1:4318", without a path
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] const OtlpCounts& counts() const { return counts_; }

 private:
  struct Answer {
    int status = 200;
    OtlpForm form = OtlpForm::json;
    std::string body;
  };

  void on_accepted(ConnectionId connection, std::size_t listener) override;
  void on_bytes(ConnectionId connection, std::string_view bytes) override;
  void on_left(ConnectionId connection) override;

  [[nodiscard]] Answer answer_to(const HttpRequest& request);
  [[nodiscard]] Answer take_traces(OtlpForm form, std::string body);
  [[nodiscard]] Answer refuse(int status, OtlpForm form, const std::string& why);
  void send(ConnectionId connection, const Answer& answer, bool keep_alive);

  SocketLoop& loop_;
  OnTraces on_traces_;
  std::map<ConnectionId, RequestReader> connections_;
  std::string url_;
  OtlpCounts counts_;
};

}  // namespace windtunnel::wire
