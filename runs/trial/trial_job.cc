#include "runs/trial/trial_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "reports/files/output_file.h"
#include "runs/outputs.h"
#include "runs/scenario_source.h"
#include "runs/shell_word.h"
#include "runs/temporary_folder.h"
#include "runs/trial/gateway_process.h"
#include "runs/trial/trial_text.h"
#include "scenarios/gateway_reader.h"
#include "sim/checks/judge.h"
#include "sim/checks/outside.h"
#include "wire/clock/clock_library.h"
#include "wire/clock/coordinator.h"
#include "wire/clock/real_clock.h"
#include "wire/clock/virtual_clock.h"
#include "wire/http/free_port.h"
#include "wire/trial/observed_lines.h"
#include "wire/trial/ready_probe.h"
#include "wire/trial/trial_checks.h"
#include "wire/trial/trial_driver.h"
#include "wire/trial/trial_events.h"

namespace windtunnel::runs {
namespace {

using namespace std::chrono_literals;
using Clock = wire::SocketLoop::Clock;

// Later than this the harness itself, and not the gateway, may be what was measured.
constexpr Duration kLatenessMax = 250ms;

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

// Everything that a trial keeps for its duration, in the order in which it is ended.
class Trial {
 public:
  Trial(const TrialJob& job, const sim::Scenario& scenario, const sim::GatewaySpec& spec)
      : job_(job),
        scenario_(scenario),
        seed_(job.request.seed.value_or(scenario.seed)),
        clock_(clock_of(job, scenario)),
        server_(scenario,
                {.seed = seed_,
                 .start = wire::ClockStart::by_hand,
                 .on_line = [this](const wire::CallLine& line) { lines_.push_back(line); }},
                *clock_, loop_) {
    if (const auto problem = server_.listen()) refuse(ProblemKind::file, *problem);
    GatewayPlaces places{.port = spec.url.empty() ? wire::free_port() : std::uint16_t{0},
                         .directory = folder_.path().string()};
    for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
      places.urls.emplace_back(scenario.providers[i].name, server_.urls()[i]);
    }
    spec_ = filled_in(spec, places);
    address_ = spec_.url.empty() ? wire::GatewayAddress{.port = places.port} : address_of(spec_.url);
  }

  void start_gateway() {
    const std::string log =
        (std::filesystem::path(job_.request.out.empty() ? folder_.path().string() : job_.request.out) / "gateway.log")
            .string();
    for (const auto& [name, content] : spec_.files) write_gateway_file(folder_.path().string(), name, content);
    if (!spec_.command.empty()) {
      process_.emplace(spec_, folder_.path().string(), log,
                       coordinator_ ? coordinator_->environment(1) : std::vector<std::string>{});
    } else if (coordinator_) {
      refuse("virtual time is for a gateway that the trial starts, and this one runs already: --clock real");
    }
    wire::ReadyProbe probe{address_, spec_.ready.path, *clock_, loop_};
    const auto until = Clock::now() + spec_.ready.within;
    while (!probe.is_ready() && !job_.stop->load()) {
      if (Clock::now() >= until) {
        if (coordinator_ && coordinator_->registrations() == 0) {
          refuse_gateway("does not live in virtual time: no process of it registered; --clock real");
        }
        refuse_gateway(fmt::format("was not ready within {} ms{}", spec_.ready.within / 1ms,
                                   probe.status() == 0 ? "" : fmt::format(" (status {})", probe.status())));
      }
      check_alive();
      probe.advance();
      clock_->wait(loop_, 20ms);
      server_.advance();
    }
    probe.stop();
  }

  wire::TrialRun run() {
    const std::string& model = spec_.request.model;
    wire::TrialClient client{address_, spec_.request, model.empty() ? scenario_.providers.front().model : model,
                             server_.clock(), loop_};
    wire::TrialDriver driver{scenario_, seed_, server_, client, loop_};
    driver.run(*job_.stop, [this] { return !gateway_ended(); });
    check_alive();
    return driver.take(std::move(lines_));
  }

 private:
  std::unique_ptr<wire::TrialClock> clock_of(const TrialJob& job, const sim::Scenario& scenario) {
    if (!job.request.is_virtual) return std::make_unique<wire::RealClock>();
    const auto library = wire::clock_library();
    if (!library) {
      refuse(ProblemKind::file, "windtunnel_clock.so lies neither beside this program nor in ../lib/windtunnel");
    }
    coordinator_.emplace(wire::Coordinator::Settings{
        .folder = folder_.path(), .library = *library, .start = scenario.start, .seed = seed_});
    return std::make_unique<wire::VirtualClock>(*coordinator_, scenario.start);
  }
  [[nodiscard]] bool gateway_ended() {
    if (process_ && !ended_) ended_ = process_->ended();
    return ended_.has_value();
  }
  void check_alive() {
    if (gateway_ended()) refuse_gateway("ended with " + *ended_);
  }
  [[noreturn]] void refuse_gateway(const std::string& what) {
    std::string text = "the gateway " + what;
    if (process_) {
      if (const std::string tail = process_->output_tail(); !tail.empty()) text += "; the end of its output:\n" + tail;
    }
    refuse(ProblemKind::file, text);
  }

