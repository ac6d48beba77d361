#include "sim/world/determinism.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/world/run_events.h"

namespace windtunnel::sim {
namespace {

double seconds(Instant at) { return static_cast<double>(at.time_since_epoch().count()) / 1e9; }

// Records the events of one entry of the queue.
class EntryRecorder {
 public:
  explicit EntryRecorder(std::uint64_t entry) : entry_(entry) {}

  template <class Each>
    requires kIsAlternative<Each, Event>
  void on(const Each& event) {
    if (entries_ + 1 == entry_) events_.on(event);
    if constexpr (std::is_same_v<Each, ScheduledDone>) ++entries_;
  }
  [[nodiscard]] const std::vector<Event>& events() const { return events_.events(); }

 private:
  std::uint64_t entry_;
  std::uint64_t entries_ = 0;
  Recording events_;
};

// Puts the events of one entry into words, one line a fact.
class Describer {
 public:
  void on(const monitor::RequestArrived& event) {
    const monitor::Request& request = event.request;
    add(event.at,
        fmt::format("request {} arrives: input {}, max_tokens {}, content {:016x}{:016x}", number_of(request.id),
                    request.input.count(), request.max_tokens.count(), request.content.high, request.content.low));
  }
  void on(const monitor::PermitAsked& event) {
    add(event.at, fmt::format("provider {} {} request {}", index_of(event.provider),
                              event.admitted ? "admits" : "refuses", number_of(event.request)));
  }
  void on(const monitor::AttemptEnded& event) {
    add(event.at, fmt::format("attempt {} of request {} at provider {} ends: {}, settled at {} picodollars",
                              event.ordinal, number_of(event.request), index_of(event.provider),
                              name_of(event.reply.kind), event.settled.picos()));
  }
  void on(const monitor::BreakerMoved& event) {
    const monitor::BreakerTransition& arrow = event.transition;
    add(arrow.at, fmt::format("the breaker of provider {} moves from state {} to state {}", index_of(event.provider),
                              static_cast<int>(arrow.from), static_cast<int>(arrow.to)));
  }
  void on(const FaultChanged& event) {
    add(event.at, fmt::format("fault {} {}", event.fault, event.active ? "begins" : "ends"));
  }
  void on(const monitor::Record& record) {
    add(record.finished, fmt::format("request {} ends: {}", number_of(record.request.id), name_of(record.outcome)));
  }
  void on(const ScheduledDone& event) {
    if (text_.empty()) add(event.at, "an event without an observer");
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void add(Instant at, const std::string& fact) { text_ += fmt::format("at {:.9f} s: {}\n", seconds(at), fact); }

  std::string text_;
};

std::vector<std::uint64_t> digests_of(const Scenario& scenario, RunOptions options) {
  std::vector<std::uint64_t> digests;
  options.observers.clear();
  options.digests = &digests;
  run(scenario, options);
  return digests;
}

std::string describe(const Scenario& scenario, RunOptions options, std::uint64_t event) {
  EntryRecorder recorder{event};
  options.observers = {&recorder};
  options.digests = nullptr;
  run(scenario, options);
  const std::vector<Event>& events = recorder.events();
  if (events.empty() || !std::holds_alternative<ScheduledDone>(events.back())) return "the run has ended\n";
  Describer describer;
  for (const Event& each : events) deliver(describer, each);
  return describer.text();
}

// Occupies the places in memory that a run has just given back, so that the next run lies elsewhere: one that decides
// by an address, as the order of an unordered set of pointers does, then decides otherwise.
class OccupiedHeap {
 public:
  OccupiedHeap() {
    for (std::size_t size = 16; size <= std::size_t{1} << 22; size += size < 2048 ? 16 : size / 2) {
      for (int i = 0; i < 3; ++i) held_.push_back(std::make_unique_for_overwrite<char[]>(size));
    }
  }

 private:
  std::vector<std::unique_ptr<char[]>> held_;
};

}  // namespace

std::optional<Divergence> first_divergence(const Scenario& scenario, const RunOptions& first,
                                           const RunOptions& second) {
  const std::vector<std::uint64_t> a = digests_of(scenario, first);
  const OccupiedHeap occupied;
  const std::vector<std::uint64_t> b = digests_of(scenario, second);
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() && in_b == b.end()) return std::nullopt;
  const auto event = static_cast<std::uint64_t>(in_a - a.begin()) + 1;
  return Divergence{event, describe(scenario, first, event), describe(scenario, second, event)};
}

}  // namespace windtunnel::sim
