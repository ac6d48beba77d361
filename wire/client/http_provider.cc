#include "wire/client/http_provider.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/json_text.h"
#include "wire/gateway/translation/neutral_answer.h"
#include "wire/gateway/upstream.h"
#include "wire/gateway/upstream_reply.h"
#include "wire/http/http_parser.h"
#include "wire/http/http_writer.h"
#include "wire/http/tls_session.h"

namespace windtunnel::wire {
namespace {

using monitor::Completion;
using monitor::ProviderCall;
using monitor::ReplyKind;

// Closes its descriptor.
class OwnedSocket {
 public:
  explicit OwnedSocket(int descriptor) : descriptor_(descriptor) {}
  ~OwnedSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OwnedSocket(const OwnedSocket&) = delete;
  OwnedSocket& operator=(const OwnedSocket&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

sim::EndpointApi endpoint_api(HttpApi api) {
  switch (api) {
    case HttpApi::openai:
      return sim::EndpointApi::openai;
    case HttpApi::anthropic:
      return sim::EndpointApi::anthropic;
    case HttpApi::azure:
      return sim::EndpointApi::azure;
  }
  return sim::EndpointApi::openai;
}

std::string user_text(const ProviderCall& call) {
  std::string text(call.user_profile);
  if (!call.job_market_data.empty()) text += (text.empty() ? "" : "\n\n") + std::string(call.job_market_data);
  return text;
}

std::string question_of(const ProviderCall& call, const Upstream& upstream, Api api) {
  const std::string user = json_string(user_text(call));
  const std::string system = json_string(call.system_prompt);
  if (api == Api::messages) {
    return fmt::format(R"({{"model":{},"max_tokens":{},{}"messages":[{{"role":"user","content":{}}}]}})",
                       json_string(upstream.model), call.output_max.count(),
                       call.system_prompt.empty() ? "" : "\"system\":" + system + ",", user);
  }
  const bool is_new = upstream.api == sim::EndpointApi::azure || upstream.url.host == "api.openai.com";
  return fmt::format(R"({{"model":{},"{}":{},"messages":[{}{{"role":"user","content":{}}}]}})",
                     json_string(upstream.model), is_new ? "max_completion_tokens" : "max_tokens",
                     call.output_max.count(),
                     call.system_prompt.empty() ? "" : R"({"role":"system","content":)" + system + "},", user);
}

Completion failure(ReplyKind kind, std::string detail, Tokens input) {
  Completion done;
  done.reply.kind = kind;
  done.reply.usage = failure_usage(kind, sim::FailureBill::none, input);
  done.detail = std::move(detail);
  return done;
}

// One call over one connection.
class Exchange {
 public:
  Exchange(const Upstream& upstream, const TlsTrust* trust, const ProviderCall& call)
      : upstream_(upstream),
        trust_(trust),
        call_(call),
        socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}

  // Nothing: the response is here, or what came of it.
  std::optional<Completion> run(const std::string& request) {
    if (auto problem = connect()) return problem;
    if (trust_ != nullptr) tls_.emplace(*trust_, upstream_.url.host);
    std::string unsent = request;
    if (tls_) {
      tls_->write(request);
      unsent = tls_->take();
    }
    while (!response_.is_whole() && !response_.problem()) {
      if (!unsent.empty()) {
        const ssize_t count = ::send(socket_.get(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
        if (count > 0) unsent.erase(0, static_cast<std::size_t>(count));
        if (count < 0 && errno != EAGAIN && errno != EINTR) return closed();
      }
      if (!wait(POLLIN | (unsent.empty() ? 0 : POLLOUT))) return timed_out();
      std::array<char, 16384> buffer{};
      const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (count <= 0) {
        response_.end(body_);
        return response_.is_whole() ? std::nullopt : std::optional(closed());
      }
      take(std::string_view(buffer.data(), static_cast<std::size_t>(count)), unsent);
      if (tls_ && tls_->problem()) return failure(ReplyKind::connection_error, *tls_->problem(), call_.input);
    }
    return std::nullopt;
  }

  [[nodiscard]] const ResponseReader& response() const { return response_; }
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  void take(std::string_view bytes, std::string& unsent) {
    if (!tls_) return response_.put(bytes, body_);
    std::string plain;
    tls_->put(bytes, plain);
    unsent += tls_->take();
    response_.put(plain, body_);
  }
  Completion timed_out() const { return failure(ReplyKind::timeout, "no answer before the deadline", call_.input); }
  Completion closed() const {
    if (response_.status() == 200) return failure(ReplyKind::truncated, "the answer broke off", call_.input);
    return failure(ReplyKind::connection_error, "the connection was closed", call_.input);
  }
  // False: the deadline is over.
  bool wait(int events) const {
    const Duration left = call_.deadline - call_.time.now();
    if (left <= Duration{0}) return false;
    pollfd entry{socket_.get(), static_cast<short>(events), 0};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    (void)::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(milliseconds, 1000)));
    return call_.time.now() < call_.deadline;
  }
  std::optional<Completion> connect() {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(upstream_.url.port);
    if (getaddrinfo(upstream_.url.host.c_str(), port.c_str(), &hints, &found) != 0 || found == nullptr) {
      return failure(ReplyKind::connection_error, upstream_.url.host + " has no address", call_.input);
    }
    const int on = 1;
    (void)setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int result = ::connect(socket_.get(), found->ai_addr, found->ai_addrlen);
    const int error = errno;
    freeaddrinfo(found);
    if (result == 0) return std::nullopt;
    int later = error;
    if (error == EINPROGRESS) {
      if (!wait(POLLOUT)) return timed_out();
      socklen_t size = sizeof later;
      (void)getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &later, &size);
    }
    if (later == 0) return std::nullopt;
    return failure(ReplyKind::connection_error, std::strerror(later), call_.input);
  }

