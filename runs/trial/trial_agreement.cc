#include "runs/trial/trial_agreement.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "runs/trial/agreement_figures.h"
#include "sim/world/world.h"

namespace windtunnel::runs {
namespace {

constexpr std::string_view kFirstToken = "first token p50";

// "openai x3, anthropic: answered"
std::string words_of(const RequestWay& way, const sim::Scenario& scenario) {
  std::string text;
  for (std::size_t i = 0; i < way.providers.size();) {
    std::size_t end = i;
    while (end < way.providers.size() && way.providers[end] == way.providers[i]) ++end;
    text += (text.empty() ? "" : ", ") + scenario.providers[way.providers[i]].name;
    if (end - i > 1) text += fmt::format(" x{}", end - i);
    i = end;
  }
  if (text.empty()) text = "no call";
  return text + (way.is_answered ? ": answered" : ": not answered");
}

std::string first_divergence(const AgreementCounts& predicted, const AgreementCounts& observed,
                             const sim::Scenario& scenario) {
  for (const auto& [id, way] : observed.ways()) {
    const auto expected = predicted.ways().find(id);
    if (expected == predicted.ways().end()) {
      return fmt::format("request {}: the simulation has no such request", number_of(id));
    }
    if (expected->second == way) continue;
    return fmt::format("request {}: predicted {}; observed {}", number_of(id), words_of(expected->second, scenario),
                       words_of(way, scenario));
  }
  return {};
}

struct Band {
  Int128 low = 0;
  Int128 high = 0;
  Int128 median = 0;
};

// Of 95 of 100 simulations; nothing if none has the figure.
std::optional<Band> band_of(std::vector<Int128> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const std::size_t left_out = values.size() * 25 / 1000;
  return Band{values[left_out], values[values.size() - 1 - left_out], values[(values.size() - 1) / 2]};
}

reports::AgreementRow row_of(const AgreementFigure& figure, const std::optional<Int128>& observed,
                             const std::optional<Band>& band) {
  reports::AgreementRow row{.name = std::string(figure.name), .unit = std::string(figure.unit)};
  if (observed) row.observed = text_of(figure, *observed);
  if (!band) return row;
  row.low = text_of(figure, band->low);
  row.high = text_of(figure, band->high);
  row.median = text_of(figure, band->median);
  if (!observed) return row;
  // As the reader sees the figures, so that nothing is outside by digits that are not shown.
  const auto shown = [&](Int128 value) { return text_of(figure, value); };
  if (*observed > band->high && shown(*observed) != row.high) {
    row.is_inside = false;
    row.explanation = figure.above;
  } else if (*observed < band->low && shown(*observed) != row.low) {
    row.is_inside = false;
    row.explanation = figure.below;
  }
  return row;
}

}  // namespace

std::optional<reports::AgreementSummary> agreement_of(const AgreementQuestion& question) {
  AgreementCounts observed{question.declared};
  for (const sim::Event& event : question.events) {
    std::visit(
        [&](const auto& each) {
          if constexpr (requires { observed.on(each); }) observed.on(each);
        },
        event);
  }
  reports::AgreementSummary agreement{.seeds = question.predictions, .rows = {}, .first_divergence = {}};
  std::vector<AgreementValues> predicted;
  for (std::uint32_t i = 0; i < question.predictions; ++i) {
    AgreementCounts counts{question.declared};
    (void)sim::run(question.declared, {.seed = question.seed + i, .observers = {&counts}, .stop = question.stop});
    if (question.stop != nullptr && question.stop->load()) return std::nullopt;
    predicted.push_back(counts.values());
    if (i == 0) agreement.first_divergence = first_divergence(counts, observed, question.declared);
  }
  AgreementValues values = observed.values();
  for (std::size_t k = 0; k < kAgreementFigures; ++k) {
    const AgreementFigure& figure = agreement_figures()[k];
    if (figure.name == kFirstToken && !question.has_first_token) values[k].reset();
    std::vector<Int128> of_seeds;
    for (const AgreementValues& one : predicted) {
      if (one[k]) of_seeds.push_back(*one[k]);
    }
    agreement.rows.push_back(row_of(figure, values[k], band_of(std::move(of_seeds))));
  }
  return agreement;
}

}  // namespace windtunnel::runs
