#include "runs/trial/trial_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/stable_hash.h"
#include "reports/files/output_file.h"
#include "runs/gateway/equality.h"
#include "runs/run/reported_run.h"
#include "runs/run/run_files.h"
#include "runs/scenario_source.h"
#include "runs/shell_word.h"
#include "runs/temporary_folder.h"
#include "runs/trial/gateway_programs.h"
#include "runs/trial/span_intake.h"
#include "runs/trial/trial_agreement.h"
#include "runs/trial/trial_figures_summary.h"
#include "scenarios/gateway_reader.h"
#include "scenarios/json/exact_numbers.h"
#include "sim/checks/judge.h"
#include "sim/checks/outside.h"
#include "wire/clock/clock_library.h"
#include "wire/clock/coordinator.h"
#include "wire/clock/real_clock.h"
#include "wire/clock/virtual_clock.h"
#include "wire/trial/checks/seen_counts.h"
#include "wire/trial/checks/trial_checks.h"
#include "wire/trial/observed_lines.h"
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

// One trial, as the class below takes it.
struct TrialJob {
  std::uint64_t seed = 0;
  sim::GatewayClock clock{};
  bool is_equal = false;
  std::string out;  // the folder of the programs' output; empty: none
  const std::atomic<bool>* stop = nullptr;
};

// Everything that a trial keeps for its duration, in the order in which it is ended.
class Trial {
 public:
  Trial(const TrialJob& job, const sim::Scenario& scenario, const sim::GatewaySpec& spec)
      : job_(job),
        scenario_(scenario),
        seed_(job.seed),
        clock_(clock_of(job, scenario)),
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
    if (wants_spans(spec, scenario)) {
      intake_.emplace(loop_, *clock_);
      places.urls.emplace_back(kSpanReceiver, intake_->url());
    }
    programs_.emplace(spec, std::move(places),
                      GatewayPrograms::House{.folder = folder_.path().string(),
                                             .logs = job.out.empty() ? folder_.path().string() : job.out,
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
        *job_.stop, [this] { return programs_->are_alive(); }, [&] { return programs_->is_driven(end); },
        [this] { return intake_ && intake_->awaits(lines_.size()); });
    programs_->check_alive();
    if (job_.is_equal) equality_ = compare_with_simulation(scenario_, seed_, folder_.path() / kDecisions);
    wire::TrialRun seen = driver.take(std::move(lines_));
    if (intake_) seen.spans = intake_->take();
    return seen;
  }
  // With the simulation, if it was asked for.
  [[nodiscard]] const std::optional<Equality>& equality() const { return equality_; }

