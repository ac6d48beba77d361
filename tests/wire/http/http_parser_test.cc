#include "wire/http/http_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "wire/http/http_writer.h"

namespace windtunnel::wire::http_parser_test {
namespace {

constexpr std::string_view kThree =
    "POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    "POST /v1/embeddings HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    "GET /v1/models?x=1 HTTP/1.0\r\n\r\n";

std::vector<HttpRequest> read_pieces(std::string_view bytes, const std::vector<std::size_t>& lengths) {
  RequestReader reader;
  std::vector<HttpRequest> found;
  const auto take_all = [&] {
    while (auto request = reader.take()) found.push_back(*std::move(request));
  };
  for (std::size_t i = 0; !bytes.empty(); ++i) {
    const std::size_t length = lengths.empty() ? bytes.size() : 1 + lengths[i % lengths.size()] % 40;
    reader.put(bytes.substr(0, length));
    take_all();
    bytes.remove_prefix(std::min(length, bytes.size()));
  }
  EXPECT_FALSE(reader.problem());
  EXPECT_FALSE(reader.is_inside());
  return found;
}

RC_GTEST_PROP(RequestReader, finds_the_same_requests_however_the_bytes_are_cut, ()) {
  const auto lengths = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 40));
  const std::vector<HttpRequest> found = read_pieces(kThree, lengths);
  RC_ASSERT(found.size() == 3U);
  RC_ASSERT(found[0].body == "hello");
  RC_ASSERT(found[0].target == "/v1/messages");
  RC_ASSERT(header_of(found[0].headers, "hOsT") == "a");
  RC_ASSERT(found[0].keep_alive);
  RC_ASSERT(found[1].body == "abcde");
  RC_ASSERT(found[2].method == "GET");
  RC_ASSERT(!found[2].keep_alive);
  RC_ASSERT(!found[2].chunks);
}

int status_after(std::string_view bytes, HttpLimits limits = {}) {
  RequestReader reader{limits};
  reader.put(bytes);
  const bool is_whole = reader.take().has_value();
  EXPECT_FALSE(is_whole && reader.problem());
  return reader.problem() ? reader.problem()->status : 0;
}

TEST(RequestReader, refuses_what_is_no_request_or_too_large) {
  EXPECT_EQ(status_after("\x16\x03\x01\r\n\r\n"), 400);
  EXPECT_EQ(status_after("GET / HTTP/1.1\r\nx: " + std::string(99, 'y') + "\r\n\r\n", {.header_bytes = 99}), 431);
  EXPECT_EQ(status_after("GET / HTTP/1.1\r\n\r\n", {.header_bytes = 99}), 0) << "a whole request";
  EXPECT_EQ(status_after("POST / HTTP/1.1\r\ncontent-length: 11\r\n\r\n", {.body_bytes = 10}), 413);
  EXPECT_EQ(status_after("POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\n", {.body_bytes = 10}), 0);
  EXPECT_EQ(status_after(std::string(5000, 'x'), {.header_bytes = 1000, .body_bytes = 1000}), 413);
}

TEST(RequestReader, reads_nothing_after_a_problem) {
  RequestReader reader;
  reader.put("rubbish\r\n\r\n");
  EXPECT_FALSE(reader.take());
  ASSERT_TRUE(reader.problem());
  reader.put("GET / HTTP/1.1\r\n\r\n");
  EXPECT_FALSE(reader.take());
}

TEST(RequestReader, asks_for_a_body_that_waits_once) {
  RequestReader reader;
  reader.put("POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  EXPECT_FALSE(reader.take());
  EXPECT_TRUE(reader.wants_continue());
  EXPECT_FALSE(reader.wants_continue());
  reader.put("ok");
  EXPECT_EQ(reader.take()->body, "ok");
}

struct ReadResponse {
  int status = 0;
  std::string body;
  bool whole = false;
  bool problem = false;
};

ReadResponse read_response(std::string_view bytes, bool ended) {
  ResponseReader reader;
  ReadResponse read;
  for (const char byte : bytes) reader.put(std::string_view(&byte, 1), read.body);
  if (ended) reader.end(read.body);
  read.status = reader.status();
  read.whole = reader.is_whole();
  read.problem = reader.problem().has_value();
  return read;
}

std::string response(Framing framing, bool ended) {
  std::string bytes;
  append_head(bytes, {.status = 429, .content_type = "text/plain", .headers = {{"retry-after", "7"}}, .length = 5},
              framing, true);
  append_body(bytes, "hel", framing);
  append_body(bytes, "", framing);
  append_body(bytes, "lo", framing);
  if (ended) append_end(bytes, framing);
  return bytes;
}

TEST(ResponseReader, reads_what_the_writer_wrote_in_every_framing) {
  for (const Framing framing : {Framing::length, Framing::chunks, Framing::close}) {
    const ReadResponse read = read_response(response(framing, true), true);
    EXPECT_EQ(read.status, 429);
    EXPECT_EQ(read.body, "hello");
    EXPECT_TRUE(read.whole && !read.problem);
  }
}

TEST(ResponseReader, reads_an_empty_body_of_chunks_byte_by_byte) {
  const std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  const ReadResponse read = read_response(bytes, false);
  EXPECT_TRUE(read.whole && !read.problem);
  EXPECT_EQ(read.body, "");
  for (std::size_t length = 1; length < bytes.size(); ++length) {
    ResponseReader reader;
    std::string body;
    reader.put(bytes.substr(0, length), body);
    EXPECT_FALSE(reader.is_whole() || reader.problem()) << length;
    reader.put(bytes.substr(length), body);
    EXPECT_TRUE(reader.is_whole()) << length;
  }
}

TEST(ResponseReader, makes_no_room_for_a_body_beyond_its_limit) {
  ResponseReader reader{{.header_bytes = 4096, .body_bytes = 16384}};
  std::string body;
  reader.put("HTTP/1.1 200 OK\r\nContent-Length: 3696028028759266414\r\n\r\nbody", body);
  ASSERT_TRUE(reader.problem());
  EXPECT_EQ(reader.problem()->status, 413);
  EXPECT_EQ(body, "");
}

TEST(ResponseReader, tells_a_body_that_breaks_off_from_a_whole_one) {
  const std::string whole = response(Framing::length, true);
  for (const std::string& cut : {whole.substr(0, whole.size() - 1), response(Framing::chunks, false)}) {
    EXPECT_FALSE(read_response(cut, false).whole);
    const ReadResponse read = read_response(cut, true);
    EXPECT_TRUE(read.problem && !read.whole);
    EXPECT_EQ(read.body.substr(0, 4), "hell") << "what came of it is delivered";
  }
  EXPECT_TRUE(read_response("", true).problem);
}

TEST(HttpDate, is_of_whole_seconds_in_the_form_of_http) {
  EXPECT_EQ(http_date(WallTime{std::chrono::seconds{1'768'903'200}}), "Tue, 20 Jan 2026 10:00:00 GMT");
}

}  // namespace
}  // namespace windtunnel::wire::http_parser_test
