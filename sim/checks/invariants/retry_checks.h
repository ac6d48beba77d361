#pragma once
// F10, F11 and F14: what follows a failed attempt, and when. A retry that is due comes after the pause that the law
// gives; everything else follows at once.

#include <optional>

#include "sim/checks/invariants/check_context.h"
#include "sim/models/retry_model.h"

namespace windtunnel::sim {

class RetryChecks {
 public:
  explicit RetryChecks(Watched& watched);

  // `cooling`: the end of the provider's latest Retry-After, which this reply may have set.
  void on_attempt_end(OpenRequest& one, const monitor::AttemptEnded& event, std::optional<Instant> cooling);
  // The request goes on: this provider has its turn, or the request ends.
  void on_step(OpenRequest& one, std::optional<monitor::ProviderId> provider) {
    if (!one.due.open) return;
    one.due.open = false;
    if (provider == one.provider) return returns(one);
    moves_on(one, provider);
  }

 private:
  void returns(const OpenRequest& one);
  void moves_on(const OpenRequest& one, std::optional<monitor::ProviderId> provider);
  [[nodiscard]] bool may_retry(monitor::ReplyKind kind) const;

  Watched& watched_;
  RetryModel model_;
};

}  // namespace windtunnel::sim
