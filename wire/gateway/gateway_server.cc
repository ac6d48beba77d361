#include "wire/gateway/gateway_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json_text.h"
#include "wire/dialects/dialect.h"
#include "wire/gateway/front_request.h"

namespace windtunnel::wire {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kHeaderBytesMax = std::size_t{64} << 10;
constexpr auto kSweepEvery = 1s;
constexpr std::string_view kMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

CallerId caller_of(ConnectionId id) { return CallerId{static_cast<std::uint64_t>(id)}; }
ConnectionId connection_of(CallerId id) { return ConnectionId{static_cast<std::uint64_t>(id)}; }

HttpLimits limits_of(const sim::Scenario& scenario) {
  return {.header_bytes = kHeaderBytesMax, .body_bytes = static_cast<std::size_t>(scenario.server.body_bytes)};
}

// What one reader takes for the end of the body and another does not: the bytes behind it would be a request of
// somebody else. The parser takes a coding that it does not know for none.
bool has_doubtful_length(const HttpRequest& request) {
  const std::string_view coding = header_of(request.headers, "transfer-encoding");
  if (coding.empty()) return false;
  return coding != "chunked" || !header_of(request.headers, "content-length").empty();
}

}  // namespace

GatewayServer::GatewayServer(const sim::Scenario& scenario, const std::vector<Upstream>& upstreams, GatewayClock& clock,
                             SocketLoop& loop, JourneySettings settings, GatewayHooks hooks)
    : scenario_(&scenario),
      clock_(clock),
      loop_(loop),
      hooks_(std::move(hooks)),
      is_trial_(settings.is_trial),
      limits_(limits_of(scenario)),
      journeys_(std::make_unique<Journeys>(scenario, upstreams, clock, loop, static_cast<CallerOutput&>(*this),
                                           std::move(settings))) {}

std::optional<std::string> GatewayServer::listen(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::uint16_t port = 0;
  const std::string digits = colon == std::string::npos ? std::string() : address.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    return "\"" + address + "\" is no address and port such as 127.0.0.1:8787";
  }
  const SocketLoop::Listening listening = loop_.listen(address.substr(0, colon), port, *this);
  if (!listening.problem.empty()) return fmt::format("cannot listen on {}: {}", address, listening.problem);
  port_ = listening.port;
  return std::nullopt;
}

void GatewayServer::turn(std::chrono::nanoseconds at_most) {
  advance(false);
  flush();
  std::optional<SocketLoop::Clock::time_point> alarm;
  if (const auto due = next_due()) alarm = clock_.steady(*due);
  if (next_sweep_) alarm = std::min(alarm.value_or(*next_sweep_), *next_sweep_);
  loop_.set_alarm(alarm);
  loop_.poll(at_most);
  advance(loop_.alarm_rang());
  flush();
  sweep();
  retire();
}

void GatewayServer::drain() {
  is_draining_ = true;
  std::vector<ConnectionId> idle;
  for (const auto& [id, connection] : connections_) {
    if (!connection.is_busy && !connection.reader.is_inside()) idle.push_back(id);
  }
  for (const ConnectionId id : idle) {
    connections_.erase(id);
    loop_.finish(id);
  }
}

void GatewayServer::stop() {
  for (const auto& replaced : replaced_) replaced->stop();
  journeys_->stop();
  flush();
  for (const auto& [id, connection] : connections_) loop_.reset(id);
  connections_.clear();
}

// --- Settings that change ------------------------------------------------------------------------------------------

void GatewayServer::change(const sim::Scenario& scenario, const std::vector<Upstream>& upstreams,
                           JourneySettings settings) {
  auto next = std::make_unique<Journeys>(scenario, upstreams, clock_, loop_, static_cast<CallerOutput&>(*this),
                                         std::move(settings));
  next->succeed(*journeys_);
  replaced_.push_back(std::exchange(journeys_, std::move(next)));
  scenario_ = &scenario;
  limits_ = limits_of(scenario);
}

// The oldest first, because each borrows from the next.
void GatewayServer::retire() {
  while (!replaced_.empty() && replaced_.front()->open() == 0) {
    if (hooks_.retired) hooks_.retired(*replaced_.front());
    replaced_.erase(replaced_.begin());
  }
}

std::size_t GatewayServer::open_requests() const {
  std::size_t open = journeys_->open();
  for (const auto& replaced : replaced_) open += replaced->open();
  return open;
}

void GatewayServer::advance(bool at_alarm) {
  for (const auto& replaced : replaced_) replaced->advance(at_alarm);
  journeys_->advance(at_alarm);
}

