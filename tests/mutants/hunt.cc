// The small explore: draws a world from each seed, runs it with every check on, and says what the first violation is.
//
//   hunt FIRST LAST [-CHECK]... [+W1] [+F9] [+J] [+G]
//
// Seeds FIRST to LAST, without the checks named after a minus. +W1 runs each world twice and compares the runs event by
// event; +F9 runs each world of two providers again with the two in the other order; +J compares the judge with a model
// of it on generated claims. +G searches as `explore --guided` from FIRST on. Prints one line,
// 'SEED<tab>CHECK<tab>REASON', and ends with 10; or 'clean' and ends with 0.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sim/checks/judge.h"
#include "sim/explore/guided.h"
#include "sim/explore/swarm.h"
#include "sim/world/determinism.h"
#include "sim/world/world.h"
#include "tests/sim/checks/claims/claiming_world.h"
#include "tests/sim/two_orders.h"

namespace windtunnel::sim {
namespace {

struct Found {
  std::string check;
  std::string reason;
};

struct Hunt {
  std::vector<std::string> checks;
  bool twice = false;
  bool swapped = false;
  bool judged = false;
  bool guided = false;
};

// Two providers and a load; the swarm draws all the rest.
Scenario base_world() {
  Scenario base;
  base.file = "hunt";
  base.seed = 1;
  for (const char* name : {"alpha", "beta"}) {
    ProviderSpec provider;
    provider.name = provider.model = name;
    provider.tariffs = {{WallTime::min(), {{Usd::from_picos(30'000'000)}, {Usd::from_picos(60'000'001)}}}};
    base.providers.push_back(std::move(provider));
  }
  base.workloads.emplace_back().name = "chat";
  return base;
}

std::optional<Found> violation_of(const Scenario& world, const std::vector<std::string>& checks) {
  Judge judge{world, {.checks = checks}};
  const Judgement judgement = judge.judge(run(world, {.observers = {&judge}}));
  for (const Finding& finding : judgement.findings) {
    if (finding.verdict != Verdict::fail) continue;
    if (finding.kind == Finding::Kind::invariant) return Found{finding.id, finding.reason};
    if (finding.kind == Finding::Kind::liveness) return Found{"V1", finding.claim + ": " + finding.reason};
  }
  return std::nullopt;
}

std::optional<Found> divergence_of(const Scenario& world) {
  const auto divergence = first_divergence(world, {}, {});
  if (!divergence) return std::nullopt;
  return Found{"W1", fmt::format("two runs differ first in event {}", divergence->event)};
}

std::optional<Found> order_matters(const Scenario& world) {
  const auto difference = two_orders::order_matters(world);
  return difference ? std::optional{Found{"F9", *difference}} : std::nullopt;
}

std::optional<Found> misjudged(const Scenario& world, std::uint64_t seed) {
  const std::string all = claims_model::compare_with_model(claims_model::claiming(world, seed)).differences;
  if (all.empty()) return std::nullopt;
  return Found{"J", all.substr(0, all.find('\n'))};
}

int hunt_guided(const Scenario& base, std::uint64_t first, std::uint64_t last, const Hunt& wanted) {
  const Exploration found = explore_guided(base, first, last, {.swarm = true, .checks = wanted.checks});
  if (!found.failure) {
    fmt::print("clean\n");
    return 0;
  }
  const Finding& finding = found.failure->finding;
  fmt::print("{}\t{}\t{}\n", found.failure->seed, finding.kind == Finding::Kind::liveness ? "V1" : finding.id,
             finding.reason);
  return 10;
}

int hunt(std::uint64_t first, std::uint64_t last, const Hunt& wanted) {
  const Scenario base = base_world();
  if (wanted.guided) return hunt_guided(base, first, last, wanted);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Scenario world = swarm_world(base, seed);
    std::optional<Found> found = violation_of(world, wanted.checks);
    if (!found && wanted.twice) found = divergence_of(world);
    if (!found && wanted.swapped) found = order_matters(world);
    if (!found && wanted.judged) found = misjudged(world, seed);
    if (!found) continue;
    fmt::print("{}\t{}\t{}\n", seed, found->check, found->reason);
    return 10;
  }
  fmt::print("clean\n");
  return 0;
}

}  // namespace
}  // namespace windtunnel::sim

int main(int count, char** words) {
  windtunnel::set_check_handler(windtunnel::end_process);
  using namespace windtunnel::sim;
  if (count < 3) {
    std::fputs("usage: hunt FIRST LAST [-CHECK]... [+W1] [+F9] [+J] [+G]\n", stderr);
    return 2;
  }
  const std::vector<std::string> asked{words + 3, words + count};
  Hunt wanted;
  for (const std::string& name : CheckSelection{{"all"}}.names()) {
    if (std::ranges::find(asked, "-" + name) == asked.end()) wanted.checks.push_back(name);
  }
  wanted.twice = std::ranges::find(asked, "+W1") != asked.end();
  wanted.swapped = std::ranges::find(asked, "+F9") != asked.end();
  wanted.judged = std::ranges::find(asked, "+J") != asked.end();
  wanted.guided = std::ranges::find(asked, "+G") != asked.end();
  return hunt(std::strtoull(words[1], nullptr, 10), std::strtoull(words[2], nullptr, 10), wanted);
}
