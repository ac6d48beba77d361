#pragma once
// L1-L4: tokens are granted by the rule, and a minute of true time admits what it may and no more.

#include "sim/checks/invariants/check_context.h"
#include "sim/models/token_limit_model.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class TokenChecks {
 public:
  explicit TokenChecks(Watched& watched);

  void on_arrival(OpenRequest& one);
  void on_granted(OpenRequest& one, Tokens output);
  void on_attempt_start(const OpenRequest& one, const monitor::AttemptStarted& event);
  void on_ledger(const OpenRequest& one, const LedgerEntry& entry);
  void on_finish(OpenRequest& one, const monitor::Record& record);
  void on_event();
  void at_end(const RunResult& result);

 private:
  void passed_rate(OpenRequest& one);
  void settle(const OpenRequest& one, const monitor::Record& record);

  Watched& watched_;
  TokenLimitModel tokens_;
  RateModel rate_;
  bool touched_ = false;
};

}  // namespace windtunnel::sim