 private:
  std::unique_ptr<wire::TrialClock> clock_of(const TrialJob& job, const sim::Scenario& scenario) {
    if (job.clock == sim::GatewayClock::real) return std::make_unique<wire::RealClock>();
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
  std::optional<SpanIntake> intake_;
  std::optional<GatewayPrograms> programs_;
  std::optional<Equality> equality_;
};

std::optional<Duration> patience_of(const TrialSettings& settings) {
  if (settings.patience.empty()) return std::nullopt;
  const scenarios::ExactNumber parsed = scenarios::exact_duration(settings.patience);
  if (parsed.problem == scenarios::NumberProblem::none && parsed.value > 0) return Duration{parsed.value};
  refuse("--patience " + settings.patience + " is not a duration such as 3s, above 0");
}

sim::GatewaySpec named_gateway(const TrialSettings& settings, const sim::Scenario& scenario) {
  if (!settings.gateway.empty()) return scenarios::read_gateway(settings.gateway);
  if (scenario.gateway) {
    if (scenario.gateway->all_programs().empty() && scenario.gateway->url.empty()) {
      refuse(ProblemKind::scenario, scenario.file + ": /gateway: it has neither a command nor a url");
    }
    return *scenario.gateway;
  }
  refuse("no gateway is named: --gateway G.json, or the block \"gateway\" in " + scenario.file);
}

sim::GatewaySpec gateway_of(const TrialSettings& settings, const sim::Scenario& scenario) {
  sim::GatewaySpec spec = named_gateway(settings, scenario);
  if (const auto patience = patience_of(settings)) spec.request.timeout = *patience;
  return spec;
}

// Of all that was seen.
std::uint64_t digest_of(const wire::TrialRun& run) {
  std::uint64_t digest = 0;
  for (const std::string& line : wire::observed_lines(run)) digest = stable_hash(line, digest);
  return digest;
}

std::optional<sim::Divergence> divergence_of(const wire::TrialRun& first, const wire::TrialRun& second) {
  const std::vector<std::string> one = wire::observed_lines(first);
  const std::vector<std::string> other = wire::observed_lines(second);
  const auto [a, b] = std::ranges::mismatch(one, other);
  if (a == one.end() && b == other.end()) return std::nullopt;
  const auto line = [](auto place, const auto& lines) {
    return "    " + (place == lines.end() ? std::string("nothing more was seen") : *place) + "\n";
  };
  return sim::Divergence{
      .event = static_cast<std::uint64_t>(a - one.begin()) + 1, .first = line(a, one), .second = line(b, other)};
}

// What is kept of a trial beside the reports of a run.
void keep_ledger(const std::string& folder, const wire::TrialRun& run, bool partial) {
  reports::OutputFile file{(std::filesystem::path(folder) / "ledger.jsonl").string()};
  for (const wire::CallLine& line : run.calls) file.append(text_of(line));
  if (!partial) file.finish();
}

// The scenario with what the gateway declares in place of its own blocks.
sim::Scenario declared_by(const sim::GatewaySpec& spec, const TrialSettings& settings, const sim::Scenario& scenario) {
  if (spec.declares.empty()) return scenario;
  std::vector<std::string> sets = settings.sets;
  for (const auto& [key, json] : spec.declares) sets.push_back(key + "=" + json);
  LoadedScenario loaded = load_scenario_with_any_breakers(scenario.file, sets);
  if (loaded.problem) {
    refuse(loaded.problem->kind, "what the gateway declares is no part of a scenario: " + loaded.problem->text);
  }
  return *std::move(loaded.scenario);
}

void note_lateness(const wire::TrialRun& run, sim::Judgement& judgement) {
  // What a check found is true all the same.
  const bool is_broken = std::ranges::any_of(
      judgement.findings, [](const sim::Finding& finding) { return finding.kind == sim::Finding::Kind::invariant; });
  if (run.lateness_max <= kLatenessMax || is_broken) return;
  judgement.verdict = sim::Verdict::inconclusive;
  judgement.notes.push_back(
      fmt::format("the harness was {} ms late, more than {} ms: this machine was too busy, and "
                  "the gateway is not to blame",
                  run.lateness_max / 1ms, kLatenessMax / 1ms));
}

// A gateway that was started with another upstream answers by itself.
void note_silence(const wire::TrialRun& run, reports::RunSummary& summary) {
  if (!run.calls.empty() || run.requests.empty()) return;
  summary.notes.emplace_back(
      "no call came to any provider: the gateway calls none of the {url:NAME} that its command and files name, or "
      "another "
      "address in their place");
}

void note_spans(const wire::TrialRun& run, reports::RunSummary& summary) {
  if (!run.spans || run.spans->first_problem.empty()) return;
  summary.notes.push_back(fmt::format("{} exports of spans were refused and {} spans cannot be read: {}",
                                      run.spans->refused, run.spans->unreadable, run.spans->first_problem));
}

void note_agreement(const reports::AgreementSummary& agreement, reports::RunSummary& summary) {
  for (const reports::AgreementRow& row : agreement.rows) {
    if (row.is_inside) continue;
    summary.notes.push_back(fmt::format("{}: {} {} observed, {} to {} predicted{}", row.name, row.observed, row.unit,
                                        row.low, row.high, row.explanation.empty() ? "" : ": " + row.explanation));
  }
}

sim::Judgement judgement_of(const wire::TrialRun& run, const sim::Scenario& scenario, wire::TrialVerdicts verdicts,
                            sim::Judge& judge, std::vector<std::string>& unobserved) {
  sim::Judgement judgement =
      judge.judge(sim::RunFacts{.ended = run.ended,
                                .arrivals = run.requests.size() + wire::calls_by_request(run, scenario).outside.size(),
                                .stopped = run.stopped,
                                .faults = run.faults});
  judgement.checks = std::move(verdicts.checks);
  for (sim::Finding& finding : verdicts.findings) judgement.findings.push_back(std::move(finding));
  sim::leave_out_unseen(judgement, run.requests.size(), unobserved);
  for (std::string& claim : verdicts.not_judged) unobserved.push_back(std::move(claim));
  note_lateness(run, judgement);
  return judgement;
}

TriedGateway judged(const TrialSettings& settings, const RunJob& job) {
  const sim::Scenario& scenario = *job.scenario;
  const sim::GatewaySpec spec = gateway_of(settings, scenario);
  const sim::Scenario declared = declared_by(spec, settings, scenario);
  RunFiles files{job};
  check_driver(spec, scenario);
  const TrialJob trial_job{.seed = job.seed,
                           .clock = settings.clock.value_or(spec.clock),
                           .is_equal = settings.is_equal,
                           .out = job.directory,
                           .stop = job.stop};
  std::optional<Equality> equality;
  const auto observe = [&] {
    Trial trial{trial_job, scenario, spec};
    trial.start_gateway();
    wire::TrialRun run = trial.run();
    if (trial.equality()) equality = trial.equality();
    return run;
  };
  const auto began = std::chrono::steady_clock::now();
  const wire::TrialRun run = observe();
  const auto wall = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
  std::optional<sim::Divergence> divergence;
  if (job.verify_determinism && !job.stop->load()) divergence = divergence_of(run, observe());

  sim::OutsideClaims claims = sim::claims_from_outside(scenario);
  sim::Judge judge{claims.scenario, {.checks = {"none"}, .from_outside = true}};
  wire::SeenCounts counts{scenario};
  std::vector<sim::Observer> observers{&judge, &counts};
  files.add_to(observers);
  const std::vector<sim::Event> events = wire::trial_events(run, claims.scenario);
  for (const sim::Event& event : events) {
    for (const sim::Observer& observer : observers) std::visit([&](const auto& each) { observer.on(each); }, event);
  }
  sim::RunResult result{.pipeline = monitor::Pipeline{scenario.monitor, sim::provider_configs(scenario)},
                        .seed = job.seed,
                        .digest = digest_of(run),
                        .events = events.size(),
                        .ended = run.ended,
                        .stopped = run.stopped,
                        .faults = run.faults};
  counts.put_totals(result);
  const sim::Judgement judgement =
      judgement_of(run, claims.scenario, wire::check_trial(run, scenario, declared), judge, claims.unobserved);
  reports::RunSummary summary = reports::run_summary({.scenario = scenario,
                                                      .result = result,
                                                      .judgement = judgement,
                                                      .replay = job.replay,
                                                      .build = reports::this_build(job.version),
                                                      .wall = wall,
                                                      .seen = &counts.metrics(),
                                                      .unseen_counters = sim::unseen_counters()});
  summary.trial = summary_of(wire::trial_figures(run, scenario));
  if (run.spans) summary.trial->spans = summary_of(*run.spans);
  summary.trial->gateway = settings.gateway.empty() ? scenario.file : settings.gateway;
  summary.trial->clock = trial_job.clock == sim::GatewayClock::virtual_time ? "virtual" : "real";
  summary.trial->not_observed = std::move(claims.unobserved);
  note_silence(run, summary);
  note_spans(run, summary);
  if (settings.predictions > 0 && !run.stopped && declared.breaker_command.empty()) {
    summary.trial->agreement = agreement_of({.declared = declared,
                                             .events = events,
                                             .seed = job.seed,
                                             .predictions = settings.predictions,
                                             .has_first_token = spec.request.stream,
                                             .stop = job.stop});
    if (summary.trial->agreement) note_agreement(*summary.trial->agreement, summary);
  }
  if (equality && equality->difference.empty()) {
    summary.notes.push_back(fmt::format("Equal to the simulation in each of {} decisions of {} requests.",
                                        equality->decisions, equality->requests));
  }
  const CutShort cut_short = job.stop->load() ? CutShort::interrupted : CutShort::no;
  if (!job.directory.empty()) keep_ledger(job.directory, run, cut_short != CutShort::no);
  RunDone done = reported({.job = job,
                           .result = result,
                           .judgement = judgement,
                           .summary = summary,
                           .cut_short = cut_short,
                           .divergence = std::move(divergence)},
                          files);
  if (equality) done.difference = equality->difference;
  return {std::move(done), std::move(summary.trial)};
}

TriedGateway failed_trial(ProblemKind kind, std::string text) {
  TriedGateway tried;
  tried.done.problem = Problem{kind, std::move(text)};
  return tried;
}

constexpr std::array<std::string_view, 4> kClaimKeys = {"monitor", "routes", "default_fallback", "limits"};

}  // namespace

