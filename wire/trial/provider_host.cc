#include "wire/trial/provider_host.h"

// This file is long because everything that can become of a call stands beside how it ends.

#include <algorithm>
#include <utility>

#include "sim/world/places.h"
#include "wire/dialects/dialect.h"
#include "wire/dialects/error_reply.h"
#include "wire/dialects/rate_headers.h"

namespace windtunnel::wire {
namespace {

using monitor::ProviderId;
using monitor::ReplyKind;

std::optional<Instant> heal_at(const sim::Scenario& scenario) {
  if (!scenario.liveness) return std::nullopt;
  return Instant{} + scenario.liveness->heal_at;
}

// An answer is written, whatever it is worth.
bool is_written(ReplyKind kind) {
  return kind == ReplyKind::ok || kind == ReplyKind::malformed || kind == ReplyKind::truncated;
}

// What a caller that obeys it waits; nothing if it is no time.
std::optional<Duration> wait_of(const monitor::RetryAfter& retry_after, WallTime now) {
  constexpr double kLongest = 1e9;
  switch (retry_after.form) {
    case monitor::RetryAfter::Form::absent:
    case monitor::RetryAfter::Form::unreadable:
      return std::nullopt;
    case monitor::RetryAfter::Form::seconds:
      if (!(retry_after.seconds >= 0) || retry_after.seconds > kLongest) return std::nullopt;
      return Duration{static_cast<std::int64_t>(retry_after.seconds * 1e9)};
    case monitor::RetryAfter::Form::date:
      // On the wire a date has whole seconds.
      return std::max(Duration{0}, std::chrono::floor<std::chrono::seconds>(retry_after.date) - now);
  }
  fail_check("a form of Retry-After is known", __FILE__, __LINE__);
}

}  // namespace

ProviderHost::ProviderHost(const sim::Scenario& scenario, std::uint64_t seed, HostOutput& output)
    : scenario_(scenario),
      output_(output),
      chance_(seed),
      names_(loads_),
      faults_(scenario, chance_, Instant{} + scenario.duration, heal_at(scenario)),
      stations_(scenario.providers.size()),
      counts_(scenario.providers.size()) {
  check(!scenario.workloads.empty(), "what calls hold is drawn by a workload");
  for (std::uint32_t i = 0; i < scenario.workloads.size(); ++i) {
    loads_.emplace_back(scenario.workloads[i], i, chance_, Instant{} + scenario.duration, scenario.start,
                        scenario.providers, monitor::LabelsId{i + 1});
  }
  providers_.reserve(scenario.providers.size());  // they refer to each other's quotas
  for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
    providers_.emplace_back(scenario.providers[i], scenario.workloads, chance_, scenario.start);
    const std::size_t quota = sim::quota_of(scenario.providers, i);
    if (quota != i) providers_[i].share_quota_of(providers_[quota]);
    stations_[i].has_places = sim::has_places(scenario, scenario.providers[i]);
  }
  place_base_ = static_cast<std::uint32_t>(faults_.size());
  given_back_base_ = place_base_ + static_cast<std::uint32_t>(providers_.size());
  wait_base_ = given_back_base_ + static_cast<std::uint32_t>(providers_.size());
  slot_base_ = wait_base_ + static_cast<std::uint32_t>(providers_.size());
  for (std::uint32_t i = 0; i < faults_.size(); ++i) {
    if (const auto at = faults_.next_change(i)) queue_.schedule(*at, i);
  }
}

// --- Time ----------------------------------------------------------------------------------------------------------

std::optional<Instant> ProviderHost::next_at() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.next_at();
}

void ProviderHost::advance(Instant now) {
  while (!queue_.empty() && queue_.next_at() <= now) {
    const sim::Scheduled event = queue_.pop();
    now_ = event.at;
    handle(event.payload);
  }
  now_ = std::max(now_, now);
}

void ProviderHost::handle(std::uint32_t payload) {
  if (payload >= slot_base_) return go_on(payload - slot_base_);
  if (payload >= wait_base_) return end_waits(payload - wait_base_);
  if (payload >= given_back_base_) return give_back(payload - given_back_base_);
  if (payload >= place_base_) return leave_place(payload - place_base_);
  fault_changes_.push_back({.at = now_, .fault = payload, .active = faults_.change(payload)});
  if (const auto at = faults_.next_change(payload)) queue_.schedule(*at, payload);
  // Capacity may have come back.
  for (std::size_t i = 0; i < stations_.size(); ++i) give_back(i);
}

