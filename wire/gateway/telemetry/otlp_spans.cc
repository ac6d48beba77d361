#include "wire/gateway/telemetry/otlp_spans.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/exact_decimal.h"
#include "base/stable_hash.h"
#include "monitor/text/record_text.h"

namespace windtunnel::wire {
namespace {

// The attributes of a span; an empty text is none.
class Attributes {
 public:
  Attributes& text(std::string key, std::string_view value) {
    if (!value.empty()) list_.push_back({std::move(key), std::string(value)});
    return *this;
  }
  Attributes& integer(std::string key, std::int64_t value) {
    list_.push_back({std::move(key), value});
    return *this;
  }
  Attributes& dollars(std::string key, Usd value) {
    list_.push_back({std::move(key), OtlpDecimal{value.picos(), kDollarDecimals}});
    return *this;
  }
  OtlpAttributes take() { return std::move(list_); }

 private:
  OtlpAttributes list_;
};

// By OpenTelemetry's names; each kind is a part of input or output. A usage without kinds has none of the attributes.
void add_usage(Attributes& attributes, Tokens input, Tokens output, const TokenKinds& kinds) {
  attributes.integer("gen_ai.usage.input_tokens", input.count());
  attributes.integer("gen_ai.usage.output_tokens", output.count());
  const auto add = [&](const char* key, Tokens tokens) {
    if (tokens > Tokens{}) attributes.integer(key, tokens.count());
  };
  add("gen_ai.usage.cache_read.input_tokens", kinds.cached_input);
  add("gen_ai.usage.cache_creation.input_tokens", kinds.cache_write);
  add("gen_ai.usage.reasoning.output_tokens", kinds.reasoning);
}

std::string trace_of(const std::string& uuid) {
  std::string trace;
  std::ranges::copy_if(uuid, std::back_inserter(trace), [](char c) { return c != '-'; });
  return trace;
}

std::string span_id(const std::string& uuid, std::uint64_t ordinal) {
  // An id of zeros is none.
  return fmt::format("{:016x}", stable_hash(uuid, ordinal + 1) | 1U);
}

const char* operation_of(Api api) { return api == Api::embeddings ? "embeddings" : "chat"; }

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

TraceParent trace_parent(std::string_view header) {
  // 00-<32 hex>-<16 hex>-<2 hex>
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
  const std::string_view trace = header.substr(3, 32);
  const std::string_view span = header.substr(36, 16);
  if (!is_hex(trace) || !is_hex(span) || is_zero(trace) || is_zero(span)) return {};
  return {std::string(trace), std::string(span)};
}

std::vector<OtlpSpan> spans_of(const JourneyEnd& end, const SpanContext& context) {
  const monitor::Record& record = end.record;
  const auto wall = [&](Instant at) { return context.wall_at_zero + at.time_since_epoch(); };
  const TraceParent parent = trace_parent(end.front.traceparent);
  const std::string trace = parent.trace.empty() ? trace_of(end.request_id) : parent.trace;
  const std::string root = span_id(end.request_id, 0);
  const char* const operation = operation_of(end.front.model.api);
  const char* const error = monitor::error_word_of(record);

  Attributes of_request;
  of_request.text("gen_ai.operation.name", operation).text("gen_ai.request.model", end.front.model.model);
  of_request.integer("gen_ai.request.max_tokens", record.request.max_tokens.count());
  if (record.answered_by) {
    const sim::ProviderSpec& spec = context.scenario.providers[index_of(*record.answered_by)];
    of_request.text("gen_ai.provider.name", spec.name).text("gen_ai.response.model", spec.model);
    add_usage(of_request, record.input, record.output, record.kinds);
  }
  if (error != nullptr) of_request.text("error.type", error);
  of_request.text("windtunnel.request_id", end.request_id).text("windtunnel.outcome", name_of(record.outcome));
  of_request.integer("windtunnel.attempts", record.attempt_count).integer("windtunnel.failovers", record.failovers);
  of_request.dollars("windtunnel.cost_usd", record.confirmed_cost());
  of_request.dollars("windtunnel.cost_reserved_usd", record.reserved_cost());
  if (record.last_attempt() != nullptr) of_request.text("windtunnel.breaker_state", monitor::name_of(record.breaker));
  if (record.variant) {
    const auto& router = context.scenario.monitor.ab_router;
    of_request.text("windtunnel.experiment_id", router.experiment_id);
    of_request.text("windtunnel.variant_id", router.variants[*record.variant].id);
  }
  of_request.text("windtunnel.feature_version", end.front.attribution.feature_version);
  of_request.text("windtunnel.prompt_version", end.front.attribution.prompt_version);
  of_request.text("user.id", end.front.attribution.user).text("windtunnel.team", end.front.attribution.team);
  if (end.caller_left) of_request.text("windtunnel.caller", "left");

  std::vector<OtlpSpan> spans;
  spans.push_back({.trace = trace,
                   .id = root,
                   .parent = parent.span,
                   .name = fmt::format("{} {}", operation, end.front.model.model),
                   .kind = OtlpSpanKind::server,
                   .begin = wall(record.arrived),
                   .end = wall(record.finished),
                   .attributes = of_request.take(),
                   .is_error = error != nullptr});
  for (std::size_t i = 0; i < end.attempts.size(); ++i) {
    const AttemptNote& note = end.attempts[i];
    const sim::ProviderSpec& spec = context.scenario.providers[index_of(note.provider)];
    Attributes of_attempt;
    of_attempt.text("gen_ai.operation.name", operation).text("gen_ai.provider.name", spec.name);
    of_attempt.text("gen_ai.request.model", spec.model).text("gen_ai.response.id", note.answer_id);
    if (note.status != 0) of_attempt.integer("http.response.status_code", note.status);
    if (note.usage) add_usage(of_attempt, note.usage->input, note.usage->output, note.usage->kinds);
    const bool is_ok = note.kind == monitor::ReplyKind::ok;
    if (!is_ok) of_attempt.text("error.type", name_of(note.kind));
    of_attempt.integer("windtunnel.attempt", static_cast<std::int64_t>(i));
    if (i < record.attempt_count) {
      const monitor::Attempt& attempt = record.attempts()[i];
      if (attempt.usage_known) of_attempt.dollars("windtunnel.cost_usd", attempt.cost);
      of_attempt.text("windtunnel.breaker_state", monitor::name_of(attempt.breaker));
    }
    spans.push_back({.trace = trace,
                     .id = span_id(end.request_id, i + 1),
                     .parent = root,
                     .name = fmt::format("{} {}", operation, spec.model),
                     .kind = OtlpSpanKind::client,
                     .begin = wall(note.started),
                     .end = wall(note.ended),
                     .attributes = of_attempt.take(),
                     .is_error = !is_ok});
  }
  return spans;
}

}  // namespace windtunnel::wire
