#include "cli/flags/flags.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "reports/logs/log_reader.h"
#include "runs/added_faults.h"
#include "runs/memory_limit.h"
#include "sim/checks/findings/registry.h"

namespace windtunnel::cli {

runs::VerbEntry verb_entry(const CLI::App& app) {
  runs::VerbEntry verb{
      .name = app.get_name(), .doc = app.get_description(), .footer = app.get_footer(), .options = {}, .verbs = {}};
  for (const CLI::Option* option : app.get_options()) {
    runs::OptionEntry& entry = verb.options.emplace_back();
    for (const std::string& name : option->get_lnames()) entry.flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) entry.flags.push_back("-" + name);
    if (entry.flags.empty()) entry.argument = option->get_single_name();
    if (option->get_items_expected_max() > 0) entry.value = option->get_type_name();
    entry.doc = option->get_description();
    entry.default_value = option->get_default_str();
    entry.environment = option->get_envname();
    entry.is_required = option->get_required();
    entry.is_repeated = option->get_items_expected_max() > 1;
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; }))
    verb.verbs.push_back(verb_entry(*below));
  return verb;
}

CLI::Validator not_empty() {
  return {[](const std::string& text) { return std::string{text.empty() ? "write a value" : ""}; }, ""};
}

void add_files(CLI::App& verb, std::vector<std::string>& files) {
  verb.add_option("FILE", files, "Scenario files")->required()->type_name("");
}

void add_sets(CLI::App& verb, std::vector<std::string>& sets) {
  verb.add_option("--set", sets, "Replace one value of the scenario: monitor.circuit_breaker.open=5s")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
}

void add_faults(CLI::App& verb, std::vector<std::string>& sets) {
  using Words = std::vector<std::string>;
  CLI::Option* map = verb.add_option_function<Words>(
      "--map", [](const Words&) {}, "Put the added faults of one provider on another: openai=azure-eu");
  const auto add = [&sets, map](const Words& files) {
    const Words added = runs::sets_of_faults(files, map->results());
    sets.insert(sets.begin(), added.begin(), added.end());
  };
  CLI::Option* with = verb.add_option_function<Words>("--with", add, "Add the faults of this scenario");
  with->type_name("FILE")->allow_extra_args(false);
  map->type_name("A=B")->allow_extra_args(false)->needs(with);
}

std::uint64_t parse_number(const std::string& name, const std::string& text, NumberRange range) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc{} && rest == end && number >= range.least && number <= range.most) return number;
  throw UsageError(name + " " + text + ": write a whole number from " + std::to_string(range.least) + " to " +
                   std::to_string(range.most));
}

CLI::Option* add_bytes(CLI::App& verb, const std::string& name, std::uint64_t& bytes, const std::string& doc) {
  const auto set = [&bytes, name](const std::string& text) {
    const auto parsed = runs::parse_bytes(text);
    if (!parsed) throw UsageError(name + " " + text + ": write a whole number of kB, MB, GB or TB, such as 500MB");
    bytes = *parsed;
  };
  return verb.add_option_function<std::string>(name, set, doc)->type_name("BYTES");
}

void add_memory(CLI::App& verb, std::uint64_t& bytes) {
  add_bytes(verb, "--memory-max", bytes, "Refuse what takes more memory")->default_str("8GB");
}

CLI::Option* add_log(CLI::App& verb, reports::LogChoice& log, const std::string& name, const std::string& doc) {
  CLI::Option* from = verb.add_option(name, log.file, doc + " (docs/logs.md lists the formats)");
  from->type_name("LOG");
  const auto check = [](const std::string& format) {
    const auto& known = reports::log_names();
    const bool found = std::find(known.begin(), known.end(), format) != known.end();
    return found ? std::string{} : runs::unknown_word("format", format, known);
  };
  verb.add_option("--log-format", log.format, "The log's format; auto tells it by its fields")
      ->check(CLI::Validator(check, ""))
      ->needs(from)
      ->capture_default_str()
      ->type_name("NAME");
  verb.add_option("--columns", log.columns, "Read any CSV or JSON file by these columns, such as time=created,model=m")
      ->needs(from)
      ->type_name("FIELD=COLUMN,...");
  return from;
}

CLI::Option* add_prices_file(CLI::App& verb, reports::LogChoice& log) {
  return verb.add_option("--prices", log.prices, "A price list of your own instead of the shipped one")
      ->type_name("FILE");
}

void add_jobs(CLI::App& verb, unsigned& jobs) {
  add_number(verb, "--jobs", jobs, {1, 1024}, "Runs at the same time", "WINDTUNNEL_JOBS")->type_name("N");
}

void add_checks(CLI::App& verb, std::vector<std::string>& checks) {
  verb.add_option("--checks", checks, "The invariants to check: ids such as B3,C1, or all, or none")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("ID,...");
}

void check_names(const std::vector<std::string>& checks) {
  for (const std::string& word : checks) {
    if (word == "all" || word == "none" || sim::check_named(word)) continue;
    std::vector<std::string> known{"all", "none"};
    for (const sim::CheckEntry& entry : sim::check_registry()) known.emplace_back(entry.name);
    throw UsageError(runs::unknown_word("check", word, known));
  }
}

void add_require_claims(CLI::App& verb, bool& required) {
  verb.add_flag("--require-claims", required,
                "Exit 13 if nothing is claimed: no threshold, liveness, coverage, min_affected, assertion or bound");
}

void add_color(CLI::App& verb, Color& color) {
  add_word<Color>(verb, "--color", color,
                  {{"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}}, "When to colour")
      ->type_name("auto|always|never");
}

runs::SeedRange parse_seeds(const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) throw UsageError("--seeds " + text + ": a range is A..B, such as 1..100");
  const runs::SeedRange range{parse_number("--seeds: the first of", text.substr(0, dots), {}),
                              parse_number("--seeds: the last of", text.substr(dots + 2), {})};
  if (range.last < range.first || range.last - range.first >= 100'000'000) {
    throw UsageError("--seeds " + text + ": a range of at most 100 million seeds is A..B, such as 1..100");
  }
  return range;
}

CLI::Option* add_seeds(CLI::App& verb, std::optional<runs::SeedRange>& seeds, const std::string& doc) {
  const auto set = [&seeds](const std::string& text) { seeds = parse_seeds(text); };
  return verb.add_option_function<std::string>("--seeds", set, doc)->type_name("A..B");
}

}  // namespace windtunnel::cli
