#include "runs/trial/gateway_programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <utility>

#include "runs/problem.h"
#include "runs/quoted_output.h"
#include "wire/clock/program_obstacle.h"
#include "wire/trial/ready_probe.h"

namespace windtunnel::runs {
namespace {

using namespace std::chrono_literals;

constexpr auto kEndsWithin = 10s;  // real time from a process's last step to its parent's knowing

// "http://127.0.0.1:8080"
wire::GatewayAddress address_of(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  std::string host = url.starts_with(kScheme) ? url.substr(kScheme.size()) : std::string();
  host = host.substr(0, host.find('/'));
  const std::size_t colon = host.find(':');
  wire::GatewayAddress address{.address = host.substr(0, colon), .port = 80};
  if (colon != std::string::npos) {
    const char* const end = host.data() + host.size();
    const auto [stop, error] = std::from_chars(host.data() + colon + 1, end, address.port);
    if (error != std::errc{} || stop != end) address.port = 0;
  }
  if (host.empty() || address.port == 0) {
    refuse(ProblemKind::scenario, "url: \"" + url + "\" is not an address such as http://127.0.0.1:8080");
  }
  return address;
}

}  // namespace

void check_driver(const sim::GatewaySpec& spec, const sim::Scenario& scenario) {
  const bool drives = std::ranges::any_of(spec.programs, &sim::GatewayProgram::drives);
  const bool is_driven = std::ranges::any_of(scenario.workloads, [](const sim::WorkloadSpec& workload) {
    return sim::source_of(workload.executor) == sim::ArrivalSource::outside;
  });
  if (drives == is_driven) return;
  refuse(ProblemKind::scenario,
         drives ? "a program of the gateway's file drives the workload, and the scenario has no workload with "
                  "\"executor\": \"external\" that it could be"
                : "the scenario has a workload with \"executor\": \"external\", and no program of the gateway's file "
                  "has \"drives\": true");
}

GatewayPrograms::GatewayPrograms(const sim::GatewaySpec& spec, GatewayPlaces places, House house)
    : house_(std::move(house)), programs_(spec.all_programs()) {
  if (programs_.empty() && house_.coordinator != nullptr) {
    refuse(ProblemKind::request,
           "virtual time is for programs that the trial starts, and the gateway at \"url\" runs already: --clock real");
  }
  for (const sim::GatewayProgram& program : programs_) {
    if (ports_.emplace_back().number() == 0) refuse(ProblemKind::request, "no port of 127.0.0.1 is free for a program");
    places.urls.emplace_back(program.name, fmt::format("http://127.0.0.1:{}", ports_.back().number()));
  }
  processes_.resize(programs_.size());
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    places.port = ports_[i].number();
    programs_[i] = filled_in(programs_[i], places);
    if (!programs_[i].drives) address_.port = ports_[i].number();
  }
  places.port = address_.port;
  spec_ = filled_in(spec, places);
  if (!spec_.url.empty()) address_ = address_of(spec_.url);
}

void GatewayPrograms::start() {
  for (const sim::GatewayFile& file : spec_.files) write_gateway_file(house_.folder, file.name, file.text);
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    if (programs_[i].drives) continue;
    start(i);
    wait_until_ready(i);
  }
  if (programs_.empty()) wait_until_ready(0);
}

void GatewayPrograms::start_driver() {
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    if (programs_[i].drives) start(i);
  }
}

void GatewayPrograms::start(std::size_t i) {
  std::vector<std::string> environment;
  if (house_.coordinator != nullptr) {
    if (const auto obstacle = wire::obstacle_of(programs_[i].command.front())) {
      refuse(ProblemKind::file,
             fmt::format("{} cannot live in virtual time: {}; --clock real", programs_[i].command.front(), *obstacle));
    }
    environment = house_.coordinator->environment(i + 1);
  }
  const std::string name = programs_.size() == 1 ? "gateway" : programs_[i].name;
  processes_[i] = std::make_unique<GatewayProcess>(programs_[i], house_.folder,
                                                   (std::filesystem::path(house_.logs) / (name + ".log")).string(),
                                                   std::move(environment), house_.coordinator != nullptr);
  if (house_.coordinator != nullptr) wait_until_registered(i);
}

// Time would move without a program that is being started.
void GatewayPrograms::wait_until_registered(std::size_t i) {
  const std::uint64_t before = house_.coordinator->registrations();
  const auto until = wire::SocketLoop::Clock::now() + programs_[i].ready.within;
  while (house_.coordinator->registrations() == before && !house_.stop.load()) {
    house_.coordinator->wait(5ms);
    if (house_.coordinator->registrations() > before) return;
    if (programs_[i].drives ? processes_[i]->ended_well() : processes_[i]->ended().has_value()) return;
    check_alive();
    if (wire::SocketLoop::Clock::now() < until) continue;
    refuse_program(i, "does not live in virtual time: no process of it registered; --clock real");
  }
}

void GatewayPrograms::wait_until_ready(std::size_t i) {
  const sim::GatewayReady& ready = programs_.empty() ? spec_.ready : programs_[i].ready;
  const wire::GatewayAddress address = programs_.empty() ? address_ : wire::GatewayAddress{.port = ports_[i].number()};
  wire::TrialClock& clock = house_.server.clock();
  wire::ReadyProbe probe{address, ready.path, clock, house_.loop};
  const auto until = wire::SocketLoop::Clock::now() + ready.within;
  while (!probe.is_ready() && !house_.stop.load()) {
    if (wire::SocketLoop::Clock::now() >= until) {
      refuse_program(i, fmt::format("was not ready within {} ms{}", ready.within / 1ms,
                                    probe.status() == 0 ? "" : fmt::format(" (status {})", probe.status())));
    }
    check_alive();
    probe.advance();
    clock.wait(house_.loop, 20ms);
    house_.server.advance();
  }
  probe.stop();
}

void GatewayPrograms::await_leavers() {
  if (house_.coordinator == nullptr) return;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (!processes_[i] || house_.coordinator->has(i + 1) || processes_[i]->ends_within(kEndsWithin)) continue;
    refuse_program(i, "has left virtual time and goes on, as a program without the preloaded library does");
  }
}

void GatewayPrograms::find_ended(bool drives) {
  for (std::size_t i = 0; i < processes_.size() && !ended_; ++i) {
    if (!processes_[i]) continue;
    if (programs_[i].drives && (!drives || processes_[i]->ended_well())) continue;
    if (auto how = processes_[i]->ended()) ended_ = Ended{i, *std::move(how)};
  }
}

bool GatewayPrograms::is_driven(Instant until) {
  await_leavers();
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (!programs_[i].drives || processes_[i]->ended()) continue;
    if (house_.server.now() < until) return true;
    refuse_program(i, "drives the workload, and had not ended after the scenario's duration");
  }
  return false;
}

bool GatewayPrograms::are_alive() {
  await_leavers();
  find_ended(false);
  return !ended_;
}

void GatewayPrograms::check_alive() {
  find_ended(true);
  if (ended_) refuse_program(ended_->program, "ended with " + ended_->how);
}

void GatewayPrograms::refuse_program(std::size_t i, const std::string& what) {
  std::string text = programs_.size() > 1 ? "the program " + programs_[i].name + " " + what : "the gateway " + what;
  if (i < processes_.size() && processes_[i]) {
    if (const std::string tail = processes_[i]->output_tail(); !tail.empty()) {
      text += "; the end of its output:\n" + quoted_output(tail);
    }
  }
  refuse(ProblemKind::file, text);
}

}  // namespace windtunnel::runs
