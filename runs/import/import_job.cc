#include "runs/import/import_job.h"

#include <array>
#include <utility>
#include <vector>

#include "runs/import/log_merge.h"
#include "runs/logs/log_source.h"
#include "runs/scenario_source.h"
#include "scenarios/import/gateway_import.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/writer.h"

namespace windtunnel::runs {
namespace {

using scenarios::GatewayFormat;

std::array<std::pair<GatewayFormat, const std::string*>, 4> files_of(const ImportChoice& choice) {
  return {{{GatewayFormat::litellm, &choice.litellm},
           {GatewayFormat::portkey, &choice.portkey},
           {GatewayFormat::tensorzero, &choice.tensorzero},
           {GatewayFormat::envoy_ai, &choice.envoy_ai}}};
}

// One byte more than a reader takes, so that it refuses the file for its length.
std::string text_of(const std::string& file) {
  return scenarios::read_whole_file(file, scenarios::kConfigBytesMax + 1);
}

scenarios::ImportRequest request_of(const ImportChoice& choice) {
  scenarios::ImportRequest request;
  for (const auto& [format, file] : files_of(choice)) {
    if (file->empty()) continue;
    request.format = format;
    request.file = *file;
  }
  request.text = text_of(request.file);
  request.semantics = choice.semantics;
  if (!choice.litellm_keys.empty()) {
    request.keys_file = choice.litellm_keys;
    request.keys_text = text_of(choice.litellm_keys);
  }
  return request;
}

// The figures of the log instead of those that are assumed; says which.
void merge_log(scenarios::ImportedGateway& imported, const reports::LogChoice& log) {
  const LoadedScenario fitted = load_fitted(log, {}, 0);
  if (fitted.problem) throw ProblemError(fitted.problem->kind, fitted.problem->text);
  imported.keys += "\nfrom the log\n";
  for (const std::string& note : take_from_log(imported.scenario, *fitted.scenario))
    imported.keys += "  " + note + "\n";
  imported.keys += "\n" + fitted.fitted;
}

}  // namespace

std::optional<Problem> problem_with(const ImportChoice& choice, const reports::LogChoice& log) {
  int given = 0;
  for (const auto& [format, file] : files_of(choice)) given += file->empty() ? 0 : 1;
  if (given > 1) return Problem{ProblemKind::request, "one configuration is imported at a time"};
  if (!choice.litellm_keys.empty() && choice.litellm.empty()) {
    return Problem{ProblemKind::request, "--litellm-keys goes with --from-litellm"};
  }
  if (!choice.semantics.empty() && given == 0) {
    return Problem{ProblemKind::request, "--semantics goes with a configuration: --from-litellm and others"};
  }
  if (!log.prices.empty() && log.file.empty() && given == 0) {
    return Problem{ProblemKind::request,
                   "--prices goes with --from or with a configuration: --from-litellm and others"};
  }
  return std::nullopt;
}

ImportedScenario import_scenario(const ImportChoice& choice, const reports::LogChoice& log, const std::string& file) {
  ImportedScenario done;
  try {
    const scenarios::PriceList prices =
        log.prices.empty() ? scenarios::PriceList::shipped() : scenarios::PriceList::read(log.prices);
    scenarios::ImportedGateway imported = scenarios::import_gateway(request_of(choice), prices);
    if (!log.file.empty()) merge_log(imported, log);
    done.keys = imported.keys;
    done.text = scenarios::write_scenario(imported.scenario);
  } catch (const ProblemError& error) {
    done.problem = error.problem();
  } catch (const scenarios::ScenarioError& error) {
    done.problem = Problem{ProblemKind::scenario, error.what()};
  } catch (const scenarios::FileError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  }
  if (done.problem) return done;
  // A scenario that cannot be read back is our mistake, and no file is better than one that cannot be run.
  const LoadedScenario read_back = load_scenario_text(done.text, file, {});
  if (read_back.problem) {
    done.problem = Problem{ProblemKind::internal, "what was imported is no valid scenario, and nothing was written:\n" +
                                                      read_back.problem->text};
  }
  return done;
}

}  // namespace windtunnel::runs
