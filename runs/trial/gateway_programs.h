#pragma once
// The programs of a trial: gives each a port, starts them in order, each once the one before is ready, and observes
// whether one has ended that must not.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runs/trial/gateway_process.h"
#include "sim/service/gateway_spec.h"
#include "sim/world/scenario.h"
#include "wire/clock/coordinator.h"
#include "wire/http/reserved_port.h"
#include "wire/trial/provider_server.h"
#include "wire/trial/trial_client.h"

namespace windtunnel::runs {

// Throws ProblemError for external workloads that no program drives, and for a program that drives none.
void check_driver(const sim::GatewaySpec& spec, const sim::Scenario& scenario);

class GatewayPrograms {
 public:
  // What surrounds them; all must outlive them.
  struct House {
    std::string folder;              // where they work
    std::string logs;                // the folder of their outputs
    wire::Coordinator* coordinator;  // of virtual time; nullptr: the time is real
    wire::ProviderServer& server;    // whose clock is the trial's
    wire::SocketLoop& loop;
    const std::atomic<bool>& stop;
  };

  // Fills in the specification, and gives `places` the addresses of the programs. Throws ProblemError.
  GatewayPrograms(const sim::GatewaySpec& spec, GatewayPlaces places, House house);

  // Starts all but the one that drives the workload. Throws ProblemError for one that is not ready in its time.
  void start();
  // The same of the one that drives, if there is one.
  void start_driver();
  // Whether it still runs. Throws ProblemError if it does after `until`.
  [[nodiscard]] bool is_driven(Instant until);
  // None has ended that must not.
  [[nodiscard]] bool are_alive();
  // Throws ProblemError if one has ended that must not, or the one that drives otherwise than with exit code 0.
  void check_alive();

  [[nodiscard]] const sim::GatewaySpec& spec() const { return spec_; }
  // Where the workload's requests go.
  [[nodiscard]] const wire::GatewayAddress& address() const { return address_; }

 private:
  void start(std::size_t i);
  void wait_until_registered(std::size_t i);
  void wait_until_ready(std::size_t i);
  void find_ended(bool drives);
  // Waits for the end of what has left virtual time, because time would move on until it is known.
  void await_leavers();
  [[noreturn]] void refuse_program(std::size_t i, const std::string& what);

  struct Ended {
    std::size_t program = 0;
    std::string how;
  };

  House house_;
  sim::GatewaySpec spec_;
  wire::GatewayAddress address_;
  std::vector<sim::GatewayProgram> programs_;
  std::vector<wire::ReservedPort> ports_;  // theirs until the trial ends
  std::vector<std::unique_ptr<GatewayProcess>> processes_;
  std::optional<Ended> ended_;
};

}  // namespace windtunnel::runs
