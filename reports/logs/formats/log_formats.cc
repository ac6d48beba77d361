#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {

const std::vector<LogFormat>& log_formats() {
  static const std::vector<LogFormat> formats{
      litellm_format(),         litellm_payload_format(), otel_format(),
      langfuse_format(),        helicone_format(),        openrouter_format(),
      openrouter_days_format(), portkey_format(),         openai_usage_format(),
      openai_costs_format(),    anthropic_usage_format(), anthropic_costs_format()};
  return formats;
}

}  // namespace windtunnel::reports
