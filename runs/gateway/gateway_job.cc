#include "runs/gateway/gateway_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <system_error>
#include <utility>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "base/stable_hash.h"
#include "base/uuid.h"
#include "monitor/realtime/llm_monitor_log.h"
#include "monitor/text/record_text.h"
#include "runs/gateway/call_notes.h"
#include "runs/gateway/gateway_revision.h"
#include "runs/gateway/live_metrics.h"
#include "runs/gateway/live_metrics_otlp.h"
#include "runs/gateway/live_metrics_text.h"
#include "runs/gateway/pipeline_lines.h"
#include "runs/scenario_source.h"
#include "wire/gateway/gateway_server.h"
#include "wire/gateway/storage/gateway_store.h"
#include "wire/gateway/telemetry/otlp_exporter.h"
#include "wire/gateway/telemetry/otlp_spans.h"

namespace windtunnel::runs {
namespace {

// Ids of requests are those of this process alone.
std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

constexpr auto kExportEvery = std::chrono::milliseconds{500};
constexpr auto kSignalWithin = std::chrono::seconds{1};

class Service {
 public:
  explicit Service(const GatewayJob& job, sim::Scenario scenario)
      : job_(job),
        seed_(is_trial() ? scenario.seed : random_seed()),
        clock_(is_trial() ? std::optional(scenario.start) : std::nullopt) {
    revisions_.push_back(std::make_unique<Serving>(*this, std::move(scenario)));
    Serving& first = *revisions_.front();
    server_.emplace(first.file.scenario, first.file.upstreams, clock_, loop_, settings(first),
                    wire::GatewayHooks{.commit = [this] { commit(); },
                                       .metrics = [this] { return live_metrics_text(metrics()); },
                                       .retired = [this](const wire::Journeys& journeys) { retire(journeys); }});
    first.journeys = &server_->journeys();
    scribe_.emplace(first.file.provider_names);
    reloads_.last_success = started_ = wall();
    telemetry_.emplace(this->scenario().server.telemetry);
    if (const auto error = telemetry_->error()) refuse(ProblemKind::file, *error);
    if (is_trial()) {
      decisions_.open(job.request.trial, std::ios::binary);
      if (!decisions_) refuse(ProblemKind::file, job.request.trial + ": cannot write the decisions");
    }
    const Usd month_spent = this->scenario().month_spent;
    if (!this->scenario().server.storage.empty()) {
      open_store();
    } else if (month_spent != Usd{}) {
      pipeline().carry_in(month_spent, Instant{});
    }
  }

  void run() {
    const std::string listen = job_.request.listen.empty() ? scenario().server.listen : job_.request.listen;
    if (const auto problem = server_->listen(listen)) refuse(ProblemKind::file, *problem);
    if (!listen.starts_with("127.")) job_.note("listening on " + listen + ": other machines may be able to call it");
    if (!scenario().server.otlp.empty()) {
      const auto url = wire::base_url(scenario().server.otlp);
      if (!url) refuse(ProblemKind::scenario, "server.otlp: \"" + scenario().server.otlp + "\" is no address");
      const sim::ServerSpec& server = scenario().server;
      exporter_.emplace(wire::OtlpSettings{.url = *url,
                                           .ca_file = server.ca_file,
                                           .form = server.otlp_protocol,
                                           .timeout = server.otlp_timeout,
                                           .resource = resource(),
                                           .seed = seed_},
                        clock_, loop_);
      metrics_due_ = clock_.now() + server.otlp_metric_interval;
    }
    if (!job_.print(ready_line(listen))) return;
    while (!job_.stop->load()) {
      if (is_reload_asked()) reload();
      server_->turn(patience());
      std::erase_if(revisions_, [](const auto& serving) { return serving->journeys == nullptr; });
      export_telemetry();
      write_decisions();
    }
    drain();
  }

 private:
  // What follows the requests of one reading of the file: an event of the pipeline, for all that it concerns.
  struct Serving {
    Serving(Service& service_of_all, sim::Scenario scenario) : service(service_of_all), file(std::move(scenario)) {}

