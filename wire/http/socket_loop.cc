#include "wire/http/socket_loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace windtunnel::wire {
namespace {

constexpr std::size_t kInputSize = std::size_t{64} << 10;
constexpr std::uint64_t kListenerBit = std::uint64_t{1} << 63;
// How long a peer may take to close its side after we have closed ours.
constexpr auto kLingerMax = std::chrono::seconds{2};
constexpr int kAcceptedAtOnce = 64;
// No connection and no listener has this number.
constexpr std::uint64_t kAlarm = UINT64_MAX;

std::uint32_t place_of(ConnectionId id) { return static_cast<std::uint32_t>(static_cast<std::uint64_t>(id)); }
std::uint32_t number_of(ConnectionId id) { return static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) >> 32U); }
ConnectionId id_of(std::uint32_t place, std::uint32_t number) {
  return ConnectionId{std::uint64_t{number} << 32U | place};
}

bool address_of(const std::string& text, std::uint16_t port, sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  return inet_pton(AF_INET, text.c_str(), &address.sin_addr) == 1;
}

void send_at_once(int descriptor) {
  const int on = 1;
  (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int spare_descriptor() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

void reset_on_close(int descriptor) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

// The alarm has its descriptor from the start, because later there may be none left.
SocketLoop::SocketLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      alarm_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      spare_(spare_descriptor()) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll");
  epoll_event interest{.events = EPOLLIN, .data = {.u64 = kAlarm}};
  if (alarm_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, alarm_, &interest) != 0) {
    throw std::system_error(errno, std::generic_category(), "timerfd");
  }
  input_.resize(kInputSize);
}

SocketLoop::~SocketLoop() {
  for (const Socket& socket : sockets_) {
    if (socket.descriptor >= 0) ::close(socket.descriptor);
  }
  for (const Listener& listener : listeners_) ::close(listener.descriptor);
  if (spare_ >= 0) ::close(spare_);
  if (alarm_ >= 0) ::close(alarm_);
  if (epoll_ >= 0) ::close(epoll_);
}

SocketLoop::Listening SocketLoop::listen(const std::string& address, std::uint16_t port, SocketEvents& owner) {
  sockaddr_in to;
  if (!address_of(address, port, to)) return {0, address + " is no IPv4 address such as 127.0.0.1"};
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) return {0, std::strerror(errno)};
  const int on = 1;
  (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  socklen_t size = sizeof to;
  epoll_event interest{.events = EPOLLIN, .data = {.u64 = kListenerBit | listeners_.size()}};
  if (bind(listener, reinterpret_cast<const sockaddr*>(&to), size) != 0 || ::listen(listener, SOMAXCONN) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&to), &size) != 0 ||
      epoll_ctl(epoll_, EPOLL_CTL_ADD, listener, &interest) != 0) {
    const int error = errno;
    ::close(listener);
    return {0, std::strerror(error)};
  }
  listeners_.push_back({listener, &owner});
  return {ntohs(to.sin_port), {}};
}

std::optional<ConnectionId> SocketLoop::connect(const std::string& address, std::uint16_t port, SocketEvents& owner) {
  sockaddr_in to;
  if (!address_of(address, port, to)) return std::nullopt;
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return std::nullopt;
  send_at_once(descriptor);
  // A refusal that comes at once is seen by the first poll(), as a later one is.
  (void)::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  return add(descriptor, true, owner);
}

const SocketLoop::Socket* SocketLoop::find(ConnectionId connection) const {
  const std::uint32_t place = place_of(connection);
  if (place >= sockets_.size()) return nullptr;
  const Socket& socket = sockets_[place];
  return socket.descriptor >= 0 && socket.number == number_of(connection) ? &socket : nullptr;
}

SocketLoop::Socket* SocketLoop::find(ConnectionId connection) {
  return const_cast<Socket*>(std::as_const(*this).find(connection));
}

ConnectionId SocketLoop::add(int descriptor, bool connecting, SocketEvents& owner) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(sockets_.size()));
    sockets_.emplace_back();
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  // The uppermost bit tells listeners apart.
  numbers_ = (numbers_ + 1) & 0x7fff'ffff;
  sockets_[place] = Socket{.descriptor = descriptor,
                           .owner = &owner,
                           .number = numbers_,
                           .connecting = connecting,
                           .awaits_room = connecting,
                           .heard = Clock::now()};
  const ConnectionId id = id_of(place, numbers_);
  epoll_event interest{.events = EPOLLIN | (connecting ? std::uint32_t{EPOLLOUT} : 0U),
                       .data = {.u64 = static_cast<std::uint64_t>(id)}};
  (void)epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &interest);
  ++open_;
  return id;
}

void SocketLoop::observe(Socket& socket, std::uint64_t id, bool awaits_room) const {
  if (socket.awaits_room == awaits_room) return;
  socket.awaits_room = awaits_room;
  epoll_event interest{.events = EPOLLIN | (awaits_room ? std::uint32_t{EPOLLOUT} : 0U), .data = {.u64 = id}};
  (void)epoll_ctl(epoll_, EPOLL_CTL_MOD, socket.descriptor, &interest);
}

void SocketLoop::close(ConnectionId connection) {
  Socket* const socket = find(connection);
  if (socket == nullptr) return;
  ::close(std::exchange(socket->descriptor, -1));
  socket->unsent = {};
  free_.push_back(place_of(connection));
  --open_;
}

void SocketLoop::leave(ConnectionId connection) {
  const Socket* const socket = find(connection);
  SocketEvents* const owner = socket != nullptr && !socket->finishing ? socket->owner : nullptr;
  close(connection);
  if (owner != nullptr) owner->on_left(connection);
}

