#pragma once
// F10, F11 and F14: what follows a failed attempt, and when. A retry that is due comes after the pause that the law
// gives; everything else follows at once.

#include <optional>

#include "sim/checks/invariants/check_context.h"
#include "sim/models/retry_model.h"

namespace windtunnel::sim {

class RetryChecks {
 public:
  explicit RetryChecks(CheckContext& context);

  // `cooling`: the end of the provider's latest Retry-After, which this reply may have set.
  void on_attempt_end(OpenRequest& open_request, const monitor::AttemptEnded& event, std::optional<Instant> cooling) {
    if (event.reply.kind != monitor::ReplyKind::ok && !context_.has_routes()) make_due(open_request, event, cooling);
  }
  // The request goes on: this provider has its turn, or the request ends.
  void on_step(OpenRequest& open_request, std::optional<monitor::ProviderId> provider) {
    if (!open_request.due.open) return;
    open_request.due.open = false;
    if (provider == open_request.provider) return returns(open_request);
    moves_on(open_request, provider);
  }

 private:
  void make_due(OpenRequest& open_request, const monitor::AttemptEnded& event, std::optional<Instant> cooling);
  void returns(const OpenRequest& open_request);
  void moves_on(const OpenRequest& open_request, std::optional<monitor::ProviderId> provider);
  [[nodiscard]] bool may_retry(monitor::ReplyKind kind) const;

  CheckContext& context_;
  std::vector<RetryModel> models_;  // by provider
};

}  // namespace windtunnel::sim
