#pragma once
// Drives a trial: sends the workload of a scenario to a gateway, serves the scenario's providers to
// it, and keeps what both sides saw.
//
// Arrivals come as the load gives them and never wait for answers; a virtual user of a closed workload waits for its
// own. After the scenario's duration the requests in flight are driven to their end, and calls that a gateway still
// makes or keeps open are observed for a short time.

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/kernel/event_queue.h"
#include "wire/trial/provider_server.h"
#include "wire/trial/trial_client.h"
#include "wire/trial/trial_run.h"

namespace windtunnel::wire {

class TrialDriver {
 public:
  // All must outlive it. `server` listens and is the only provider of calls; `loop` is the one that it uses.
  TrialDriver(const sim::Scenario& scenario, std::uint64_t seed, ProviderServer& server, TrialClient& client,
              SocketLoop& loop);

  // Until all has ended, or `stop` is set; a second call is not allowed. `alive` is asked now and then: a gateway that
  // has ended ends the trial too. While `drives` holds, a program may send requests of its own. Once all requests have
  // ended, the trial goes on while `awaits` holds, because a gateway may still report of them.
  template <class Alive, class Drives, class Awaits>
  void run(const std::atomic<bool>& stop, const Alive& alive, const Drives& drives, const Awaits& awaits) {
    begin();
    while ((!is_over() || awaits()) && !stop.load() && alive()) {
      is_driven_ = drives();
      step();
    }
    stopped_ = !is_over();
    end();
  }

  // After run(). The lines of the calls are the server's.
  [[nodiscard]] TrialRun take(std::vector<CallLine> calls);

 private:
  void begin();
  void step();
  void end();
  [[nodiscard]] bool is_over() const;
  void schedule_user(std::uint32_t user, Instant from);
  void handle(std::uint32_t payload, Instant due);
  // What the headers of a request may name.
  [[nodiscard]] sim::NamedTexts names_of(std::uint32_t workload, const monitor::Request& request) const;
  void send(std::uint32_t workload, std::uint64_t ordinal, Instant due, std::uint32_t vu);

  static constexpr std::uint32_t kNoUser = UINT32_MAX;
  struct VirtualUser {
    std::uint32_t workload = 0;
    std::int64_t number = 0;  // in the workload
  };

  const sim::Scenario& scenario_;
  ProviderServer& server_;
  TrialClient& client_;
  SocketLoop& loop_;
  sim::Chance chance_;
  std::vector<sim::Load> loads_;
  std::vector<VirtualUser> users_;
  std::vector<std::uint64_t> next_ordinal_;     // by workload
  std::vector<std::uint32_t> user_of_request_;  // by request
  sim::EventQueue queue_;                       // a payload is a workload, or behind them a virtual user
  std::optional<Instant> idle_since_;           // nothing is left to send and no request is open
  bool is_driven_ = false;                      // a program outside may still send requests
  bool stopped_ = false;
  Duration lateness_max_{0};
};

}  // namespace windtunnel::wire
