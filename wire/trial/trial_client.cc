#include "wire/trial/trial_client.h"

#include <fmt/format.h>

#include <utility>

#include "base/stable_hash.h"
#include "wire/dialects/client_body.h"
#include "wire/http/http_writer.h"

namespace windtunnel::wire {
namespace {

Api api_of(sim::GatewayApi api) { return api == sim::GatewayApi::openai_chat ? Api::chat : Api::messages; }

// Equal contents, equal texts. The hash comes first, because a short text holds its beginning alone.
std::string content_text(const monitor::Request& request) {
  return fmt::format("{:016x} {:016x}", mix(request.content.high ^ request.content.low), request.content.high);
}

// The text with each {name} in place.
std::string named(std::string text, const sim::NamedTexts& names) {
  for (const auto& [name, value] : names) {
    const std::string place = "{" + name + "}";
    for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place, at + value.size())) {
      text.replace(at, place.size(), value);
    }
  }
  return text;
}

const char* default_path(Api api) { return api == Api::chat ? "/v1/chat/completions" : "/v1/messages"; }

}  // namespace

void TrialClient::send(TrialRequest wanted, const std::string& mark, const sim::NamedTexts& names) {
  wanted.sent = clock_.now();
  const std::size_t place = requests_.size();
  const Api api = api_of(request_.api);
  const bool streams = request_.stream || (request_.exact_text && wanted.request.stream);
  const std::string body = client_body({.api = api,
                                        .model = model_,
                                        .mark = mark,
                                        .input = wanted.request.input,
                                        .max_tokens = wanted.request.max_tokens,
                                        .stream = streams,
                                        .content = request_.exact_text ? content_text(wanted.request) : ""});
  requests_.push_back(std::move(wanted));
  const auto connection = loop_.connect(gateway_.address, gateway_.port, *this);
  if (!connection) {
    requests_[place].end = RequestEnd::unsent;
    requests_[place].finished = clock_.now();
    ended_.push_back(place);
    return;
  }
  open_.emplace(*connection, Open{.place = place, .response = ResponseReader{}, .reader = AnswerReader{api, streams}});
  patience_.push_back({requests_[place].sent + request_.timeout, *connection});
  std::vector<HttpHeader> headers;
  for (const auto& [name, value] : request_.headers) {
    std::string text = named(value, names);
    if (!text.empty()) headers.push_back({name, std::move(text)});
  }
  const std::string host = fmt::format("{}:{}", gateway_.address, gateway_.port);
  loop_.send(*connection, post_request(host, request_.path.empty() ? default_path(api) : request_.path, headers, body));
}

void TrialClient::on_accepted(ConnectionId /*connection*/, std::size_t /*listener*/) {}

void TrialClient::on_bytes(ConnectionId connection, std::string_view bytes) {
  const auto found = open_.find(connection);
  if (found == open_.end()) return;
  Open& open = found->second;
  std::string body;
  open.response.put(bytes, body);
  take(open, body);
  if (open.response.problem()) return finish(connection, RequestEnd::broken);
  if (open.response.is_whole()) finish(connection, RequestEnd::answered);
}

void TrialClient::on_left(ConnectionId connection) {
  const auto found = open_.find(connection);
  if (found == open_.end()) return;
  std::string body;
  found->second.response.end(body);
  take(found->second, body);
  // A body without a length ends with its connection.
  const bool is_whole = found->second.response.is_whole();
  finish(connection, is_whole ? RequestEnd::answered : RequestEnd::broken);
}

void TrialClient::take(Open& open, const std::string& body) {
  TrialRequest& request = requests_[open.place];
  request.status = open.response.status();
  if (body.empty()) return;
  if (!request.first_byte) request.first_byte = clock_.now();
  open.reader->put(body);
}

void TrialClient::finish(ConnectionId connection, RequestEnd end) {
  const auto found = open_.find(connection);
  if (found == open_.end()) return;
  TrialRequest& request = requests_[found->second.place];
  if (request.status == 200) found->second.reader->end();
  request.answer = found->second.reader->answer();
  request.names_wait = !header_of(found->second.response.headers(), "retry-after").empty();
  request.end = end;
  request.finished = clock_.now();
  ended_.push_back(found->second.place);
  open_.erase(found);
  loop_.finish(connection);
}

std::optional<Instant> TrialClient::next_at() const {
  if (patience_.empty()) return std::nullopt;
  return patience_.front().until;
}

void TrialClient::advance() {
  const Instant now = clock_.now();
  for (; !patience_.empty(); patience_.pop_front()) {
    const Patience& first = patience_.front();
    if (open_.contains(first.connection)) {
      if (first.until > now) return;
      finish(first.connection, RequestEnd::timed_out);
    }
  }
}

void TrialClient::stop() {
  while (!open_.empty()) finish(open_.begin()->first, RequestEnd::open);
}

std::vector<std::size_t> TrialClient::take_ended() { return std::exchange(ended_, {}); }

}  // namespace windtunnel::wire