    template <class Each>
      requires kIsAlternative<Each, monitor::Event>
    void on(const Each& event) {
      deliver(file.counts, event);
      if (service.store_) deliver(service.store_for(*this), event);
      if (service.is_trial()) service.scribe_->on(event);
    }

    Service& service;
    GatewayRevision file;
    const wire::Journeys* journeys = nullptr;  // nullptr: its last request has ended
    std::size_t alerts_written = 0;            // of those that its counts have
  };

  [[nodiscard]] bool is_trial() const { return !job_.request.trial.empty(); }

  [[nodiscard]] const sim::Scenario& scenario() const { return revisions_.back()->file.scenario; }
  [[nodiscard]] monitor::Pipeline& pipeline() { return server_->journeys().pipeline(); }
  [[nodiscard]] WallTime wall() { return pipeline().wall_at(server_->journeys().now()); }
  // A signal that comes just before a wait does not end it. In a trial only the stop does that, at its end.
  [[nodiscard]] std::chrono::nanoseconds patience() const {
    if (exporter_) return kExportEvery;
    return is_trial() ? wire::SocketLoop::kForever : kSignalWithin;
  }

  wire::JourneySettings settings(Serving& serving) {
    wire::JourneySettings result{.seed = seed_, .is_trial = is_trial()};
    result.observer = &serving;
    result.on_end = [this, &serving](const wire::JourneyEnd& end) { on_end(serving, end); };
    return result;
  }

  // By the conventions for resources: several gateways of one service are told apart by their instance.
  [[nodiscard]] wire::OtlpAttributes resource() const {
    const Uuid instance = request_uuid(stable_hash("service.instance.id", seed_), RequestId{});
    return {{"service.name", "windtunnel-gateway"}, {"service.instance.id", std::string(instance.view())}};
  }

  // The store writes the providers of this reading's events by name.
  wire::GatewayStore& store_for(const Serving& serving) {
    if (std::exchange(stored_for_, &serving) != &serving) store_->name_providers(serving.file.provider_names);
    return *store_;
  }

  // --- The file is read again
  // -----------------------------------------------------------------------------------------

  // Several requests before it is read are one.
  [[nodiscard]] bool is_reload_asked() {
    if (job_.reloads == nullptr) return false;
    const std::uint64_t asked = job_.reloads->load();
    return std::exchange(reloads_asked_, asked) != asked;
  }

  void reload() {
    const std::string& file = job_.request.file;
    const std::optional<Problem> problem = read_again();
    ++(problem ? reloads_.refused : reloads_.succeeded);
    reloads_.last_succeeded = !problem;
    if (!problem) reloads_.last_success = wall();
    job_.note(problem ? file + " is refused, and the gateway goes on as before:\n" + problem->text
                      : file + " was read again: requests from now on follow it");
    if (!job_.request.json) return;
    std::string text;
    JsonWriter json{text, JsonWriter::Form::line};
    json.begin_object().key("reloaded").boolean(!problem);
    if (problem) json.key("problem").text(problem->text);
    json.end_object();
    (void)job_.print(text + "\n");
  }

  std::optional<Problem> read_again() {
    if (is_trial()) return Problem{ProblemKind::request, "the settings of a trial do not change"};
    LoadedScenario loaded = load_scenario(job_.request.file, job_.request.sets);
    if (loaded.problem) return std::move(loaded.problem);
    const bool listens_elsewhere = !job_.request.listen.empty();
    if (auto problem = problem_with_change(job_.request.file, scenario(), *loaded.scenario, listens_elsewhere)) {
      return problem;
    }
    for (const std::string& warning : loaded.scenario->warnings) job_.note(warning);
    try {
      auto next = std::make_unique<Serving>(*this, *std::move(loaded.scenario));
      stored_for_ = nullptr;
      server_->change(next->file.scenario, next->file.upstreams, settings(*next));
      next->journeys = &server_->journeys();
      revisions_.push_back(std::move(next));
    } catch (const ProblemError& error) {
      return error.problem();
    } catch (const wire::TlsError& error) {
      return Problem{ProblemKind::file, error.what()};
    }
    return std::nullopt;
  }

