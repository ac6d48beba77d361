#include "wire/http/http_parser.h"

// Beast asserts that a last chunk which is the only one comes in one piece. Where it does not, the code without the
// assertion asks for more, as it has to.
#define BOOST_DISABLE_ASSERTS
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

namespace windtunnel::wire {
namespace {

namespace http = boost::beast::http;

template <class Fields>
std::vector<HttpHeader> headers_of(const Fields& fields) {
  std::vector<HttpHeader> headers;
  for (const auto& field : fields) headers.push_back({std::string(field.name_string()), std::string(field.value())});
  return headers;
}

HttpProblem problem_of(const boost::beast::error_code& error) {
  if (error == http::error::body_limit) return {413, "the body is too large"};
  if (error == http::error::header_limit) return {431, "the headers are too large"};
  return {400, "not HTTP: " + error.message()};
}

// Beast wants its bytes in one piece from the first unread one on, so they are kept until it has read them.
class Unread {
 public:
  void add(std::string_view bytes) { bytes_ += bytes; }
  [[nodiscard]] std::size_t size() const { return bytes_.size() - read_; }
  [[nodiscard]] auto buffer() const { return boost::asio::buffer(bytes_.data() + read_, size()); }
  void drop(std::size_t count) {
    read_ += count;
    if (read_ < bytes_.size() && read_ < kKeptMax) return;
    bytes_.erase(0, read_);
    read_ = 0;
  }

 private:
  static constexpr std::size_t kKeptMax = std::size_t{64} << 10;
  std::string bytes_;
  std::size_t read_ = 0;
};

// Feeds the parser until it has what it wants or needs more. Returns whether the message is whole.
template <class Parser>
bool feed(Parser& parser, Unread& unread, std::optional<HttpProblem>& problem) {
  while (!parser.is_done() && unread.size() > 0) {
    boost::beast::error_code error;
    const std::size_t used = parser.put(unread.buffer(), error);
    unread.drop(used);
    if (error == http::error::need_more) {
      if (used == 0) break;
      continue;
    }
    if (error) {
      problem = problem_of(error);
      return false;
    }
    if (used == 0) break;
  }
  return parser.is_done();
}

}  // namespace

// --- Requests ------------------------------------------------------------------------------------------------------

struct RequestReader::State {
  using Parser = http::request_parser<http::string_body>;
  HttpLimits limits;
  std::optional<Parser> parser;
  Unread unread;
  std::optional<HttpProblem> problem;
  bool was_continued = false;

  explicit State(HttpLimits of) : limits(of) { renew(); }
  void renew() {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser->body_limit(limits.body_bytes);
    was_continued = false;
  }
};

RequestReader::RequestReader(HttpLimits limits) : state_(std::make_unique<State>(limits)) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

void RequestReader::put(std::string_view bytes) {
  if (state_->problem) return;
  state_->unread.add(bytes);
  // Requests that are sent ahead wait here, and not without bound.
  if (state_->unread.size() > state_->limits.header_bytes + state_->limits.body_bytes) {
    state_->problem = HttpProblem{413, "too much is sent ahead"};
  }
}

std::optional<HttpRequest> RequestReader::take() {
  State& state = *state_;
  if (state.problem || !feed(*state.parser, state.unread, state.problem)) return std::nullopt;
  const auto& message = state.parser->get();
  HttpRequest request{.method = std::string(message.method_string()),
                      .target = std::string(message.target()),
                      .headers = headers_of(message),
                      .body = message.body(),
                      .keep_alive = state.parser->keep_alive(),
                      .chunks = message.version() >= 11};
  state.renew();
  return request;
}

const std::optional<HttpProblem>& RequestReader::problem() const { return state_->problem; }

bool RequestReader::wants_continue() {
  State& state = *state_;
  if (state.was_continued || !state.parser->is_header_done() || state.parser->is_done()) return false;
  state.was_continued = true;
  return boost::beast::iequals(state.parser->get()[http::field::expect], "100-continue");
}

bool RequestReader::is_inside() const { return state_->parser->got_some() || state_->unread.size() > 0; }

// --- Responses -----------------------------------------------------------------------------------------------------

struct ResponseReader::State {
  using Parser = http::response_parser<http::string_body>;
  Parser parser;
  Unread unread;
  std::optional<HttpProblem> problem;
  std::vector<HttpHeader> headers;
  int status = 0;

  explicit State(HttpLimits limits) {
    // An eager parser goes on after it has found that the body is over its limit, and makes room for all of it.
    parser.eager(false);
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser.body_limit(limits.body_bytes);
  }
  // Moves what has been read of the body to its caller.
  void deliver(std::string& body) {
    if (!parser.is_header_done()) return;
    if (status == 0) {
      status = static_cast<int>(parser.get().result_int());
      headers = headers_of(parser.get());
    }
    body += parser.get().body();
    parser.get().body().clear();
  }
};

ResponseReader::ResponseReader(HttpLimits limits) : state_(std::make_unique<State>(limits)) {}
ResponseReader::~ResponseReader() = default;
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;

void ResponseReader::put(std::string_view bytes, std::string& body) {
  State& state = *state_;
  if (state.problem || state.parser.is_done()) return;
  state.unread.add(bytes);
  (void)feed(state.parser, state.unread, state.problem);
  state.deliver(body);
}

void ResponseReader::end(std::string& body) {
  State& state = *state_;
  if (state.problem || state.parser.is_done()) return;
  boost::beast::error_code error;
  if (state.parser.got_some()) {
    state.parser.put_eof(error);
  } else {
    error = http::error::end_of_stream;
  }
  if (error) state.problem = HttpProblem{0, "the connection was closed before the end: " + error.message()};
  state.deliver(body);
}

int ResponseReader::status() const { return state_->status; }
const std::vector<HttpHeader>& ResponseReader::headers() const { return state_->headers; }
bool ResponseReader::is_whole() const { return state_->parser.is_done() && !state_->problem; }
bool ResponseReader::keep_alive() const { return state_->parser.is_done() && state_->parser.keep_alive(); }
const std::optional<HttpProblem>& ResponseReader::problem() const { return state_->problem; }

}  // namespace windtunnel::wire
