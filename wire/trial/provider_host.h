#pragma once
// The providers of a scenario, as they meet calls that come from outside. It has no socket and no clock: calls and the
// time come in, the parts of answers go out at their instants.
//
// What becomes of a call is decided as in a simulation: the faults that act, a place at the provider or its queue, then
// sim::Provider::serve() for reply, instant and bill, each drawn by the call's name. The caller's deadline is not
// known, so that a call that hangs has no end of its own: it ends when its caller leaves, and its bill is the one that
// sim::Provider makes for a caller that goes at that instant.
//
// A streamed answer has its first token at the time to first token, the others evenly until the end. Every part's
// instant follows from the call's start, never from when the part before it was written.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "sim/kernel/event_queue.h"
#include "sim/world/faults.h"
#include "sim/world/load.h"
#include "sim/world/provider.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"
#include "sim/world/waiting_line.h"
#include "wire/dialects/answer.h"
#include "wire/dialects/model_request.h"
#include "wire/http/http_message.h"
#include "wire/trial/call_line.h"
#include "wire/trial/call_names.h"

namespace windtunnel::wire {

// The caller's side of a call, as the owner of its connection numbers it.
enum class PeerId : std::uint64_t {};

// Takes the parts of answers and the lines of the ledger. Parts come from advance() alone.
class HostOutput {
 public:
  HostOutput() = default;
  HostOutput(const HostOutput&) = delete;
  HostOutput& operator=(const HostOutput&) = delete;
  virtual ~HostOutput() = default;
  virtual void on_head(PeerId peer, const ResponseHead& head) = 0;
  virtual void on_body(PeerId peer, std::string_view bytes) = 0;
  // The answer has ended: whole or stream, cut, or reset.
  virtual void on_end(PeerId peer, CallEnd end) = 0;
  // The call's line of the ledger; its end is final.
  virtual void on_line(const CallLine& line) = 0;
};

struct IncomingCall {
  std::size_t provider = 0;  // in file order
  PeerId peer{};
  ModelRequest request;
  std::string sdk_retry;
};

// Names an open call.
struct CallId {
  std::uint32_t slot = 0;
  std::uint64_t number = 0;
};

// What one provider has done.
struct ProviderCount {
  std::int64_t calls = 0;
  std::int64_t open = 0;  // calls, waiting ones included
  UsdSum billed;
};

class ProviderHost {
 public:
  // `scenario` has at least one workload; it and `output` must outlive the host.
  ProviderHost(const sim::Scenario& scenario, std::uint64_t seed, HostOutput& output);

  // Times never go back, and none is before an instant that has been advanced to.
  CallId begin(Instant now, IncomingCall incoming);
  // A request that is no call: its line is written.
  void refuse(Instant now, std::size_t provider, Api api, int status);
  // The caller of an open call has gone.
  void leave(Instant now, CallId call);
  // Everything that happens at or before `now`.
  void advance(Instant now);
  // When something happens next; nothing: only a call can bring that.
  [[nodiscard]] std::optional<Instant> next_at() const;
  // The end: the lines of the calls that are open.
  void stop(Instant now);

  // What the peers' calendar shows at the scenario's start, so that dates in headers are theirs.
  void set_calendar(WallTime at_start) { calendar_shift_ = at_start - scenario_.start; }
  // Switches a fault by hand; false: that kind cannot be switched.
  bool set_fault(Instant now, std::size_t fault, bool active);

  [[nodiscard]] const sim::Scenario& scenario() const { return scenario_; }
  [[nodiscard]] const sim::Faults& faults() const { return faults_; }
  // Of the scenario itself, in the order of time; those that are switched by hand are not among them.
  [[nodiscard]] const std::vector<sim::FaultChanged>& fault_changes() const { return fault_changes_; }
  [[nodiscard]] const std::vector<ProviderCount>& counts() const { return counts_; }
  // Of the calendar that peers see.
  [[nodiscard]] WallTime calendar(Instant now) const {
    return scenario_.start + now.time_since_epoch() + calendar_shift_;
  }

 private:
  struct Open {
    CallLine line;
    PeerId peer{};
    std::size_t provider = 0;
    ModelRequest request;
    sim::Call call;
    sim::FaultEffect effect;
    sim::CallResult result;
    Answer answer;
    Instant first{};  // of the tokens that are written, and the instant after the last
    Instant last{};
    std::int64_t tokens = 0;  // that are written of a stream
    std::int64_t next_token = 0;
    bool is_open = false;
    bool in_line = false;     // waits for a place
    bool has_place = false;   // at its provider
    bool is_pending = false;  // an event of the queue names it
  };
  struct Station {
    bool has_places = false;
    std::int64_t in_service = 0;
    sim::WaitingLine waiting;
    std::optional<Instant> place;  // that a brownout gives back, that an event is scheduled for
  };

  void handle(std::uint32_t payload);
  void place(std::uint32_t slot);
  void serve(std::uint32_t slot);
  void go_on(std::uint32_t slot);
  void send_tokens(std::uint32_t slot);
  void answer_whole(std::uint32_t slot);
  void break_off(std::uint32_t slot);
  void fail(std::uint32_t slot);
  void finish(std::uint32_t slot, CallEnd end);
  void give_up(std::uint32_t slot, CallEnd end);
  void leave_place(std::size_t provider);
  void leave_station(std::uint32_t slot);
  void serve_waiting(std::size_t provider);
  void work_on(std::size_t provider, Duration work);
  void end_waits(std::size_t provider);
  void give_back(std::size_t provider);
  void expect(std::uint32_t slot, Instant at);
  void release(std::uint32_t slot);
  void send_head(Open& open, std::string_view content_type, std::optional<std::size_t> length);
  [[nodiscard]] static bool is_stalled(const Open& open);
  [[nodiscard]] static monitor::ProviderId provider_id(std::size_t place) {
    return monitor::ProviderId{static_cast<std::uint8_t>(place)};
  }
  [[nodiscard]] Instant token_at(const Open& open, std::int64_t place) const;
  [[nodiscard]] std::uint32_t take_slot();

  const sim::Scenario& scenario_;
  HostOutput& output_;
  sim::Chance chance_;
  std::vector<sim::Load> loads_;
  CallNames names_;
  std::vector<sim::Provider> providers_;
  sim::Faults faults_;
  std::vector<sim::FaultChanged> fault_changes_;
  std::vector<Station> stations_;
  std::vector<ProviderCount> counts_;
  // An event's payload is a fault, then a provider whose place comes free, then one to which a brownout gives a place
  // back, then one whose queue sends a call away, then a slot.
  std::uint32_t place_base_ = 0;
  std::uint32_t given_back_base_ = 0;
  std::uint32_t wait_base_ = 0;
  std::uint32_t slot_base_ = 0;
  sim::EventQueue queue_;
  std::vector<Open> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<std::size_t> hits_;  // scratch
  std::uint64_t calls_ = 0;
  Instant now_{};
  Duration calendar_shift_{0};
};

}  // namespace windtunnel::wire
