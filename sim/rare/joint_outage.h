#pragma once
// The chance that several providers are down at once for longer than some time, within a horizon, by importance
// sampling of the laws of their outages.
//
// A provider is down while an outage, flapping or random_outages acts on it. Requests have no say in that, so that a
// path is made of the times up and down alone. In plain paths the event may come once in a million; here the times are
// drawn from other laws, under which it comes in a good part of the paths, and each path bears the ratio of the
// likelihoods of its draws as a weight, so that the mean weight of the paths that meet the event is its chance,
// exactly.
//
// The change of laws is failure biasing (Shahabuddin 1994). While at least one of the providers is down, and the
// overlap can still be long enough, each other one is, with probability theta, made to go down in time: its time up is
// drawn from the same law, on condition that it ends in time. That is a mixture (1 - theta) f + theta f( . | in time),
// and the weight is divided by what the mixture is of f: (1 - theta) + theta / P(in time), or 1 - theta. Times down
// that are to outlast the wanted overlap are mixed alike. All it takes of a law is its distribution function
// (kernel/law.h), so that it is exact for each law of a scenario. A time up whose provider did not fail while another
// one was down goes on from its age, by the law on condition of that age.
//
// Theta is one over the number of outages to expect where one provider is down, and a half where more are: every outage
// that passes without a joint one multiplies the weight by 1 / (1 - theta), and over all of them that should stay near
// e.

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "sim/rare/rare_estimate.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// When one fault keeps providers down.
struct OutageLaw {
  std::vector<std::size_t> providers;  // places in `JointOutage::providers`
  double begin = 0;                    // nanoseconds since the start
  double end = 0;
  bool begins_down = false;
  bool alternates = true;  // false: down from begin to end
  Law up;
  Law down;
};

struct JointOutage {
  std::vector<std::string> providers;  // that must be down together
  double longer_than = 0;              // nanoseconds
  double horizon = 0;                  // nanoseconds
  std::vector<OutageLaw> laws;
};

// What the scenario's faults do to these providers, given by their places.
[[nodiscard]] JointOutage joint_outage_of(const Scenario& scenario, const std::vector<std::size_t>& providers,
                                          Duration longer_than, Duration horizon);

// One path: the weight with which it meets the event, or 0. Without biasing it is 1 or 0.
struct OutagePath {
  double weight = 0;  // of the path, if it meets the event
  double ratio = 1;   // of the likelihoods of all its draws, whether it meets the event or not: 1 on average
};
[[nodiscard]] OutagePath outage_path(const JointOutage& event, std::uint64_t seed, std::uint64_t path, bool biased);

// Makes paths in rounds that double until the half-width is at most `relative` of the chance, or `paths_max` are made.
[[nodiscard]] RareEstimate joint_outage_chance(const JointOutage& event, std::uint64_t seed, double relative,
                                               std::uint64_t paths_max, bool biased = true);

}  // namespace windtunnel::sim
