// SimGrid on the same work: the LLM-request world with an actor for each request. Prints one JSON object a line, as
// ns3_peer does.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <random>
#include <simgrid/s4u.hpp>

namespace {

namespace s4u = simgrid::s4u;

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

std::mt19937_64 random_bits{1};
std::exponential_distribution<double> gap{50};
std::lognormal_distribution<double> latency{-0.5, 1};
std::uniform_real_distribution<double> uniform;
std::uint64_t succeeded = 0;

void request() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const bool fails = uniform(random_bits) < 0.05;
    const double takes = latency(random_bits);
    s4u::this_actor::sleep_for(std::min(takes, 5.0));
    if (!fails && takes <= 5.0) {
      ++succeeded;
      return;
    }
  }
}

}  // namespace

int main(int count, char** words) {
  constexpr int kRequests = 20'000;
  s4u::Engine engine(&count, words);
  s4u::NetZone* zone = s4u::create_full_zone("world");
  s4u::Host* host = zone->create_host("gateway", 1e9);
  zone->seal();
  s4u::Actor::create("load", host, [host] {
    for (int i = 0; i < kRequests; ++i) {
      s4u::this_actor::sleep_for(gap(random_bits));
      s4u::Actor::create("request", host, request);
    }
  });
  const double began = cpu_ns();
  engine.run();
  std::printf("{\"name\": \"peer/simgrid/llm_request\", \"ns_per_item\": %.2f}\n", (cpu_ns() - began) / kRequests);
}
