#include "runs/trial/trial_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "reports/files/output_file.h"
#include "runs/gateway/equality.h"
#include "runs/outputs.h"
#include "runs/scenario_source.h"
#include "runs/shell_word.h"
#include "runs/temporary_folder.h"
#include "runs/trial/gateway_programs.h"
#include "runs/trial/trial_text.h"
#include "scenarios/gateway_reader.h"
#include "sim/checks/judge.h"
#include "sim/checks/outside.h"
#include "wire/clock/clock_library.h"
#include "wire/clock/coordinator.h"
#include "wire/clock/real_clock.h"
#include "wire/clock/virtual_clock.h"
#include "wire/trial/observed_lines.h"
#include "wire/trial/trial_checks.h"
#include "wire/trial/trial_driver.h"
#include "wire/trial/trial_events.h"

namespace windtunnel::runs {
namespace {

using namespace std::chrono_literals;

// Later than this the harness itself, and not the gateway, may be what was measured.
constexpr Duration kLatenessMax = 250ms;
// In virtual time the programs' calendar begins so long before the scenario's start, so that the gateway is ready when
// it comes and both calendars are one.
constexpr Duration kLead = 1min;

// Everything that a trial keeps for its duration, in the order in which it is ended.
class Trial {
 public:
  Trial(const TrialJob& job, const sim::Scenario& scenario, const sim::GatewaySpec& spec)
      : job_(job),
        scenario_(scenario),
        seed_(job.request.seed.value_or(scenario.seed)),
        clock_(clock_of(job, scenario, spec)),
        server_(scenario,
                {.seed = seed_,
                 .start = wire::ClockStart::by_hand,
                 .on_line = [this](const wire::CallLine& line) { lines_.push_back(line); }},
                *clock_, loop_) {
    if (const auto problem = server_.listen()) refuse(ProblemKind::file, *problem);
    GatewayPlaces places{.directory = folder_.path().string(), .file = (folder_.path() / "scenario.json").string()};
    for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
      places.urls.emplace_back(scenario.providers[i].name, server_.urls()[i]);
    }
    programs_.emplace(
        spec, std::move(places),
        GatewayPrograms::House{.folder = folder_.path().string(),
                               .logs = job.request.out.empty() ? folder_.path().string() : job.request.out,
                               .coordinator = coordinator_ ? &*coordinator_ : nullptr,
                               .server = server_,
                               .loop = loop_,
                               .stop = *job.stop});
  }

  void start_gateway() {
    write_gateway_file(folder_.path().string(), "scenario.json",
                       scenario_for_gateway(scenario_, seed_, server_.urls()));
    programs_->start();
    while (coordinator_ && clock_->ticks() < Instant{} + kLead && !job_.stop->load()) {
      programs_->check_alive();
      clock_->wait(loop_, Instant{} + kLead - clock_->ticks());
    }
  }

  wire::TrialRun run() {
    const sim::GatewayRequest& request = programs_->spec().request;
    wire::TrialClient client{programs_->address(), request,
                             request.model.empty() ? scenario_.providers.front().model : request.model, server_.clock(),
                             loop_};
    wire::TrialDriver driver{scenario_, seed_, server_, client, loop_};
    const Instant end = Instant{} + scenario_.duration;
    programs_->start_driver();
    driver.run(
        *job_.stop, [this] { return programs_->are_alive(); }, [&] { return programs_->is_driven(end); });
    programs_->check_alive();
    if (job_.request.is_equal) equality_ = compare_with_simulation(scenario_, seed_, folder_.path() / kDecisions);
    return driver.take(std::move(lines_));
  }
  // With the simulation, if it was asked for.
  [[nodiscard]] const std::optional<Equality>& equality() const { return equality_; }

 private:
  std::unique_ptr<wire::TrialClock> clock_of(const TrialJob& job, const sim::Scenario& scenario,
                                             const sim::GatewaySpec& spec) {
    if (job.request.clock.value_or(spec.clock) == sim::GatewayClock::real) return std::make_unique<wire::RealClock>();
    const auto library = wire::clock_library();
    if (!library) {
      refuse(ProblemKind::file,
             "windtunnel_clock.so, which virtual time needs, lies neither beside this program nor in "
             "../lib/windtunnel; --clock real goes without it");
    }
    coordinator_.emplace(wire::Coordinator::Settings{
        .folder = folder_.path(), .library = *library, .start = scenario.start - kLead, .seed = seed_});
    return std::make_unique<wire::VirtualClock>(*coordinator_, scenario.start - kLead);
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
  std::optional<GatewayPrograms> programs_;
  std::optional<Equality> equality_;
};

sim::Judgement judge(const wire::TrialRun& run, const sim::Scenario& scenario, std::vector<std::string>& unobserved) {
  sim::OutsideClaims claims = sim::claims_from_outside(scenario);
  sim::Judge judge{claims.scenario, {.checks = {"none"}, .from_outside = true}};
  for (const sim::Event& event : wire::trial_events(run, claims.scenario)) {
    std::visit([&](const auto& each) { judge.on(each); }, event);
  }
  sim::Judgement judgement =
      judge.judge(sim::RunFacts{.ended = run.ended,
                                .arrivals = run.requests.size() + wire::calls_by_request(run, scenario).outside.size(),
                                .stopped = run.stopped,
                                .faults = run.faults});
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
  if (request.clock) replay += *request.clock == sim::GatewayClock::real ? " --clock real" : " --clock virtual";
  return replay;
}

void keep(const std::string& folder, const char* name, const std::string& content) {
  reports::OutputFile file{(std::filesystem::path(folder) / name).string()};
  file.append(content);
  file.finish();
}

void try_scenario(const TrialJob& job, const sim::Scenario& scenario, TrialDone& done) {
  const sim::GatewaySpec spec = scenarios::read_gateway(job.request.gateway);
  check_driver(spec, scenario);
  LockedFolder folder = lock_folder(job.request.out);
  if (folder.problem) refuse(folder.problem->kind, folder.problem->text);
  std::optional<Equality> equality;
  const auto observe = [&] {
    Trial trial{job, scenario, spec};
    trial.start_gateway();
    wire::TrialRun run = trial.run();
    if (trial.equality()) equality = trial.equality();
    return run;
  };
  const wire::TrialRun run = observe();
  if (job.request.twice && !job.stop->load()) {
    if (const std::string difference = wire::first_difference(run, observe()); !difference.empty()) {
      done.difference = "the second trial differs from the first:\n" + difference;
    }
  }
  if (equality) done.difference += equality->difference;
  std::vector<std::string> unobserved;
  done.judgement = judge(run, scenario, unobserved);
  done.interrupted = job.stop->load();
  done.figures = wire::trial_figures(run, scenario);
  const TrialReport report{.scenario = scenario,
                           .figures = done.figures,
                           .judgement = done.judgement,
                           .unobserved = unobserved,
                           .gateway = job.request.gateway,
                           .seed = job.request.seed.value_or(scenario.seed),
                           .replay = replay_of(job.request)};
  done.text = trial_text(report) + done.difference;
  if (equality && equality->difference.empty()) {
    done.text += fmt::format("Equal to the simulation in each of {} decisions of {} requests.\n", equality->decisions,
                             equality->requests);
  }
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
