// OpenAI: the answers of its usage API (/v1/organization/usage/completions) and of its cost API
// (/v1/organization/costs): pages of buckets, and results in each. input_tokens hold the cached ones. Group usage by
// model, or no price can be found. A log may hold both, so that their fields are read together.

#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {

LogFormat openai_usage_format() {
  using Field = LogField;
  using Unit = LogUnit;
  return {
      .name = "openai-usage",
      .title = "OpenAI's usage API",
      .rules =
          {
              {Field::begin, "start_time", Unit::time},
              {Field::end, "end_time", Unit::time},
              {Field::model, "model"},
              {Field::user, "user_id"},
              {Field::team, "project_id"},
              {Field::input, "input_tokens", Unit::count},
              {Field::output, "output_tokens", Unit::count},
              {Field::cached, "input_cached_tokens", Unit::count},
              {Field::requests, "num_model_requests", Unit::count},
              {Field::batch, "batch", Unit::word},
              {Field::tier, "service_tier", Unit::tier},
              {Field::model, "line_item"},
              {Field::cost, "amount.value", Unit::dollars},
          },
      .lists = {"results"},
      .marks = {{"start_time", "end_time", "input_tokens", "num_model_requests"}},
      .is_bucketed = true,
      .provider = "openai",
      .lacks = "has sums of buckets: no latency, no failures, no single request",
  };
}

LogFormat openai_costs_format() {
  LogFormat format = openai_usage_format();
  format.title = "OpenAI's cost API";
  format.marks = {{"start_time", "end_time", "amount.value"}};
  format.lacks = "has amounts of days: no requests and no tokens";
  return format;
}

}  // namespace windtunnel::reports
