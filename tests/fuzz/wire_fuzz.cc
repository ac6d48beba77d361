// Any bytes at all on a connection are requests or a problem, and any body is a request of a provider or a refusal:
// never a crash, a hang or memory without bound. The first byte chooses how the rest is cut and which interface reads
// it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/dialects/api.h"
#include "wire/dialects/model_request.h"
#include "wire/http/http_parser.h"
#include "wire/trial/request_tag.h"

namespace {

using namespace windtunnel::wire;

// In pieces of `length` bytes; returns what came out as one text.
std::string requests_in(std::string_view bytes, std::size_t length) {
  RequestReader reader{{.header_bytes = 4096, .body_bytes = 16384}};
  std::string found;
  while (!bytes.empty()) {
    reader.put(bytes.substr(0, length));
    bytes.remove_prefix(std::min(length, bytes.size()));
    while (const auto request = reader.take()) found += request->method + request->target + request->body + "\n";
  }
  return found;
}

void decode(std::string_view body) {
  for (const Api api : {Api::chat, Api::responses, Api::embeddings, Api::messages}) {
    const DecodedRequest decoded = decode_request(api, "/v1/x", body);
    if (decoded.request.has_value() != decoded.problem.empty()) std::abort();
    if (!decoded.request) continue;
    if (decoded.request->last_text.size() > kLastTextMax || decoded.request->inputs > kInputsMax) std::abort();
    (void)tag_in(decoded.request->last_text);
  }
}

void read_response(std::string_view bytes, std::size_t length) {
  ResponseReader reader{{.header_bytes = 4096, .body_bytes = 16384}};
  std::string body;
  while (!bytes.empty()) {
    reader.put(bytes.substr(0, length), body);
    bytes.remove_prefix(std::min(length, bytes.size()));
  }
  reader.end(body);
  if (reader.is_whole() && reader.problem()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t length = 1 + data[0];
  decode(bytes);
  read_response(bytes, length);
  (void)tag_in(bytes);
  if (const auto api = api_of(bytes)) (void)name_of(*api);
  if (requests_in(bytes, length) != requests_in(bytes, size)) std::abort();
  return 0;
}
