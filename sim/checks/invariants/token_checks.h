#pragma once
// L1-L4: tokens are granted by the rule, and a minute of true time admits what it may and no more.

#include "sim/checks/invariants/check_context.h"
#include "sim/models/token_limit_model.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class TokenChecks {
 public:
  explicit TokenChecks(CheckContext& context);

  void on_arrival(OpenRequest& open_request);
  void on_granted(OpenRequest& open_request, Tokens output);
  void on_attempt_start(const OpenRequest& open_request, const monitor::AttemptStarted& event);
  void on_ledger(const OpenRequest& open_request, const LedgerEntry& entry);
  void on_finish(OpenRequest& open_request, const monitor::Record& record);
  void on_event();
  void at_end(const RunResult& result);

 private:
  void passed_rate(OpenRequest& open_request);
  void settle(const OpenRequest& open_request, const monitor::Record& record);

  CheckContext& context_;
  TokenLimitModel tokens_;
  RateModel rate_;
  bool touched_ = false;
};

}  // namespace windtunnel::sim
