#pragma once
// A port of 127.0.0.1 for a program that is told its port and binds it later.
//
// A port that was only seen to be free may be another's by then: the kernel gives the ports of its own range to
// outgoing connections and to servers that ask for any, and a second trial may see the same one. So the port is outside
// of that range (/proc/sys/net/ipv4/ip_local_port_range), and the object holds a Unix socket of the port's name in the
// abstract namespace, which exists once per network, as a port does. No other reservation has the port until the object
// is gone.

#include <cstdint>

namespace windtunnel::wire {

class ReservedPort {
 public:
  ReservedPort();
  ReservedPort(ReservedPort&& other) noexcept;
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;
  ReservedPort& operator=(ReservedPort&&) = delete;
  ~ReservedPort();

  // 0: there is none.
  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  bool take(std::uint16_t number);

  std::uint16_t number_ = 0;
  int holder_ = -1;
};

}  // namespace windtunnel::wire