  const TrialJob& job_;
  const sim::Scenario& scenario_;
  std::uint64_t seed_;
  TemporaryFolder folder_;
  wire::SocketLoop loop_;
  std::optional<wire::Coordinator> coordinator_;
  std::unique_ptr<wire::TrialClock> clock_;
  std::vector<wire::CallLine> lines_;
  wire::ProviderServer server_;
  sim::GatewaySpec spec_;
  wire::GatewayAddress address_;
  std::optional<GatewayProcess> process_;
  std::optional<std::string> ended_;
};

sim::Judgement judge(const wire::TrialRun& run, const sim::Scenario& scenario, std::vector<std::string>& unobserved) {
  sim::OutsideClaims claims = sim::claims_from_outside(scenario);
  sim::Judge judge{claims.scenario, {.checks = {"none"}, .from_outside = true}};
  for (const sim::Event& event : wire::trial_events(run, claims.scenario)) {
    std::visit([&](const auto& each) { judge.on(each); }, event);
  }
  sim::Judgement judgement = judge.judge(
      sim::RunFacts{.ended = run.ended, .arrivals = run.requests.size(), .stopped = run.stopped, .faults = run.faults});
  for (sim::Finding& finding : wire::check_trial(run, scenario)) judgement.findings.push_back(std::move(finding));
  unobserved = std::move(claims.unobserved);
  sim::leave_out_breakers(judgement, run.requests.size(), unobserved);
  // What a check found is true all the same.
  const bool is_broken = std::ranges::any_of(
      judgement.findings, [](const sim::Finding& finding) { return finding.kind == sim::Finding::Kind::invariant; });
  if (run.lateness_max > kLatenessMax && !is_broken) {
    judgement.verdict = sim::Verdict::inconclusive;
    judgement.notes.push_back(
        fmt::format("the harness was {} ms late, more than {} ms: this machine was too busy, and "
                    "the gateway is not to blame",
                    run.lateness_max / 1ms, kLatenessMax / 1ms));
  }
  return judgement;
}

// The command that does it again.
std::string replay_of(const TrialRequest& request) {
  std::string replay = "windtunnel trial " + shell_word(request.file) + " --gateway " + shell_word(request.gateway);
  for (const std::string& set : request.sets) replay += " --set " + shell_word(set);
  if (request.seed) replay += " --seed " + std::to_string(*request.seed);
  if (request.is_virtual) replay += " --clock virtual";
  return replay;
}

void keep(const std::string& folder, const char* name, const std::string& content) {
  reports::OutputFile file{(std::filesystem::path(folder) / name).string()};
  file.append(content);
  file.finish();
}

void try_scenario(const TrialJob& job, const sim::Scenario& scenario, TrialDone& done) {
  const sim::GatewaySpec spec = scenarios::read_gateway(job.request.gateway);
  LockedFolder folder = lock_folder(job.request.out);
  if (folder.problem) refuse(folder.problem->kind, folder.problem->text);
  const auto observe = [&] {
    Trial trial{job, scenario, spec};
    trial.start_gateway();
    return trial.run();
  };
  const wire::TrialRun run = observe();
  if (job.request.twice && !job.stop->load()) {
    if (const std::string difference = wire::first_difference(run, observe()); !difference.empty()) {
      done.difference = "the second trial differs from the first:\n" + difference;
    }
  }
  std::vector<std::string> unobserved;
  done.judgement = judge(run, scenario, unobserved);
  done.interrupted = job.stop->load();
  const wire::TrialFigures figures = wire::trial_figures(run, scenario);
  const TrialReport report{.scenario = scenario,
                           .figures = figures,
                           .judgement = done.judgement,
                           .unobserved = unobserved,
                           .gateway = job.request.gateway,
                           .seed = job.request.seed.value_or(scenario.seed),
                           .replay = replay_of(job.request)};
  done.text = trial_text(report) + done.difference;
  done.json = trial_json(report);
  if (job.request.out.empty()) return;
  std::string ledger;
  for (const wire::CallLine& line : run.calls) ledger += text_of(line);
  keep(job.request.out, "ledger.jsonl", ledger);
  keep(job.request.out, "trial.txt", done.text);
  keep(job.request.out, "trial.json", done.json);
}

}  // namespace

TrialDone try_gateway(const TrialJob& job) {
  TrialDone done;
  LoadedScenario loaded = load_scenario(job.request.file, job.request.sets);
  if (loaded.problem) {
    done.problem = std::move(loaded.problem);
    return done;
  }
  for (const std::string& warning : loaded.scenario->warnings) job.note(warning);
  try {
    try_scenario(job, *loaded.scenario, done);
  } catch (const ProblemError& error) {
    done.problem = error.problem();
  } catch (const scenarios::ScenarioError& error) {
    done.problem = Problem{ProblemKind::scenario, error.what()};
  } catch (const scenarios::FileError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const reports::ReportError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const std::system_error& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  }
  return done;
}

}  // namespace windtunnel::runs
