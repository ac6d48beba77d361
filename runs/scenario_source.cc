#include "runs/scenario_source.h"

#include <fmt/format.h>

#include "reports/telemetry/fit_report.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "sim/checks/claims/run_notes.h"

namespace windtunnel::runs {
namespace {

// Lets `read` fill in the scenario. What it throws becomes the problem.
template <class Read>
void read_into(LoadedScenario& loaded, Read read) {
  try {
    read();
  } catch (const scenarios::ScenarioError& error) {
    loaded.problem = Problem{ProblemKind::scenario, error.what()};
    loaded.errors = error.diagnostics();
  } catch (const scenarios::FileError& error) {
    loaded.problem = Problem{ProblemKind::file, error.what()};
  } catch (const reports::ReportError& error) {
    loaded.problem = Problem{ProblemKind::file, error.what()};
  }
}

}  // namespace

LoadedScenario load_scenario_with_any_breakers(const std::string& file, const std::vector<std::string>& sets) {
  LoadedScenario loaded;
  loaded.file = file;
  read_into(loaded, [&] { loaded.scenario = scenarios::read_scenario(file, sets); });
  return loaded;
}

LoadedScenario load_scenario(const std::string& file, const std::vector<std::string>& sets) {
  LoadedScenario loaded = load_scenario_with_any_breakers(file, sets);
  if (!loaded.scenario || loaded.scenario->breaker_command.empty()) return loaded;
  const auto origin = loaded.scenario->origins.find("/monitor/circuit_breaker/command");
  const sim::Origin at = origin == loaded.scenario->origins.end() ? sim::Origin{.file = file} : origin->second;
  loaded.problem = Problem{ProblemKind::scenario,
                           fmt::format("{}:{}:{}: {}: only `run` and `validate` take breakers of another program",
                                       at.file, at.line, at.column, at.pointer)};
  loaded.scenario.reset();
  return loaded;
}

LoadedScenario load_fitted(const std::string& log, const std::vector<std::string>& sets, unsigned threads) {
  LoadedScenario loaded;
  loaded.file = log;
  read_into(loaded, [&] {
    const reports::FittedLog fitted = reports::read_fit(log, threads);
    loaded.fitted = reports::fit_text(fitted);
    if (fitted.fit.problem) {
      loaded.problem = Problem{ProblemKind::no_data, log + ": " + *fitted.fit.problem};
      return;
    }
    loaded.scenario = scenarios::read_scenario_text(scenarios::write_scenario(fitted.fit.scenario), log, sets);
  });
  return loaded;
}

FittedScenario fit_scenario(const std::string& log, const std::string& file) {
  FittedScenario done;
  try {
    const reports::FittedLog fitted = reports::read_fit(log);
    done.figures = reports::fit_text(fitted);
    if (fitted.fit.problem) {
      done.problem = Problem{ProblemKind::no_data, fitted.file + ": " + *fitted.fit.problem};
      return done;
    }
    done.text = scenarios::write_scenario(fitted.fit.scenario);
    // A fit that is no valid scenario is our mistake, and no file is better than one that cannot be run.
    (void)scenarios::read_scenario_text(done.text, file, {});
  } catch (const reports::ReportError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const scenarios::ScenarioError& error) {
    done.problem =
        Problem{ProblemKind::internal,
                std::string("what was fitted is no valid scenario, and nothing was written:\n") + error.what()};
  }
  return done;
}

std::vector<std::string> notes_of(const sim::Scenario& scenario) {
  return scenario.breaker_command.empty() ? sim::notes_beforehand(scenario) : std::vector<std::string>{};
}

}  // namespace windtunnel::runs
