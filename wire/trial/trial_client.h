#pragma once
// The callers of a gateway: sends requests over connections of their own and reads what comes back. When a request is
// sent is its owner's decision; nothing here waits for an answer before the next one.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/service/gateway_spec.h"
#include "wire/clock/trial_clock.h"
#include "wire/http/http_parser.h"
#include "wire/http/socket_loop.h"
#include "wire/trial/trial_run.h"

namespace windtunnel::wire {

struct GatewayAddress {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};

class TrialClient final : private SocketEvents {
 public:
  // `clock` and `loop` must outlive it. `request.headers` have their final values.
  TrialClient(GatewayAddress gateway, sim::GatewayRequest request, std::string model, const TrialClock& clock,
              SocketLoop& loop)
      : gateway_(std::move(gateway)),
        request_(std::move(request)),
        model_(std::move(model)),
        clock_(clock),
        loop_(loop) {}

  // Sends a request that was due at `wanted.arrived`; `mark` names it, and `names` stand in its headers.
  void send(TrialRequest wanted, const std::string& mark, const sim::NamedTexts& names = {});
  // Ends the requests whose callers wait no longer.
  void advance();
  // When the patience of the first caller is over; nothing: none waits.
  [[nodiscard]] std::optional<Instant> next_at() const;
  // Ends all requests that are open.
  void stop();

  [[nodiscard]] std::size_t open() const { return open_.size(); }
  [[nodiscard]] std::vector<TrialRequest>& requests() { return requests_; }
  // The places of requests that have ended since the last call.
  [[nodiscard]] std::vector<std::size_t> take_ended();

 private:
  struct Open {
    std::size_t place = 0;
    ResponseReader response;
    std::optional<AnswerReader> reader;
  };
  struct Patience {
    Instant until{};
    ConnectionId connection{};
  };

  void on_accepted(ConnectionId connection, std::size_t listener) override;
  void on_bytes(ConnectionId connection, std::string_view bytes) override;
  void on_left(ConnectionId connection) override;
  void take(Open& open, const std::string& body);
  void finish(ConnectionId connection, RequestEnd end);

  GatewayAddress gateway_;
  sim::GatewayRequest request_;
  std::string model_;
  const TrialClock& clock_;
  SocketLoop& loop_;
  std::map<ConnectionId, Open> open_;
  std::deque<Patience> patience_;  // the same for all, so that the first ends first
  std::vector<TrialRequest> requests_;
  std::vector<std::size_t> ended_;
};

}  // namespace windtunnel::wire
