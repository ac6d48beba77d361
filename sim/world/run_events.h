#pragma once
// The events of a run: those of the pipeline, and what happens around it (bills, faults, the passing of events).
//
//   struct Bills {
//     Usd sum;
//     void on(const LedgerEntry& entry) { sum += entry.billed; }
//   };
//   Bills bills;
//   run(scenario, {.observers = {&bills}});
//
// A recorded run is a vector of Event. A new event is a struct here, an alternative of RunEvent, and the line of the
// driver that emits it: only the handlers that need it change.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/deliver.h"
#include "base/units.h"
#include "monitor/pipeline_events.h"

namespace windtunnel::monitor {
class Pipeline;
}

namespace windtunnel::sim {

// The run begins with this pipeline, which lives until the last event has been handled. It may be read, never changed.
struct RunBegan {
  const monitor::Pipeline* pipeline = nullptr;
  std::uint64_t seed = 0;
  Usd month_spent;  // of the month's budget, before the run
};

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
  TokenKinds kinds;  // of these
  Usd billed;
};

// Where a call stands at its provider. A call that waits is placed again when its service begins.
struct CallPlaced {
  enum class Place : std::uint8_t {
    none,         // it is refused or hangs without one
    in_service,   // it is worked on from now
    waiting,      // in the provider's queue
    turned_away,  // the queue is full
  };
  Instant at{};
  RequestId request{};
  monitor::ProviderId provider{};
  Place place = Place::none;
  Tokens wanted;     // the output of a full answer, uncut
  TokenKinds kinds;  // of the call's input and of that output, whatever its provider makes of them
};

// A fault starts or stops acting. For periodic and random faults: each phase.
struct FaultChanged {
  Instant at{};
  std::size_t fault = 0;  // place in file order
  bool active = false;
};

// A fault changed the result of one call.
struct FaultHit {
  Instant at{};
  std::size_t fault = 0;
  RequestId request{};
};

// A caller tries: the request of this number comes next, and is not a new wish if it is a further try.
struct CallerTries {
  Instant at{};
  RequestId request{};
  std::uint32_t workload = 0;
  std::int32_t number = 1;  // of the try, from 1
};

// The caller of a request that has not ended has gone, whether or not the gateway sees it.
struct CallerLeft {
  Instant at{};
  RequestId request{};
};

// A caller of a workload with a client has what it wished, or goes without.
struct WishEnded {
  enum class How : std::uint8_t { answered, failed, left };
  Instant at{};
  std::uint32_t workload = 0;
  How how = How::answered;
  std::int32_t tries = 1;
};

// One entry of the queue has been handled completely.
struct ScheduledDone {
  Instant at{};
  bool tie = false;  // it came at the same instant as the one before
};

// Of replicas: what follows is decided by this one, until the next such event. Processes with the same number share, or
// take over from each other, what they know of that.
struct ReplicaTurn {
  Instant at{};
  std::uint32_t replica = 0;
  std::uint32_t state = 0;  // of all that is not shared
  std::uint32_t limits = 0;
  std::uint32_t breakers = 0;
  bool is_current = true;  // false: it has been restarted, and ends its last requests
  const monitor::Pipeline* pipeline = nullptr;
};

using RunEvent = std::variant<RunBegan, CallPlaced, LedgerEntry, FaultChanged, FaultHit, CallerTries, CallerLeft,
                              WishEnded, ScheduledDone, ReplicaTurn>;

template <class First, class Second>
struct Joined;
template <class... First, class... Second>
struct Joined<std::variant<First...>, std::variant<Second...>> {
  using Variant = std::variant<First..., Second...>;
};
using Event = Joined<monitor::Event, RunEvent>::Variant;

// Keeps every event, in order.
class Recording {
 public:
  template <class Each>
    requires kIsAlternative<Each, Event>
  void on(const Each& event) {
    events_.emplace_back(event);
  }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }

 private:
  std::vector<Event> events_;
};

template <class Handler>
concept MayStop = requires(const Handler& handler) {
  { handler.wants_stop() } -> std::same_as<bool>;
};

// Refers to a handler of any events of a run, which must outlive it. A handler with a wants_stop() is asked after every
// entry of the queue, and ends the run there by returning true.
class Observer {
 public:
  template <class Handler>
  Observer(Handler* handler)  // NOLINT(google-explicit-constructor): a handler is written where an observer is wanted
      : handler_(handler), object_(handler), wants_stop_([](const void* object) {
          if constexpr (MayStop<Handler>) return static_cast<const Handler*>(object)->wants_stop();
          return false;
        }) {
    static_assert(kHandlesAny<Handler, Event> || MayStop<Handler>, "a handler has a public on() for an event");
  }

  template <class Each>
  void on(const Each& event) const {
    handler_.on(event);
  }
  [[nodiscard]] bool wants_stop() const { return wants_stop_(object_); }
  [[nodiscard]] HandlerRef<Event> handler() const { return handler_; }

 private:
  HandlerRef<Event> handler_;
  const void* object_;
  bool (*wants_stop_)(const void*);
};

}  // namespace windtunnel::sim
