#include "wire/gateway/journeys.h"

// This file is long because every way that a request can go stands beside what leads to it.

#include <algorithm>
#include <utility>
#include <variant>

#include "base/uuid.h"
#include "sim/world/world.h"
#include "wire/dialects/dialect.h"
#include "wire/gateway/translation/request_body.h"
#include "wire/gateway/upstream_reply.h"
#include "wire/http/http_writer.h"

namespace windtunnel::wire {
namespace {

using monitor::ProviderId;
using monitor::Reply;
using monitor::ReplyKind;

constexpr HttpLimits kResponseLimits{.header_bytes = std::size_t{64} << 10, .body_bytes = std::size_t{64} << 20};

// The host whose newer models refuse the old word for a chat's limit.
bool wants_new_limit_word(const Upstream& upstream) {
  return upstream.api == sim::EndpointApi::azure || upstream.url.host == "api.openai.com";
}

bool is_event_stream(const std::vector<HttpHeader>& headers) {
  return header_of(headers, "content-type").starts_with("text/event-stream");
}

std::int64_t seconds_of(WallTime wall) {
  return std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch()).count();
}

}  // namespace

Journeys::Journeys(const sim::Scenario& scenario, const std::vector<Upstream>& upstreams, GatewayClock& clock,
                   SocketLoop& loop, CallerOutput& output, JourneySettings settings)
    : scenario_(scenario),
      upstreams_(upstreams),
      clock_(clock),
      output_(output),
      settings_(std::move(settings)),
      pipeline_(scenario.monitor, sim::provider_configs(scenario)),
      pool_(upstreams, scenario.server.ca_file, loop, *this),
      wakeups_(scenario.providers.size()),
      latest_(clock.now()) {
  pipeline_.set_wall_clock(clock.wall_at_zero());
  if (settings_.observer) pipeline_.set_observer(settings_.observer);
}

// Events of one poll are handled one after the other, and each at its own instant; time never goes back.
Instant Journeys::now() {
  latest_ = std::max(latest_, clock_.now());
  return latest_;
}

