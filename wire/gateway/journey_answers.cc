// What the callers of a gateway get.

#include <algorithm>

#include "wire/dialects/dialect.h"
#include "wire/gateway/journeys.h"

namespace windtunnel::wire {

using monitor::ProviderId;

void Journeys::send_head(Journey& journey, int status, std::string_view type, std::optional<std::size_t> length,
                         std::vector<HttpHeader> headers) {
  headers.push_back({"x-request-id", journey.request_id});
  const monitor::Attempt* const last = journey.flow.record.last_attempt();
  if (last != nullptr && status == 200) {
    headers.push_back({"x-windtunnel-provider", scenario_.providers[index_of(last->provider)].name});
  }
  if (journey.has_caller) {
    output_.on_caller_head(
        journey.caller,
        {.status = status, .content_type = std::string(type), .headers = std::move(headers), .length = length});
  }
  journey.head_sent = true;
}

void Journeys::answer_stream(Journey& journey, const NeutralAnswer& answer) {
  const Api api = journey.front.model.api;
  std::string text = begin_text(api, answer);
  if (!answer.text.empty()) text += piece_text(api, answer, answer.text);
  text += end_text(api, answer, journey.front.model.wants_usage);
  if (!journey.head_sent) send_head(journey, 200, kEventStream, std::nullopt, {});
  output_.on_caller_body(journey.caller, text);
  output_.on_caller_end(journey.caller, true);
}

void Journeys::answer(Journey& journey) {
  const monitor::Record& record = journey.flow.record;
  const std::uint32_t place = journey.flow.cache_slot;
  if (record.outcome != monitor::Outcome::served) {
    if (place < cached_.size()) journey.answer = cached_[place];
    check(journey.answer.has_value(), "an answer in the cache has its text");
  } else if (journey.flow.stored) {
    if (cached_.size() <= place) cached_.resize(place + 1);
    cached_[place] = journey.answer;
  }
  if (journey.tail) {
    if (!journey.head_sent) send_head(journey, 200, kEventStream, std::nullopt, {});
    output_.on_caller_body(journey.caller, *journey.tail);
    return output_.on_caller_end(journey.caller, true);
  }
  if (journey.front.model.stream) return answer_stream(journey, *journey.answer);
  const std::string body = whole_text(journey.front.model.api, *journey.answer);
  send_head(journey, 200, kJson, body.size(), {});
  output_.on_caller_body(journey.caller, body);
  output_.on_caller_end(journey.caller, true);
}

// What a caller is asked to wait: until the first provider may be called again.
Duration Journeys::wait_of_callers() {
  std::optional<Instant> first;
  for (std::size_t i = 0; i < scenario_.providers.size(); ++i) {
    const ProviderId provider{static_cast<std::uint8_t>(i)};
    const auto cooling = pipeline_.cooling_until(provider);
    const auto breaker = pipeline_.breaker(provider).is_open() ? pipeline_.wakeup(provider) : std::nullopt;
    if (!cooling && !breaker) return Duration{0};
    const Instant at = std::max(cooling.value_or(latest_), breaker.value_or(latest_));
    first = std::min(first.value_or(at), at);
  }
  return first ? *first - latest_ : Duration{0};
}

void Journeys::answer_error(Journey& journey) {
  const Api api = journey.front.model.api;
  const ErrorReply error = front_error(family_of(api), journey.flow.record, wait_of_callers(), journey.last,
                                       family_of(journey.last_api) == family_of(api));
  if (journey.head_sent) {
    output_.on_caller_body(journey.caller, stream_error_text(api, "The provider's stream broke off"));
    return output_.on_caller_end(journey.caller, false);
  }
  send_head(journey, error.status, kJson, error.body.size(), error.headers);
  output_.on_caller_body(journey.caller, error.body);
  output_.on_caller_end(journey.caller, true);
}

}  // namespace windtunnel::wire
