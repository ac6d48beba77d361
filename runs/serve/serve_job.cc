#include "runs/serve/serve_job.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <system_error>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/files/output_file.h"
#include "runs/outputs.h"
#include "runs/scenario_source.h"
#include "runs/serve/gateway_config.h"
#include "runs/unknown_word.h"
#include "wire/clock/real_clock.h"
#include "wire/trial/provider_server.h"

namespace windtunnel::runs {
namespace {

using namespace std::chrono_literals;

// A signal ends a wait at once, but one that comes just before the wait is only seen after it.
constexpr auto kWaitMax = 200ms;
constexpr int kBillDecimals = 12;

std::string ready_json(const sim::Scenario& scenario, const std::vector<std::string>& urls) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("ready").boolean(true).key("providers").begin_object();
  for (std::size_t i = 0; i < scenario.providers.size(); ++i) json.key(scenario.providers[i].name).text(urls[i]);
  json.end_object().key("admin").text(urls.back()).end_object();
  return text + "\n";
}

std::string ready_text(const sim::Scenario& scenario, const std::vector<std::string>& urls) {
  std::string text = "ready:";
  for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
    text += fmt::format(" {}={}", scenario.providers[i].name, urls[i]);
  }
  return text + fmt::format(" admin={}\n", urls.back());
}

std::string totals_json(const wire::ProviderServer& server) {
  const wire::ServerTotals totals = server.totals();
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("calls").integer(totals.calls).key("ends").begin_object();
  for (const auto& [end, count] : totals.ends) json.key(end).integer(count);
  json.end_object().key("providers").begin_object();
  for (std::size_t i = 0; i < server.host().counts().size(); ++i) {
    const wire::ProviderCount& count = server.host().counts()[i];
    json.key(server.host().scenario().providers[i].name).begin_object().key("calls").integer(count.calls);
    json.key("billed_usd").decimal(count.billed.picos(), kBillDecimals).end_object();
  }
  json.end_object().key("lateness_max_ms").milliseconds(totals.lateness_max);
  json.key("connections_refused").integer(static_cast<Int128>(totals.refused)).end_object();
  return text + "\n";
}

std::string totals_text(const wire::ProviderServer& server) {
  const wire::ServerTotals totals = server.totals();
  std::string ends;
  for (const auto& [end, count] : totals.ends) ends += fmt::format("{} {} {}", ends.empty() ? ":" : ",", count, end);
  std::string text = fmt::format("{} calls{}\n", totals.calls, ends);
  for (std::size_t i = 0; i < server.host().counts().size(); ++i) {
    const wire::ProviderCount& count = server.host().counts()[i];
    text += fmt::format("  {}: {} calls, billed {} USD\n", server.host().scenario().providers[i].name, count.calls,
                        exact_decimal(count.billed.picos(), kBillDecimals));
  }
  text += fmt::format("  at most {} ms late\n",
                      exact_decimal(std::chrono::ceil<std::chrono::microseconds>(totals.lateness_max).count(), 3));
  if (totals.refused > 0) {
    text += fmt::format("  {} connections refused, because no descriptor was left (ulimit -n)\n", totals.refused);
  }
  return text;
}

void print_config(const ServeJob& job, const sim::Scenario& scenario) {
  const ServeRequest& request = job.request;
  if (request.port_base == 0) refuse("--print-config needs ports that are known before: --port-base N");
  std::vector<std::string> urls;
  for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
    urls.push_back(fmt::format("http://{}:{}", request.address, request.port_base + i));
  }
  const auto text = gateway_config(request.print_config, scenario, urls);
  if (!text) {
    const std::vector<std::string> known{std::begin(kGateways), std::end(kGateways)};
    refuse("--print-config: " + unknown_word("gateway", request.print_config, known));
  }
  (void)job.print(*text);
}

void serve_scenario(const ServeJob& job, const sim::Scenario& scenario) {
  const ServeRequest& request = job.request;
  if (const auto problem = problem_with_outputs({{"--ledger", request.ledger}}, {request.file})) {
    refuse(problem->kind, problem->text);
  }
  if (const auto problem = problem_with_memory(request.file, memory_need(scenario), 1, request.memory_max)) {
    refuse(problem->kind, problem->text);
  }
  std::unique_ptr<reports::OutputFile> ledger;
  if (!request.ledger.empty()) ledger = std::make_unique<reports::OutputFile>(request.ledger);
  wire::RealClock clock;
  wire::SocketLoop loop;
  wire::ProviderServer server{scenario,
                              {.seed = request.seed.value_or(scenario.seed),
                               .address = request.address,
                               .port_base = request.port_base,
                               .start = request.start_now ? wire::ClockStart::at_once : wire::ClockStart::first_call,
                               .on_line =
                                   [&](const wire::CallLine& line) {
                                     if (!ledger) return;
                                     ledger->append(text_of(line));
                                     ledger->flush();
                                   }},
                              clock,
                              loop};
  job.starts();
  if (const auto problem = server.listen()) {
    refuse(ProblemKind::file, *problem + (request.port_base != 0 ? "; --port-base 0 takes free ports" : ""));
  }
  if (request.address != "127.0.0.1") {
    job.note("listening on " + request.address + ": other machines may be able to call these providers");
  }
  const auto& urls = server.urls();
  if (!job.print(request.json ? ready_json(scenario, urls) : ready_text(scenario, urls))) return;
  while (!job.stop->load()) {
    loop.poll(server.wait_for(kWaitMax));
    server.advance();
  }
  server.stop();
  if (ledger) ledger->finish();
  (void)job.print(request.json ? totals_json(server) : totals_text(server));
}

}  // namespace

ServeDone serve(const ServeJob& job) {
  ServeDone done;
  LoadedScenario loaded = load_scenario(job.request.file, job.request.sets);
  if (loaded.problem) {
    done.problem = std::move(loaded.problem);
    return done;
  }
  for (const std::string& warning : loaded.scenario->warnings) job.note(warning);
  try {
    if (!job.request.print_config.empty()) {
      print_config(job, *loaded.scenario);
    } else {
      serve_scenario(job, *loaded.scenario);
    }
  } catch (const ProblemError& error) {
    done.problem = error.problem();
  } catch (const reports::ReportError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const std::system_error& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  }
  return done;
}

}  // namespace windtunnel::runs
