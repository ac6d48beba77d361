#include "monitor/breaker/protocol_breaker.h"

#include <fmt/format.h>

#include <chrono>

namespace windtunnel::monitor {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kLatestMs = kBreakerDurationMax / milliseconds{1};

}  // namespace

std::optional<std::string> ProtocolBreaker::reset(const BreakerConfig& config) {
  if (auto why = unsupported(config)) return why;
  breaker_.emplace(config);
  permits_.clear();
  permits_issued_ = latest_ms_ = 0;
  return std::nullopt;
}

BreakerAnswer ProtocolBreaker::ask(const BreakerQuestion& question) {
  BreakerAnswer answer;
  answer.error = objection_to(question);
  if (!answer.error.empty()) return answer;
  latest_ms_ = question.t_ms;
  const Instant now{milliseconds{question.t_ms}};
  switch (question.op) {
    case BreakerOp::acquire:
      if (const auto permit = breaker_->acquire(now)) {
        answer.permit = ++permits_issued_;
        permits_.emplace(*answer.permit, *permit);
      }
      break;
    case BreakerOp::report: {
      const auto permit = permits_.find(question.permit);
      breaker_->report(permit->second, question.outcome, now);
      permits_.erase(permit);
      break;
    }
    case BreakerOp::state:
      break;
  }
  answer.state = state(now);
  return answer;
}

// Under a fixed window a query starts the next window like any other call, and under on_read it ends OPEN; elsewhere it
// changes nothing.
BreakerState ProtocolBreaker::state(Instant now) {
  const BreakerConfig& config = breaker_->config();
  if (config.window_type == WindowType::fixed || config.state_view == StateView::on_read) breaker_->advance(now);
  return breaker_->state(now);
}

std::string ProtocolBreaker::objection_to(const BreakerQuestion& question) const {
  if (!breaker_) return "there is no breaker yet: a reset comes first";
  if (question.t_ms < 0) return fmt::format("t_ms {} is negative", question.t_ms);
  if (question.t_ms > kLatestMs) return fmt::format("t_ms {} is beyond 100 years", question.t_ms);
  if (question.t_ms < latest_ms_) {
    return fmt::format("time runs backwards: t_ms {} after {}", question.t_ms, latest_ms_);
  }
  if (question.op != BreakerOp::report || permits_.contains(question.permit)) return {};
  if (question.permit < 1 || question.permit > permits_issued_) {
    return fmt::format("permit {} is unknown", question.permit);
  }
  return fmt::format("permit {} has reported already", question.permit);
}

}  // namespace windtunnel::monitor
