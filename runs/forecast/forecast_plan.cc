#include "runs/forecast/forecast_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/calendar.h"
#include "base/utf8.h"
#include "base/visible_text.h"
#include "runs/logs/log_source.h"
#include "runs/shell_word.h"
#include "runs/unknown_word.h"
#include "scenarios/grammar/forecast_grammar.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::runs {
namespace {

using scenarios::NumberProblem;
using sim::Scenario;

constexpr std::uint64_t kUntilEveryLeast = 2;

// The flag with a caret under the place, as errors of a scenario show it.
[[noreturn]] void refuse_at(const char* flag, const std::string& text, const scenarios::GrammarError& error) {
  const auto before = static_cast<std::size_t>(std::max(1, error.column) - 1);
  const std::size_t column = characters_in(visible_text(first_characters(text, before))) + 1;
  refuse(fmt::format("{}: {}\n  {}\n  {:>{}}{}", flag, visible_text(error.message), visible_text(text), "^", column,
                     error.help.empty() ? "" : "\n  help: " + error.help));
}

// "openai=1310.22,anthropic=402.10", in the order of the scenario's providers.
std::vector<Usd> spent_of(const std::string& text, const Scenario& scenario) {
  std::vector<std::string> names;
  for (const sim::ProviderSpec& provider : scenario.providers) names.push_back(provider.name);
  std::vector<Usd> spent(names.size());
  std::vector<bool> written(names.size());
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string entry = text.substr(begin, comma - begin);
    const std::size_t equals = std::min(entry.find('='), entry.size());
    const auto place = std::find(names.begin(), names.end(), entry.substr(0, equals)) - names.begin();
    if (place == std::ssize(names)) {
      refuse("--spent: " + unknown_word("provider", entry.substr(0, equals), names));
    }
    const auto i = static_cast<std::size_t>(place);
    const auto amount = scenarios::exact_number(std::string_view{entry}.substr(std::min(equals + 1, entry.size())), 6);
    // In micro-dollars.
    const bool good = equals < entry.size() && amount.problem == NumberProblem::none && entry[equals + 1] != '-' &&
                      amount.value <= 9'000'000'000'000;
    if (!good) {
      refuse(fmt::format("--spent {}: write PROVIDER=USD, with 0 to 9 million USD and at most 6 decimals", entry));
    }
    if (written[i]) refuse(fmt::format("--spent: {} comes twice", names[i]));
    written[i] = true;
    spent[i] = Usd::from_picos(amount.value * 1'000'000);
    begin = comma + 1;
  }
  Int128 sum = 0;
  for (const Usd entry : spent) sum += entry.picos();
  if (sum > Usd::from_dollars(9'000'000).picos()) refuse("--spent: more than 9 million USD in all");
  return spent;
}

sim::Shard shard_of(const std::string& text) {
  const std::size_t slash = text.find('/');
  sim::Shard shard;
  if (text.empty()) return shard;
  const auto number = [](std::string_view digits) {
    const auto parsed = scenarios::exact_number(digits, 0);
    return parsed.problem == NumberProblem::none && !digits.starts_with('-') ? parsed.value : -1;
  };
  const std::int64_t index = number(std::string_view{text}.substr(0, slash));
  const std::int64_t count = slash == std::string::npos ? -1 : number(std::string_view{text}.substr(slash + 1));
  if (index < 0 || count < 1 || count > 1'000'000 || index >= count) {
    refuse(fmt::format("--shard {}: write I/N, shards count from 0: 0/4, 1/4, 2/4 and 3/4 are all of 4", text));
  }
  return sim::Shard{static_cast<std::uint64_t>(index), static_cast<std::uint64_t>(count)};
}

std::string forecast_command(const ForecastRequest& request) {
  std::string command =
      "windtunnel forecast " + (request.log.file.empty() ? shell_word(request.file) : log_flags(request.log));
  if (request.seed) command += fmt::format(" --seed {}", *request.seed);
  for (const std::string& set : request.sets) command += " --set " + shell_word(set);
  if (request.until.empty()) {
    command += fmt::format(" --replications {}", request.replications);
  } else {
    command += fmt::format(" --until {} --max-replications {}", shell_word(request.until), request.replications_max);
    if (request.until_every != sim::kBlockSize) command += fmt::format(" --until-every {}", request.until_every);
  }
  command += " --horizon " + shell_word(request.horizon);
  if (!request.as_of.empty()) command += " --as-of " + shell_word(request.as_of);
  if (!request.spent.empty()) command += " --spent " + shell_word(request.spent);
  for (const std::string& text : request.asserts) command += " --assert " + shell_word(text);
  if (request.headroom) command += " --headroom";
  if (request.plain) command += " --plain";
  return command;
}

std::vector<std::string> names_of(const Scenario& scenario, bool variants) {
  std::vector<std::string> names;
  for (const auto& provider : scenario.providers) {
    if (!variants) names.push_back(provider.name);
  }
  for (const auto& variant : scenario.monitor.ab_router.variants) {
    if (variants) names.push_back(variant.id);
  }
  return names;
}

