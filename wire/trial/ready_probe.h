#pragma once
// Asks a gateway whether it is ready: it answers GET on a path with a status below 500. Without a path it is enough
// that its port accepts a connection.

#include <optional>
#include <string>

#include "wire/http/http_parser.h"
#include "wire/http/socket_loop.h"
#include "wire/trial/trial_client.h"

namespace windtunnel::wire {

class ReadyProbe final : private SocketEvents {
 public:
  // `clock` and `loop` must outlive it.
  ReadyProbe(GatewayAddress gateway, std::string path, const TrialClock& clock, SocketLoop& loop)
      : gateway_(std::move(gateway)), path_(std::move(path)), clock_(clock), loop_(loop) {}

  // Asks again unless a question is open. To be called now and then, between two polls.
  void advance();
  [[nodiscard]] bool is_ready() const { return ready_; }
  // Of the latest answer; 0: none.
  [[nodiscard]] int status() const { return status_; }
  // Closes the open question.
  void stop();

 private:
  void on_accepted(ConnectionId connection, std::size_t listener) override;
  void on_bytes(ConnectionId connection, std::string_view bytes) override;
  void on_left(ConnectionId connection) override;

  GatewayAddress gateway_;
  std::string path_;
  const TrialClock& clock_;
  SocketLoop& loop_;
  std::optional<ConnectionId> connection_;
  Instant asked_{};
  ResponseReader response_;
  bool ready_ = false;
  int status_ = 0;
};

}  // namespace windtunnel::wire
