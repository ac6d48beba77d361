#include "runs/forecast/rare_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "reports/forecast/forecast_numbers.h"
#include "reports/text/text_table.h"
#include "runs/unknown_word.h"
#include "scenarios/grammar/forecast_grammar.h"
#include "scenarios/json/exact_numbers.h"
#include "sim/forecast/controls.h"
#include "sim/rare/joint_outage.h"
#include "sim/rare/rare_budget.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::runs {
namespace {

using scenarios::NumberProblem;

constexpr std::string_view kDown = " down for more than ";
constexpr std::uint64_t kPathsEach = 2000;
constexpr std::uint64_t kPilot = 100;

std::vector<std::string> provider_names(const sim::Scenario& scenario) {
  std::vector<std::string> names;
  for (const sim::ProviderSpec& provider : scenario.providers) names.push_back(provider.name);
  return names;
}

// "both providers", "all providers", "openai", "openai and anthropic", "a, b and c".
std::vector<std::size_t> providers_in(std::string subject, const sim::Scenario& scenario) {
  const std::vector<std::string> names = provider_names(scenario);
  std::vector<std::size_t> places;
  if (subject == "both providers" && names.size() != 2) {
    refuse(
        fmt::format("--rare: \"both providers\" is of two, and the scenario has {}; write \"all providers\" or their "
                    "names",
                    names.size()));
  }
  if (subject == "both providers" || subject == "all providers") {
    for (std::size_t i = 0; i < names.size(); ++i) places.push_back(i);
    return places;
  }
  if (const std::size_t last = subject.find(" and "); last != std::string::npos) subject.replace(last, 5, ",");
  for (std::size_t begin = 0; begin <= subject.size();) {
    const std::size_t comma = std::min(subject.find(',', begin), subject.size());
    std::string name = subject.substr(begin, comma - begin);
    name.erase(0, name.find_first_not_of(' '));
    const auto place = std::ranges::find(names, name) - names.begin();
    if (place == std::ssize(names)) refuse("--rare: " + unknown_word("provider", name, names));
    if (std::ranges::find(places, static_cast<std::size_t>(place)) != places.end()) {
      refuse(fmt::format("--rare: {} comes twice", name));
    }
    places.push_back(static_cast<std::size_t>(place));
    begin = comma + 1;
  }
  return places;
}

// Takes ":rel=0.05" from the end.
double take_relative(std::string& text) {
  const std::size_t at = text.rfind(":rel=");
  if (at == std::string::npos) return 0.1;
  const auto number = scenarios::exact_number(std::string_view{text}.substr(at + 5), 6);
  if (number.problem != NumberProblem::none || number.value <= 0 || number.value >= 1'000'000) {
    refuse(fmt::format("--rare: {} is not a relative half-width between 0 and 1, such as :rel=0.1", text.substr(at)));
  }
  text.resize(at);
  return static_cast<double>(number.value) / 1e6;
}

// A chance and half of its interval, to as many digits as show the half.
std::string chance_words(const sim::Estimate& chance) {
  return fmt::format("{:.3g} ±{:.2g}", chance.value, chance.half_width());
}

struct Answer {
  RareQuestion question;
  std::string method;
  std::string unit;  // what the method makes
  sim::RareEstimate estimate;
};

std::string text_of(const Answer& answer, const sim::ForecastFrame& frame) {
  const sim::RareEstimate& estimate = answer.estimate;
  const double days = static_cast<double>(frame.horizon.count()) / 86'400e9;
  std::string text = fmt::format("{}, within {} days from {}\n", answer.question.text, reports::nine_digits(days),
                                 iso8601(frame.start).substr(0, 10));
  if (estimate.hits == 0) {
    text += fmt::format("  Chance: none of {} {} met it; no figure can be given\n", estimate.paths, answer.unit);
  } else {
    text +=
        fmt::format("  Chance: {} (95 %), that is {:.2g} relative{}\n", chance_words(estimate.chance),
                    estimate.chance.half_width() / estimate.chance.value,
                    estimate.reached ? "" : fmt::format(": NOT the {:g} that was asked for", answer.question.relative));
  }
  text += fmt::format("  {} {} by {}, {} of which met it; effective sample size {:.0f}\n", estimate.paths, answer.unit,
                      answer.method, estimate.hits, estimate.effective);
  if (estimate.plain_replications > 0) {
    text += fmt::format("  Plain replications for the same precision: {:.3g}\n", estimate.plain_replications);
  }
  return text;
}

std::string json_of(const Answer& answer, const sim::ForecastFrame& frame) {
  const sim::RareEstimate& estimate = answer.estimate;
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_rare").integer(1).key("event").text(answer.question.text);
  json.key("start")
      .text(iso8601(frame.start))
      .key("horizon_s")
      .number(reports::nine_digits(static_cast<double>(frame.horizon.count()) / 1e9));
  json.key("method").text(answer.method);
  json.key("chance");
  if (estimate.hits == 0) {
    json.null();
  } else {
    json.begin_object().key("value").number(reports::nine_digits(estimate.chance.value));
    json.key("low").number(reports::nine_digits(estimate.chance.low));
    json.key("high").number(reports::nine_digits(estimate.chance.high));
    json.key("half_width").number(reports::nine_digits(estimate.chance.half_width())).end_object();
  }
  json.key("paths").integer(Int128{estimate.paths}).key("hits").integer(Int128{estimate.hits});
  json.key("effective_sample_size").number(reports::nine_digits(estimate.effective));
  json.key("plain_replications").number(reports::nine_digits(estimate.plain_replications));
  json.key("relative_wanted").number(reports::nine_digits(answer.question.relative));
  json.key("reached").boolean(estimate.reached).end_object();
  return text + "\n";
}

std::size_t place_of(const sim::ForecastFrame& frame, Millionths share) {
  const auto found = std::ranges::find(frame.shares, share);
  check(found != frame.shares.end(), "the share was watched");
  return static_cast<std::size_t>(found - frame.shares.begin());
}

sim::ForecastWorld world_watching(const ForecastJob& job, std::optional<Millionths> share) {
  sim::ForecastOptions options = job.plan.options;
  options.controlled = true;
  if (share) options.shares.push_back(*share);
  return {job.scenario, options};
}

RareDone answered(const ForecastJob& job, const std::string& text, unsigned jobs, const std::atomic<bool>* stop) {
  const RareQuestion question = read_rare_question(text, job.scenario);
  Answer answer{.question = question, .method = "importance sampling", .unit = "paths", .estimate = {}};
  const sim::ForecastWorld world = world_watching(job, question.share);
  if (question.share) {
    const std::size_t share = place_of(world.frame(), *question.share);
    if (!world.frame().monthly) refuse("--rare: the scenario has no monthly budget");
    const auto shifts = sim::shifts_to(world, share);
    if (!shifts) {
      refuse(
          "--rare: the scenario draws no lognormal demand (level_cv, day_factor_cv of diurnal) that could be made "
          "rare; leave --rare out for plain replications");
    }
    answer.unit = "replications";
    const auto estimate =
        sim::rare_budget_chance(world, *shifts,
                                {.share = share,
                                 .relative = question.relative,
                                 .replications = job.plan.replications,
                                 .jobs = jobs,
                                 .stop = stop,
                                 .made = [&](std::uint64_t made) {
                                   if (job.progress.due())
                                     job.progress.show(fmt::format("{} replications of a rare demand", made));
                                 }});
    if (!estimate) refuse(ProblemKind::interrupted, "interrupted");
    answer.estimate = *estimate;
  } else {
    const auto event =
        sim::joint_outage_of(job.scenario, question.providers, question.longer_than, job.plan.options.horizon);
    if (event.laws.empty()) {
      refuse("--rare: no outage, flapping or random_outages of the scenario acts on these providers");
    }
    answer.estimate =
        sim::joint_outage_chance(event, job.scenario.seed, question.relative, job.plan.replications * kPathsEach);
  }
  return {.problem = {},
          .text = text_of(answer, world.frame()),
          .json = json_of(answer, world.frame()),
          .reached = answer.estimate.reached};
}

// --- Plans -----------------------------------------------------------------------------------------------------------

// What a method takes for a half-width, given what it has with so many replications.
std::string needed(std::optional<double> half_width, double replications, double limit) {
  if (!half_width || !std::isfinite(*half_width)) return "-";
  const double ratio = *half_width / limit;
  const double wanted = std::max(static_cast<double>(sim::kControlledLeast), replications * ratio * ratio);
  return fmt::format("{:.0f}",
                     std::ceil(wanted / static_cast<double>(sim::kBlockSize)) * static_cast<double>(sim::kBlockSize));
}

// What the pilot says about one target.
struct PlanRow {
  std::string target;
  double value = 0;
  std::string plain;
  std::string controls;
  std::string sampling;
};

// A pilot of importance sampling; nothing for what it does not estimate.
std::optional<sim::RareEstimate> sampled(const sim::ForecastWorld& world, const sim::StopTarget& target, unsigned jobs,
                                         const std::atomic<bool>* stop) {
  if (target.what.forecast != sim::ForecastQuantity::p_exceed || !world.frame().monthly) return std::nullopt;
  const std::size_t share = place_of(world.frame(), target.what.share);
  const auto shifts = sim::shifts_to(world, share);
  if (!shifts) return std::nullopt;
  auto estimate = sim::rare_budget_chance(
      world, *shifts, {.share = share, .relative = 0, .replications = kPilot, .jobs = jobs, .stop = stop});
  if (!estimate) refuse(ProblemKind::interrupted, "interrupted");
  return estimate;
}

PlanRow row_of(const sim::StopTarget& target, const sim::ReplicationSet& pilot,
               const std::optional<sim::RareEstimate>& rare) {
  sim::ReplicationSet plain = pilot;
  plain.frame.demand.reset();
  const auto estimate = sim::measure(pilot, target.what);
  const auto plain_estimate = sim::measure(plain, target.what);
  // A chance that the pilot did not show is taken from the shifted demand.
  const bool unseen = plain_estimate && plain_estimate->value == 0 && rare && rare->chance.value > 0;
  PlanRow row{.target = target.text, .value = unseen ? rare->chance.value : estimate ? estimate->value : 0};
  const double limit = target.relative ? target.limit * std::abs(row.value) : target.limit;
  const auto n = static_cast<double>(kPilot);
  if (limit <= 0) return {.target = target.text, .value = 0, .plain = "-", .controls = "-", .sampling = "-"};
  const auto half = [](const std::optional<sim::Estimate>& known) {
    return known ? std::optional{known->half_width()} : std::nullopt;
  };
  row.plain = needed(unseen ? std::optional{1.96 * std::sqrt(row.value * (1 - row.value) / n)} : half(plain_estimate),
                     n, limit);
  row.controls = unseen ? row.plain : needed(half(estimate), n, limit);
  row.sampling = rare && rare->hits >= 2 ? needed(rare->chance.half_width(), n, limit) : std::string{"-"};
  return row;
}

RareDone planned(const ForecastJob& job, const std::string& targets, unsigned jobs, const std::atomic<bool>* stop) {
  sim::StopRule rule;
  if (const auto error = scenarios::parse_stop_rule(targets, rule)) refuse("--plan: " + error->message);
  sim::ForecastOptions options = job.plan.options;
  options.controlled = true;
  for (const sim::StopTarget& target : rule.targets) {
    if (target.what.forecast == sim::ForecastQuantity::p_exceed) options.shares.push_back(target.what.share);
  }
  const sim::ForecastWorld world{job.scenario, options};
  sim::ReplicationSet pilot{.frame = world.frame(), .all = {}, .latency = {}};
  sim::ThreadedMaker maker{world, jobs, stop};
  const bool whole = sim::make_blocks(maker, {.replications = kPilot, .shard = {}, .known = {}},
                                      {.take = [&](const sim::ReplicationBlock& block) {
                                        sim::add(pilot, block);
                                        return true;
                                      }});
  if (!whole) refuse(ProblemKind::interrupted, "interrupted");
  reports::TextTable table{{"Target", "Pilot", "Plain", "Control variates", "Importance sampling"}};
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_plan").integer(1).key("pilot").integer(Int128{kPilot}).key("targets");
  json.begin_array();
  for (const sim::StopTarget& target : rule.targets) {
    const PlanRow row = row_of(target, pilot, sampled(world, target, jobs, stop));
    table.add({row.target, fmt::format("{:.4g}", row.value), row.plain, row.controls, row.sampling});
    json.begin_object().key("target").text(row.target).key("pilot_value").number(reports::nine_digits(row.value));
    for (const auto& [name, count] : {std::pair<const char*, const std::string&>{"plain", row.plain},
                                      {"control_variates", row.controls},
                                      {"importance_sampling", row.sampling}}) {
      json.key(name);
      count == "-" ? void(json.null()) : void(json.number(count));
    }
    json.end_object();
  }
  json.end_array().end_object();
  return {.problem = {},
          .text = fmt::format("Replications that each method takes, from a pilot of {}:\n", kPilot) + table.text(2) +
                  "Control variates are what a forecast uses; importance sampling is --rare.\n",
          .json = text + "\n",
          .reached = true};
}

RareDone guarded(const auto& job) {
  try {
    return job();
  } catch (const ProblemError& error) {
    return {.problem = error.problem(), .text = {}, .json = {}};
  }
}

}  // namespace