std::uint32_t Journeys::take_slot() {
  if (free_.empty()) {
    journeys_.push_back(std::make_unique<Journey>());
    return static_cast<std::uint32_t>(journeys_.size() - 1);
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void Journeys::begin(CallerId caller, FrontRequest front) {
  const std::uint32_t slot = take_slot();
  Journey& journey = *journeys_[slot];
  const std::uint32_t generation = journey.generation + 1;
  monitor::renew(journey.flow);
  journey.front = std::move(front);
  journey.caller = caller;
  journey.has_caller = true;
  journey.is_open = true;
  journey.head_sent = false;
  journey.text_sent = false;
  journey.generation = generation;
  journey.call.reset();
  journey.answer.reset();
  journey.tail.reset();
  journey.last = {};
  journey.attempts.clear();
  monitor::Request& request = journey.flow.record.request;
  request = journey.front.request;
  request.id = RequestId{journey.front.trial.request.value_or(requests_)};
  ++requests_;
  journey.request_id = request_uuid(settings_.seed, request.id).view();
  by_caller_[caller] = slot;
  ++open_;
  perform(slot, pipeline_.begin(journey.flow, now()));
}

void Journeys::leave(CallerId caller) {
  const auto found = by_caller_.find(caller);
  if (found == by_caller_.end()) return;
  const Loan loan{*this};
  const std::uint32_t slot = found->second;
  Journey& journey = *journeys_[slot];
  journey.has_caller = false;
  if (journey.call) {
    const OpenCall& call = *journey.call;
    journey.attempts.push_back({.started = call.started,
                                .ended = now(),
                                .provider = ProviderId{static_cast<std::uint8_t>(call.provider)},
                                .kind = ReplyKind::client_error,
                                .status = call.response.status()});
    if (call.connection) pool_.drop(*call.connection);
    journey.call.reset();
  }
  (void)pipeline_.abandon(journey.flow, now());
  conclude(slot);
}

void Journeys::stop() {
  while (!by_caller_.empty()) leave(by_caller_.begin()->first);
}

// --- Steps ---------------------------------------------------------------------------------------------------------

void Journeys::perform(std::uint32_t slot, monitor::Step step) {
  Journey& journey = *journeys_[slot];
  while (const auto* const to_call = std::get_if<monitor::CallProvider>(&step)) {
    const ProviderId provider = to_call->provider;
    const auto reply = start_call(slot, *to_call);
    if (!reply) return watch_breaker(provider);  // half_open_timeout begins with a call
    step = pipeline_.on_reply(journey.flow, *reply, now());
    watch_breaker(provider);
  }
  if (const auto* const wait = std::get_if<monitor::WaitUntil>(&step)) return expect(slot, wait->at);
  conclude(slot);
}

std::string Journeys::call_text(const Journey& journey, const Upstream& upstream, Api api, Tokens output) const {
  const std::string body = request_body({.from = journey.front.model.api,
                                         .to = api,
                                         .model = upstream.model,
                                         .max_tokens = output,
                                         .new_limit_word = wants_new_limit_word(upstream)},
                                        journey.front.body);
  std::vector<HttpHeader> headers = key_headers(upstream);
  headers.push_back({"x-request-id", journey.request_id});
  return post_request(upstream.url.authority(), target_of(upstream, api), headers, body);
}

// The reply, where no call can be made.
std::optional<Reply> Journeys::start_call(std::uint32_t slot, const monitor::CallProvider& step) {
  Journey& journey = *journeys_[slot];
  const std::size_t provider = index_of(step.provider);
  const Upstream& upstream = upstreams_[provider];
  const Instant at = now();
  const auto fail = [&](ReplyKind kind) {
    journey.last = {};
    journey.attempts.push_back({.started = at, .ended = at, .provider = step.provider, .kind = kind});
    return Reply{.kind = kind, .usage = monitor::Usage{}};
  };
  const auto api = upstream_api(upstream, journey.front.model.api);
  if (!api) return fail(ReplyKind::not_found);
  journey.last_api = *api;
  const ModelRequest& model = journey.front.model;
  OpenCall& call = journey.call.emplace(OpenCall{.api = *api,
                                                 .provider = provider,
                                                 .started = at,
                                                 .deadline = step.deadline,
                                                 .response = ResponseReader{kResponseLimits}});
  call.relay = StreamRelay{{.from = *api,
                            .to = model.api,
                            .wants_usage = model.wants_usage,
                            .id = *api == model.api ? std::string() : "wt-" + journey.request_id,
                            .model = *api == model.api ? std::string() : upstream.model,
                            .created = seconds_of(pipeline_.wall_at(at))}};
  expect(slot, step.deadline);
  decided_.push_back({slot, journey.generation, call_text(journey, upstream, *api, step.output_max)});
  return std::nullopt;
}

bool Journeys::make_calls() {
  if (decided_.empty()) return false;
  const Loan loan{*this};
  for (const Decided& each : std::exchange(decided_, {})) {
    Journey& journey = *journeys_[each.slot];
    // Its caller may have gone, or its deadline may be over.
    if (!journey.call || journey.generation != each.generation) continue;
    journey.call->connection = pool_.send(journey.call->provider, CallSlot{each.slot}, each.text);
    if (!journey.call->connection) {
      end_call(each.slot, failed_reply(journey, *journey.call, ReplyKind::connection_error), false);
    }
  }
  return true;
}

// --- What the provider sends ---------------------------------------------------------------------------------------

void Journeys::on_upstream_bytes(CallSlot id, std::string_view bytes) {
  const Loan loan{*this};
  const auto slot = static_cast<std::uint32_t>(id);
  Journey& journey = *journeys_[slot];
  if (!journey.call) return;
  OpenCall& call = *journey.call;
  std::string piece;
  call.response.put(bytes, piece);
  if (call.response.status() == 200 && !call.is_stream && journey.front.model.stream) {
    call.is_stream = is_event_stream(call.response.headers());
  }
  if (call.is_stream) {
    take_stream(slot, piece);
  } else {
    call.body += piece;
  }
  const bool is_over = call.response.problem() || call.response.is_whole() ||
                       (call.is_stream && call.relay.trouble() != StreamRelay::Trouble::none);
  if (!is_over) return;
  if (call.response.problem() && call.response.status() == 0) {
    return end_call(slot, failed_reply(journey, call, ReplyKind::malformed), false);
  }
  const bool keep = call.response.is_whole() && call.response.keep_alive();
  end_call(slot, call.is_stream ? stream_reply(journey, call) : whole_reply(journey, call), keep);
}

void Journeys::on_upstream_left(CallSlot id) {
  const Loan loan{*this};
  const auto slot = static_cast<std::uint32_t>(id);
  Journey& journey = *journeys_[slot];
  if (!journey.call) return;
  OpenCall& call = *journey.call;
  std::string piece;
  call.response.end(piece);
  if (call.is_stream) {
    take_stream(slot, piece);
  } else {
    call.body += piece;
  }
  if (call.response.status() == 0) {
    return end_call(slot, failed_reply(journey, call, ReplyKind::connection_error), false);
  }
  end_call(slot, call.is_stream ? stream_reply(journey, call) : whole_reply(journey, call), false);
}

void Journeys::take_stream(std::uint32_t slot, std::string_view piece) {
  Journey& journey = *journeys_[slot];
  OpenCall& call = *journey.call;
  call.relay.put(piece, call.held);
  if (!call.relay.has_text() && !call.relay.has_end()) return;
  if (!call.first_text && call.relay.has_text()) call.first_text = now() - call.started;
  // The last event waits until the reply is settled. What came before a break is shown, and the break after it.
  if (call.held.empty() || !call.relay.has_text() || call.relay.has_end()) return;
  if (!journey.head_sent) send_head(journey, 200, kEventStream, std::nullopt, {});
  output_.on_caller_body(journey.caller, call.held);
  journey.text_sent = true;
  call.held.clear();
}

// --- What it means -------------------------------------------------------------------------------------------------

Reply Journeys::failed_reply(Journey& journey, OpenCall& call, ReplyKind kind) const {
  Reply reply{.kind = kind};
  reply.usage = failure_usage(kind, upstreams_[call.provider].bill_on_failure, journey.flow.record.request.input);
  reply.retry_after = retry_after_of(call.response.headers());
  journey.last = {.status = call.response.status(),
                  .content_type = std::string(header_of(call.response.headers(), "content-type")),
                  .body = call.body};
  return reply;
}

Reply Journeys::whole_reply(Journey& journey, OpenCall& call) const {
  const int status = call.response.status();
  if (status != 200) return failed_reply(journey, call, kind_of_status(status, call.body));
  if (!call.response.is_whole()) return failed_reply(journey, call, ReplyKind::truncated);
  auto answer = read_answer(call.api, call.body);
  if (!answer) return failed_reply(journey, call, ReplyKind::malformed);
  Reply reply{.kind = ReplyKind::ok, .usage = answer->usage};
  reply.time_to_first_token = latest_ - call.started;
  reply.response_length = static_cast<std::uint32_t>(std::min<std::size_t>(answer->text.size(), UINT32_MAX));
  if (call.api == journey.front.model.api) answer->body = std::move(call.body);
  journey.answer = std::move(answer);
  return reply;
}

Reply Journeys::stream_reply(Journey& journey, OpenCall& call) const {
  if (call.relay.has_end() && call.relay.trouble() == StreamRelay::Trouble::none) {
    Reply reply{.kind = ReplyKind::ok, .usage = call.relay.answer().usage};
    reply.time_to_first_token = call.first_text.value_or(latest_ - call.started);
    reply.response_length =
        static_cast<std::uint32_t>(std::min<std::size_t>(call.relay.answer().text.size(), UINT32_MAX));
    journey.answer = call.relay.answer();
    journey.tail = std::move(call.held);
    return reply;
  }
  const bool is_garbage = call.relay.trouble() == StreamRelay::Trouble::garbage;
  return failed_reply(journey, call, is_garbage ? ReplyKind::malformed : ReplyKind::truncated);
}

void Journeys::end_call(std::uint32_t slot, Reply reply, bool keep) {
  Journey& journey = *journeys_[slot];
  const Instant at = now();
  // A timer that has not been heard yet: the reply came too late.
  if (at > journey.call->deadline) return time_out(slot);
  const OpenCall call = std::move(*journey.call);
  journey.call.reset();
  ++journey.generation;
  if (keep) {
    pool_.release(*call.connection);
  } else if (call.connection) {
    pool_.drop(*call.connection);
  }
  const auto provider = ProviderId{static_cast<std::uint8_t>(call.provider)};
  // The caller has read what came before the break, whatever broke it.
  if (reply.kind != ReplyKind::ok && journey.text_sent) reply.kind = ReplyKind::truncated, reply.usage.reset();
  // A stream in another dialect than the caller's has an id of ours.
  const bool is_named =
      reply.kind == ReplyKind::ok && journey.answer && (!call.is_stream || call.api == journey.front.model.api);
  journey.attempts.push_back({.started = call.started,
                              .ended = at,
                              .provider = provider,
                              .kind = reply.kind,
                              .status = call.response.status(),
                              .usage = reply.usage,
                              .answer_id = is_named ? journey.answer->id : std::string(),
                              .retry_after = reply.retry_after});
  const monitor::Step step = pipeline_.on_reply(journey.flow, reply, at);
  watch_breaker(provider);
  perform(slot, step);
}

void Journeys::time_out(std::uint32_t slot) {
  Journey& journey = *journeys_[slot];
  const OpenCall call = std::move(*journey.call);
  journey.call.reset();
  ++journey.generation;
  if (call.connection) pool_.drop(*call.connection);
  const auto provider = ProviderId{static_cast<std::uint8_t>(call.provider)};
  const ReplyKind kind = journey.text_sent ? ReplyKind::truncated : ReplyKind::timeout;
  journey.last = {.status = call.response.status()};
  journey.attempts.push_back(
      {.started = call.started, .ended = now(), .provider = provider, .kind = kind, .status = call.response.status()});
  const monitor::Step step = pipeline_.on_reply(journey.flow, {.kind = kind}, now());
  watch_breaker(provider);
  perform(slot, step);
}

// --- Time ----------------------------------------------------------------------------------------------------------

void Journeys::expect(std::uint32_t slot, Instant at) {
  if (at == Instant::max()) return;
  timers_.push({at, timer_order_++, slot, journeys_[slot]->generation});
}

void Journeys::watch_breaker(ProviderId provider) {
  const auto at = pipeline_.wakeup(provider);
  std::optional<Instant>& scheduled = wakeups_[index_of(provider)];
  if (!at || *at <= latest_ || scheduled == at) return;
  scheduled = at;
  timers_.push({*at, timer_order_++, kBreakerSlot, static_cast<std::uint32_t>(index_of(provider))});
}

void Journeys::advance(bool at_alarm) {
  if (timers_.empty()) return;
  const Loan loan{*this};
  const auto is_due = [&](Instant at) { return at < now() || (at_alarm && at == now()); };
  while (!timers_.empty() && is_due(timers_.top().at)) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer.slot == kBreakerSlot) {
      const auto provider = ProviderId{static_cast<std::uint8_t>(timer.generation)};
      if (wakeups_[timer.generation] == timer.at) wakeups_[timer.generation].reset();
      pipeline_.on_time(now());
      watch_breaker(provider);
      continue;
    }
    Journey& journey = *journeys_[timer.slot];
    if (!journey.is_open || journey.generation != timer.generation) continue;
    if (journey.call) {
      time_out(timer.slot);
    } else if (journey.flow.awaiting == monitor::Awaiting::wakeup) {
      ++journey.generation;
      perform(timer.slot, pipeline_.on_wakeup(journey.flow, now()));
    }
  }
}

std::optional<Instant> Journeys::next_due() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.top().at;
}

// --- The end -------------------------------------------------------------------------------------------------------

void Journeys::conclude(std::uint32_t slot) {
  Journey& journey = *journeys_[slot];
  const bool is_answered = monitor::is_answered(journey.flow.record.outcome);
  if (journey.has_caller) {
    if (is_answered) {
      answer(journey);
    } else {
      answer_error(journey);
    }
  }
  if (settings_.on_end) {
    settings_.on_end({.record = journey.flow.record,
                      .front = journey.front,
                      .attempts = journey.attempts,
                      .request_id = journey.request_id,
                      .status = !journey.has_caller ? 0
                                : is_answered       ? 200
                                                    : 500,
                      .caller_left = !journey.has_caller});
  }
  by_caller_.erase(journey.caller);
  journey.is_open = false;
  ++journey.generation;
  journey.front = {};
  journey.tail.reset();
  journey.answer.reset();
  journey.last = {};
  --open_;
  free_.push_back(slot);
}

}  // namespace windtunnel::wire
