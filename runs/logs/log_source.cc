#include "runs/logs/log_source.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "reports/logs/log_fit.h"
#include "runs/logs/log_prices.h"
#include "runs/shell_word.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/writer.h"

namespace windtunnel::runs {
namespace {

struct FittedText {
  std::string figures;
  std::string text;  // of the scenario
  std::string spent;
  WallTime start{};
  std::optional<Problem> problem;
};

FittedText fit_text_of(const reports::LogChoice& log, unsigned threads) {
  FittedText done;
  try {
    const scenarios::PriceList prices =
        log.prices.empty() ? scenarios::PriceList::shipped() : scenarios::PriceList::read(log.prices);
    const reports::FittedLog fitted = reports::read_fit(
        reports::FitRequest{.log = log,
                            .threads = threads,
                            .price = [&](const reports::LogRow& row) { return price_of(row, prices); },
                            .price_source = prices.source()});
    done.figures = reports::fit_text(fitted);
    if (!fitted.unpriced.empty()) {
      done.problem = Problem{ProblemKind::no_data, fitted.file + ": " + unpriced_text(fitted.unpriced, prices)};
    } else if (fitted.fit.problem) {
      done.problem = Problem{ProblemKind::no_data, fitted.file + ": " + *fitted.fit.problem};
    } else {
      done.text = scenarios::write_scenario(fitted.fit.scenario);
      done.spent = sim::spent_words(fitted.fit.spent);
      done.start = fitted.fit.scenario.start;
    }
  } catch (const scenarios::ScenarioError& error) {
    done.problem = Problem{ProblemKind::scenario, error.what()};
  } catch (const scenarios::FileError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const reports::ReportError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  } catch (const std::invalid_argument& error) {
    done.problem = Problem{ProblemKind::request, std::string("--from: ") + error.what()};
  }
  return done;
}

}  // namespace

LoadedScenario load_fitted(const reports::LogChoice& log, const std::vector<std::string>& sets, unsigned threads) {
  FittedText fitted = fit_text_of(log, threads);
  LoadedScenario loaded{.file = log.file};
  if (!fitted.problem) loaded = load_scenario_text(fitted.text, log.file, sets);
  if (fitted.problem) loaded.problem = std::move(fitted.problem);
  loaded.fitted = std::move(fitted.figures);
  // What was spent before another start is not known.
  if (loaded.scenario && loaded.scenario->start == fitted.start) loaded.spent = std::move(fitted.spent);
  return loaded;
}

FittedScenario fit_scenario(const reports::LogChoice& log, const std::string& file) {
  FittedText fitted = fit_text_of(log, 0);
  FittedScenario done{.figures = std::move(fitted.figures), .text = std::move(fitted.text)};
  done.problem = std::move(fitted.problem);
  if (done.problem) return done;
  // A fit that is no valid scenario is our mistake, and no file is better than one that cannot be run.
  const LoadedScenario read_back = load_scenario_text(done.text, file, {});
  if (read_back.problem) {
    done.problem = Problem{ProblemKind::internal, "what was fitted is no valid scenario, and nothing was written:\n" +
                                                      read_back.problem->text};
  }
  return done;
}

std::string log_flags(const reports::LogChoice& log) {
  std::string flags = "--from " + shell_word(log.file);
  if (log.format != "auto") flags += " --log-format " + shell_word(log.format);
  if (!log.columns.empty()) flags += " --columns " + shell_word(log.columns);
  if (!log.prices.empty()) flags += " --prices " + shell_word(log.prices);
  return flags;
}

}  // namespace windtunnel::runs
