#include "sim/checks/world/timeout_bills.h"

namespace windtunnel::sim {
namespace {

// A failure that came after the deadline bills as one that came in time.
bool is_bill_of_failure(const TimedOut& call, const ProviderSpec& spec) {
  return spec.bill_on_failure == FailureBill::input && call.billed_input == call.input &&
         call.billed_output == Tokens{};
}

}  // namespace

void TimeoutBills::on_timeout(const TimedOut& call) const {
  const ProviderSpec& spec = watch_.scenario.providers[call.provider];
  const bool goes_on = spec.on_disconnect == Disconnect::go_on;
  const bool is_billed = call.was_served || (call.waited && goes_on);
  const bool input_counts = is_billed && spec.bill_on_timeout != TimeoutBill::none;
  const bool output_counts = is_billed && spec.bill_on_timeout == TimeoutBill::full;
  const Tokens input = input_counts ? call.input : Tokens{};
  const Tokens output = output_counts ? call.output : Tokens{};
  const bool is_free = call.billed_input == Tokens{} && call.billed_output == Tokens{};
  const bool is_failed_free = call.may_have_failed && (is_free || is_bill_of_failure(call, spec));
  const bool output_is_right =
      goes_on && !call.may_be_cut ? call.billed_output == output : call.billed_output <= output;
  const bool is_whole = call.may_be_whole && call.was_served && call.billed_input == call.input &&
                        (call.may_be_cut ? call.billed_output <= call.output : call.billed_output == call.output);
  if ((call.billed_input != input || !output_is_right) && !is_failed_free && !is_whole)
    watch_.report(
        call.at, call.request,
        "its call to provider {} timed out and is billed {} + {} tokens instead of {} + {}{}; it was served: {}",
        call.provider, call.billed_input.count(), call.billed_output.count(), input.count(), goes_on ? "" : "at most ",
        output.count(), call.was_served);
}

}  // namespace windtunnel::sim
