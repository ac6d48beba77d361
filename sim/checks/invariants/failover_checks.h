#pragma once
// F1-F8: who is called, in which order, how often, when not yet and when no more.

#include <array>
#include <optional>

#include "sim/checks/invariants/check_context.h"

namespace windtunnel::sim {

class FailoverChecks {
 public:
  explicit FailoverChecks(Watched& watched) : watched_(watched) {}

  void on_cooling_skip(OpenRequest& one, monitor::ProviderId provider);
  void on_permit(OpenRequest& one, const monitor::PermitAsked& event);
  void on_attempt_start(OpenRequest& one, const monitor::AttemptStarted& event);
  void on_attempt_end(OpenRequest& one, const monitor::AttemptEnded& event);
  void on_retry_after(monitor::ProviderId provider, Instant until);
  void on_finish(const OpenRequest& one, const monitor::Record& record);

 private:
  void gave_up(const OpenRequest& one, const monitor::Record& record);
  [[nodiscard]] bool is_cooling(monitor::ProviderId provider) const;

  Watched& watched_;
  std::array<std::optional<Instant>, monitor::kProvidersMax> cooling_until_{};
};

}  // namespace windtunnel::sim
