#pragma once
// What the flags of several verbs share, and how a verb comes to the command line: a file of cli/flags/ for each,
// which names its flags and their help, and returns the action of the verb that the user chose; an action of a few
// lines stands beside its flags. Only these files and cli/option_tree.cc include the library that parses; they are
// compiled together.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "cli/terminal/command_options.h"
#include "reports/logs/log_choice.h"
#include "runs/manual/option_list.h"
#include "runs/seed_range.h"
#include "runs/unknown_word.h"

namespace windtunnel::cli {

// A verb that is a function of its arguments.
template <class Arguments>
class VerbOf final : public Verb {
 public:
  using Function = ExitCode (*)(const Arguments&);
  explicit VerbOf(Function function) : function_(function) {}
  ExitCode perform() override { return function_(arguments); }
  Arguments arguments;

 private:
  Function function_;
};

// One for each verb: adds it to `app`, which writes into what is returned.
std::unique_ptr<Verb> add_run(CLI::App& app);
std::unique_ptr<Verb> add_validate(CLI::App& app);
std::unique_ptr<Verb> add_forecast(CLI::App& app);
std::unique_ptr<Verb> add_merge(CLI::App& app);
std::unique_ptr<Verb> add_init(CLI::App& app);
std::unique_ptr<Verb> add_prices(CLI::App& app);
std::unique_ptr<Verb> add_audit(CLI::App& app);
std::unique_ptr<Verb> add_breaker(CLI::App& app);
std::unique_ptr<Verb> add_export(CLI::App& app);
std::unique_ptr<Verb> add_verify(CLI::App& app);
std::unique_ptr<Verb> add_explore(CLI::App& app);
std::unique_ptr<Verb> add_explain(CLI::App& app);
std::unique_ptr<Verb> add_schema(CLI::App& app);
std::unique_ptr<Verb> add_report(CLI::App& app);
std::unique_ptr<Verb> add_compare(CLI::App& app);
std::unique_ptr<Verb> add_generate(CLI::App& app);
std::unique_ptr<Verb> add_doctor(CLI::App& app);
std::unique_ptr<Verb> add_serve(CLI::App& app);
std::unique_ptr<Verb> add_trial(CLI::App& app);
std::unique_ptr<Verb> add_gateway(CLI::App& app);

// A verb with its flags and the verbs below it, as a plain value.
runs::VerbEntry verb_entry(const CLI::App& app);

// What the parser alone cannot see, such as two flags that exclude each other.
class UsageError final : public CLI::ParseError {
 public:
  explicit UsageError(const std::string& message) : ParseError("usage", message, 2) {}
};

// One of a few words.
template <class E>
CLI::Option* add_word(CLI::App& verb, const std::string& name, E& value, const std::map<std::string, E>& words,
                      const std::string& doc) {
  const auto set = [&value, words, name](const std::string& written) {
    const auto found = words.find(written);
    if (found == words.end()) {
      std::vector<std::string> known;
      for (const auto& entry : words) known.push_back(entry.first);
      throw CLI::ValidationError(name, runs::unknown_word("word", written, known));
    }
    value = found->second;
  };
  return verb.add_option_function<std::string>(name, set, doc);
}

// Of a flag whose request has an empty text where the flag is not written.
CLI::Validator not_empty();

void add_files(CLI::App& verb, std::vector<std::string>& files);
void add_sets(CLI::App& verb, std::vector<std::string>& sets);
// Behind add_sets(): --with and --map, which become sets that come before the others.
void add_faults(CLI::App& verb, std::vector<std::string>& sets);
void add_jobs(CLI::App& verb, unsigned& jobs);
// The log, which is returned, and how it is read.
CLI::Option* add_log(CLI::App& verb, reports::LogChoice& log, const std::string& name, const std::string& doc);
CLI::Option* add_prices_file(CLI::App& verb, reports::LogChoice& log);

// The invariants that are checked. check_names() throws what is wrong with them, once all is parsed.
void add_checks(CLI::App& verb, std::vector<std::string>& checks);
void check_names(const std::vector<std::string>& checks);
void add_color(CLI::App& verb, Color& color);
void add_require_claims(CLI::App& verb, bool& required);

// A whole number, written in digits: a sign, a fraction or a number that the range does not hold is refused, because
// the parser's own reading would wrap it into another number. `environment` is a variable that stands in for the flag;
// empty: none.
struct NumberRange {
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;
};
std::uint64_t parse_number(const std::string& name, const std::string& text, NumberRange range);

template <class Number>
CLI::Option* add_number(CLI::App& verb, const std::string& name, Number& number, NumberRange range,
                        const std::string& doc, const std::string& environment = "") {
  const std::string known_as = environment.empty() ? name : name + " (or " + environment + ")";
  const auto set = [&number, known_as, range](const std::string& text) {
    using Value = std::conditional_t<std::is_integral_v<Number>, Number, std::uint64_t>;  // or an optional one
    number = static_cast<Value>(parse_number(known_as, text, range));
  };
  CLI::Option* option = verb.add_option_function<std::string>(name, set, doc);
  if (!environment.empty()) option->envname(environment);
  return option;
}

// A number of bytes with a unit, such as 8GB or 500MB.
CLI::Option* add_bytes(CLI::App& verb, const std::string& name, std::uint64_t& bytes, const std::string& doc);
void add_memory(CLI::App& verb, std::uint64_t& bytes);

// "3..17"; throws what is wrong with it.
runs::SeedRange parse_seeds(const std::string& text);
CLI::Option* add_seeds(CLI::App& verb, std::optional<runs::SeedRange>& seeds, const std::string& doc);

// What `run` and `trial` share. check_run() throws what the parser alone cannot see.
struct RunArguments;
void add_run_reports(CLI::App& verb, RunArguments& run);
void add_run_format(CLI::App& verb, RunArguments& run);
void check_run(const RunArguments& run);

}  // namespace windtunnel::cli
