#include "sim/checks/world/think_times.h"

#include <algorithm>
#include <chrono>

#include "base/rounding.h"
#include "sim/kernel/law.h"

namespace windtunnel::sim {

ThinkTimes::ThinkTimes(const WorldWatch& watch) : watch_(watch) {
  const Scenario& scenario = watch.scenario;
  for (const WorkloadSpec& spec : scenario.workloads) {
    Loop& loop = loops_.emplace_back();
    loop.spec = &spec;
    loop.users = std::get_if<ConstantVus>(&spec.executor);
    const Instant begin = Instant{} + spec.start;
    loop.end = Instant{} + scenario.duration;
    if (spec.duration) loop.end = std::min(loop.end, begin + *spec.duration);
    if (loop.users == nullptr || begin >= loop.end) continue;
    for (std::int64_t i = 0; i < loop.users->vus; ++i) loop.due.push(begin);
  }
}

void ThinkTimes::on_begin(std::uint64_t seed) {
  for (Loop& loop : loops_) loop.stream = Chance{seed}.stream("arrival", loop.spec->name);
}

void ThinkTimes::on_arrival(Instant at, RequestId request, std::size_t workload) {
  Loop& loop = loops_[workload];
  if (loop.users == nullptr) return;
  const Instant due = loop.due.empty() ? Instant::max() : loop.due.top();
  watch_.must(due == at, at, request, "a user of {} asks at {} ns; the next one is due at {} ns", loop.spec->name,
              at.time_since_epoch().count(), due.time_since_epoch().count());
  if (!loop.due.empty()) loop.due.pop();
}

void ThinkTimes::on_end(Instant at, std::size_t workload, std::uint64_t ordinal) {
  Loop& loop = loops_[workload];
  if (loop.users == nullptr) return;
  const double thought = sample(loop.users->think_time, draw(loop.stream, ordinal).a);
  const Instant due = at + std::max<Duration>(std::chrono::milliseconds{1}, whole_nanoseconds(std::max(0.0, thought)));
  if (due < loop.end) loop.due.push(due);
}

}  // namespace windtunnel::sim
