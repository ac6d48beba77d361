#include "wire/trial/ready_probe.h"

#include <fmt/format.h>

#include "wire/http/http_writer.h"

namespace windtunnel::wire {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 100ms;
constexpr auto kPatience = 2s;

}  // namespace

void ReadyProbe::advance() {
  const Instant now = clock_.ticks();
  // A port on which nothing listens refuses at once.
  if (path_.empty() && connection_ && now - asked_ >= kInterval) {
    ready_ = true;
    stop();
  }
  if (connection_ && now - asked_ >= kPatience) stop();
  if (connection_ || ready_ || now - asked_ < kInterval) return;
  asked_ = now;
  response_ = ResponseReader{};
  connection_ = loop_.connect(gateway_.address, gateway_.port, *this);
  if (!connection_ || path_.empty()) return;
  loop_.send(*connection_, get_request(fmt::format("{}:{}", gateway_.address, gateway_.port), path_));
}

void ReadyProbe::stop() {
  if (connection_) loop_.finish(*connection_);
  connection_.reset();
}

void ReadyProbe::on_accepted(ConnectionId /*connection*/, std::size_t /*listener*/) {}

void ReadyProbe::on_bytes(ConnectionId connection, std::string_view bytes) {
  if (connection != connection_) return;
  std::string body;
  response_.put(bytes, body);
  if (response_.status() == 0) return;
  status_ = response_.status();
  ready_ = status_ < 500;
  stop();
}

void ReadyProbe::on_left(ConnectionId connection) {
  if (connection == connection_) connection_.reset();
}

}  // namespace windtunnel::wire
