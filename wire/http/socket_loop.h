#pragma once
// The sockets of one thread behind one epoll: listens, connects, reads what comes, writes what is sent, and waits until
// something happens or a given time has passed.
//
// It has no clock of its own but for connections that stay silent. A connection has a number that is never used again,
// so that what refers to one that has gone is harmless. Bytes that a socket does not take at once wait in its buffer.
//
// A peer that closes its side has left: HTTP clients that give up close their connection, and those that only close
// their sending side are rare enough that servers such as Go's treat them alike.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::wire {

// Number in the upper half, place in the lower one.
enum class ConnectionId : std::uint64_t {};

// What happens to the connections of one owner. The loop calls it from poll() alone.
class SocketEvents {
 public:
  SocketEvents() = default;
  SocketEvents(const SocketEvents&) = delete;
  SocketEvents& operator=(const SocketEvents&) = delete;
  virtual ~SocketEvents() = default;
  // A peer has connected to the listener of this number.
  virtual void on_accepted(ConnectionId connection, std::size_t listener) = 0;
  virtual void on_bytes(ConnectionId connection, std::string_view bytes) = 0;
  // The peer has closed, reset or never accepted the connection, which has no number any more.
  virtual void on_left(ConnectionId connection) = 0;
};

class SocketLoop {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::nanoseconds kForever = std::chrono::nanoseconds::max();

  struct Listening {
    std::uint16_t port = 0;
    std::string problem;  // empty: it listens
  };

  // Throws std::system_error if there is no epoll to be had.
  SocketLoop();
  ~SocketLoop();
  SocketLoop(const SocketLoop&) = delete;
  SocketLoop& operator=(const SocketLoop&) = delete;

  // `address` is an IPv4 address in digits; port 0: a free one. Listeners are numbered in the order of the calls.
  // `owner` gets what happens to its connections, and must outlive the loop's last poll().
  Listening listen(const std::string& address, std::uint16_t port, SocketEvents& owner);
  // Nothing: there is no descriptor left for it. A peer that does not accept leaves.
  std::optional<ConnectionId> connect(const std::string& address, std::uint16_t port, SocketEvents& owner);

  void send(ConnectionId connection, std::string_view bytes);
  // Closes our side once everything is sent.
  void finish(ConnectionId connection);
  // Drops what is not sent and resets the connection.
  void reset(ConnectionId connection);

  // Waits for at most this long, and handles what has come; kForever: until something comes.
  // Returns how many things have happened.
  int poll(std::chrono::nanoseconds at_most);
  // poll() also ends at this instant, to the nanosecond, where waits alone are whole milliseconds. It counts as
  // something that has happened. Nothing: at none.
  void set_alarm(std::optional<Clock::time_point> at);
  // The last poll() ended at the alarm's instant. In virtual time everything that others send at that instant has come.
  [[nodiscard]] bool alarm_rang() const { return alarm_rang_; }
  // Readable when something has happened.
  [[nodiscard]] int descriptor() const { return epoll_; }

  // The owner's connections that have sent nothing since then, other than those that finish.
  [[nodiscard]] std::vector<ConnectionId> silent_since(Clock::time_point instant, const SocketEvents& owner) const;
  [[nodiscard]] bool is_open(ConnectionId connection) const { return find(connection) != nullptr; }
  [[nodiscard]] std::size_t connections() const { return open_; }
  // Connections that were refused because there was no descriptor left.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Listener {
    int descriptor = -1;
    SocketEvents* owner = nullptr;
  };
  struct Socket {
    int descriptor = -1;
    SocketEvents* owner = nullptr;
    std::uint32_t number = 0;  // of the connection that has this place
    std::string unsent;
    std::size_t sent = 0;  // of it
    bool connecting = false;
    bool finishing = false;  // closes our side once everything is sent
    bool finished = false;   // our side is closed; what still comes is thrown away
    bool awaits_room = false;
    Clock::time_point heard;
  };

  [[nodiscard]] const Socket* find(ConnectionId connection) const;
  [[nodiscard]] Socket* find(ConnectionId connection);
  ConnectionId add(int descriptor, bool connecting, SocketEvents& owner);
  void observe(Socket& socket, std::uint64_t id, bool awaits_room) const;
  void close(ConnectionId connection);
  void leave(ConnectionId connection);
  void accept_from(std::size_t listener);
  void refuse_one(int listener);
  void read_from(ConnectionId connection);
  // False: the peer has gone.
  bool flush(ConnectionId connection, Socket& socket);
  void end_finished();
  void take_alarm();

  int epoll_ = -1;
  int alarm_ = -1;
  std::optional<Clock::time_point> alarm_at_;
  bool alarm_rang_ = false;
  int spare_ = -1;  // a descriptor to accept with, and close, when there is no other
  std::vector<Listener> listeners_;
  std::vector<Socket> sockets_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> finished_;  // places whose side is closed
  std::uint32_t numbers_ = 0;
  std::size_t open_ = 0;
  std::uint64_t refused_ = 0;
  std::string input_;
};

}  // namespace windtunnel::wire
