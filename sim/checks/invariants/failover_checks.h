#pragma once
// F1-F8, F12, F13 and F17: who is called, in which order, how often, when not yet and when no more.

#include <array>
#include <optional>

#include "sim/checks/invariants/check_context.h"

namespace windtunnel::sim {

class FailoverChecks {
 public:
  explicit FailoverChecks(CheckContext& context) : context_(context) {}

  void on_cooling_skip(OpenRequest& open_request, monitor::ProviderId provider);
  void on_limited(OpenRequest& open_request, monitor::ProviderId target);
  void on_permit(OpenRequest& open_request, const monitor::PermitAsked& event);
  void on_attempt_start(OpenRequest& open_request, const monitor::AttemptStarted& event);
  void on_attempt_end(OpenRequest& open_request, const monitor::AttemptEnded& event);
  void on_retry_after(monitor::ProviderId provider, Instant until);
  void on_finish(const OpenRequest& open_request, const monitor::Record& record);
  // The caller of a request has gone that ends with that.
  void on_left(const OpenRequest& open_request) { left_ = open_request.request.id; }
  void on_event() {
    must_have_obeyed();
    if (left_) [[unlikely]]
      must_have_ended();
  }
  // The end of the latest Retry-After of this provider.
  [[nodiscard]] std::optional<Instant> cooling_until(monitor::ProviderId provider) const {
    return cooling_until_[index_of(provider)];
  }

 private:
  // A Retry-After that asks for a wait and has not been obeyed yet.
  struct Owed {
    RequestId request{};
    monitor::ProviderId provider{};
    monitor::ReplyKind kind{};
    monitor::RetryAfter::Form form{};
    Instant at{};
    Instant until{};
  };

  void times_stream(const OpenRequest& open_request, const monitor::AttemptStarted& event);
  void leaves_in_time(OpenRequest& open_request, const monitor::AttemptEnded& event);
  void gave_up(const OpenRequest& open_request, const monitor::Record& record);
  void must_have_obeyed() {
    if (owed_) [[unlikely]]
      report_disobeyed();
  }
  void report_disobeyed();
  void must_have_ended();
  [[nodiscard]] bool is_cooling(monitor::ProviderId provider) const;

  CheckContext& context_;
  std::array<std::optional<Instant>, monitor::kProvidersMax> cooling_until_{};
  std::optional<Owed> owed_;
  std::optional<RequestId> left_;  // that is to end now
};

}  // namespace windtunnel::sim
