#include "wire/http/reserved_port.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <fstream>
#include <string>
#include <utility>

namespace windtunnel::wire {
namespace {

constexpr unsigned kFirst = 10'000;         // above the ports that servers have by default
constexpr unsigned kKernelsFirst = 32'768;  // of Linux's own range, unless it is set otherwise
constexpr unsigned kEnough = 500;           // fewer below the kernel's range: one of any range, held as well

unsigned kernels_first() {
  unsigned first = 0;
  std::ifstream range{"/proc/sys/net/ipv4/ip_local_port_range"};
  return range >> first ? first : kKernelsFirst;
}

// A server binds it to any address, so it must be free on each. Without SO_REUSEADDR a port in TIME_WAIT is refused,
// as it will be to a server that does not set it.
bool is_free(std::uint16_t number) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(number);
  const bool free = bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(descriptor);
  return free;
}

// The holder of a port, or -1: another process has it.
int hold(std::uint16_t number) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = fmt::format("windtunnel-port-{}", number);
  std::ranges::copy(name, address.sun_path + 1);  // the first byte is 0: the name is abstract
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size) == 0) return descriptor;
  close(descriptor);
  return -1;
}

}  // namespace

ReservedPort::ReservedPort() {
  static std::atomic<unsigned> asked = 0;
  const unsigned low = kernels_first();
  const bool is_room = low >= kFirst + kEnough;
  const unsigned first = is_room ? kFirst : 1'024;
  const unsigned count = (is_room ? low : 65'536) - first;
  // Processes begin at different places, so that each finds its first port free as a rule.
  const unsigned begin = static_cast<unsigned>(getpid()) * 7'919U + asked.fetch_add(1, std::memory_order_relaxed);
  for (unsigned i = 0; i < count; ++i) {
    if (take(static_cast<std::uint16_t>(first + (begin + i) % count))) return;
  }
}

ReservedPort::ReservedPort(ReservedPort&& other) noexcept
    : number_(std::exchange(other.number_, std::uint16_t{0})), holder_(std::exchange(other.holder_, -1)) {}

ReservedPort::~ReservedPort() {
  if (holder_ >= 0) close(holder_);
}

bool ReservedPort::take(std::uint16_t number) {
  holder_ = hold(number);
  if (holder_ < 0) return false;
  if (is_free(number)) {
    number_ = number;
    return true;
  }
  close(std::exchange(holder_, -1));
  return false;
}

}  // namespace windtunnel::wire
