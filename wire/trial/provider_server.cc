#include "wire/trial/provider_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "wire/dialects/dialect.h"
#include "wire/dialects/error_reply.h"
#include "wire/trial/admin.h"

namespace windtunnel::wire {
namespace {

using namespace std::chrono_literals;

// A peer that has begun a request and sends no more of it, and one that keeps a connection for a later one.
constexpr auto kRequestSilenceMax = 30s;
constexpr auto kIdleMax = 120s;
constexpr auto kSilenceInterval = 1s;

PeerId peer_of(ConnectionId id) { return PeerId{static_cast<std::uint64_t>(id)}; }
ConnectionId connection_of(PeerId peer) { return ConnectionId{static_cast<std::uint64_t>(peer)}; }

}  // namespace

ProviderServer::ProviderServer(const sim::Scenario& scenario, ServerOptions options, TrialClock& clock,
                               SocketLoop& loop)
    : options_(std::move(options)), clock_(clock), loop_(loop), host_(scenario, options_.seed, *this) {}

std::optional<std::string> ProviderServer::listen() {
  const std::size_t count = host_.scenario().providers.size() + 1;
  if (options_.port_base != 0 && options_.port_base + count - 1 > UINT16_MAX) {
    return fmt::format("{} ports from {} on are too many: the last one is 65535", count, options_.port_base);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto port = static_cast<std::uint16_t>(options_.port_base == 0 ? 0 : options_.port_base + i);
    const SocketLoop::Listening listening = loop_.listen(options_.address, port, *this);
    if (!listening.problem.empty()) {
      return fmt::format("cannot listen on {}:{}: {}", options_.address, port, listening.problem);
    }
    urls_.push_back(fmt::format("http://{}:{}", options_.address, listening.port));
  }
  if (options_.start == ClockStart::at_once) start_clock();
  return std::nullopt;
}

void ProviderServer::start_clock() {
  if (clock_.is_started()) return;
  clock_.start();
  host_.set_calendar(clock_.calendar());
}

void ProviderServer::note_lateness() {
  const auto due = host_.next_at();
  const Instant now = clock_.now();
  if (due && *due < now) totals_.lateness_max = std::max(totals_.lateness_max, now - *due);
}

std::chrono::nanoseconds ProviderServer::wait_for(std::chrono::nanoseconds at_most) const {
  const auto next = host_.next_at();
  if (!next || !clock_.is_started()) return at_most;
  return std::min<std::chrono::nanoseconds>(at_most, *next - clock_.now());
}

void ProviderServer::advance() {
  if (clock_.is_started()) {
    note_lateness();
    host_.advance(clock_.now());
  }
  end_silent();
}

void ProviderServer::stop() { host_.stop(clock_.now()); }

ServerTotals ProviderServer::totals() const {
  ServerTotals totals = totals_;
  for (const ProviderCount& count : host_.counts()) totals.calls += count.calls;
  totals.refused = loop_.refused();
  return totals;
}

// --- Connections ---------------------------------------------------------------------------------------------------

void ProviderServer::on_accepted(ConnectionId connection, std::size_t listener) {
  connections_.emplace(connection, Connection{.listener = listener, .reader = RequestReader{}});
}

void ProviderServer::on_bytes(ConnectionId connection, std::string_view bytes) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  found->second.reader.put(bytes);
  if (!found->second.call) take_requests(connection);
}

void ProviderServer::on_left(ConnectionId connection) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  const std::optional<CallId> call = found->second.call;
  connections_.erase(found);
  if (call) host_.leave(clock_.now(), *call);
}

// Requests that were sent ahead are answered one after the other.
void ProviderServer::take_requests(ConnectionId id) {
  for (auto found = connections_.find(id); found != connections_.end() && !found->second.call;
       found = connections_.find(id)) {
    Connection& connection = found->second;
    const auto request = connection.reader.take();
    if (request) {
      connection.keep_alive = request->keep_alive;
      connection.chunks = request->chunks;
      connection.head_alone = request->method == "HEAD";
      answer(id, *request);
      continue;
    }
    if (const auto& problem = connection.reader.problem()) {
      connection.keep_alive = false;
      reply(id, problem->status, kJson, error_json(problem->text));
    } else if (connection.reader.wants_continue()) {
      loop_.send(id, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    return;
  }
}

void ProviderServer::end_silent() {
  const auto now = SocketLoop::Clock::now();
  if (now - looked_for_silent_ < kSilenceInterval) return;
  looked_for_silent_ = now;
  for (const ConnectionId id : loop_.silent_since(now - kRequestSilenceMax, *this)) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.call) continue;
    if (found->second.reader.is_inside()) {
      found->second.keep_alive = false;
      reply(id, 408, kJson, error_json("the request did not come to its end in time"));
    }
  }
  for (const ConnectionId id : loop_.silent_since(now - kIdleMax, *this)) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.call) continue;
    connections_.erase(found);
    loop_.finish(id);
  }
}

// --- Requests ------------------------------------------------------------------------------------------------------

void ProviderServer::reply(ConnectionId id, int status, std::string_view type, std::string_view body) {
  Connection& connection = connections_.at(id);
  std::string bytes;
  append_head(bytes, {.status = status, .content_type = std::string(type), .headers = {}, .length = body.size()},
              Framing::length, connection.keep_alive);
  if (!connection.head_alone) bytes += body;
  loop_.send(id, bytes);
  after_answer(id);
}

