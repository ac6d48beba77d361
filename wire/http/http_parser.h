#pragma once
// HTTP/1.x messages out of bytes, without a socket: bytes go in as they come, whole messages come out.
//
// Boost.Beast parses; its headers take half a minute to compile, so that they stay in http_parser.cc.
//
// Properties (each is a test):
//   however the bytes are cut into pieces, the same messages come out.
//   what is no HTTP, or larger than the limits, is a problem with a status, and no later byte is read.
//   a message that is not whole yet is held within the limits.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wire/http/http_message.h"

namespace windtunnel::wire {

// The requests that one peer sends on one connection, one after the other.
class RequestReader {
 public:
  explicit RequestReader(HttpLimits limits = {});
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;

  void put(std::string_view bytes);
  // The next whole request; nothing: more bytes are needed, or there is a problem. Bytes behind it wait for the next
  // call, so that a peer may send several requests without waiting.
  [[nodiscard]] std::optional<HttpRequest> take();
  // What ends the connection: no further request comes out.
  [[nodiscard]] const std::optional<HttpProblem>& problem() const;
  // The peer waits for "100 Continue" before it sends its body. True once for each request.
  [[nodiscard]] bool wants_continue();
  // A request has begun and is not whole.
  [[nodiscard]] bool is_inside() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The response to one request, as it comes.
class ResponseReader {
 public:
  explicit ResponseReader(HttpLimits limits = {});
  ~ResponseReader();
  ResponseReader(ResponseReader&&) noexcept;
  ResponseReader& operator=(ResponseReader&&) noexcept;

  // Appends what the bytes hold of the body to `body`.
  void put(std::string_view bytes, std::string& body);
  // The peer has closed its side.
  void end(std::string& body);

  // 0: the head is not whole yet.
  [[nodiscard]] int status() const;
  [[nodiscard]] const std::vector<HttpHeader>& headers() const;
  // The whole response has come, as its own length or last chunk states it.
  [[nodiscard]] bool is_whole() const;
  [[nodiscard]] bool keep_alive() const;
  // The bytes are no HTTP, or the peer has closed before the end.
  [[nodiscard]] const std::optional<HttpProblem>& problem() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace windtunnel::wire
