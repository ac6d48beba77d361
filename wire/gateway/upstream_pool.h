#pragma once
// Connections to the providers: one call at a time on each, kept for the next call once its answer is whole.
//
// A call that is given up resets its connection, so that the provider learns at once that its caller has gone. A
// connection that the provider closed while nothing was asked of it is dropped without a word.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/gateway/upstream.h"
#include "wire/http/socket_loop.h"
#include "wire/http/tls_session.h"

namespace windtunnel::wire {

// The call as its owner numbers it.
enum class CallSlot : std::uint32_t {};

class UpstreamEvents {
 public:
  UpstreamEvents() = default;
  UpstreamEvents(const UpstreamEvents&) = delete;
  UpstreamEvents& operator=(const UpstreamEvents&) = delete;
  virtual ~UpstreamEvents() = default;
  virtual void on_upstream_bytes(CallSlot call, std::string_view bytes) = 0;
  // The provider has closed or reset the connection, or never accepted it.
  virtual void on_upstream_left(CallSlot call) = 0;
};

class UpstreamPool final : private SocketEvents {
 public:
  static constexpr std::size_t kIdleMax = 256;  // of one provider

  // All must outlive it. `ca_file` as TlsTrust has it; throws TlsError.
  UpstreamPool(const std::vector<Upstream>& upstreams, const std::string& ca_file, SocketLoop& loop,
               UpstreamEvents& events);

  UpstreamPool(const UpstreamPool&) = delete;
  UpstreamPool& operator=(const UpstreamPool&) = delete;
  // Resets what is open.
  ~UpstreamPool() override;

  // Sends a request; nothing: there is no address, or no descriptor left.
  std::optional<ConnectionId> send(std::size_t provider, CallSlot call, std::string_view request);
  // The answer is whole, and the connection may be used again.
  void release(ConnectionId connection);
  // The answer is whole, or the call given up: nothing more comes of it.
  void drop(ConnectionId connection);
  // Names may have other addresses by now.
  void resolve();

  [[nodiscard]] std::size_t open() const { return links_.size(); }
  // Why the latest connection that had no TLS session came to none; empty: there was none.
  [[nodiscard]] const std::string& tls_problem() const { return tls_problem_; }

 private:
  struct Link {
    std::size_t provider = 0;
    std::optional<CallSlot> call;  // nothing: idle
    std::optional<TlsSession> tls;
  };

  void on_accepted(ConnectionId connection, std::size_t listener) override;
  void on_bytes(ConnectionId connection, std::string_view bytes) override;
  void on_left(ConnectionId connection) override;

  const std::vector<Upstream>& upstreams_;
  SocketLoop& loop_;
  UpstreamEvents& events_;
  std::map<ConnectionId, Link> links_;
  std::vector<std::vector<ConnectionId>> idle_;  // by provider; the last is used first
  std::vector<std::string> addresses_;           // by provider; empty: unknown
  std::optional<TlsTrust> trust_;                // if any provider wants TLS
  std::string tls_problem_;
};

}  // namespace windtunnel::wire
