#include "sim/fit/fit_log.h"

namespace windtunnel::sim {

void FitLog::add(const FitSample& sample) {
  has_shares_ = has_shares_ || sample.is_share;
  const std::size_t begin = calls_.size();
  for (const FitAttempt& attempt : sample.attempts) {
    calls_.push_back({.provider = &names_.valid(attempt.provider),
                      .kind = attempt.kind,
                      .latency = attempt.latency,
                      .cost = attempt.cost});
  }
  requests_.push_back({.arrival = sample.finished - sample.latency,
                       .latency = sample.latency,
                       .answered = sample.answered,
                       .outcome = sample.outcome,
                       .provider = &names_.valid(sample.provider),
                       .model = &names_.valid(sample.model),
                       .experiment = &names_.valid(sample.experiment),
                       .variant = &names_.valid(sample.variant),
                       .user = &*users_.insert(sample.user).first,
                       .input = sample.input,
                       .output = sample.output,
                       .cost = sample.cost,
                       .time_to_first_token = sample.time_to_first_token,
                       .cached = sample.cached,
                       .cache_written = sample.cache_written,
                       .reasoning = sample.reasoning,
                       .has_latency = sample.has_latency,
                       .has_tokens = sample.has_tokens,
                       .has_cost = sample.has_cost,
                       .calls_begin = begin,
                       .calls_end = calls_.size()});
}

}  // namespace windtunnel::sim
