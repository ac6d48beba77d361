#pragma once
// The callers' side of a gateway: listens, reads requests, answers them by journeys, and serves what operators ask for:
//
//   POST /v1/chat/completions, /v1/responses, /v1/embeddings, /v1/messages, and Azure's paths of the first three
//   GET  /v1/models, /health (the process lives), /ready (it takes requests), /metrics
//
// What callers get is written at the end of each turn of the loop, after `commit`: what is to outlive the process is
// stored before an answer is complete, once for all answers of a turn.
//
// A peer that is slow, sends too much or sends what is no HTTP is refused and counted; it holds nothing of others up.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/gateway/journeys.h"
#include "wire/http/http_parser.h"
#include "wire/http/http_writer.h"
#include "wire/http/socket_loop.h"

namespace windtunnel::wire {

struct GatewayHooks {
  std::function<void()> commit;          // may be empty
  std::function<std::string()> metrics;  // the text of /metrics; may be empty
  // The oldest settings that were replaced are those of no open request any more, and are let go of. May be empty.
  std::function<void(const Journeys&)> retired;
};

// What the callers' side has seen.
struct GatewayCounts {
  std::uint64_t connections = 0;  // accepted
  std::uint64_t requests = 0;     // for a model
  std::uint64_t refused_too_many = 0;
  std::uint64_t refused_malformed = 0;  // no HTTP, conflicting lengths
  std::uint64_t refused_too_large = 0;
  std::uint64_t refused_slow = 0;
  std::uint64_t refused_requests = 0;  // no request of an interface
  std::uint64_t callers_left = 0;      // before their answer was whole
};

class GatewayServer final : private SocketEvents, private CallerOutput {
 public:
  // All must outlive it.
  GatewayServer(const sim::Scenario& scenario, const std::vector<Upstream>& upstreams, GatewayClock& clock,
                SocketLoop& loop, JourneySettings settings, GatewayHooks hooks);

  // "127.0.0.1:8787". Returns what is wrong, or nothing.
  [[nodiscard]] std::optional<std::string> listen(const std::string& address);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // From the next request on these settings hold, which must outlive the server too. Requests that are open end under
  // those that they began with, which must stay until `retired`. Not from inside turn(). Throws TlsError, and then
  // nothing has changed.
  void change(const sim::Scenario& scenario, const std::vector<Upstream>& upstreams, JourneySettings settings);

  // One turn: waits until something happens, and does what is due.
  void step() { turn(SocketLoop::kForever); }
  // The same, waiting for at most this long.
  void turn(std::chrono::nanoseconds at_most);
  // From now on new requests are refused, and connections end with their answers.
  void drain();
  [[nodiscard]] bool is_draining() const { return is_draining_; }
  // Ends all that is open.
  void stop();

  // Those of the latest settings.
  [[nodiscard]] Journeys& journeys() { return *journeys_; }
  // Requests under any settings.
  [[nodiscard]] std::size_t open_requests() const;
  [[nodiscard]] const GatewayCounts& counts() const { return counts_; }
  [[nodiscard]] std::size_t open_connections() const { return connections_.size(); }

 private:
  struct Connection {
    RequestReader reader;
    bool is_busy = false;  // a journey answers it
    bool keep_alive = true;
    bool chunks = true;
    bool head_alone = false;  // HEAD
    Framing framing = Framing::length;
  };
  struct Outgoing {
    CallerId caller{};
    std::string bytes;
    enum class Then : std::uint8_t { go_on, next, finish } then = Then::go_on;
  };

  void on_accepted(ConnectionId connection, std::size_t listener) override;
  void on_bytes(ConnectionId connection, std::string_view bytes) override;
  void on_left(ConnectionId connection) override;
  void on_caller_head(CallerId caller, const ResponseHead& head) override;
  void on_caller_body(CallerId caller, std::string_view bytes) override;
  void on_caller_end(CallerId caller, bool is_whole) override;

  void take_requests(ConnectionId id);
  void take_request(ConnectionId id, HttpRequest request);
  void refuse(ConnectionId id, const HttpProblem& problem);
  void reply(ConnectionId id, int status, std::string_view type, std::string_view body,
             const std::vector<HttpHeader>& headers = {});
  void reply_error(ConnectionId id, const ErrorReply& error);
  [[nodiscard]] std::string models_text(std::string_view target) const;
  [[nodiscard]] Outgoing& outgoing(CallerId caller);
  [[nodiscard]] bool make_calls();
  void advance(bool at_alarm);
  [[nodiscard]] std::optional<Instant> next_due() const;
  void flush();
  void sweep();
  void retire();

  const sim::Scenario* scenario_;
  GatewayClock& clock_;
  SocketLoop& loop_;
  GatewayHooks hooks_;
  bool is_trial_;
  HttpLimits limits_;
  std::map<ConnectionId, Connection> connections_;
  std::vector<Outgoing> outgoing_;
  GatewayCounts counts_;
  std::uint16_t port_ = 0;
  bool is_draining_ = false;
  std::optional<SocketLoop::Clock::time_point> next_sweep_;
  std::unique_ptr<Journeys> journeys_;
  std::vector<std::unique_ptr<Journeys>> replaced_;  // oldest first: of settings that open requests began with
};

}  // namespace windtunnel::wire