bool SocketLoop::flush(ConnectionId connection, Socket& socket) {
  while (socket.sent < socket.unsent.size()) {
    const ssize_t count =
        ::send(socket.descriptor, socket.unsent.data() + socket.sent, socket.unsent.size() - socket.sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      observe(socket, static_cast<std::uint64_t>(connection), true);
      return true;
    }
    if (count < 0) return false;
    socket.sent += static_cast<std::size_t>(count);
  }
  socket.unsent.clear();
  socket.sent = 0;
  observe(socket, static_cast<std::uint64_t>(connection), false);
  if (!socket.finishing || socket.finished) return true;
  socket.finished = true;
  socket.heard = Clock::now();
  (void)shutdown(socket.descriptor, SHUT_WR);
  finished_.push_back(place_of(connection));
  return true;
}

// A peer that has gone is found by the next poll().
void SocketLoop::send(ConnectionId connection, std::string_view bytes) {
  Socket* const socket = find(connection);
  if (socket == nullptr || socket->finishing) return;
  socket->unsent += bytes;
  if (!socket->connecting && !socket->awaits_room) (void)flush(connection, *socket);
}

void SocketLoop::finish(ConnectionId connection) {
  Socket* const socket = find(connection);
  if (socket == nullptr || socket->finishing) return;
  socket->finishing = true;
  if (!socket->connecting && !socket->awaits_room && !flush(connection, *socket)) close(connection);
}

void SocketLoop::reset(ConnectionId connection) {
  const Socket* const socket = find(connection);
  if (socket == nullptr) return;
  reset_on_close(socket->descriptor);
  close(connection);
}

// Without a descriptor the peer would wait in the queue for ever, and the listener would wake us without end.
void SocketLoop::refuse_one(int listener) {
  ++refused_;
  if (spare_ >= 0) ::close(spare_);
  const int descriptor = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor >= 0) {
    reset_on_close(descriptor);
    ::close(descriptor);
  }
  spare_ = spare_descriptor();
}

void SocketLoop::accept_from(std::size_t listener) {
  const Listener from = listeners_[listener];
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    const int descriptor = accept4(from.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EMFILE || errno == ENFILE) refuse_one(from.descriptor);
      return;
    }
    send_at_once(descriptor);
    from.owner->on_accepted(add(descriptor, false, *from.owner), listener);
  }
}

void SocketLoop::read_from(ConnectionId connection) {
  Socket* const socket = find(connection);
  const ssize_t count = recv(socket->descriptor, input_.data(), input_.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (count <= 0) return leave(connection);
  socket->heard = Clock::now();
  if (!socket->finishing)
    socket->owner->on_bytes(connection, std::string_view(input_.data(), static_cast<std::size_t>(count)));
}

void SocketLoop::set_alarm(std::optional<Clock::time_point> at) {
  if (at == alarm_at_) return;
  alarm_at_ = at;
  itimerspec setting{};
  if (at) {
    // Zero would disarm it.
    const auto since = std::max(at->time_since_epoch(), Clock::duration{1});
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    setting.it_value = {.tv_sec = seconds.count(), .tv_nsec = (since - seconds).count()};
  }
  (void)timerfd_settime(alarm_, TFD_TIMER_ABSTIME, &setting, nullptr);
}

void SocketLoop::take_alarm() {
  std::uint64_t count = 0;
  (void)!::read(alarm_, &count, sizeof count);
  alarm_at_.reset();
  alarm_rang_ = true;
}

int SocketLoop::poll(std::chrono::nanoseconds at_most) {
  std::array<epoll_event, 256> happened;
  alarm_rang_ = false;
  // Rounded up: waking before the time would only mean to wait again.
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(
      std::clamp<std::chrono::nanoseconds>(at_most, std::chrono::nanoseconds{0}, std::chrono::hours{24}));
  const int count =
      epoll_wait(epoll_, happened.data(), happened.size(), at_most == kForever ? -1 : static_cast<int>(wait.count()));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = happened[static_cast<std::size_t>(i)];
    if (event.data.u64 == kAlarm) {
      take_alarm();
      continue;
    }
    if ((event.data.u64 & kListenerBit) != 0) {
      accept_from(static_cast<std::size_t>(event.data.u64 & ~kListenerBit));
      continue;
    }
    const ConnectionId connection{event.data.u64};
    Socket* const socket = find(connection);
    if (socket == nullptr) continue;
    if ((event.events & EPOLLOUT) != 0 && (event.events & (EPOLLERR | EPOLLHUP)) == 0) {
      socket->connecting = false;
      if (!flush(connection, *socket)) {
        leave(connection);
        continue;
      }
    }
    if ((event.events & EPOLLIN) != 0) {
      read_from(connection);
    } else if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) {
      leave(connection);
    }
  }
  end_finished();
  return std::max(count, 0);
}

void SocketLoop::end_finished() {
  if (finished_.empty()) return;
  const Clock::time_point latest = Clock::now() - kLingerMax;
  std::erase_if(finished_, [&](std::uint32_t place) {
    const Socket& socket = sockets_[place];
    if (socket.descriptor < 0 || !socket.finished) return true;
    if (socket.heard > latest) return false;
    close(id_of(place, socket.number));
    return true;
  });
}

std::vector<ConnectionId> SocketLoop::silent_since(Clock::time_point instant, const SocketEvents& owner) const {
  std::vector<ConnectionId> silent;
  for (std::uint32_t place = 0; place < sockets_.size(); ++place) {
    const Socket& socket = sockets_[place];
    const bool is_owned = socket.descriptor >= 0 && socket.owner == &owner;
    if (is_owned && !socket.finishing && socket.heard <= instant) {
      silent.push_back(id_of(place, socket.number));
    }
  }
  return silent;
}

}  // namespace windtunnel::wire