bool ProviderHost::set_fault(Instant now, std::size_t fault, bool active) {
  advance(now);
  if (!faults_.set(fault, active, now_)) return false;
  for (std::size_t i = 0; i < stations_.size(); ++i) serve_waiting(i);
  return true;
}

void ProviderHost::expect(std::uint32_t slot, Instant at) {
  // What hangs ends at no time.
  if (at == Instant::max()) return;
  slots_[slot].is_pending = true;
  queue_.schedule(std::max(at, now_), slot_base_ + slot);
}

// --- A call begins -------------------------------------------------------------------------------------------------

CallId ProviderHost::begin(Instant now, IncomingCall incoming) {
  advance(now);
  const std::uint32_t slot = take_slot();
  Open& open = slots_[slot];
  const CallNames::Named named = names_.next(incoming.request.last_text, incoming.request.user);
  monitor::Request request;
  sim::Demand demand;
  loads_[named.name.workload].fill(named.name.ordinal, request, demand);
  const Tokens input = named.tagged ? request.input : tokens_of_text(incoming.request.text_size);
  const bool writes = incoming.request.api != Api::embeddings;
  open = Open{.line = {.call = calls_++,
                       .arrived = now_,
                       .provider = scenario_.providers[incoming.provider].name,
                       .api = incoming.request.api,
                       .workload = scenario_.workloads[named.name.workload].name,
                       .name = named.name,
                       .tagged = named.tagged,
                       .sdk_retry = std::move(incoming.sdk_retry),
                       .stream = incoming.request.stream},
              .peer = incoming.peer,
              .provider = incoming.provider,
              .request = std::move(incoming.request),
              .call = {.name = named.name,
                       .at = now_,
                       .deadline = Instant::max(),
                       .wall = scenario_.start + now_.time_since_epoch(),
                       .input = input,
                       .output = writes ? demand.output : Tokens{},
                       .kinds = named.tagged && writes ? demand.kinds : TokenKinds{}},
              .is_open = true};
  open.call.output_max = writes ? open.request.max_tokens.value_or(request.max_tokens) : Tokens{};
  ++counts_[open.provider].calls;
  ++counts_[open.provider].open;
  hits_.clear();
  const ProviderId provider = provider_id(open.provider);
  if (faults_.acts_on(provider)) {
    open.effect = faults_.on_call(provider, named.name, input + open.call.output_max, now_, hits_);
  }
  for (const std::size_t fault : hits_) open.line.faults.push_back(faults_.spec(fault).id);
  const CallId id{slot, open.line.call};
  place(slot);
  return id;
}

// The call is served, waits for a place, or is turned away.
void ProviderHost::place(std::uint32_t slot) {
  Open& open = slots_[slot];
  Station& station = stations_[open.provider];
  if (!station.has_places || !open.effect.is_worked_on()) return serve(slot);
  const sim::ProviderSpec& spec = scenario_.providers[open.provider];
  if (station.waiting.empty() && sim::has_place(spec, faults_, provider_id(open.provider), station.in_service, now_)) {
    open.has_place = true;
    ++station.in_service;
    return serve(slot);
  }
  faults_.note_brownout(provider_id(open.provider));
  const auto limit = sim::queue_limit_of(spec);
  if (limit && station.waiting.size() >= *limit) {
    open.result = providers_[open.provider].overflow(open.call);
    return expect(slot, open.result.at);
  }
  open.in_line = true;
  const Instant ends = providers_[open.provider].wait_ends(open.call);
  station.waiting.add(slot, ends);
  if (ends != Instant::max()) queue_.schedule(ends, wait_base_ + static_cast<std::uint32_t>(open.provider));
}

void ProviderHost::serve(std::uint32_t slot) {
  Open& open = slots_[slot];
  providers_[open.provider].serve(open.call, open.effect, open.result);
  const bool stalls = is_stalled(open);
  if (!is_written(open.result.reply.kind) && !stalls) return expect(slot, open.result.at);
  const auto& stalled = open.result.stalled;
  open.first = open.call.at + (stalls ? stalled.to_first : open.result.reply.time_to_first_token - open.call.waited);
  open.last = stalls ? stalled.last : open.result.at;
  open.tokens = (stalls ? stalled.output : open.result.billed.output).count();
  const Tokens wanted = std::min(open.call.output, open.call.output_max);
  open.line.tokens_whole = wanted.count();
  open.answer = {.call = open.line.call,
                 .model = open.request.model,
                 .created = std::chrono::floor<std::chrono::seconds>(calendar(now_).time_since_epoch()).count(),
                 .usage = {open.call.input, wanted, open.result.billed.kinds},
                 .has_usage = open.result.reply.kind != ReplyKind::ok || open.result.reply.usage.has_value(),
                 .is_cut = open.call.output > open.call.output_max,
                 .inputs = open.request.inputs,
                 .base64 = open.request.base64,
                 .wants_usage = open.request.wants_usage};
  expect(slot, open.request.stream && open.tokens > 0 ? token_at(open, 0) : open.last);
}