std::optional<Instant> GatewayServer::next_due() const {
  std::optional<Instant> first = journeys_->next_due();
  for (const auto& replaced : replaced_) {
    const auto due = replaced->next_due();
    if (due) first = std::min(first.value_or(*due), *due);
  }
  return first;
}

bool GatewayServer::make_calls() {
  bool has_made = journeys_->make_calls();
  for (const auto& replaced : replaced_) has_made = replaced->make_calls() || has_made;
  return has_made;
}

// --- Connections ---------------------------------------------------------------------------------------------------

void GatewayServer::on_accepted(ConnectionId connection, std::size_t /*listener*/) {
  ++counts_.connections;
  if (connections_.size() >= static_cast<std::size_t>(scenario_->server.connections)) {
    ++counts_.refused_too_many;
    return loop_.reset(connection);
  }
  connections_.emplace(connection, Connection{.reader = RequestReader{limits_}});
  if (!next_sweep_) next_sweep_ = SocketLoop::Clock::now() + kSweepEvery;
}

void GatewayServer::on_bytes(ConnectionId connection, std::string_view bytes) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  found->second.reader.put(bytes);
  if (!found->second.is_busy) take_requests(connection);
}

void GatewayServer::on_left(ConnectionId connection) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  const bool was_busy = found->second.is_busy;
  connections_.erase(found);
  if (!was_busy) return;
  ++counts_.callers_left;
  for (const auto& replaced : replaced_) replaced->leave(caller_of(connection));
  journeys_->leave(caller_of(connection));
}

// Requests that were sent ahead are answered one after the other.
void GatewayServer::take_requests(ConnectionId id) {
  for (auto found = connections_.find(id); found != connections_.end() && !found->second.is_busy;
       found = connections_.find(id)) {
    Connection& connection = found->second;
    if (auto request = connection.reader.take()) {
      if (has_doubtful_length(*request)) return refuse(id, {400, "the length of the body is stated in two ways"});
      connection.keep_alive = request->keep_alive && !is_draining_;
      connection.chunks = request->chunks;
      connection.head_alone = request->method == "HEAD";
      take_request(id, *std::move(request));
      continue;
    }
    if (const auto& problem = connection.reader.problem()) {
      refuse(id, *problem);
    } else if (connection.reader.wants_continue()) {
      loop_.send(id, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    return;
  }
}

void GatewayServer::refuse(ConnectionId id, const HttpProblem& problem) {
  Connection& connection = connections_.at(id);
  connection.keep_alive = false;
  const bool is_large = problem.status == 413 || problem.status == 431;
  ++(is_large ? counts_.refused_too_large : counts_.refused_malformed);
  reply_error(id, own_error(Family::openai, problem.status, "invalid_request_error", "", problem.text));
}

// A connection that is idle or inside a request for too long. Those that wait for an answer are not meant.
void GatewayServer::sweep() {
  const auto now = SocketLoop::Clock::now();
  if (!next_sweep_ || now < *next_sweep_) return;
  next_sweep_.reset();
  for (const ConnectionId id : loop_.silent_since(now - scenario_->server.request_within, *this)) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.is_busy || !found->second.reader.is_inside()) continue;
    ++counts_.refused_slow;
    found->second.keep_alive = false;
    reply_error(
        id, own_error(Family::openai, 408, "invalid_request_error", "", "the request did not come to its end in time"));
  }
  flush();
  for (const ConnectionId id : loop_.silent_since(now - scenario_->server.idle, *this)) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.is_busy) continue;
    connections_.erase(found);
    loop_.finish(id);
  }
  const bool has_idle = std::ranges::any_of(connections_, [](const auto& entry) { return !entry.second.is_busy; });
  if (has_idle) next_sweep_ = now + kSweepEvery;
}

// --- Requests ------------------------------------------------------------------------------------------------------

std::string GatewayServer::models_text(std::string_view target) const {
  const auto created = scenario_->start.time_since_epoch() / 1s;
  std::vector<std::string> names;
  for (const monitor::RouteConfig& route : scenario_->monitor.routing.routes) names.push_back(route.name);
  for (const sim::ProviderSpec& spec : scenario_->providers) {
    for (const std::string& name : {spec.name, spec.model}) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  const std::string_view path = path_of(target);
  const std::string_view last = path.substr(path.rfind("/models") + 7);
  if (last.size() > 1) {
    const bool is_known = std::ranges::find(names, last.substr(1)) != names.end();
    return is_known ? model_entry(last.substr(1), created) : std::string();
  }
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ",") + model_entry(name, created);
  return R"({"object":"list","data":[)" + list + "]}";
}

