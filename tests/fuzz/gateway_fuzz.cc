// Any bytes at all are a request of a gateway's caller or a refusal, and any bytes of a provider are an answer, a
// stream or a failure: never a crash, a hang or memory without bound, and what comes out is JSON again. The first byte
// chooses the interfaces and how the rest is cut.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/gateway/front_request.h"
#include "wire/gateway/translation/neutral_answer.h"
#include "wire/gateway/translation/request_body.h"
#include "wire/gateway/translation/stream_relay.h"
#include "wire/gateway/upstream.h"
#include "wire/gateway/upstream_reply.h"

namespace {

using namespace windtunnel;
using namespace windtunnel::wire;

constexpr Api kApis[] = {Api::chat, Api::messages, Api::responses, Api::embeddings};

const sim::Scenario& scenario() {
  static const sim::Scenario kScenario = [] {
    sim::Scenario made;
    made.providers.resize(1);
    made.providers[0].name = "openai";
    made.providers[0].model = "m";
    return made;
  }();
  return kScenario;
}

void take_request(Api api, std::string_view body) {
  HttpRequest request{.method = "POST", .target = "/v1/x", .body = std::string(body)};
  const DecodedFront front = decode_front(api, std::move(request), scenario(), true);
  if (front.request.has_value() == front.refusal.has_value()) std::abort();
  if (!front.request) return;
  for (const Api to : kApis) {
    if (!can_translate(api, to)) continue;
    const std::string made = request_body({.from = api, .to = to, .model = "m", .max_tokens = Tokens{5}}, body);
    // What a provider gets is a request of its interface.
    if (!decode_request(to, "/v1/x", made).request && to == api) std::abort();
  }
}

void take_answer(Api api, std::string_view body) {
  (void)kind_of_status(400, body);
  (void)kind_of_status(429, body);
  const auto answer = read_answer(api, body);
  if (!answer || api == Api::embeddings) return;
  NeutralAnswer copy = *answer;
  copy.body.clear();
  for (const Api to : {Api::chat, Api::messages, Api::responses}) {
    const auto again = read_answer(to, whole_text(to, copy));
    if (!again || again->tools.size() != answer->tools.size()) std::abort();
  }
}

void take_stream(Api from, Api to, std::string_view bytes, std::size_t length) {
  if (from == Api::embeddings || to == Api::embeddings) return;
  StreamRelay relay{{.from = from, .to = to, .wants_usage = true, .id = "x", .model = "m"}};
  std::string out;
  while (!bytes.empty()) {
    relay.put(bytes.substr(0, length), out);
    bytes.remove_prefix(std::min(length, bytes.size()));
  }
  if (relay.has_end() && relay.trouble() != StreamRelay::Trouble::none && out.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Api api = kApis[data[0] & 3U];
  take_request(api, bytes);
  take_answer(api, bytes);
  take_stream(api, kApis[data[0] >> 2U & 3U], bytes, 1 + (data[0] >> 4U));
  (void)base_url(bytes);
  (void)retry_after_of({{"retry-after", std::string(bytes.substr(0, 64))}});
  return 0;
}
