// The small explore: draws a world from each seed, runs it with every check on, and says what the first violation is.
//
//   hunt FIRST LAST [-CHECK]... [+W1] [+F9]
//
// Seeds FIRST to LAST, without the checks named after a minus. +W1 runs each world twice and compares the runs event by
// event; +F9 runs each world of two providers again with the two in the other order. Prints one line,
// 'SEED<tab>CHECK<tab>REASON', and ends with 10; or 'clean' and ends with 0.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/checks/judge.h"
#include "sim/studies/determinism.h"
#include "sim/studies/swarm.h"
#include "sim/world/world.h"

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

// Every request of a run in words in which providers stand by name.
class Story final : public Observer {
 public:
  explicit Story(const Scenario& world) : world_(world) {}
  void on_finish(const monitor::Record& record) override {
    const std::size_t id = number_of(record.request.id);
    if (id >= requests.size()) requests.resize(id + 1);
    std::string& text = requests[id];
    text = fmt::format("{} at {} ns", name_of(record.outcome), record.finished.time_since_epoch().count());
    for (const monitor::Attempt& one : record.attempts()) {
      text += fmt::format(", {} {} {} ns for {}", world_.providers[index_of(one.provider)].name, name_of(one.kind),
                          one.latency.count(), one.cost.picos());
    }
  }
  std::vector<std::string> requests;

 private:
  const Scenario& world_;
};

// The same world with its two providers in the other order. Whoever named none names the first now.
Scenario other_order(const Scenario& world) {
  Scenario other = world;
  std::swap(other.providers[0], other.providers[1]);
  for (monitor::Variant& variant : other.monitor.ab_router.variants) {
    variant.provider = monitor::ProviderId{static_cast<std::uint8_t>(1 - index_of(variant.provider))};
  }
  return other;
}

std::optional<Found> order_matters(Scenario world) {
  if (world.providers.size() != 2) return std::nullopt;
  if (world.monitor.ab_router.variants.empty()) {
    for (WorkloadSpec& load : world.workloads) load.provider = load.provider.value_or(world.providers[0].name);
  }
  const Scenario other = other_order(world);
  Story here{world};
  Story there{other};
  run(world, {.observers = {&here}});
  run(other, {.observers = {&there}});
  if (here.requests == there.requests) return std::nullopt;
  const auto [a, b] = std::ranges::mismatch(here.requests, there.requests);
  return Found{"F9", fmt::format("request {} is {} and, with the providers in the other order, {}",
                                 a - here.requests.begin(), a == here.requests.end() ? "missing" : *a,
                                 b == there.requests.end() ? "missing" : *b)};
}

int hunt(std::uint64_t first, std::uint64_t last, const Hunt& wanted) {
  const Scenario base = base_world();
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Scenario world = swarm_world(base, seed);
    std::optional<Found> found = violation_of(world, wanted.checks);
    if (!found && wanted.twice) found = divergence_of(world);
    if (!found && wanted.swapped) found = order_matters(world);
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
  using namespace windtunnel::sim;
  if (count < 3) {
    std::fputs("usage: hunt FIRST LAST [-CHECK]... [+W1] [+F9]\n", stderr);
    return 2;
  }
  const std::vector<std::string> asked{words + 3, words + count};
  Hunt wanted;
  for (const std::string& name : CheckSelection{{"all"}}.names()) {
    if (std::ranges::find(asked, "-" + name) == asked.end()) wanted.checks.push_back(name);
  }
  wanted.twice = std::ranges::find(asked, "+W1") != asked.end();
  wanted.swapped = std::ranges::find(asked, "+F9") != asked.end();
  return hunt(std::strtoull(words[1], nullptr, 10), std::strtoull(words[2], nullptr, 10), wanted);
}