void GatewayServer::take_request(ConnectionId id, HttpRequest request) {
  const std::string_view path = path_of(request.target);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads && path == "/ready") {
    return reply(id, is_draining_ ? 503 : 200, kJson,
                 is_draining_ ? R"({"status":"draining"})" : R"({"status":"ready"})");
  }
  if (reads && path == "/metrics") {
    return reply(id, 200, kMetricsType, hooks_.metrics ? hooks_.metrics() : std::string());
  }
  const auto api = api_of(request.target);
  const Family family = api ? family_of(*api) : Family::openai;
  const auto refuse_with = [&](int status, const std::string& message) {
    ++counts_.refused_requests;
    reply_error(id, refusal(family, status, message, ""));
  };
  if (!api) return refuse_with(404, "Invalid URL (" + request.method + " " + request.target.substr(0, 200) + ")");
  if (reads != is_read(*api) || (!reads && request.method != "POST")) {
    return refuse_with(405, "Not allowed to " + request.method.substr(0, 20) + " here");
  }
  if (*api == Api::health) return reply(id, 200, kJson, R"({"status":"ok"})");
  if (*api == Api::models) {
    const std::string text = models_text(request.target);
    return text.empty() ? refuse_with(404, "There is no such model here") : reply(id, 200, kJson, text);
  }
  if (is_draining_) return reply_error(id, own_error(family, 503, "server_error", "draining", "The gateway is ending"));
  DecodedFront front = decode_front(*api, std::move(request), *scenario_, is_trial_);
  if (front.refusal) {
    ++counts_.refused_requests;
    return reply_error(id, *front.refusal);
  }
  ++counts_.requests;
  connections_.at(id).is_busy = true;
  journeys_->begin(caller_of(id), *std::move(front.request));
}

// --- Answers -------------------------------------------------------------------------------------------------------

GatewayServer::Outgoing& GatewayServer::outgoing(CallerId caller) {
  if (outgoing_.empty() || outgoing_.back().caller != caller || outgoing_.back().then != Outgoing::Then::go_on) {
    outgoing_.push_back({.caller = caller});
  }
  return outgoing_.back();
}

void GatewayServer::reply(ConnectionId id, int status, std::string_view type, std::string_view body,
                          const std::vector<HttpHeader>& headers) {
  Connection& connection = connections_.at(id);
  connection.is_busy = true;
  on_caller_head(caller_of(id),
                 {.status = status, .content_type = std::string(type), .headers = headers, .length = body.size()});
  on_caller_body(caller_of(id), body);
  on_caller_end(caller_of(id), true);
}

void GatewayServer::reply_error(ConnectionId id, const ErrorReply& error) {
  reply(id, error.status, kJson, error.body, error.headers);
}

void GatewayServer::on_caller_head(CallerId caller, const ResponseHead& head) {
  const auto found = connections_.find(connection_of(caller));
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  connection.framing = framing_of(head, connection.chunks);
  if (connection.framing == Framing::close || is_draining_) connection.keep_alive = false;
  append_head(outgoing(caller).bytes, head, connection.framing, connection.keep_alive);
}

void GatewayServer::on_caller_body(CallerId caller, std::string_view bytes) {
  const auto found = connections_.find(connection_of(caller));
  if (found == connections_.end() || found->second.head_alone) return;
  append_body(outgoing(caller).bytes, bytes, found->second.framing);
}

void GatewayServer::on_caller_end(CallerId caller, bool is_whole) {
  const auto found = connections_.find(connection_of(caller));
  if (found == connections_.end()) return;
  Outgoing& out = outgoing(caller);
  if (is_whole && !found->second.head_alone) append_end(out.bytes, found->second.framing);
  const bool goes_on = is_whole && found->second.keep_alive;
  out.then = goes_on ? Outgoing::Then::next : Outgoing::Then::finish;
}

// Everything of this turn, after it is stored.
void GatewayServer::flush() {
  for (bool goes_on = true; goes_on;) {
    if (hooks_.commit) hooks_.commit();
    goes_on = make_calls();
    if (outgoing_.empty()) continue;
    goes_on = true;
    if (hooks_.commit) hooks_.commit();
    for (Outgoing& out : std::exchange(outgoing_, {})) {
      const ConnectionId id = connection_of(out.caller);
      loop_.send(id, out.bytes);
      if (out.then == Outgoing::Then::go_on) continue;
      const auto found = connections_.find(id);
      if (found == connections_.end()) continue;
      if (out.then == Outgoing::Then::next) {
        found->second.is_busy = false;
        // May answer the next one at once.
        take_requests(id);
        continue;
      }
      connections_.erase(found);
      // A stream that broke off ends without its last chunk; what was sent of it still arrives.
      loop_.finish(id);
    }
  }
  if (!next_sweep_ && !connections_.empty()) next_sweep_ = SocketLoop::Clock::now() + kSweepEvery;
}

}  // namespace windtunnel::wire