// Reads the claims; a share of the budget that a claim names is recorded.
void read_claims(ForecastPlan& plan, const ForecastRequest& request, const Scenario& scenario) {
  for (const sim::ThresholdSpec& forecast_threshold : scenario.forecast_thresholds) {
    plan.assertions.push_back(forecast_threshold.metric + " " + forecast_threshold.text);
  }
  plan.assertions.insert(plan.assertions.end(), request.asserts.begin(), request.asserts.end());
  plan.thresholds = read_assertions(plan.assertions, names_of(scenario, false), names_of(scenario, true));
  for (std::size_t i = 0; i < scenario.forecast_thresholds.size(); ++i) {
    plan.thresholds[i].origin = scenario.forecast_thresholds[i].origin;
  }
  if (!request.until.empty()) {
    plan.stop.emplace();
    if (const auto error = scenarios::parse_stop_rule(request.until, *plan.stop)) {
      refuse_at("--until", request.until, *error);
    }
  }
  const auto watch = [&](const sim::ThresholdSpec& threshold_spec) {
    if (threshold_spec.forecast == sim::ForecastQuantity::p_exceed) plan.options.shares.push_back(threshold_spec.share);
  };
  for (const sim::ThresholdSpec& threshold : plan.thresholds) watch(threshold);
  if (plan.stop) {
    for (const sim::StopTarget& target : plan.stop->targets) watch(target.what);
  }
}

// All replications of a shard are kept, each with a figure for every day.
sim::MemoryNeed replications_need(const ForecastPlan& plan) {
  const auto days = static_cast<std::uint64_t>(plan.options.horizon / std::chrono::hours{24}) + 1;
  const std::uint64_t kept = plan.replications / plan.shard.count;
  return {kept * (days * sizeof(std::int64_t) + sizeof(sim::Replication)),
          fmt::format("{} replications of {} days", kept, days)};
}

// The plan of a request.
ForecastPlan plan_of(const ForecastRequest& request, const Scenario& scenario) {
  ForecastPlan plan;
  plan.options.horizon = horizon_of(request.horizon);
  plan.options.controlled = !request.plain;
  plan.options.spent = spent_of(request.spent, scenario);
  plan.shard = shard_of(request.shard);
  if (!request.as_of.empty()) {
    plan.options.as_of = parse_iso8601(request.as_of);
    if (!plan.options.as_of) {
      refuse(fmt::format("--as-of {} is not a date such as 2026-01-15 or 2026-01-15T09:00:00Z", request.as_of));
    }
  }
  read_claims(plan, request, scenario);
  if (request.until_every < kUntilEveryLeast) {
    refuse(fmt::format("--until-every {}: write {} or more, because fewer replications have no half-width",
                       request.until_every, kUntilEveryLeast));
  }
  plan.until_every = request.until_every;
  plan.replications = plan.stop ? request.replications_max : request.replications;
  // A forecast ends at the end of a block.
  if (plan.until_every % sim::kBlockSize != 0) plan.block_size = std::min(plan.until_every, plan.replications);
  plan.replay = forecast_command(request);
  const std::string& file = request.file.empty() ? request.log.file : request.file;
  auto problem = problem_with_memory(file, memory_need(scenario), request.jobs, request.memory_max);
  if (!problem) problem = problem_with_memory(file, replications_need(plan), 1, request.memory_max);
  if (problem) throw ProblemError(problem->kind, problem->text);
  return plan;
}

}  // namespace

Duration horizon_of(const std::string& text) {
  const scenarios::ExactNumber parsed = scenarios::exact_duration(text);
  const bool good =
      parsed.problem == NumberProblem::none && parsed.value > 0 && Duration{parsed.value} <= sim::kHorizonMax;
  if (good) return Duration{parsed.value};
  refuse(fmt::format("--horizon {} is not a duration above 0 and up to 3660d, such as 30d", text));
}

std::vector<sim::ThresholdSpec> read_assertions(const std::vector<std::string>& assertions,
                                                const std::vector<std::string>& providers,
                                                const std::vector<std::string>& variants) {
  std::vector<sim::ThresholdSpec> thresholds;
  for (const std::string& text : assertions) {
    sim::ThresholdSpec threshold_spec;
    if (const auto error = scenarios::parse_assertion(text, threshold_spec)) refuse_at("--assert", text, *error);
    const auto is_among = [](const std::optional<std::string>& name, const std::vector<std::string>& names) {
      return !name || std::find(names.begin(), names.end(), *name) != names.end();
    };
    if (!is_among(threshold_spec.provider, providers)) {
      refuse("--assert: " + unknown_word("provider", *threshold_spec.provider, providers));
    }
    if (!is_among(threshold_spec.variant, variants)) {
      refuse("--assert: " + unknown_word("variant", *threshold_spec.variant, variants));
    }
    thresholds.push_back(std::move(threshold_spec));
  }
  return thresholds;
}

ForecastRequest with_spent(ForecastRequest request, const LoadedScenario& loaded) {
  if (request.spent.empty() && request.as_of.empty()) request.spent = loaded.spent;
  return request;
}

PlannedForecast plan_forecast(const ForecastRequest& request, const sim::Scenario& scenario) {
  try {
    return {.problem = {}, .plan = plan_of(request, scenario)};
  } catch (const ProblemError& error) {
    return {.problem = error.problem(), .plan = {}};
  }
}

}  // namespace windtunnel::runs