  void retire(const wire::Journeys& journeys) {
    const auto serving = std::ranges::find(revisions_, &journeys, [](const auto& each) { return each->journeys; });
    retired_.add((*serving)->file.scenario, (*serving)->file.counts, journeys.pipeline().metrics());
    (*serving)->journeys = nullptr;
  }

  // --- What is kept
  // ---------------------------------------------------------------------------------------------------

  // What an earlier process left is the state of this one.
  void open_store() {
    monitor::Pipeline& pipeline = this->pipeline();
    const sim::Scenario& scenario = this->scenario();
    const Instant now = server_->journeys().now();
    auto store = std::make_unique<wire::GatewayStore>(scenario.server.storage, revisions_.front()->file.provider_names,
                                                      seed_, scenario.server.retention);
    store->set_wall(clock_.wall_at_zero());
    const wire::StoredState state = store->open(pipeline.wall_at(now));
    store_ = std::move(store);
    bool has_month = false;
    for (const monitor::SavedWindow& window : state.windows) {
      const bool is_current = pipeline.restore(window, now);
      has_month = has_month || (is_current && !window.daily);
    }
    for (const auto& [name, until] : state.cooldowns) {
      for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
        if (scenario.providers[i].name != name) continue;
        pipeline.restore_cooling(monitor::ProviderId{static_cast<std::uint8_t>(i)},
                                 now + (until - pipeline.wall_at(now)));
      }
    }
    if (!has_month && scenario.month_spent != Usd{}) {
      pipeline.carry_in(scenario.month_spent, now);
      store_->carry_in(pipeline.wall_at(now), scenario.month_spent);
    }
    store_->commit();
    if (state.lost_calls > 0) {
      job_.note(
          fmt::format("{} calls were open when the last process ended; they are settled at their reservations, "
                      "{} USD together",
                      state.lost_calls, exact_decimal(state.lost.picos(), 12)));
    }
  }

  void commit() {
    if (store_) store_->commit();
  }

  std::vector<LiveFamily> metrics() {
    LiveTotals totals = retired_;
    for (const auto& serving : revisions_) {
      if (serving->journeys == nullptr) continue;
      totals.add(serving->file.scenario, serving->file.counts, serving->journeys->pipeline().metrics());
    }
    return live_metrics({.scenario = scenario(),
                         .totals = totals,
                         .pipeline = pipeline(),
                         .server = server_->counts(),
                         .reloads = reloads_,
                         .exports = exporter_ ? &exporter_->queue() : nullptr,
                         .now = server_->journeys().now()});
  }

  void on_end(Serving& serving, const wire::JourneyEnd& end) {
    const sim::Scenario& scenario = serving.file.scenario;
    if (store_) store_for(serving).add(end, scenario.monitor);
    if (exporter_) exporter_->add(wire::spans_of(end, {scenario, clock_.wall_at_zero()}));
    if (scenario.server.telemetry.empty()) return;
    const monitor::Record& record = end.record;
    const auto& router = scenario.monitor.ab_router;
    const wire::Attribution& who = end.front.attribution;
    const bool is_ours = record.variant.has_value();
    const std::string line =
        monitor::record_line(record, {.timestamp = pipeline().wall_at(record.finished),
                                      .request_id = end.request_id,
                                      .providers = serving.file.providers,
                                      .feature_version = who.feature_version,
                                      .prompt_version = who.prompt_version,
                                      .experiment_id = is_ours ? router.experiment_id : who.experiment,
                                      .variant_id = is_ours ? router.variants[*record.variant].id : who.variant,
                                      .user = who.user});
    const std::span<const monitor::BudgetEvent> alerts{serving.file.counts.alerts()};
    telemetry_->write(
        with_call_notes(line, {.end = end,
                               .alerts = alerts.subspan(std::exchange(serving.alerts_written, alerts.size())),
                               .retry_after_cap = scenario.monitor.provider_call.retry_after_cap,
                               .wall_at = [this](Instant at) { return pipeline().wall_at(at); }}));
  }

