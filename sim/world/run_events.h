#pragma once
// What a run says besides the pipeline's own events: the provider's ledger, faults, the passing of events. Observers of
// a run implement this; they may look but have no way to act.

#include <cstdint>
#include <string>

#include "base/units.h"
#include "monitor/pipeline_events.h"

namespace windtunnel::monitor {
class Pipeline;
}

namespace windtunnel::sim {

// What a provider truly billed for one call, whatever its caller learnt. Written when the call's completion is
// delivered.
struct LedgerEntry {
  Instant at{};
  RequestId request{};
  monitor::ProviderId provider{};
  std::uint8_t ordinal = 0;
  bool usage_known = false;  // to the caller
  Tokens input;
  Tokens output;
  Usd billed;
};

// A fault starts or stops acting. For periodic and random faults: each phase.
struct FaultChanged {
  Instant at{};
  std::size_t fault = 0;  // place in file order
  bool active = false;
};

class Observer : public monitor::Observer {
 public:
  // The run begins with this pipeline, which lives until the last event has been handled.
  virtual void on_begin(const monitor::Pipeline& /*pipeline*/) {}
  virtual void on_ledger(const LedgerEntry& /*entry*/) {}
  virtual void on_fault(const FaultChanged& /*event*/) {}
  // A fault changed the result of one call.
  virtual void on_fault_hit(std::size_t /*fault*/, RequestId /*request*/, Instant /*now*/) {}
  // One simulator event has been handled completely. `tie`: it came at the same instant as the one before.
  virtual void on_event(Instant /*now*/, bool /*tie*/) {}
  // Asked after every event: true ends the run there.
  [[nodiscard]] virtual bool wants_stop() const { return false; }
};

}  // namespace windtunnel::sim
