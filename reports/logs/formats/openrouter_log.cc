// OpenRouter: the CSV export of its activity, a row for each generation, and the answer of its activity API, a row for
// each day, model and endpoint. With a key of one's own the provider bills the inference (byok_usage_inference), and
// OpenRouter the rest: both are what a request costs.

#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {

LogFormat openrouter_format() {
  using Field = LogField;
  using Unit = LogUnit;
  return {
      .name = "openrouter",
      .title = "OpenRouter's activity",
      .rules =
          {
              {Field::id, "generation_id"},
              {Field::begin, "created_at", Unit::time},
              {Field::latency, "generation_time_ms", Unit::milliseconds},
              {Field::time_to_first_token, "time_to_first_token_ms", Unit::milliseconds},
              {Field::provider, "provider_name"},
              {Field::model, "model_permaslug"},
              {Field::user, "user"},
              {Field::team, "api_key_name"},
              {Field::input, "tokens_prompt", Unit::count},
              {Field::output, "tokens_completion", Unit::count},
              {Field::cached, "tokens_cached", Unit::count},
              {Field::reasoning, "tokens_reasoning", Unit::count},
              {Field::cost, "cost_total", Unit::dollars},
              {Field::cost, "byok_usage_inference", Unit::dollars, true},
              {Field::cancelled, "cancelled", Unit::word},
              {Field::answered, "finish_reason_normalized", Unit::finish},
          },
      .marks = {{"generation_id", "created_at", "cost_total"}},
      .lacks = "has answered generations only: what failed, and what was tried before, is not in it",
  };
}

LogFormat openrouter_days_format() {
  using Field = LogField;
  using Unit = LogUnit;
  return {
      .name = "openrouter",
      .title = "OpenRouter's activity by day",
      .rules =
          {
              {Field::begin, "date", Unit::time},
              {Field::provider, "provider_name"},
              {Field::model, "model"},
              {Field::input, "prompt_tokens", Unit::count},
              {Field::output, "completion_tokens", Unit::count},
              {Field::reasoning, "reasoning_tokens", Unit::count},
              {Field::cost, "usage", Unit::dollars},
              {Field::cost, "byok_usage_inference", Unit::dollars, true},
              {Field::requests, "requests", Unit::count},
          },
      .marks = {{"date", "model", "usage", "requests"}},
      .is_bucketed = true,
      .lacks = "has sums of days: no latency, no failures, no single request",
  };
}

}  // namespace windtunnel::reports
