// ns-3's event lists on the same work: HOLD, and the LLM-request world on each of its schedulers. Prints one JSON
// object a line: {"name", "ns_per_item"}, the least of several runs.

#include <ns3/calendar-scheduler.h>
#include <ns3/heap-scheduler.h>
#include <ns3/map-scheduler.h>
#include <ns3/nstime.h>
#include <ns3/object-factory.h>
#include <ns3/priority-queue-scheduler.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>

#include "bench/sim/hold.h"

namespace {

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

void print(const std::string& name, double ns) {
  std::printf("{\"name\": \"%s\", \"ns_per_item\": %.2f}\n", name.c_str(), ns);
  std::fflush(stdout);
}

template <typename Scheduler>
void hold(const char* name, std::size_t pending) {
  constexpr int kSteps = 200'000;
  double best = 1e18;
  for (int run = 0; run < (pending > 10'000 ? 1 : 5); ++run) {
    windtunnel::bench::HoldDelays delays;
    const ns3::Ptr<Scheduler> list = ns3::CreateObject<Scheduler>();
    std::uint32_t uid = 0;
    const auto insert = [&](std::uint64_t at) { list->Insert({nullptr, {at, uid++, 0}}); };
    for (std::size_t i = 0; i < pending; ++i) insert(static_cast<std::uint64_t>(delays.next()));
    const double began = cpu_ns();
    for (int i = 0; i < kSteps; ++i) {
      const std::uint64_t at = list->RemoveNext().key.m_ts;
      insert(at + static_cast<std::uint64_t>(delays.next()));
    }
    best = std::min(best, (cpu_ns() - began) / kSteps);
    while (!list->IsEmpty()) list->RemoveNext();
  }
  print(std::string("peer/ns3/") + name + "/hold/" + std::to_string(pending), best);
}

// The LLM-request world with ns-3's own way of cancelling: the timeout is cancelled when the answer comes.
class World {
 public:
  World(double seconds, std::uint64_t seed) : end_(seconds), random_(seed) {}
  std::uint64_t run() {
    ns3::Simulator::Schedule(ns3::Seconds(gap_(random_)), &World::arrive, this);
    ns3::Simulator::Run();
    ns3::Simulator::Destroy();
    return requests_;
  }

 private:
  struct Request {
    int attempts = 0;
    ns3::EventId answer;
    ns3::EventId timeout;
  };
  void arrive() {
    const double gap = gap_(random_);
    if (ns3::Simulator::Now().GetSeconds() + gap < end_) {
      ns3::Simulator::Schedule(ns3::Seconds(gap), &World::arrive, this);
    }
    ++requests_;
    call(new Request);
  }
  void call(Request* request) {
    ++request->attempts;
    const bool fails = uniform_(random_) < 0.05;
    request->answer = ns3::Simulator::Schedule(ns3::Seconds(latency_(random_)), &World::answer, this, request, !fails);
    request->timeout = ns3::Simulator::Schedule(ns3::Seconds(5), &World::time_out, this, request);
  }
  void answer(Request* request, bool good) {
    request->timeout.Cancel();
    end_or_retry(request, good);
  }
  void time_out(Request* request) {
    request->answer.Cancel();
    end_or_retry(request, false);
  }
  void end_or_retry(Request* request, bool good) {
    if (!good && request->attempts < 2) return call(request);
    if (good) ++succeeded_;
    delete request;
  }

  double end_;
  std::uint64_t requests_ = 0;
  std::uint64_t succeeded_ = 0;
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_{50};
  std::lognormal_distribution<double> latency_{-0.5, 1};
  std::uniform_real_distribution<double> uniform_;
};

void world(const char* scheduler) {
  double best = 1e18;
  for (int run = 0; run < 3; ++run) {
    ns3::ObjectFactory factory;
    factory.SetTypeId(std::string("ns3::") + scheduler);
    ns3::Simulator::SetScheduler(factory);
    const double began = cpu_ns();
    const std::uint64_t requests = World{600, 1}.run();
    best = std::min(best, (cpu_ns() - began) / static_cast<double>(requests));
  }
  print(std::string("peer/ns3/") + scheduler + "/llm_request", best);
}

}  // namespace

int main() {
  for (const std::size_t pending : {std::size_t{100}, std::size_t{10'000}, std::size_t{1'000'000}}) {
    hold<ns3::HeapScheduler>("HeapScheduler", pending);
    hold<ns3::MapScheduler>("MapScheduler", pending);
    hold<ns3::PriorityQueueScheduler>("PriorityQueueScheduler", pending);
    if (pending <= 10'000) hold<ns3::CalendarScheduler>("CalendarScheduler", pending);
  }
  for (const char* scheduler : {"HeapScheduler", "MapScheduler", "PriorityQueueScheduler", "CalendarScheduler"}) {
    world(scheduler);
  }
}
