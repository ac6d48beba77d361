// Langfuse: observations as its API, its JSONL and CSV export (startTime) and its export to blob storage (start_time)
// write them, and traces with their observations (packages/shared/src/domain/observations.ts of langfuse/langfuse).
// Only generations and embeddings are calls. The kinds of tokens in usageDetails are apart from each other: `input`
// does not hold those that are read from a cache or written to it, so that they are added to it. Their names are those
// of its ingestion (worker and packages/shared of langfuse/langfuse) and of its table of prices; `total` has them all.

#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {

LogFormat langfuse_format() {
  using Field = LogField;
  using Unit = LogUnit;
  return {
      .name = "langfuse",
      .title = "Langfuse's observations",
      .rules =
          {
              {Field::id, "id"},
              {Field::kind, "type"},
              {Field::begin, "startTime", Unit::time},
              {Field::begin, "start_time", Unit::time},
              {Field::end, "endTime", Unit::time},
              {Field::end, "end_time", Unit::time},
              {Field::first_token_at, "completionStartTime", Unit::time},
              {Field::first_token_at, "completion_start_time", Unit::time},
              {Field::model, "model"},
              {Field::model, "providedModelName"},
              {Field::model, "provided_model_name"},
              {Field::user, "userId"},
              {Field::user, "user_id"},
              {Field::input, "usageDetails.input", Unit::count},
              {Field::input, "usage_details.input", Unit::count},
              {Field::input, "usage.input", Unit::count},
              {Field::input, "inputUsage", Unit::count},
              {Field::input, "promptTokens", Unit::count},
              {Field::input, "usageDetails.input_cached_tokens", Unit::count, true},
              {Field::input, "usage_details.input_cached_tokens", Unit::count, true},
              {Field::input, "usageDetails.cache_read_input_tokens", Unit::count, true},
              {Field::input, "usage_details.cache_read_input_tokens", Unit::count, true},
              {Field::input, "usageDetails.input_cache_read", Unit::count, true},
              {Field::input, "usage_details.input_cache_read", Unit::count, true},
              {Field::input, "usageDetails.cache_creation_input_tokens", Unit::count, true},
              {Field::input, "usage_details.cache_creation_input_tokens", Unit::count, true},
              {Field::input, "usageDetails.input_cache_creation", Unit::count, true},
              {Field::input, "usage_details.input_cache_creation", Unit::count, true},
              {Field::input, "usageDetails.input_cache_creation_5m", Unit::count, true},
              {Field::input, "usage_details.input_cache_creation_5m", Unit::count, true},
              {Field::input, "usageDetails.input_cache_write", Unit::count, true},
              {Field::input, "usage_details.input_cache_write", Unit::count, true},
              {Field::input, "usageDetails.input_cache_creation_1h", Unit::count, true},
              {Field::input, "usage_details.input_cache_creation_1h", Unit::count, true},
              {Field::output, "usageDetails.output", Unit::count},
              {Field::output, "usage_details.output", Unit::count},
              {Field::output, "usage.output", Unit::count},
              {Field::output, "outputUsage", Unit::count},
              {Field::output, "completionTokens", Unit::count},
              {Field::output, "usageDetails.output_reasoning_tokens", Unit::count, true},
              {Field::output, "usage_details.output_reasoning_tokens", Unit::count, true},
              {Field::output, "usageDetails.output_reasoning", Unit::count, true},
              {Field::output, "usage_details.output_reasoning", Unit::count, true},
              {Field::total, "usageDetails.total", Unit::count},
              {Field::total, "usage_details.total", Unit::count},
              {Field::total, "usage.total", Unit::count},
              {Field::total, "totalUsage", Unit::count},
              {Field::total, "totalTokens", Unit::count},
              {Field::cached, "usageDetails.input_cached_tokens", Unit::count, true},
              {Field::cached, "usage_details.input_cached_tokens", Unit::count, true},
              {Field::cached, "usageDetails.cache_read_input_tokens", Unit::count, true},
              {Field::cached, "usage_details.cache_read_input_tokens", Unit::count, true},
              {Field::cached, "usageDetails.input_cache_read", Unit::count, true},
              {Field::cached, "usage_details.input_cache_read", Unit::count, true},
              {Field::cache_written, "usageDetails.cache_creation_input_tokens", Unit::count, true},
              {Field::cache_written, "usage_details.cache_creation_input_tokens", Unit::count, true},
              {Field::cache_written, "usageDetails.input_cache_creation", Unit::count, true},
              {Field::cache_written, "usage_details.input_cache_creation", Unit::count, true},
              {Field::cache_written, "usageDetails.input_cache_creation_5m", Unit::count, true},
              {Field::cache_written, "usage_details.input_cache_creation_5m", Unit::count, true},
              {Field::cache_written, "usageDetails.input_cache_write", Unit::count, true},
              {Field::cache_written, "usage_details.input_cache_write", Unit::count, true},
              {Field::cache_written, "usageDetails.input_cache_creation_1h", Unit::count, true},
              {Field::cache_written, "usage_details.input_cache_creation_1h", Unit::count, true},
              {Field::reasoning, "usageDetails.output_reasoning_tokens", Unit::count, true},
              {Field::reasoning, "usage_details.output_reasoning_tokens", Unit::count, true},
              {Field::reasoning, "usageDetails.output_reasoning", Unit::count, true},
              {Field::reasoning, "usage_details.output_reasoning", Unit::count, true},
              {Field::cost, "totalCost", Unit::dollars},
              {Field::cost, "total_cost", Unit::dollars},
              {Field::cost, "calculatedTotalCost", Unit::dollars},
              {Field::cost, "costDetails.total", Unit::dollars},
              {Field::cost, "cost_details.total", Unit::dollars},
              {Field::answered, "level", Unit::word},
              {Field::error, "statusMessage"},
              {Field::error, "status_message"},
          },
      .lists = {"observations"},
      .marks = {{"type", "startTime", "traceId"}, {"type", "start_time", "trace_id"}, {"observations", "timestamp"}},
      .kinds = {"GENERATION", "EMBEDDING"},
      .lacks = "has no provider, but only a model, and no attempts: what a gateway retried is in no observation",
  };
}

}  // namespace windtunnel::reports
