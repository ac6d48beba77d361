// Anthropic: the answers of its usage report (/v1/organizations/usage_report/messages) and of its cost report
// (/v1/organizations/cost_report): pages of buckets, and results in each. Uncached, cached and written input tokens are
// apart from each other; amounts are cents, as texts. Neither counts requests. Grouped by service_tier it shows
// batches, which have a price of their own. A log may hold both, so that their fields are read together.

#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {

LogFormat anthropic_usage_format() {
  using Field = LogField;
  using Unit = LogUnit;
  return {
      .name = "anthropic-usage",
      .title = "Anthropic's usage report",
      .rules =
          {
              {Field::begin, "starting_at", Unit::time},
              {Field::end, "ending_at", Unit::time},
              {Field::model, "model"},
              {Field::team, "workspace_id"},
              {Field::input, "uncached_input_tokens", Unit::count},
              {Field::input, "cache_read_input_tokens", Unit::count, true},
              {Field::input, "cache_creation_input_tokens", Unit::count, true},
              {Field::input, "cache_creation.ephemeral_5m_input_tokens", Unit::count, true},
              {Field::input, "cache_creation.ephemeral_1h_input_tokens", Unit::count, true},
              {Field::output, "output_tokens", Unit::count},
              {Field::cached, "cache_read_input_tokens", Unit::count},
              {Field::cache_written, "cache_creation_input_tokens", Unit::count, true},
              {Field::cache_written, "cache_creation.ephemeral_5m_input_tokens", Unit::count, true},
              {Field::cache_written, "cache_creation.ephemeral_1h_input_tokens", Unit::count, true},
              {Field::cache_written_1h, "cache_creation.ephemeral_1h_input_tokens", Unit::count},
              {Field::tier, "service_tier", Unit::tier},
              {Field::model, "description"},
              {Field::cost, "amount", Unit::cents},
          },
      .lists = {"results"},
      .marks = {{"starting_at", "ending_at", "uncached_input_tokens"}},
      .is_bucketed = true,
      .provider = "anthropic",
      .lacks = "has sums of buckets: no number of requests, no latency, no failures",
  };
}

LogFormat anthropic_costs_format() {
  LogFormat format = anthropic_usage_format();
  format.title = "Anthropic's cost report";
  format.marks = {{"starting_at", "ending_at", "amount"}};
  format.lacks = "has amounts of days: no requests and no tokens";
  return format;
}

}  // namespace windtunnel::reports
