#pragma once
// The token limiter's rule and the rate limiter's, from their definitions.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/units.h"

namespace windtunnel::sim {

// Mode average: a request may hold limit + credit, credit = limit x settled requests - settled tokens - what those in
// flight hold above the limit.
class TokenLimitModel {
 public:
  enum class Mode : std::uint8_t { off, per_request, average };
  TokenLimitModel(Mode mode, std::int64_t limit, std::int64_t least) : mode_(mode), limit_(limit), least_(least) {}

  // The output that the rule grants; nothing: refused.
  [[nodiscard]] std::optional<std::int64_t> grant(std::int64_t input, std::int64_t asked) const {
    if (mode_ == Mode::off) return asked;
    if (mode_ == Mode::per_request) return input + asked <= limit_ ? std::optional{asked} : std::nullopt;
    const std::int64_t credit = limit_ * settled_requests_ - settled_tokens_ - above_;
    const std::int64_t most = std::min(asked, limit_ + credit - input);
    return most >= least_ ? std::optional{most} : std::nullopt;
  }
  void hold(std::int64_t tokens) {
    reserved_ += tokens;
    above_ += std::max<std::int64_t>(0, tokens - limit_);
    ++in_flight_;
  }
  void let_go(std::int64_t tokens) {
    reserved_ -= tokens;
    above_ -= std::max<std::int64_t>(0, tokens - limit_);
    --in_flight_;
  }
  void settle(std::int64_t used) {
    settled_tokens_ += used;
    ++settled_requests_;
  }
  // Mode average: the mean of what has settled is at most the limit.
  [[nodiscard]] bool mean_holds() const {
    return mode_ != Mode::average || settled_tokens_ <= limit_ * settled_requests_;
  }

  [[nodiscard]] Mode mode() const { return mode_; }
  [[nodiscard]] std::int64_t limit() const { return limit_; }
  [[nodiscard]] std::int64_t reserved() const { return reserved_; }
  [[nodiscard]] std::int64_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::int64_t settled_tokens() const { return settled_tokens_; }
  [[nodiscard]] std::int64_t settled_requests() const { return settled_requests_; }

 private:
  Mode mode_;
  std::int64_t limit_;
  std::int64_t least_;
  std::int64_t reserved_ = 0;
  std::int64_t above_ = 0;
  std::int64_t in_flight_ = 0;
  std::int64_t settled_tokens_ = 0;
  std::int64_t settled_requests_ = 0;
};

// Requests and tokens per UTC minute of true time, which no step of a wall clock moves; what is refused counts nowhere.
class RateModel {
 public:
  RateModel(std::optional<std::int64_t> requests, std::optional<Tokens> tokens) : requests_max_(requests) {
    if (tokens) tokens_max_ = tokens->count();
  }

  [[nodiscard]] bool limited() const { return requests_max_ || tokens_max_; }
  void advance(WallTime true_time) {
    if (true_time < end_) return;
    end_ = std::chrono::floor<std::chrono::minutes>(true_time) + std::chrono::minutes{1};
    requests_ = tokens_ = 0;
  }
  [[nodiscard]] bool fits(std::int64_t tokens) const {
    return (!requests_max_ || requests_ + 1 <= *requests_max_) && (!tokens_max_ || tokens_ + tokens <= *tokens_max_);
  }
  void count(std::int64_t tokens) {
    ++requests_;
    tokens_ += tokens;
  }
  // Counts what comes now if it fits.
  bool admits(WallTime true_time, std::int64_t tokens) {
    advance(true_time);
    if (!fits(tokens)) return false;
    count(tokens);
    return true;
  }
  [[nodiscard]] WallTime end() const { return end_; }
  [[nodiscard]] std::int64_t requests() const { return requests_; }
  [[nodiscard]] std::int64_t tokens() const { return tokens_; }

 private:
  std::optional<std::int64_t> requests_max_;
  std::optional<std::int64_t> tokens_max_;
  WallTime end_ = WallTime::min();
  std::int64_t requests_ = 0;
  std::int64_t tokens_ = 0;
};

}  // namespace windtunnel::sim
