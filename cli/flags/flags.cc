#include "cli/flags/flags.h"

#include "sim/checks/findings/registry.h"

namespace windtunnel::cli {

void add_files(CLI::App& verb, std::vector<std::string>& files) {
  verb.add_option("FILE", files, "Scenario files")->required()->type_name("");
}

void add_sets(CLI::App& verb, std::vector<std::string>& sets) {
  verb.add_option("--set", sets, "Replace one value of the scenario: monitor.circuit_breaker.open=5s")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
}

void add_jobs(CLI::App& verb, unsigned& jobs) {
  verb.add_option("--jobs", jobs, "Runs at the same time")
      ->envname("WINDTUNNEL_JOBS")
      ->check(CLI::Range(1U, 1024U))
      ->type_name("N");
}

void add_checks(CLI::App& verb, std::vector<std::string>& checks) {
  verb.add_option("--checks", checks, "The invariants to watch: ids such as B3,C1, or all, or none")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("ID,...");
}

void check_names(const std::vector<std::string>& checks) {
  for (const std::string& word : checks) {
    if (word == "all" || word == "none" || sim::check_named(word)) continue;
    std::vector<std::string> known{"all", "none"};
    for (const sim::CheckEntry& entry : sim::check_registry()) known.emplace_back(entry.name);
    throw UsageError(unknown_word("check", word, known));
  }
}

void add_color(CLI::App& verb, Color& color) {
  add_word<Color>(verb, "--color", color,
                  {{"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}}, "When to colour")
      ->type_name("auto|always|never");
}

SeedRange parse_seeds(const std::string& text) {
  const std::size_t dots = text.find("..");
  SeedRange range;
  if (dots == std::string::npos || !CLI::detail::lexical_cast(text.substr(0, dots), range.first) ||
      !CLI::detail::lexical_cast(text.substr(dots + 2), range.last) || range.last < range.first ||
      range.last - range.first >= 100'000'000) {
    throw UsageError("--seeds " + text + ": a range of at most 100 million seeds is A..B, such as 1..100");
  }
  return range;
}

CLI::Option* add_seeds(CLI::App& verb, std::optional<SeedRange>& seeds, const std::string& doc) {
  const auto set = [&seeds](const std::string& text) { seeds = parse_seeds(text); };
  return verb.add_option_function<std::string>("--seeds", set, doc)->type_name("A..B");
}

}  // namespace windtunnel::cli
