#pragma once
// A provider host on sockets: each provider listens on a port of its own, and one more port is for its operator: GET
// /state, GET /ledger, POST /faults.
//
// Its owner polls the socket loop for at most wait_for() and calls advance() after it, so that others can use the same
// loop.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/clock/trial_clock.h"
#include "wire/http/http_parser.h"
#include "wire/http/http_writer.h"
#include "wire/http/socket_loop.h"
#include "wire/trial/provider_host.h"

namespace windtunnel::wire {

// When the clock of the scenario starts.
enum class ClockStart : std::uint8_t { first_call, at_once, by_hand };

struct ServerOptions {
  std::uint64_t seed = 0;
  std::string address = "127.0.0.1";
  std::uint16_t port_base = 0;  // of the first provider, the others follow, then the admin port; 0: free ones
  ClockStart start = ClockStart::first_call;
  std::function<void(const CallLine& line)> on_line;  // gets each line of the ledger
};

// What the server has done, for its last words.
struct ServerTotals {
  std::int64_t calls = 0;
  std::map<std::string, std::int64_t> ends;  // by the word of the ledger
  Duration lateness_max{0};                  // of what was due
  std::uint64_t refused = 0;                 // connections, because there were no descriptors left
};

class ProviderServer final : private SocketEvents, private HostOutput {
 public:
  static constexpr std::size_t kLinesKept = 10'000;  // that GET /ledger shows

  // `scenario`, `clock` and `loop` must outlive it.
  ProviderServer(const sim::Scenario& scenario, ServerOptions options, TrialClock& clock, SocketLoop& loop);

  // Listens; returns what is wrong, or nothing.
  [[nodiscard]] std::optional<std::string> listen();
  // The longest that the loop may be polled for.
  [[nodiscard]] std::chrono::nanoseconds wait_for(std::chrono::nanoseconds at_most) const;
  // Does what is due.
  void advance();
  void start_clock();
  // Ends the open calls and writes their lines.
  void stop();

  // By provider, without a path; the admin's is the last.
  [[nodiscard]] const std::vector<std::string>& urls() const { return urls_; }
  [[nodiscard]] const ProviderHost& host() const { return host_; }
  [[nodiscard]] ServerTotals totals() const;
  [[nodiscard]] Instant now() const { return clock_.now(); }
  [[nodiscard]] TrialClock& clock() const { return clock_; }

 private:
  struct Connection {
    std::size_t listener = 0;
    RequestReader reader;
    std::optional<CallId> call;  // that is answered now
    Framing framing = Framing::length;
    bool keep_alive = true;
    bool chunks = true;       // of the request that is answered
    bool head_alone = false;  // likewise: HEAD
  };

  void on_accepted(ConnectionId connection, std::size_t listener) override;
  void on_bytes(ConnectionId connection, std::string_view bytes) override;
  void on_left(ConnectionId connection) override;
  void on_head(PeerId peer, const ResponseHead& head) override;
  void on_body(PeerId peer, std::string_view bytes) override;
  void on_end(PeerId peer, CallEnd end) override;
  void on_line(const CallLine& line) override;

  void take_requests(ConnectionId id);
  void answer(ConnectionId id, const HttpRequest& request);
  void answer_provider(ConnectionId id, const HttpRequest& request);
  void answer_admin(ConnectionId id, const HttpRequest& request);
  void call(ConnectionId id, Api api, const HttpRequest& request);
  void reply(ConnectionId id, int status, std::string_view type, std::string_view body);
  void after_answer(ConnectionId id);
  void end_silent();
  void note_lateness();

  ServerOptions options_;
  TrialClock& clock_;
  SocketLoop& loop_;
  ProviderHost host_;
  std::map<ConnectionId, Connection> connections_;
  std::vector<std::string> urls_;
  std::deque<std::string> lines_;  // the latest
  ServerTotals totals_;
  SocketLoop::Clock::time_point looked_for_silent_ = SocketLoop::Clock::now();
};

}  // namespace windtunnel::wire