// --- An answer is written ------------------------------------------------------------------------------------------

bool ProviderHost::is_stalled(const Open& open) {
  return open.effect.kind == sim::FaultEffect::Kind::stalled && open.result.reply.kind == ReplyKind::timeout;
}

Instant ProviderHost::token_at(const Open& open, std::int64_t place) const {
  const Int128 span = (open.last - open.first).count();
  return open.first + Duration{static_cast<std::int64_t>(span * place / open.tokens)};
}

// The event that a call waits for.
void ProviderHost::go_on(std::uint32_t slot) {
  Open& open = slots_[slot];
  open.is_pending = false;
  if (!open.is_open) return release(slot);
  if (!is_written(open.result.reply.kind) && !is_stalled(open)) return fail(slot);
  if (open.request.stream) return send_tokens(slot);
  answer_whole(slot);
}

void ProviderHost::send_head(Open& open, std::string_view content_type, std::optional<std::size_t> length) {
  const Api api = open.request.api;
  ResponseHead head{.status = 200, .content_type = std::string(content_type), .length = length};
  head.headers = rate_headers(family_of(api), providers_[open.provider].rate_left(now_), calendar(now_));
  head.headers.push_back(
      {family_of(api) == Family::openai ? "x-request-id" : "request-id", "req_wt" + std::to_string(open.line.call)});
  open.line.status = head.status;
  open.line.to_first = now_ - open.line.arrived;
  output_.on_head(open.peer, head);
}

// All tokens that are due, then the end or the wait for the next one.
void ProviderHost::send_tokens(std::uint32_t slot) {
  Open& open = slots_[slot];
  const Api api = open.request.api;
  const ReplyKind kind = open.result.reply.kind;
  const std::int64_t tokens = open.tokens;
  if (open.line.status == 0) {
    send_head(open, kEventStream, std::nullopt);
    output_.on_body(open.peer, stream_begin(api, open.answer));
  }
  // The line in the middle of a malformed stream is no JSON.
  const std::int64_t spoilt = kind == ReplyKind::malformed ? tokens / 2 : -1;
  std::string bytes;
  for (; open.next_token < tokens && token_at(open, open.next_token) <= now_; ++open.next_token) {
    bytes += open.next_token == spoilt ? spoilt_token(api, open.answer, open.next_token)
                                       : stream_token(api, open.answer, open.next_token);
  }
  if (!bytes.empty()) output_.on_body(open.peer, bytes);
  open.line.tokens_sent = open.next_token;
  if (open.next_token < tokens) return expect(slot, token_at(open, open.next_token));
  if (is_stalled(open)) return;
  if (now_ < open.last) return expect(slot, open.last);
  if (kind == ReplyKind::truncated) return break_off(slot);
  output_.on_body(open.peer, stream_end(api, open.answer));
  open.line.usage_sent = open.answer.has_usage && (api != Api::chat || open.answer.wants_usage);
  finish(slot, CallEnd::stream);
}

// A stream that ends before its answer.
void ProviderHost::break_off(std::uint32_t slot) {
  Open& open = slots_[slot];
  switch (open.effect.broken) {
    case sim::FaultEffect::Break::connection:
      return finish(slot, CallEnd::cut);
    case sim::FaultEffect::Break::error_event:
      output_.on_body(open.peer, stream_error(open.request.api));
      return finish(slot, CallEnd::error_event);
    case sim::FaultEffect::Break::clean_end:
      return finish(slot, CallEnd::early_end);
  }
}

