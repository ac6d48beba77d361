#include "sim/checks/world/think_times.h"

#include <algorithm>
#include <chrono>

#include "base/rounding.h"
#include "sim/kernel/law.h"

namespace windtunnel::sim {
namespace {

// Whether user k acts at this time of a leg that leads from `left` to `right` users, by the line's exact height.
bool acts_at(std::int64_t user, std::int64_t left, std::int64_t right, Duration into, Duration length) {
  const Int128 height = Int128{left} * (length - into).count() + Int128{right} * into.count();  // times the length
  const Int128 unit = length.count();
  return right > left ? height >= (user + 1) * unit : height > user * unit;
}

// The first instant of [from, to) at which it acts, by halving: within a leg a user comes once or goes once.
std::optional<Duration> first_in_leg(std::int64_t user, std::int64_t left, std::int64_t right, Duration from,
                                     Duration length) {
  if (from >= length) return std::nullopt;
  if (acts_at(user, left, right, from, length)) return from;
  Duration no = from;
  Duration yes = length - Duration{1};
  if (!acts_at(user, left, right, yes, length)) return std::nullopt;
  while (yes - no > Duration{1}) {
    const Duration middle = no + (yes - no) / 2;
    (acts_at(user, left, right, middle, length) ? yes : no) = middle;
  }
  return yes;
}

std::optional<Duration> first_of_ramp(const RampingVus& ramp, std::int64_t user, Duration from) {
  Duration begin{0};
  std::int64_t left = ramp.start_vus;
  for (const Stage& stage : ramp.stages) {
    const std::int64_t right = stage.target.value / kMillion;
    const Duration into = std::max(Duration{0}, from - begin);
    if (const auto found = first_in_leg(user, left, right, into, stage.duration)) return begin + *found;
    begin += stage.duration;
    left = right;
  }
  return std::nullopt;
}

}  // namespace

ThinkTimes::ThinkTimes(const WorldWatch& watch) : watch_(watch) {
  const Scenario& scenario = watch.scenario;
  for (const WorkloadSpec& spec : scenario.workloads) {
    Loop& loop = loops_.emplace_back();
    loop.spec = &spec;
    loop.pause = pause_of(spec.executor);
    loop.ramp = std::get_if<RampingVus>(&spec.executor);
    loop.begin = Instant{} + spec.start;
    loop.end = Instant{} + scenario.duration;
    if (spec.duration) loop.end = std::min(loop.end, loop.begin + *spec.duration);
    for (std::int64_t user = 0; user < users_most(spec.executor); ++user) make_due(loop, user, loop.begin);
  }
}

void ThinkTimes::make_due(Loop& loop, std::int64_t user, Instant from) {
  std::optional<Duration> after = from - loop.begin;
  if (loop.ramp != nullptr) after = first_of_ramp(*loop.ramp, user, *after);
  if (after && loop.begin + *after < loop.end) loop.due.emplace(loop.begin + *after, user);
}

void ThinkTimes::on_begin(std::uint64_t seed) {
  for (Loop& loop : loops_) loop.stream = Chance{seed}.stream("arrival", loop.spec->name);
}

void ThinkTimes::ask(Instant at, RequestId request, std::size_t workload, std::uint64_t ordinal) {
  Loop& loop = loops_[workload];
  const auto next = loop.due.begin();
  const Instant due = next == loop.due.end() ? Instant::max() : next->first;
  if (due != at)
    watch_.report(at, request, "a user of {} asks at {} ns; the next one is due at {} ns", loop.spec->name,
                  at.time_since_epoch().count(), due.time_since_epoch().count());
  if (next == loop.due.end()) return;
  loop.user_asking.emplace(ordinal, next->second);
  loop.due.erase(next);
}

void ThinkTimes::think(Instant at, std::size_t workload, std::uint64_t ordinal) {
  Loop& loop = loops_[workload];
  const auto asking = loop.user_asking.extract(ordinal);
  if (asking.empty()) return;
  const double thought = sample(*loop.pause, draw(loop.stream, ordinal).a);
  make_due(loop, asking.mapped(),
           at + std::max<Duration>(std::chrono::milliseconds{1}, whole_nanoseconds(std::max(0.0, thought))));
}

}  // namespace windtunnel::sim