  const Upstream& upstream_;
  const TlsTrust* trust_;
  const ProviderCall& call_;
  OwnedSocket socket_;
  std::optional<TlsSession> tls_;
  ResponseReader response_;
  std::string body_;
};

}  // namespace

struct HttpProvider::Target {
  Upstream upstream;
  Api api = Api::chat;
  std::optional<TlsTrust> trust;
};

HttpProvider::HttpProvider(HttpProviderOptions options)
    : options_(std::move(options)), target_(std::make_unique<Target>()) {
  Upstream& upstream = target_->upstream;
  upstream.api = endpoint_api(options_.api);
  const std::string text = options_.base_url.empty() ? std::string(public_url(upstream.api)) : options_.base_url;
  const auto url = base_url(text);
  if (!url) throw std::invalid_argument("\"" + text + "\" is no address of a provider");
  upstream.url = *url;
  upstream.model = options_.config.model;
  upstream.deployment = options_.deployment.empty() ? upstream.model : options_.deployment;
  upstream.api_version = options_.api_version;
  upstream.key = options_.key;
  target_->api = options_.api == HttpApi::anthropic ? Api::messages : Api::chat;
  if (url->tls) target_->trust.emplace(options_.ca_file);
}

HttpProvider::~HttpProvider() = default;

Completion HttpProvider::complete(const ProviderCall& call) {
  const Upstream& upstream = target_->upstream;
  const Instant begun = call.time.now();
  const std::string request = post_request(upstream.url.authority(), target_of(upstream, target_->api),
                                           key_headers(upstream), question_of(call, upstream, target_->api));
  Exchange exchange{upstream, target_->trust ? &*target_->trust : nullptr, call};
  if (auto ended = exchange.run(request)) return *std::move(ended);
  const ResponseReader& response = exchange.response();
  if (response.problem()) return failure(ReplyKind::malformed, response.problem()->text, call.input);
  if (response.status() != 200) {
    Completion done =
        failure(kind_of_status(response.status(), exchange.body()), error_message_in(exchange.body()), call.input);
    done.reply.retry_after = retry_after_of(response.headers());
    return done;
  }
  const auto answer = read_answer(target_->api, exchange.body());
  if (!answer) return failure(ReplyKind::malformed, "the answer is none", call.input);
  Completion done;
  done.reply.kind = ReplyKind::ok;
  done.reply.usage = answer->usage;
  done.reply.time_to_first_token = call.time.now() - begun;
  done.text = answer->text;
  return done;
}

}  // namespace windtunnel::wire
