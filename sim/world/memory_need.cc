#include "sim/world/memory_need.h"

#include <algorithm>
#include <utility>

#include "sim/load/caller_population.h"
#include "sim/load/executor.h"
#include "sim/world/replicas.h"

namespace windtunnel::sim {
namespace {

// Of a user whose request is under way: its records here and in the checks, measured with 1,000,000 users.
constexpr std::uint64_t kUserBytes = 1'500;

class Sum {
 public:
  // Counts are at most 10^10 and sizes at most 10^5, so that no product overflows.
  void add(std::uint64_t count, std::uint64_t size, const std::string& owner, const char* noun) {
    const std::uint64_t bytes = count * size;
    need_.bytes += bytes;
    if (bytes <= largest_) return;
    largest_ = bytes;
    need_.largest = owner + ": " + std::to_string(count) + " " + noun;
  }
  [[nodiscard]] MemoryNeed take() { return std::move(need_); }

 private:
  MemoryNeed need_;
  std::uint64_t largest_ = 0;
};

std::uint64_t unsigned_count(std::int64_t count) { return static_cast<std::uint64_t>(count); }

// Without an exponent all items are alike, and no table is made.
std::uint64_t table_size(double zipf) { return zipf == 0 ? 0 : sizeof(double); }

// Without limits no request carries a caller.
void add_callers(Sum& sum, const WorkloadSpec& load, const std::string& owner) {
  const auto add = [&](const CallerCatalogue& catalogue, std::uint64_t times, const char* noun) {
    const std::uint64_t count = unsigned_count(catalogue.count);
    sum.add(times * count, table_size(catalogue.zipf), owner, noun);
    sum.add(times * std::min(count, unsigned_count(kCallerWordsKept)), sizeof(std::uint64_t), owner, noun);
  };
  add(load.teams, 1, "teams");
  // Each team has keys of its own.
  add(load.keys, std::max<std::uint64_t>(unsigned_count(load.teams.count), 1), "keys");
  for (const auto& [tag, values] : load.tag_catalogues) add(values, 1, "values of a tag");
}

void add_breakers(Sum& sum, const Scenario& scenario) {
  // Beside the replicas stands the memory of a process that begins.
  const std::uint64_t gateways = has_replicas(scenario) ? unsigned_count(scenario.replicas.count) + 1 : 1;
  const std::vector<monitor::BreakerConfig> configs = breakers_of(scenario);
  for (std::size_t i = 0; i < configs.size(); ++i) {
    const monitor::BreakerConfig& config = configs[i];
    const std::string owner = "breaker of " + scenario.providers[i].name;
    if (config.window_type == monitor::WindowType::count) {
      sum.add(gateways * unsigned_count(config.window_size), sizeof(std::uint8_t), owner, "calls in its window");
    }
    if (config.window_type == monitor::WindowType::time) {
      sum.add(gateways * unsigned_count(config.window_buckets), sizeof(monitor::WindowCounts), owner,
              "buckets in its window");
    }
  }
}

}  // namespace

MemoryNeed memory_need(const Scenario& scenario) {
  Sum sum;
  for (const WorkloadSpec& load : scenario.workloads) {
    const std::string owner = "workload " + load.name;
    sum.add(unsigned_count(load.prompts.count), table_size(load.prompts.zipf), owner, "prompts");
    sum.add(unsigned_count(load.users.count), table_size(load.users.zipf), owner, "users");
    sum.add(load.requests.size(), sizeof(ListedRequest), owner, "listed requests");
    sum.add(unsigned_count(users_most(load.executor)), kUserBytes, owner, "users at once");
    if (!scenario.monitor.limits.limits.empty()) add_callers(sum, load, owner);
  }
  add_breakers(sum, scenario);
  return sum.take();
}

}  // namespace windtunnel::sim
