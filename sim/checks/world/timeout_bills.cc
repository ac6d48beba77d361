#include "sim/checks/world/timeout_bills.h"

namespace windtunnel::sim {

void TimeoutBills::on_timeout(const TimedOut& call) const {
  Tokens input;
  Tokens output;
  const TimeoutBill bill = watch_.scenario.providers[call.provider].bill_on_timeout;
  if (call.was_served && bill != TimeoutBill::none) input = call.input;
  if (call.was_served && bill == TimeoutBill::full) output = call.output;
  const bool is_free = call.billed_input == Tokens{} && call.billed_output == Tokens{};
  const bool is_right = call.billed_input == input && call.billed_output == output;
  watch_.must(is_right || (call.may_have_failed && is_free), call.at, call.request,
              "its call to provider {} timed out and is billed {} + {} tokens instead of {} + {}; it was served: {}",
              call.provider, call.billed_input.count(), call.billed_output.count(), input.count(), output.count(),
              call.was_served);
}

}  // namespace windtunnel::sim
