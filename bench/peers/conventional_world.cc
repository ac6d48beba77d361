#include "bench/peers/conventional_world.h"

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace windtunnel::bench {
namespace {

class World {
 public:
  World(double seconds, std::uint64_t seed) : end_(seconds), random_(seed) {}

  ConventionalResult run() {
    schedule(gap_(random_), [this] { arrive(); });
    while (!events_.empty()) {
      Event event = events_.top();
      events_.pop();
      now_ = event.at;
      event.action();
    }
    for (const auto& [provider, calls] : calls_) result_.attempts += calls;
    return result_;
  }

 private:
  struct Request {
    std::string provider;
    double began = 0;
    int attempts = 0;
    bool waiting = false;
    std::uint64_t call = 0;  // the latest one: an older timeout has lapsed
  };
  struct Event {
    double at = 0;
    std::uint64_t sequence = 0;
    std::function<void()> action;
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
  };

  void schedule(double at, std::function<void()> action) { events_.push({at, sequence_++, std::move(action)}); }

  void arrive() {
    const double next = now_ + gap_(random_);
    if (next < end_) schedule(next, [this] { arrive(); });
    auto request = std::make_shared<Request>();  // what this file is for
    request->provider = "openai";
    request->began = now_;
    ++result_.requests;
    call(request);
  }

  void call(const std::shared_ptr<Request>& request) {
    ++calls_[request->provider];
    ++request->attempts;
    request->waiting = true;
    const std::uint64_t number = ++request->call;
    const bool fails = uniform_(random_) < 0.05;
    schedule(now_ + latency_(random_), [this, request, number, fails] { complete(request, number, !fails); });
    schedule(now_ + 5.0, [this, request, number] { complete(request, number, false); });
  }

  void complete(const std::shared_ptr<Request>& request, std::uint64_t number, bool good) {
    if (!request->waiting || request->call != number) return;
    request->waiting = false;
    if (!good && request->attempts < 2) {
      request->provider = "anthropic";
      return call(request);
    }
    if (!good) return;
    ++result_.succeeded;
    result_.latency_sum += now_ - request->began;
  }

  double end_;
  double now_ = 0;
  std::uint64_t sequence_ = 0;
  std::priority_queue<Event> events_;
  std::map<std::string, std::uint64_t> calls_;
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_{50};
  std::lognormal_distribution<double> latency_{-0.5, 1};
  std::uniform_real_distribution<double> uniform_;
  ConventionalResult result_;
};

}  // namespace

ConventionalResult run_conventional_world(double seconds, std::uint64_t seed) { return World{seconds, seed}.run(); }

}  // namespace windtunnel::bench