// The connection is used again, or closed.
void ProviderServer::after_answer(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  found->second.call.reset();
  if (found->second.keep_alive) return;
  connections_.erase(found);
  loop_.finish(id);
}

void ProviderServer::answer(ConnectionId id, const HttpRequest& request) {
  if (connections_.at(id).listener < host_.scenario().providers.size()) return answer_provider(id, request);
  answer_admin(id, request);
}

void ProviderServer::answer_provider(ConnectionId id, const HttpRequest& request) {
  const auto api = api_of(request.target);
  if (!api) {
    const ErrorReply unknown =
        refusal(Family::openai, 404, "Invalid URL (" + request.method + " " + request.target + ")", "");
    return reply(id, unknown.status, kJson, unknown.body);
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads != is_read(*api) || (!reads && request.method != "POST")) {
    const ErrorReply wrong = refusal(family_of(*api), 405, "Not allowed to " + request.method + " here", "");
    return reply(id, wrong.status, kJson, wrong.body);
  }
  const sim::ProviderSpec& spec = host_.scenario().providers[connections_.at(id).listener];
  if (*api == Api::models) {
    const auto created = host_.scenario().start.time_since_epoch() / 1s;
    const std::string_view path = path_of(request.target);
    const std::string_view last = path.substr(path.rfind('/') + 1);
    return reply(id, 200, kJson, last == "models" ? model_list(spec.model, created) : model_entry(last, created));
  }
  if (*api == Api::health) return reply(id, 200, kJson, "{\"status\":\"ok\"}");
  call(id, *api, request);
}

void ProviderServer::call(ConnectionId id, Api api, const HttpRequest& request) {
  if (options_.start == ClockStart::first_call) start_clock();
  Connection& connection = connections_.at(id);
  DecodedRequest decoded = decode_request(api, request.target, request.body);
  if (!decoded.request) {
    const ErrorReply wrong = refusal(family_of(api), 400, decoded.problem, decoded.parameter);
    host_.refuse(clock_.now(), connection.listener, api, wrong.status);
    return reply(id, wrong.status, kJson, wrong.body);
  }
  const CallId call =
      host_.begin(clock_.now(), {.provider = connection.listener,
                                 .peer = peer_of(id),
                                 .request = *std::move(decoded.request),
                                 .sdk_retry = std::string(header_of(request.headers, "x-stainless-retry-count"))});
  connection.call = call;
}

void ProviderServer::answer_admin(ConnectionId id, const HttpRequest& request) {
  const std::string_view path = path_of(request.target);
  const bool reads = request.method == "GET";
  if (reads && path == "/state") {
    HostState state{.now = clock_.now(), .clock_started = clock_.is_started(), .lateness_max = totals_.lateness_max};
    state.urls.assign(urls_.begin(), urls_.end() - 1);
    return reply(id, 200, kJson, state_json(host_, state));
  }
  if (reads && path == "/ledger") {
    std::string text;
    for (const std::string& line : lines_) text += line;
    return reply(id, 200, "application/x-ndjson", text);
  }
  if (request.method == "POST" && path == "/faults") {
    const FaultSwitch wanted = fault_switch(host_, request.body);
    if (!wanted.problem.empty()) return reply(id, 400, kJson, error_json(wanted.problem));
    if (!host_.set_fault(clock_.now(), wanted.fault, wanted.on)) {
      return reply(id, 400, kJson, error_json("a fault of this kind is a jump at an instant and cannot be switched"));
    }
    return reply(id, 200, kJson, wanted.on ? "{\"on\":true}\n" : "{\"on\":false}\n");
  }
  reply(id, 404, kJson, error_json("wanted: GET /state, GET /ledger or POST /faults"));
}

// --- Answers -------------------------------------------------------------------------------------------------------

void ProviderServer::on_head(PeerId peer, const ResponseHead& head) {
  const auto found = connections_.find(connection_of(peer));
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  connection.framing = framing_of(head, connection.chunks);
  if (connection.framing == Framing::close) connection.keep_alive = false;
  std::string bytes;
  append_head(bytes, head, connection.framing, connection.keep_alive);
  loop_.send(found->first, bytes);
}

void ProviderServer::on_body(PeerId peer, std::string_view body) {
  const auto found = connections_.find(connection_of(peer));
  if (found == connections_.end()) return;
  std::string bytes;
  append_body(bytes, body, found->second.framing);
  loop_.send(found->first, bytes);
}

void ProviderServer::on_end(PeerId peer, CallEnd end) {
  const ConnectionId id = connection_of(peer);
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (end == CallEnd::reset) {
    connections_.erase(found);
    return loop_.reset(id);
  }
  if (end == CallEnd::cut) {
    found->second.keep_alive = false;
  } else {
    std::string bytes;
    append_end(bytes, found->second.framing);
    if (!bytes.empty()) loop_.send(id, bytes);
  }
  after_answer(id);
  take_requests(id);
}

void ProviderServer::on_line(const CallLine& line) {
  ++totals_.ends[std::string(name_of(line.end))];
  lines_.push_back(text_of(line));
  if (lines_.size() > kLinesKept) lines_.pop_front();
  if (options_.on_line) options_.on_line(line);
}

}  // namespace windtunnel::wire
