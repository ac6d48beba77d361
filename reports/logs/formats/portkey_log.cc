// Portkey: the export of its logs, one JSON object a line (product/observability/logs-export of its documentation).
// Costs are in cents, tokens are "units".

#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {

LogFormat portkey_format() {
  using Field = LogField;
  using Unit = LogUnit;
  return {
      .name = "portkey",
      .title = "Portkey's log export",
      .rules =
          {
              {Field::id, "id"},
              {Field::id, "trace_id"},
              {Field::begin, "created_at", Unit::time},
              {Field::latency, "response_time", Unit::milliseconds},
              {Field::provider, "ai_org"},
              {Field::model, "ai_model"},
              {Field::user, "metadata._user"},
              {Field::input, "req_units", Unit::count},
              {Field::output, "res_units", Unit::count},
              {Field::total, "total_units", Unit::count},
              {Field::cost, "cost", Unit::cents},
              {Field::answered, "is_success", Unit::word},
              {Field::status, "response_status_code", Unit::count},
              {Field::cache_hit, "cache_status", Unit::word},
          },
      .marks = {{"ai_org", "ai_model", "created_at"}, {"ai_model", "req_units", "created_at"}},
      .lacks = "has no time to first token, no cached tokens and no attempts: of retries it has a count",
  };
}

}  // namespace windtunnel::reports
