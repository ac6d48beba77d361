#include "wire/gateway/upstream_pool.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

namespace windtunnel::wire {
namespace {

// The first IPv4 address of a host; empty: it has none.
std::string address_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) return {};
  std::array<char, INET_ADDRSTRLEN> text{};
  const auto* const address = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  const bool good = inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()) != nullptr;
  freeaddrinfo(found);
  return good ? std::string(text.data()) : std::string();
}

}  // namespace

UpstreamPool::UpstreamPool(const std::vector<Upstream>& upstreams, const std::string& ca_file, SocketLoop& loop,
                           UpstreamEvents& events)
    : upstreams_(upstreams), loop_(loop), events_(events), idle_(upstreams.size()), addresses_(upstreams.size()) {
  if (std::ranges::any_of(upstreams, [](const Upstream& upstream) { return upstream.url.tls; })) {
    trust_.emplace(ca_file);
  }
  resolve();
}

UpstreamPool::~UpstreamPool() {
  for (const auto& [connection, link] : links_) loop_.reset(connection);
}

void UpstreamPool::resolve() {
  for (std::size_t i = 0; i < upstreams_.size(); ++i) {
    const std::string address = address_of(upstreams_[i].url.host);
    if (!address.empty()) addresses_[i] = address;
  }
}

std::optional<ConnectionId> UpstreamPool::send(std::size_t provider, CallSlot call, std::string_view request) {
  std::vector<ConnectionId>& idle = idle_[provider];
  std::optional<ConnectionId> connection;
  while (!idle.empty() && !connection) {
    if (loop_.is_open(idle.back())) connection = idle.back();
    idle.pop_back();
  }
  if (!connection && !addresses_[provider].empty()) {
    connection = loop_.connect(addresses_[provider], upstreams_[provider].url.port, *this);
  }
  if (!connection) return std::nullopt;
  Link& link = links_[*connection];
  link.provider = provider;
  link.call = call;
  const BaseUrl& url = upstreams_[provider].url;
  if (!url.tls) {
    loop_.send(*connection, request);
    return connection;
  }
  if (!link.tls) link.tls.emplace(*trust_, url.host);
  link.tls->write(request);
  loop_.send(*connection, link.tls->take());
  return connection;
}

void UpstreamPool::release(ConnectionId connection) {
  const auto found = links_.find(connection);
  if (found == links_.end()) return;
  std::vector<ConnectionId>& idle = idle_[found->second.provider];
  if (idle.size() >= kIdleMax) {
    links_.erase(found);
    return loop_.finish(connection);
  }
  found->second.call.reset();
  idle.push_back(connection);
}

void UpstreamPool::drop(ConnectionId connection) {
  if (links_.erase(connection) > 0) loop_.reset(connection);
}

void UpstreamPool::on_accepted(ConnectionId /*connection*/, std::size_t /*listener*/) {}

void UpstreamPool::on_bytes(ConnectionId connection, std::string_view bytes) {
  const auto found = links_.find(connection);
  if (found == links_.end()) return;
  std::optional<TlsSession>& tls = found->second.tls;
  if (tls) {
    std::string plain;
    tls->put(bytes, plain);
    loop_.send(connection, tls->take());
    if (tls->problem()) tls_problem_ = *tls->problem();
    const bool is_over = tls->problem() || tls->is_closed();
    const std::optional<CallSlot> call = found->second.call;
    if (call && !plain.empty()) events_.on_upstream_bytes(*call, plain);
    // The call may have ended with these bytes, and its connection with it.
    if (is_over || (!call && !plain.empty())) on_left(connection);
    return;
  }
  // Bytes that nothing asked for would be taken for the answer of the next call.
  if (!found->second.call) return on_left(connection);
  events_.on_upstream_bytes(*found->second.call, bytes);
}

void UpstreamPool::on_left(ConnectionId connection) {
  const auto found = links_.find(connection);
  if (found == links_.end()) return;
  const Link link = std::move(found->second);
  links_.erase(found);
  if (loop_.is_open(connection)) loop_.reset(connection);
  if (link.call) return events_.on_upstream_left(*link.call);
  std::erase(idle_[link.provider], connection);
}

}  // namespace windtunnel::wire
