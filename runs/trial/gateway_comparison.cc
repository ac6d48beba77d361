#include "runs/trial/gateway_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "reports/text/text_table.h"
#include "runs/scenario_source.h"
#include "runs/trial/agreement_figures.h"
#include "sim/world/world.h"

namespace windtunnel::runs {
namespace {

constexpr std::string_view kSimulated = "simulated";

// What the table shows of one gateway, by the names of its rows.
struct Column {
  std::vector<std::vector<std::string>> figures;  // by row, a text for each seed
  std::set<std::string> broken;
  std::int64_t cut_unseen = 0;
};

double number_of_text(const std::string& text) {
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string median_of(std::vector<std::string> texts) {
  std::erase(texts, "");
  if (texts.empty()) return "-";
  std::ranges::sort(texts, {}, number_of_text);
  return texts[(texts.size() - 1) / 2];
}

void add_trial(Column& column, const TriedGateway& tried) {
  column.cut_unseen += tried.trial->requests.silently_cut();
  for (const sim::Finding& finding : tried.done.judgement.findings) {
    if (finding.kind == sim::Finding::Kind::invariant) column.broken.insert(finding.id);
  }
  if (!tried.trial->agreement) return;
  for (std::size_t i = 0; i < kAgreementFigures; ++i) {
    column.figures[i].push_back(tried.trial->agreement->rows[i].observed);
  }
}

// What was stopped has no figures.
void add_simulation(Column& column, const sim::Scenario& scenario, std::uint64_t seed, const std::atomic<bool>* stop) {
  AgreementCounts counts{scenario};
  (void)sim::run(scenario, {.seed = seed, .observers = {&counts}, .stop = stop});
  if (stop->load()) return;
  const AgreementValues values = counts.values();
  for (std::size_t i = 0; i < kAgreementFigures; ++i) {
    column.figures[i].push_back(values[i] ? text_of(agreement_figures()[i], *values[i]) : std::string());
  }
}

std::string table_of(const GatewayComparison& comparison, const std::vector<Column>& columns) {
  std::vector<std::string> head{"Figure", "Unit"};
  for (const std::string& gateway : comparison.gateways) head.push_back(std::filesystem::path(gateway).stem().string());
  reports::TextTable table{head};
  for (std::size_t i = 0; i < kAgreementFigures; ++i) {
    std::vector<std::string> row{std::string(agreement_figures()[i].name), std::string(agreement_figures()[i].unit)};
    for (const Column& column : columns) row.push_back(median_of(column.figures[i]));
    table.add(row);
  }
  std::vector<std::string> cuts{"silent truncations", "answers"};
  std::vector<std::string> broken{"checks broken", ""};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    cuts.push_back(std::to_string(columns[i].cut_unseen));
    const std::string names = fmt::format("{}", fmt::join(columns[i].broken, " "));
    broken.push_back(comparison.gateways[i] == kSimulated ? "-" : names.empty() ? "none" : names);
  }
  table.add(cuts);
  table.add(broken);
  return table.text(2);
}

void compare_all(const GatewayComparison& comparison, const sim::Scenario& scenario, GatewayComparisonDone& done) {
  const SeedRange seeds = comparison.seeds.value_or(SeedRange{scenario.seed, scenario.seed});
  std::vector<Column> columns;
  for (const std::string& gateway : comparison.gateways) {
    Column& column = columns.emplace_back();
    column.figures.resize(kAgreementFigures);
    for (std::uint64_t i = 0; i < seeds.count() && !comparison.stop->load(); ++i) {
      const std::uint64_t seed = seeds.first + i;
      if (gateway == kSimulated) {
        add_simulation(column, scenario, seed, comparison.stop);
        continue;
      }
      const TrialSettings settings{
          .gateway = gateway, .clock = comparison.clock, .predictions = 1, .sets = comparison.sets};
      TriedGateway tried = tried_gateway(settings, {.scenario = &scenario, .seed = seed, .stop = comparison.stop});
      if (tried.done.problem) {
        done.problem = Problem{tried.done.problem->kind, gateway + ": " + tried.done.problem->text};
        return;
      }
      add_trial(column, tried);
      done.judgements.push_back(std::move(tried.done.judgement));
    }
  }
  done.text = fmt::format("{}: {} behind several gateways, {} {}\n\n", scenario.file, scenario.title, seeds.count(),
                          seeds.count() == 1 ? "seed" : "seeds, the median of each figure") +
              table_of(comparison, columns);
}

}  // namespace

GatewayComparisonDone compare_gateways(const GatewayComparison& comparison) {
  GatewayComparisonDone done;
  LoadedScenario loaded = load_scenario(comparison.file, comparison.sets);
  if (loaded.problem) {
    done.problem = std::move(loaded.problem);
    return done;
  }
  compare_all(comparison, *loaded.scenario, done);
  return done;
}

}  // namespace windtunnel::runs
