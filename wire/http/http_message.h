#pragma once
// HTTP/1.x messages as values: what a parser returns and what a writer takes.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::wire {

struct HttpHeader {
  std::string name;
  std::string value;
  friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};

// The first header of that name, whatever its case; empty: there is none.
[[nodiscard]] std::string_view header_of(const std::vector<HttpHeader>& headers, std::string_view name);

struct HttpRequest {
  std::string method;
  std::string target;  // with its query
  std::vector<HttpHeader> headers;
  std::string body;
  bool keep_alive = true;
  bool chunks = true;  // HTTP/1.1: the answer may be chunked
};

// What comes before the body of a response.
struct ResponseHead {
  int status = 200;
  std::string content_type;
  std::vector<HttpHeader> headers;
  std::optional<std::size_t> length;  // of the body; absent: it ends when it ends
};

struct HttpLimits {
  std::size_t header_bytes = std::size_t{64} << 10;
  std::size_t body_bytes = std::size_t{16} << 20;
};

// Why a peer's bytes are no HTTP message, and the status that answers them.
struct HttpProblem {
  int status = 400;
  std::string text;
};

}  // namespace windtunnel::wire
