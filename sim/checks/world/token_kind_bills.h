#pragma once
// Q: of which kinds the billed tokens are. A provider with a price for cached or written tokens bills all of a call's
// that it reads at all; one without has none. Reasoning comes first in an answer, so that a part of the answer holds as
// much of it as there is. A failure bills no kinds.

#include "sim/checks/world/world_watch.h"

namespace windtunnel::sim {

// What is known of a call that has ended.
struct BilledKinds {
  Instant at{};
  RequestId request{};
  monitor::ReplyKind kind = monitor::ReplyKind::ok;
  Tariff tariff;
  TokenKinds wanted;  // by the call
  Tokens input;       // billed
  Tokens output;
  TokenKinds billed;  // of these
};

class TokenKindBills {
 public:
  explicit TokenKindBills(const WorldWatch& watch) : watch_(watch) {}

  void on_end(const BilledKinds& call) const;

 private:
  WorldWatch watch_;
};

}  // namespace windtunnel::sim