  std::string ready_line(const std::string& listen) {
    const std::string url = "http://" + listen.substr(0, listen.rfind(':')) + ":" + std::to_string(server_->port());
    if (!job_.request.json) return "ready: " + url + "\n";
    std::string text;
    JsonWriter json{text, JsonWriter::Form::line};
    json.begin_object().key("ready").boolean(true).key("url").text(url).end_object();
    return text + "\n";
  }

  void write_decisions() {
    if (!is_trial()) return;
    for (const std::string& line : scribe_->take()) decisions_ << line << '\n';
    decisions_.flush();
  }

  void drain() {
    server_->drain();
    const auto until = wire::SocketLoop::Clock::now() + scenario().server.drain;
    const auto turn = [this] {
      if (is_reload_asked()) job_.note(job_.request.file + " is not read again, because the gateway is ending");
      server_->turn(std::chrono::milliseconds{50});
    };
    while (server_->open_requests() > 0 && wire::SocketLoop::Clock::now() < until) turn();
    const std::size_t cut = server_->open_requests();
    server_->stop();
    flush_telemetry(turn);
    write_decisions();
    if (cut > 0) job_.note(fmt::format("{} requests were open at the end and were cut", cut));
  }

  void export_metrics() { exporter_->add({.start = started_, .at = wall(), .metrics = live_metrics_otlp(metrics())}); }

  void export_telemetry() {
    if (!exporter_) return;
    const Duration interval = scenario().server.otlp_metric_interval;
    if (interval > Duration{} && clock_.now() >= metrics_due_) {
      export_metrics();
      metrics_due_ += interval * ((clock_.now() - metrics_due_) / interval + 1);
    }
    exporter_->advance();
    if (has_noted_export_ || exporter_->problem().empty()) return;
    has_noted_export_ = true;
    job_.note("the collector of server.otlp did not take an export: " + exporter_->problem() +
              "; /metrics counts what is dropped");
  }

  // What the end itself has brought is among it: the last metrics, and the spans of requests that were cut.
  void flush_telemetry(const std::function<void()>& turn) {
    if (!exporter_) return;
    const Instant until = clock_.now() + scenario().server.otlp_timeout;
    exporter_->hurry();
    if (scenario().server.otlp_metric_interval > Duration{}) export_metrics();
    export_telemetry();
    while (!exporter_->queue().is_idle() && clock_.now() < until) {
      turn();
      export_telemetry();
    }
    const std::size_t lost = exporter_->queue().spans_held();
    if (lost > 0) job_.note(fmt::format("{} spans were not exported: {}", lost, exporter_->problem()));
  }

  const GatewayJob& job_;
  std::uint64_t seed_;
  wire::SocketLoop loop_;
  wire::GatewayClock clock_;
  std::optional<monitor::TelemetryLog> telemetry_;
  std::optional<PipelineScribe> scribe_;
  std::ofstream decisions_;
  std::unique_ptr<wire::GatewayStore> store_;
  std::vector<std::unique_ptr<Serving>> revisions_;  // oldest first; requests begin under the last
  const Serving* stored_for_ = nullptr;
  LiveTotals retired_;  // of settings whose last request has ended
  ReloadCounts reloads_;
  std::uint64_t reloads_asked_ = 0;
  std::optional<wire::OtlpExporter> exporter_;
  WallTime started_{};
  Instant metrics_due_{};
  bool has_noted_export_ = false;
  std::optional<wire::GatewayServer> server_;
};

}  // namespace

GatewayDone serve_gateway(const GatewayJob& job) {
  GatewayDone done;
  LoadedScenario loaded = load_scenario(job.request.file, job.request.sets);
  if (loaded.problem) {
    done.problem = std::move(loaded.problem);
    return done;
  }
  for (const std::string& warning : loaded.scenario->warnings) job.note(warning);
  try {
    Service service{job, *std::move(loaded.scenario)};
    service.run();
  } catch (const ProblemError& error) {
    done.problem = error.problem();
  } catch (const wire::TlsError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const wire::DatabaseError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const std::system_error& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  }
  return done;
}

}  // namespace windtunnel::runs
