#pragma once
// The formats of logs that are read by a table, each in a file of its own.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/logs/formats/log_format.h"

namespace windtunnel::reports {

[[nodiscard]] LogFormat litellm_format();
[[nodiscard]] LogFormat litellm_payload_format();
[[nodiscard]] LogFormat otel_format();
[[nodiscard]] LogFormat langfuse_format();
[[nodiscard]] LogFormat helicone_format();
[[nodiscard]] LogFormat openrouter_format();
[[nodiscard]] LogFormat openrouter_days_format();
[[nodiscard]] LogFormat portkey_format();
[[nodiscard]] LogFormat openai_usage_format();
[[nodiscard]] LogFormat openai_costs_format();
[[nodiscard]] LogFormat anthropic_usage_format();
[[nodiscard]] LogFormat anthropic_costs_format();

// In the order in which a log is tried on them.
[[nodiscard]] const std::vector<LogFormat>& log_formats();

// Any file by --columns: "time=created,model=m,input=in". The texts of the format are those of `columns`, which must
// outlive it. Throws std::invalid_argument, whose text is ready to print behind "--columns: ".
[[nodiscard]] LogFormat columns_format(const std::string& columns);

}  // namespace windtunnel::reports
