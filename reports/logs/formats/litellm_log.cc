// LiteLLM: rows of the table LiteLLM_SpendLogs (schema.prisma of BerriAI/litellm), and the payload that its JSON log
// and its callbacks write for each call (StandardLoggingPayload of litellm/types/utils.py). Both have most of their
// names in common. A row is a request: retries and fallbacks are inside of it. A payload is one call, and trace_id is
// that of the request whose retries and fallbacks are payloads of their own.

#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {

LogFormat litellm_format() {
  using Field = LogField;
  using Unit = LogUnit;
  return {
      .name = "litellm",
      .title = "LiteLLM's spend logs",
      .rules =
          {
              {Field::id, "request_id"},
              {Field::id, "id"},
              {Field::begin, "startTime", Unit::time},
              {Field::end, "endTime", Unit::time},
              {Field::latency, "request_duration_ms", Unit::milliseconds},
              {Field::latency, "response_time", Unit::seconds},
              {Field::first_token_at, "completionStartTime", Unit::time},
              {Field::provider, "custom_llm_provider"},
              {Field::model, "model"},
              {Field::route, "model_group"},
              {Field::deployment, "model_id"},
              {Field::address, "api_base"},
              {Field::key, "api_key"},
              {Field::key, "metadata.user_api_key_hash"},
              {Field::holder, "user"},
              {Field::holder, "metadata.user_api_key_user_id"},
              {Field::user, "end_user"},
              {Field::user, "user"},
              {Field::user, "metadata.user_api_key_user_id"},
              {Field::team, "team_id"},
              {Field::team, "metadata.user_api_key_team_id"},
              {Field::input, "prompt_tokens", Unit::count},
              {Field::output, "completion_tokens", Unit::count},
              {Field::total, "total_tokens", Unit::count},
              {Field::cached, "metadata.usage_object.prompt_tokens_details.cached_tokens", Unit::count},
              {Field::cached, "metadata.usage_object.cache_read_input_tokens", Unit::count},
              {Field::cached, "metadata.additional_usage_values.cache_read_input_tokens", Unit::count},
              {Field::cache_written, "metadata.usage_object.cache_creation_input_tokens", Unit::count},
              {Field::cache_written, "metadata.additional_usage_values.cache_creation_input_tokens", Unit::count},
              {Field::cache_written_1h,
               "metadata.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
               Unit::count},
              {Field::reasoning, "metadata.usage_object.completion_tokens_details.reasoning_tokens", Unit::count},
              {Field::cost, "spend", Unit::dollars},
              {Field::cost, "response_cost", Unit::dollars},
              {Field::answered, "status", Unit::word},
              {Field::answered, "metadata.status", Unit::word},
              {Field::status, "metadata.error_information.error_code", Unit::count},
              {Field::status, "error_information.error_code", Unit::count},
              {Field::error, "metadata.error_information.error_class", Unit::text, true},
              {Field::error, "error_information.error_class", Unit::text, true},
              {Field::error, "metadata.error_information.error_message", Unit::text, true},
              {Field::error, "error_str", Unit::text, true},
              {Field::cache_hit, "cache_hit", Unit::word},
          },
      .marks = {{"request_id", "spend", "startTime"}},
      .lacks =
          "has no attempts: a request that was retried or fell over to another deployment is one row, with the "
          "deployment that answered",
  };
}

LogFormat litellm_payload_format() {
  LogFormat format = litellm_format();
  format.title = "LiteLLM's callback payload";
  format.rules.push_back({LogField::trace, "trace_id"});
  format.marks = {{"response_cost", "startTime", "call_type"}};
  format.lacks = "has a record for each call: those with one trace_id are one request, up to the call that answers it";
  return format;
}

}  // namespace windtunnel::reports
