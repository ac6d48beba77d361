// OpenTelemetry's GenAI spans: OTLP JSON (resourceSpans, scopeSpans, spans, as the collector's file exporter writes
// them), and spans one a line, with attributes as a list of pairs or as an object. Attribute names are those of the
// semantic conventions (docs/registry/attributes/gen-ai.md of open-telemetry/semantic-conventions) and their older
// ones: gen_ai.system, gen_ai.usage.prompt_tokens and completion_tokens, and those that OpenLLMetry, Strands, Sentry
// and vLLM write or wrote. A span is one call. Input tokens hold those of a cache by the conventions, but
// instrumentations of Anthropic and Bedrock pass on counts that do not: where more are cached than there are, or a sum
// has them once more, they are added.

#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {

LogFormat otel_format() {
  using Field = LogField;
  using Unit = LogUnit;
  return {
      .name = "otel",
      .title = "OpenTelemetry's GenAI spans",
      .rules =
          {
              {Field::id, "spanId"},
              {Field::id, "span_id"},
              {Field::id, "context.span_id"},
              {Field::begin, "startTimeUnixNano", Unit::time},
              {Field::begin, "start_time_unix_nano", Unit::time},
              {Field::begin, "start_time", Unit::time},
              {Field::end, "endTimeUnixNano", Unit::time},
              {Field::end, "end_time_unix_nano", Unit::time},
              {Field::end, "end_time", Unit::time},
              {Field::time_to_first_token, "attributes.gen_ai.response.time_to_first_chunk", Unit::seconds},
              {Field::time_to_first_token, "attributes.gen_ai.server.time_to_first_token", Unit::seconds},
              {Field::time_to_first_token, "attributes.gen_ai.latency.time_to_first_token", Unit::seconds},
              {Field::provider, "attributes.gen_ai.provider.name"},
              {Field::provider, "attributes.gen_ai.system"},
              {Field::model, "attributes.gen_ai.response.model"},
              {Field::model, "attributes.gen_ai.request.model"},
              {Field::user, "attributes.user.id"},
              {Field::user, "attributes.enduser.id"},
              {Field::team, "resource.attributes.service.name"},
              {Field::input, "attributes.gen_ai.usage.input_tokens", Unit::count},
              {Field::input, "attributes.gen_ai.usage.prompt_tokens", Unit::count},
              {Field::output, "attributes.gen_ai.usage.output_tokens", Unit::count},
              {Field::output, "attributes.gen_ai.usage.completion_tokens", Unit::count},
              {Field::total, "attributes.gen_ai.usage.total_tokens", Unit::count},
              {Field::total, "attributes.llm.usage.total_tokens", Unit::count},
              {Field::cached, "attributes.gen_ai.usage.cache_read.input_tokens", Unit::count},
              {Field::cached, "attributes.gen_ai.usage.cache_read_input_tokens", Unit::count},
              {Field::cached, "attributes.gen_ai.usage.input_tokens.cached", Unit::count},
              {Field::cache_written, "attributes.gen_ai.usage.cache_creation.input_tokens", Unit::count},
              {Field::cache_written, "attributes.gen_ai.usage.cache_write.input_tokens", Unit::count},
              {Field::cache_written, "attributes.gen_ai.usage.cache_creation_input_tokens", Unit::count},
              {Field::cache_written, "attributes.gen_ai.usage.cache_write_input_tokens", Unit::count},
              {Field::cache_written, "attributes.gen_ai.usage.input_tokens.cache_write", Unit::count},
              {Field::reasoning, "attributes.gen_ai.usage.reasoning.output_tokens", Unit::count},
              {Field::reasoning, "attributes.gen_ai.usage.reasoning_tokens", Unit::count},
              {Field::reasoning, "attributes.gen_ai.usage.reasoning_output_tokens", Unit::count},
              {Field::reasoning, "attributes.gen_ai.usage.output_tokens.reasoning", Unit::count},
              {Field::cost, "attributes.gen_ai.usage.cost", Unit::dollars},
              {Field::cost, "attributes.windtunnel.cost_usd", Unit::dollars},
              {Field::failure, "attributes.error.type"},
              {Field::error, "status.message", Unit::text, true},
              {Field::error, "status.description", Unit::text, true},
              {Field::answered, "status.code", Unit::span_status},
              {Field::answered, "status.status_code", Unit::span_status},
              {Field::status, "attributes.http.response.status_code", Unit::count},
              {Field::status, "attributes.error.type", Unit::count},
              {Field::kind, "attributes.gen_ai.operation.name"},
          },
      .lists = {"scopeSpans", "instrumentationLibrarySpans", "spans"},
      .marks = {{"spanId", "startTimeUnixNano"},
                {"span_id", "start_time_unix_nano"},
                {"context.span_id", "start_time", "attributes"},
                {"span_id", "start_time", "attributes"}},
      // The last two are LiteLLM's.
      .kinds = {"chat", "text_completion", "generate_content", "embeddings", "completion", "acompletion"},
      .is_of_calls = true,
      .may_have_kinds_apart = true,
      .is_answered_unless_failed = true,
      .lacks =
          "has a span for each call: the calls of one request are several records. It has a time to first "
          "token only of streams whose instrumentation writes gen_ai.response.time_to_first_chunk, and a cost only "
          "where the instrumentation writes gen_ai.usage.cost",
  };
}

}  // namespace windtunnel::reports
