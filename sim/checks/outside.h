#pragma once
// What of a scenario's claims can be judged from outside, by callers and providers alone, without a look into the
// gateway between them. The rest is named and left out: it neither holds nor fails.

#include <string>
#include <vector>

#include "sim/checks/findings/verdict.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct OutsideClaims {
  Scenario scenario;                    // without the claims that cannot be seen
  std::vector<std::string> unobserved;  // one sentence for each of those
};

// Not seen: the breaker's state, what a limiter reserves or believes, alerts, and the instants inside.
[[nodiscard]] OutsideClaims claims_from_outside(const Scenario& scenario);

// The counters of the coverage that only a look into the gateway could count.
[[nodiscard]] std::vector<std::string> unseen_counters();

// Takes the finding about breakers, which a judge without their events would let pass, out of the judgement, and
// decides again. Where nothing that the file claims is seen, that is a finding of its own: such a file does not count
// as one that claims nothing.
void leave_out_unseen(Judgement& judgement, std::uint64_t arrivals, std::vector<std::string>& unobserved);

}  // namespace windtunnel::sim
