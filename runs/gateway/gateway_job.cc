#include "runs/gateway/gateway_job.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <random>
#include <system_error>
#include <utility>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "monitor/realtime/llm_monitor_log.h"
#include "monitor/text/record_text.h"
#include "runs/gateway/live_metrics.h"
#include "runs/gateway/pipeline_lines.h"
#include "runs/gateway/upstream_settings.h"
#include "runs/scenario_source.h"
#include "sim/world/world.h"
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

class Service {
 public:
  // An event of the pipeline, for all that follow it.
  template <class Each>
    requires kIsAlternative<Each, monitor::Event>
  void on(const Each& event) {
    deliver(counts_, event);
    if (store_) deliver(*store_, event);
    if (is_trial()) scribe_.on(event);
  }

  Service(const GatewayJob& job, const sim::Scenario& scenario)
      : job_(job),
        scenario_(scenario),
        providers_(sim::provider_configs(scenario)),
        upstreams_(upstreams_of(scenario)),
        telemetry_(scenario.server.telemetry),
        counts_(scenario.providers.size()),
        scribe_(provider_names(scenario)),
        seed_(is_trial() ? scenario.seed : random_seed()),
        clock_(is_trial() ? std::optional(scenario.start) : std::nullopt),
        server_(scenario_, upstreams_, clock_, loop_, settings(),
                {.commit = [this] { commit(); }, .metrics = [this] { return metrics(); }}) {
    if (const auto error = telemetry_.error()) refuse(ProblemKind::file, *error);
    if (is_trial()) {
      decisions_.open(job.request.trial, std::ios::binary);
      if (!decisions_) refuse(ProblemKind::file, job.request.trial + ": cannot write the decisions");
    }
    if (!scenario.server.storage.empty()) open_store();
    if (!store_ && scenario.month_spent != Usd{})
      server_.journeys().pipeline().carry_in(scenario.month_spent, Instant{});
  }

  void run() {
    const std::string& listen = job_.request.listen.empty() ? scenario_.server.listen : job_.request.listen;
    if (const auto problem = server_.listen(listen)) refuse(ProblemKind::file, *problem);
    if (!listen.starts_with("127.")) job_.note("listening on " + listen + ": other machines may be able to call it");
    if (!scenario_.server.otlp.empty()) {
      const auto url = wire::base_url(scenario_.server.otlp);
      if (!url) refuse(ProblemKind::scenario, "server.otlp: \"" + scenario_.server.otlp + "\" is no address");
      exporter_.emplace(*url, scenario_.server.ca_file, loop_);
    }
    if (!job_.print(ready_line(listen))) return;
    while (!job_.stop->load()) {
      server_.turn(exporter_ ? kExportEvery : wire::SocketLoop::kForever);
      if (exporter_) exporter_->send();
      write_decisions();
    }
    drain();
  }

 private:
  [[nodiscard]] bool is_trial() const { return !job_.request.trial.empty(); }

  wire::JourneySettings settings() {
    wire::JourneySettings result{.seed = seed_, .is_trial = is_trial()};
    result.observer = this;
    result.on_end = [this](const wire::JourneyEnd& end) { on_end(end); };
    return result;
  }

  // What an earlier process left is the state of this one.
  void open_store() {
    monitor::Pipeline& pipeline = server_.journeys().pipeline();
    const Instant now = server_.journeys().now();
    auto store = std::make_unique<wire::GatewayStore>(scenario_.server.storage, provider_names(scenario_), seed_,
                                                      scenario_.server.retention);
    store->set_wall(clock_.wall_at_zero());
    const wire::StoredState state = store->open(pipeline.wall_at(now));
    store_ = std::move(store);
    bool has_month = false;
    for (const monitor::SavedWindow& window : state.windows) {
      const bool is_current = pipeline.restore(window, now);
      has_month = has_month || (is_current && !window.daily);
    }
    for (const auto& [name, until] : state.cooldowns) {
      for (std::size_t i = 0; i < scenario_.providers.size(); ++i) {
        if (scenario_.providers[i].name != name) continue;
        pipeline.restore_cooling(monitor::ProviderId{static_cast<std::uint8_t>(i)},
                                 now + (until - pipeline.wall_at(now)));
      }
    }
    if (!has_month && scenario_.month_spent != Usd{}) {
      pipeline.carry_in(scenario_.month_spent, now);
      store_->carry_in(pipeline.wall_at(now), scenario_.month_spent);
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

  std::string metrics() {
    return live_metrics_text({.scenario = scenario_,
                              .counts = counts_,
                              .pipeline = server_.journeys().pipeline(),
                              .server = server_.counts(),
                              .now = server_.journeys().now()});
  }

  void on_end(const wire::JourneyEnd& end) {
    if (store_) store_->add(end, scenario_.monitor);
    if (exporter_) exporter_->add(wire::spans_of(end, {scenario_, clock_.wall_at_zero()}));
    if (scenario_.server.telemetry.empty()) return;
    const monitor::Record& record = end.record;
    const auto& router = scenario_.monitor.ab_router;
    const wire::Attribution& who = end.front.attribution;
    const bool is_ours = record.variant.has_value();
    telemetry_.write(
        monitor::record_line(record, {.timestamp = server_.journeys().pipeline().wall_at(record.finished),
                                      .request_id = end.request_id,
                                      .providers = providers_,
                                      .feature_version = who.feature_version,
                                      .prompt_version = who.prompt_version,
                                      .experiment_id = is_ours ? router.experiment_id : who.experiment,
                                      .variant_id = is_ours ? router.variants[*record.variant].id : who.variant,
                                      .user = who.user}));
  }

  std::string ready_line(const std::string& listen) {
    const std::string url = "http://" + listen.substr(0, listen.rfind(':')) + ":" + std::to_string(server_.port());
    if (!job_.request.json) return "ready: " + url + "\n";
    std::string text;
    JsonWriter json{text, JsonWriter::Form::line};
    json.begin_object().key("ready").boolean(true).key("url").text(url).end_object();
    return text + "\n";
  }

  void write_decisions() {
    if (!is_trial()) return;
    for (const std::string& line : scribe_.take()) decisions_ << line << '\n';
    decisions_.flush();
  }

  void drain() {
    server_.drain();
    const auto until = wire::SocketLoop::Clock::now() + scenario_.server.drain;
    while (server_.journeys().open() > 0 && wire::SocketLoop::Clock::now() < until)
      server_.turn(std::chrono::milliseconds{50});
    if (exporter_) exporter_->send();
    while (exporter_ && !exporter_->is_idle() && wire::SocketLoop::Clock::now() < until) {
      server_.turn(std::chrono::milliseconds{50});
    }
    const std::size_t cut = server_.journeys().open();
    server_.stop();
    write_decisions();
    if (cut > 0) job_.note(fmt::format("{} requests were open at the end and were cut", cut));
  }

  const GatewayJob& job_;
  const sim::Scenario& scenario_;
  std::vector<monitor::ProviderConfig> providers_;
  std::vector<wire::Upstream> upstreams_;
  monitor::TelemetryLog telemetry_;
  LiveCounts counts_;
  PipelineScribe scribe_;
  std::ofstream decisions_;
  std::unique_ptr<wire::GatewayStore> store_;
  std::uint64_t seed_;
  wire::SocketLoop loop_;
  wire::GatewayClock clock_;
  std::optional<wire::OtlpExporter> exporter_;
  wire::GatewayServer server_;
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
    Service service{job, *loaded.scenario};
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
