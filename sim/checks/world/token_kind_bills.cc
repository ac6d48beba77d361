#include "sim/checks/world/token_kind_bills.h"

#include <algorithm>

namespace windtunnel::sim {

using monitor::ReplyKind;

void TokenKindBills::on_end(const BilledKinds& call) const {
  const bool times_out = call.kind == ReplyKind::timeout;
  const bool answers =
      call.kind == ReplyKind::ok || call.kind == ReplyKind::malformed || call.kind == ReplyKind::truncated || times_out;
  TokenKinds due;
  if (answers && (call.input > Tokens{} || call.output > Tokens{})) {
    if (call.tariff.cached_input) due.cached_input = call.wanted.cached_input;
    if (call.tariff.cache_write) due.cache_write = call.wanted.cache_write;
    due.reasoning = std::min(call.wanted.reasoning, call.output);
  }
  // A failure whose caller did not wait for it ends as a timeout, and may bill its input.
  const bool may_be_failure = times_out && call.output == Tokens{};
  if (call.billed != due && (!may_be_failure || call.billed.any()))
    watch_.report(
        call.at, call.request,
        "its call ends as {} and is billed {} cached, {} written and {} reasoning tokens instead of {}, {} and {}",
        call.kind, call.billed.cached_input.count(), call.billed.cache_write.count(), call.billed.reasoning.count(),
        due.cached_input.count(), due.cache_write.count(), due.reasoning.count());
}

}  // namespace windtunnel::sim