std::optional<Problem> problem_with(const TrialSettings& /*settings*/, const RunRequest& request) {
  for (const std::string& set : request.sets) {
    const std::string key = set.substr(0, set.find_first_of(".="));
    if (std::ranges::find(kClaimKeys, key) == kClaimKeys.end()) continue;
    return Problem{ProblemKind::request, "--set " + set + ": it would change what the gateway claims to do, and not " +
                                             "the gateway; change its file"};
  }
  return std::nullopt;
}

std::string flags_of(const TrialSettings& settings) {
  std::string flags;
  if (!settings.gateway.empty()) flags += " --gateway " + shell_word(settings.gateway);
  if (!settings.patience.empty()) flags += " --patience " + shell_word(settings.patience);
  if (settings.clock) flags += *settings.clock == sim::GatewayClock::real ? " --clock real" : " --clock virtual";
  if (settings.is_equal) flags += " --equal";
  return flags;
}

RunDone try_gateway(const TrialSettings& settings, const RunJob& job) { return tried_gateway(settings, job).done; }

TriedGateway tried_gateway(const TrialSettings& settings, const RunJob& job) {
  try {
    RunJob from_outside = job;
    from_outside.from_outside = true;
    return judged(settings, from_outside);
  } catch (const ProblemError& error) {
    return failed_trial(error.problem().kind, error.problem().text);
  } catch (const scenarios::ScenarioError& error) {
    return failed_trial(ProblemKind::scenario, error.what());
  } catch (const scenarios::FileError& error) {
    return failed_trial(ProblemKind::file, error.what());
  } catch (const reports::ReportError& error) {
    return failed_trial(ProblemKind::file, error.what());
  } catch (const std::system_error& error) {
    return failed_trial(ProblemKind::file, error.what());
  } catch (const std::exception& error) {
    return failed_trial(ProblemKind::internal, std::string("internal error: ") + error.what());
  }
}

}  // namespace windtunnel::runs
