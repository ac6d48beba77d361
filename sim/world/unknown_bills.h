#pragma once
// What providers billed for calls whose usage their caller never learns (timeouts, broken streams), by request, until
// the request ends. With the bills that the caller knows they make what a request cost in truth.
//
//   UnknownBills bills;
//   void on(const LedgerEntry& entry) { bills.on(entry); }
//   void on(const monitor::Record& record) { const Usd billed = bills.cost_of(record); ... }

#include <map>

#include "base/units.h"
#include "monitor/record.h"
#include "sim/world/run_events.h"

namespace windtunnel::sim {

// Few calls are of this kind, so that a map is fast enough and costs nothing while it is empty.
class UnknownBills final {
 public:
  void on(const LedgerEntry& entry) {
    if (!entry.usage_known) add(entry.request, entry.billed);
  }
  void add(RequestId request, Usd billed) {
    if (billed != Usd{}) bills_[request] += billed;
  }
  // Of a request that ends: its bills are forgotten.
  [[nodiscard]] Usd take(RequestId request) {
    if (bills_.empty()) return Usd{};
    const auto bill = bills_.extract(request);
    return bill.empty() ? Usd{} : bill.mapped();
  }
  // What the providers billed for a request that ends.
  [[nodiscard]] Usd cost_of(const monitor::Record& record) { return record.confirmed_cost() + take(record.request.id); }

 private:
  std::map<RequestId, Usd> bills_;
};

}  // namespace windtunnel::sim
