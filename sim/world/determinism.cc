#include "sim/world/determinism.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "sim/world/run_events.h"

namespace windtunnel::sim {
namespace {

double seconds(Instant at) { return static_cast<double>(at.time_since_epoch().count()) / 1e9; }

// Puts one event of a run into words.
class Describer final : public Observer {
 public:
  explicit Describer(std::uint64_t event) : event_(event) {}

  void on_arrival(const monitor::Request& request, Instant now) override {
    say(now, fmt::format("request {} arrives: input {}, max_tokens {}, content {:016x}{:016x}", number_of(request.id),
                         request.input.count(), request.max_tokens.count(), request.content.high, request.content.low));
  }
  void on_permit(const monitor::PermitAsked& event) override {
    say(event.at, fmt::format("provider {} {} request {}", index_of(event.provider),
                              event.admitted ? "admits" : "refuses", number_of(event.request)));
  }
  void on_attempt_end(const monitor::AttemptEnded& event) override {
    say(event.at, fmt::format("attempt {} of request {} at provider {} ends: {}, settled at {} picodollars",
                              event.ordinal, number_of(event.request), index_of(event.provider),
                              name_of(event.reply.kind), event.settled.picos()));
  }
  void on_transition(monitor::ProviderId provider, const monitor::BreakerTransition& event) override {
    say(event.at, fmt::format("the breaker of provider {} moves from state {} to state {}", index_of(provider),
                              static_cast<int>(event.from), static_cast<int>(event.to)));
  }
  void on_fault(const FaultChanged& event) override {
    say(event.at, fmt::format("fault {} {}", event.fault, event.active ? "begins" : "ends"));
  }
  void on_finish(const monitor::Record& record) override {
    say(record.finished, fmt::format("request {} ends: {}", number_of(record.request.id), name_of(record.outcome)));
  }
  void on_event(Instant now, bool) override {
    ++events_;
    if (events_ == event_ && text_.empty()) say(now, "an event that nobody is told of");
    if (events_ == event_) done_ = true;
  }

  [[nodiscard]] std::string text() const { return done_ ? text_ : "the run has ended\n"; }

 private:
  void say(Instant at, const std::string& fact) {
    if (!done_ && events_ + 1 == event_) text_ += fmt::format("at {:.9f} s: {}\n", seconds(at), fact);
  }

  std::uint64_t event_;
  std::uint64_t events_ = 0;
  bool done_ = false;
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
  Describer describer{event};
  options.observers = {&describer};
  options.digests = nullptr;
  run(scenario, options);
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
