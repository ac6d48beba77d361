// From what `windtunnel explore --swarm` draws its worlds.

#include <algorithm>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::ExploreSpec;
using sim::Range;
using sim::SwarmPart;

// [least, most].
template <class V>
Kind<Range<V>> range(Kind<V> kind) {
  const Kind<std::vector<V>> pair = list(kind, 2, 2);
  return {[pair](Reading& reading, const JsonValue& json, Range<V>& value) {
            std::vector<V> both;
            if (!pair.read(reading, json, both)) return false;
            if (both[1] < both[0])
              return reading.error(json.place, "the second value, the most, is below the first, the least");
            value = {both[0], both[1]};
            return true;
          },
          [pair](const Writing& writing, const Range<V>& value) {
            return pair.write(writing, {value.least, value.most});
          },
          [](const Range<V>& a, const Range<V>& b) { return a == b; }, pair.schema, pair.unit};
}

// Words that may each stand once.
template <class E>
Kind<std::vector<E>> set_of(Kind<E> kind, std::size_t most) {
  Kind<std::vector<E>> result = list(kind, 0, most);
  result.read = [read = result.read](Reading& reading, const JsonValue& json, std::vector<E>& values) {
    if (!read(reading, json, values)) return false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto before = values.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::find(values.begin(), before, values[i]) != before) {
        return reading.error(json.items[i].place, "\"" + excerpt(json.items[i].text) + "\" is listed twice");
      }
    }
    return true;
  };
  return result;
}

Kind<SwarmPart> part() {
  return word<SwarmPart>({{"start", SwarmPart::start},
                          {"duration", SwarmPart::duration},
                          {"rate_limiter", SwarmPart::rate_limiter},
                          {"token_limiter", SwarmPart::token_limiter},
                          {"cost_limiter", SwarmPart::cost_limiter},
                          {"ab_router", SwarmPart::ab_router},
                          {"routes", SwarmPart::routes},
                          {"limits", SwarmPart::limits},
                          {"replicas", SwarmPart::replicas},
                          {"cache", SwarmPart::cache},
                          {"circuit_breaker", SwarmPart::circuit_breaker},
                          {"provider_call", SwarmPart::provider_call},
                          {"providers", SwarmPart::providers},
                          {"workload", SwarmPart::workload},
                          {"faults", SwarmPart::faults}});
}

}  // namespace

const Table<ExploreSpec>& explore_table() {
  using E = ExploreSpec;
  static const Table<E> table{
      "explore",
      "From what `windtunnel explore --swarm` draws its worlds; what is not named is drawn from all that it knows.",
      {
          field<E>("keep", &E::keep, set_of(part(), sim::kSwarmParts), "Parts that stay as this file states them.")
              .such_as(R"(["circuit_breaker"])"),
          field<E>("duration", &E::duration, range(duration({1s, 24h * 366})), "The run lasts from this to that."),
          field<E>("rate", &E::rate, range(share(1000, 1'000'000'000'000)),
                   "Requests a second, of all workloads together.")
              .in("requests per second"),
          field<E>("providers", &E::providers, range(integer({1, static_cast<std::int64_t>(monitor::kProvidersMax)})),
                   "How many; those of this file come first.")
              .in("providers"),
          field<E>("faults", &E::faults, range(integer({0, 100})), "How many.").in("faults"),
          field<E>("fault_kinds", &E::fault_kinds, set_of(fault_kind(), sim::kFaultKinds),
                   "Of these kinds; empty: of all.")
              .such_as(R"(["outage", "flapping"])"),
          field<E>("time_grids", &E::time_grids, list(duration({0s, 1min}), 1, 16),
                   "Times are whole multiples of one of these, so that events come at the same instants; 0: of none."),
          field<E>("timeout", &E::timeout, range(duration({1ms, 1h})), "provider_call.timeout."),
          field<E>("open", &E::open, range(duration({1ms, 1h})), "circuit_breaker.open."),
      },
      {}};
  return table;
}

}  // namespace windtunnel::scenarios
