#include "sim/world/memory_need.h"

namespace windtunnel::sim {
namespace {

class Sum {
 public:
  void add(std::uint64_t count, std::uint64_t size, const std::string& workload, const char* noun) {
    const std::uint64_t bytes = count * size;  // counts are at most a billion
    need_.bytes += bytes;
    if (bytes <= largest_) return;
    largest_ = bytes;
    need_.largest = "workload " + workload + ": " + std::to_string(count) + " " + noun;
  }
  [[nodiscard]] MemoryNeed take() { return std::move(need_); }

 private:
  MemoryNeed need_;
  std::uint64_t largest_ = 0;
};

}  // namespace

MemoryNeed memory_need(const Scenario& scenario) {
  Sum sum;
  for (const WorkloadSpec& load : scenario.workloads) {
    // Without an exponent all items are alike, and no table is made.
    if (load.prompts.zipf != 0) {
      sum.add(static_cast<std::uint64_t>(load.prompts.count), sizeof(double), load.name, "prompts");
    }
    if (load.users.zipf != 0) {
      sum.add(static_cast<std::uint64_t>(load.users.count), sizeof(double), load.name, "users");
    }
    sum.add(load.requests.size(), sizeof(ListedRequest), load.name, "listed requests");
  }
  return sum.take();
}

}  // namespace windtunnel::sim