RareQuestion read_rare_question(const std::string& text, const sim::Scenario& scenario) {
  RareQuestion question{.text = text};
  std::string rest = text;
  question.relative = take_relative(rest);
  question.text = rest;
  if (rest.starts_with("p_exceed")) {
    sim::ThresholdSpec threshold;
    if (const auto error = scenarios::parse_forecast_name("forecast." + rest, threshold)) {
      refuse("--rare: " + error->message + (error->help.empty() ? "" : "; " + error->help));
    }
    question.share = threshold.share;
    return question;
  }
  const std::size_t at = rest.find(kDown);
  if (at == std::string::npos) {
    refuse(
        fmt::format("--rare \"{}\": write \"both providers down for more than 10m\", the same of \"all providers\" or "
                    "of names, or p_exceed(1.0)",
                    rest));
  }
  question.providers = providers_in(rest.substr(0, at), scenario);
  const auto duration = scenarios::exact_duration(std::string_view{rest}.substr(at + kDown.size()));
  if (duration.problem != NumberProblem::none || duration.value < 0) {
    refuse(fmt::format("--rare: \"{}\" is not a duration such as 10m", rest.substr(at + kDown.size())));
  }
  question.longer_than = Duration{duration.value};
  return question;
}

RareDone answer_rare(const ForecastJob& job, const std::string& question, unsigned jobs,
                     const std::atomic<bool>* stop) {
  return guarded([&] { return answered(job, question, jobs, stop); });
}

RareDone plan_precision(const ForecastJob& job, const std::string& targets, unsigned jobs,
                        const std::atomic<bool>* stop) {
  return guarded([&] { return planned(job, targets, jobs, stop); });
}

}  // namespace windtunnel::runs
