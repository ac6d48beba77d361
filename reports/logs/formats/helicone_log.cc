// Helicone: requests as its query API and its export write them (HeliconeRequest of Helicone/helicone). delay_ms is the
// whole request. The kinds of tokens are apart from each other: prompt_tokens hold neither those read from a provider's
// cache nor those written to it, and completion_tokens no reasoning (getPromptTokens and getCompletionTokens of its
// HandlerContext.ts). A hit of Helicone's own cache refers to the request that it repeats, and has no tokens.

#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {

LogFormat helicone_format() {
  using Field = LogField;
  using Unit = LogUnit;
  return {
      .name = "helicone",
      .title = "Helicone's requests",
      .rules =
          {
              {Field::id, "request_id"},
              {Field::begin, "request_created_at", Unit::time},
              {Field::end, "response_created_at", Unit::time},
              {Field::latency, "delay_ms", Unit::milliseconds},
              {Field::time_to_first_token, "time_to_first_token", Unit::milliseconds},
              {Field::provider, "provider"},
              {Field::model, "response_model"},
              {Field::model, "model"},
              {Field::model, "request_model"},
              {Field::user, "request_user_id"},
              {Field::input, "prompt_tokens", Unit::count},
              {Field::input, "prompt_cache_read_tokens", Unit::count, true},
              {Field::input, "prompt_cache_write_tokens", Unit::count, true},
              {Field::output, "completion_tokens", Unit::count},
              {Field::output, "reasoning_tokens", Unit::count, true},
              {Field::cached, "prompt_cache_read_tokens", Unit::count},
              {Field::cache_written, "prompt_cache_write_tokens", Unit::count},
              {Field::reasoning, "reasoning_tokens", Unit::count},
              {Field::cost, "costUSD", Unit::dollars},
              {Field::cost, "cost_usd", Unit::dollars},
              {Field::cost, "cost", Unit::dollars},
              {Field::status, "response_status", Unit::count},
              {Field::cache_hit, "cache_reference_id", Unit::reference},
          },
      .marks = {{"request_id", "request_created_at"}},
      .is_of_calls = true,
      .lacks = "has a record for each call: a request that was retried is several, and no field connects them",
  };
}

}  // namespace windtunnel::reports
