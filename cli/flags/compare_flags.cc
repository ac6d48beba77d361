#include <algorithm>

#include "cli/flags/flags.h"
#include "cli/verbs/compare_verb.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kCompareFooter =
    "Examples:\n"
    "  windtunnel compare before.json after.json\n"
    "  windtunnel compare outage.json --vary monitor.circuit_breaker.preset=all --jobs 2\n"
    "  windtunnel compare outage.json --vary monitor.circuit_breaker.open=5s,30s,60s --seeds 1..100\n"
    "  windtunnel compare outage.json --vary monitor.provider_call.timeout=5s,30s \\\n"
    "      --vary monitor.circuit_breaker.half_open_max_calls=1,3 --format markdown\n"
    "  windtunnel compare month.json --vary monitor.ab_router.variants.a.weight=50,55 --forecast --horizon 30d\n"
    "  windtunnel compare main.json branch.json --max-regression 'wasted_calls<=0' --max-regression 'p95<=5%'\n"
    "\n"
    "The first variation is the one that the others are compared with. Each seed is run in every variation, with the "
    "same\n"
    "arrivals, latencies and faults. windtunnel explain wasted_calls (or another metric) says how it is measured.\n"
    "\n"
    "--max-regression METRIC<=BOUND: how much worse than in the first a metric may be, in its unit (bare times are\n"
    "milliseconds) or, with %, relative to the first's mean. It passes when the whole two-sided 95 % interval of the "
    "paired\n"
    "difference is at or below the bound (its upper end decides), is a regression (exit 15) when the whole interval "
    "is\n"
    "above it (its lower end decides), and is undecided (exit 13, never a pass) when the interval holds the bound: "
    "more\n"
    "seeds make it narrower.";

std::string in_words(const std::string& flag, const std::string& written, const scenarios::GrammarError& error) {
  std::string text = flag + " " + written + ": column " + std::to_string(error.column) + ": " + error.message;
  if (!error.help.empty()) text += "; " + error.help;
  return text;
}

std::vector<scenarios::VariedSets> parse_varied(const std::vector<std::string>& written) {
  std::vector<scenarios::Vary> varied;
  for (const std::string& text : written) {
    scenarios::Vary vary;
    if (const auto error = scenarios::parse_vary(text, vary)) throw UsageError(in_words("--vary", text, *error));
    if (std::ranges::find(varied, vary.path, &scenarios::Vary::path) != varied.end()) {
      throw UsageError("--vary " + vary.path + " is given twice; write all its values in one: --vary " + vary.path +
                       "=v1,v2");
    }
    varied.push_back(std::move(vary));
  }
  auto product = scenarios::product_of(varied);
  if (product) return *std::move(product);
  throw UsageError("--vary asks for more than " + std::to_string(scenarios::kVariationsMax) + " variations");
}

std::vector<sim::RegressionRule> parse_rules(const std::vector<std::string>& written) {
  std::vector<sim::RegressionRule> rules;
  for (const std::string& text : written) {
    const auto error = scenarios::parse_max_regression(text, rules.emplace_back());
    if (error) throw UsageError(in_words("--max-regression", text, *error));
  }
  return rules;
}

// What the parser alone cannot see.
void check(const CompareArguments& compare) {
  if (compare.request.files.size() > 1 && !compare.request.varied.empty()) {
    throw UsageError("--vary changes one FILE; several files are compared as they are");
  }
  if (compare.request.files.size() < 2 && compare.request.varied.size() < 2) {
    throw UsageError("there is nothing to compare with: give a second FILE, or --vary PATH=V1,V2");
  }
  std::vector<std::string> files = compare.request.files;
  std::ranges::sort(files);
  if (const auto twice = std::ranges::adjacent_find(files); twice != files.end()) {
    throw UsageError(*twice + " is given twice");
  }
  if (!compare.request.rules.empty() && compare.request.seeds && compare.request.seeds->is_single()) {
    throw UsageError("--max-regression needs at least two seeds: one run says nothing of the spread");
  }
  check_names(compare.request.checks);
}

}  // namespace

std::unique_ptr<Verb> add_compare(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<CompareArguments>>(&cli::compare);
  CompareArguments& compare = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("compare", "Compare variations of a scenario on common random numbers");
  verb.footer(kCompareFooter);
  add_files(verb, compare.request.files);
  using Texts = std::vector<std::string>;
  verb.add_option_function<Texts>(
          "--vary", [&compare](const Texts& texts) { compare.request.varied = parse_varied(texts); },
          "One variation for each value, several --vary: each with each; preset=all is every breaker preset")
      ->type_name("PATH=V1,V2,...")
      ->allow_extra_args(false);
  add_sets(verb, compare.request.sets);
  CLI::Option* seeds =
      add_seeds(verb, compare.request.seeds, "Seeds of each variation [20 from the first scenario's own on]");
  CLI::Option* forecast = verb.add_flag("--forecast", compare.request.of_forecasts,
                                        "Compare forecasts: cost, P(exceed), refusals, p95 over the horizon")
                              ->excludes(seeds);
  verb.add_option("--horizon", compare.request.horizon, "How far the forecasts look")
      ->needs(forecast)
      ->capture_default_str()
      ->type_name("T");
  add_number(verb, "--replications", compare.request.replications, {2, 1'000'000}, "Of each forecast")
      ->needs(forecast)
      ->default_str(std::to_string(compare.request.replications))
      ->type_name("R");
  add_jobs(verb, compare.request.jobs);
  add_memory(verb, compare.request.memory_max);
  verb.add_option_function<Texts>(
          "--max-regression", [&compare](const Texts& texts) { compare.request.rules = parse_rules(texts); },
          "Exit 15 if a variation is worse than the first beyond this bound")
      ->type_name("METRIC<=BOUND")
      ->allow_extra_args(false);
  add_checks(verb, compare.request.checks);
  verb.add_option("--out", compare.out, "Write compare.txt, .json, .md, .csv and compare_runs.csv there")
      ->envname("WINDTUNNEL_OUT")
      ->type_name("DIR");
  add_word<CompareFormat>(verb, "--format", compare.format,
                          {{"text", CompareFormat::text},
                           {"json", CompareFormat::json},
                           {"markdown", CompareFormat::markdown},
                           {"csv", CompareFormat::csv}},
                          "What stdout gets")
      ->envname("WINDTUNNEL_FORMAT")
      ->type_name("text|json|markdown|csv");
  add_require_claims(verb, compare.claims_required);
  verb.add_flag("--quiet,-q", compare.quiet, "Print nothing if nothing is wrong");
  verb.callback([&compare] { check(compare); });
  return verb_of;
}

}  // namespace windtunnel::cli