void ProviderHost::answer_whole(std::uint32_t slot) {
  Open& open = slots_[slot];
  const Api api = open.request.api;
  const ReplyKind kind = open.result.reply.kind;
  const std::string body =
      kind == ReplyKind::malformed ? spoilt_answer(api, open.answer) : whole_answer(api, open.answer);
  const bool stalls = is_stalled(open);
  if (kind == ReplyKind::truncated || stalls) {
    // As much as was written of it, and never all.
    const std::int64_t all = std::max<std::int64_t>(1, open.answer.usage.output.count());
    const auto share = static_cast<std::size_t>(static_cast<Int128>(body.size()) * open.tokens / all);
    const std::string_view part = std::string_view(body).substr(0, std::min(share, body.size() - 1));
    const bool is_clean = !stalls && open.effect.broken == sim::FaultEffect::Break::clean_end;
    send_head(open, kJson, is_clean ? part.size() : body.size());
    output_.on_body(open.peer, part);
    if (stalls) return;
    return finish(slot, is_clean ? CallEnd::early_end : CallEnd::cut);
  }
  send_head(open, kJson, body.size());
  output_.on_body(open.peer, body);
  open.line.usage_sent = kind == ReplyKind::ok && open.answer.has_usage;
  finish(slot, CallEnd::whole);
}

// A reply that is no answer.
void ProviderHost::fail(std::uint32_t slot) {
  Open& open = slots_[slot];
  const ReplyKind kind = open.result.reply.kind;
  if (kind == ReplyKind::connection_error) return finish(slot, CallEnd::reset);
  monitor::RetryAfter retry_after = open.result.reply.retry_after;
  open.line.retry_after = wait_of(retry_after, scenario_.start + now_.time_since_epoch());
  if (retry_after.form == monitor::RetryAfter::Form::date) retry_after.date += calendar_shift_;
  const Family family = family_of(open.request.api);
  ErrorReply reply = error_reply(family, kind, open.line.call, retry_after);
  const auto rates = rate_headers(family, providers_[open.provider].rate_left(now_), calendar(now_));
  reply.headers.insert(reply.headers.end(), rates.begin(), rates.end());
  open.line.status = reply.status;
  output_.on_head(open.peer, {.status = reply.status,
                              .content_type = std::string(kJson),
                              .headers = std::move(reply.headers),
                              .length = reply.body.size()});
  output_.on_body(open.peer, reply.body);
  finish(slot, CallEnd::whole);
}

// --- A call ends ---------------------------------------------------------------------------------------------------

void ProviderHost::finish(std::uint32_t slot, CallEnd end) {
  Open& open = slots_[slot];
  open.is_open = false;
  open.line.ended = now_;
  open.line.kind = open.result.reply.kind;
  open.line.end = end;
  open.line.billed = open.result.billed;
  open.line.cost = open.result.cost;
  counts_[open.provider].billed += open.result.cost;
  --counts_[open.provider].open;
  const PeerId peer = open.peer;
  const CallLine line = std::move(open.line);
  leave_station(slot);
  if (!slots_[slot].is_pending && !slots_[slot].in_line) release(slot);
  if (end != CallEnd::left && end != CallEnd::open) output_.on_end(peer, end);
  output_.on_line(line);
}

void ProviderHost::refuse(Instant now, std::size_t provider, Api api, int status) {
  advance(now);
  ++counts_[provider].calls;
  output_.on_line({.call = calls_++,
                   .arrived = now_,
                   .ended = now_,
                   .provider = scenario_.providers[provider].name,
                   .api = api,
                   .kind = ReplyKind::client_error,
                   .status = status,
                   .end = CallEnd::refused});
}

void ProviderHost::leave(Instant now, CallId id) {
  advance(now);
  Open& open = slots_[id.slot];
  if (!open.is_open || open.line.call != id.number) return;
  give_up(id.slot, CallEnd::left);
}

// The call ends now without an answer.
void ProviderHost::give_up(std::uint32_t slot, CallEnd end) {
  Open& open = slots_[slot];
  if (open.in_line) {
    // Its place in the line stays until its turn comes: the provider may work on it then.
    const Duration work = providers_[open.provider].leave_waiting(open.call, now_, open.effect, open.result);
    open.result.work_until = now_ + work;
  } else {
    open.call.deadline = now_;
    providers_[open.provider].abandon(open.call, open.effect, open.result);
  }
  finish(slot, end);
}

void ProviderHost::stop(Instant now) {
  advance(now);
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].is_open) give_up(slot, CallEnd::open);
  }
}

// --- Slots ---------------------------------------------------------------------------------------------------------

std::uint32_t ProviderHost::take_slot() {
  if (free_.empty()) {
    check(slot_base_ + slots_.size() < sim::EventQueue::kPayloadMax, "the open calls have numbers");
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void ProviderHost::release(std::uint32_t slot) { free_.push_back(slot); }

}  // namespace windtunnel::wire
