#pragma once
// What the flags of several verbs share, and how a verb comes to the command line: a file of cli/arguments/ for each,
// which names its flags and their help, and says what is to be done when it is the one asked for. Only these files and
// cli/arguments.cc know the library that parses; they are compiled together.

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/words.h"

namespace windtunnel::cli {

// A verb that is a function of its arguments.
template <class Arguments>
class VerbOf final : public Verb {
 public:
  using Function = ExitCode (*)(const Arguments&);
  explicit VerbOf(Function function) : function_(function) {}
  ExitCode carry_out() override { return function_(arguments); }
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
std::unique_ptr<Verb> add_breaker(CLI::App& app);
std::unique_ptr<Verb> add_export(CLI::App& app);
std::unique_ptr<Verb> add_verify(CLI::App& app);
std::unique_ptr<Verb> add_explore(CLI::App& app);
std::unique_ptr<Verb> add_explain(CLI::App& app);
std::unique_ptr<Verb> add_schema(CLI::App& app);
std::unique_ptr<Verb> add_report(CLI::App& app);
std::unique_ptr<Verb> add_compare(CLI::App& app);

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
      throw CLI::ValidationError(name, unknown_word("word", written, known));
    }
    value = found->second;
  };
  return verb.add_option_function<std::string>(name, set, doc);
}

void add_files(CLI::App& verb, std::vector<std::string>& files);
void add_sets(CLI::App& verb, std::vector<std::string>& sets);
void add_jobs(CLI::App& verb, unsigned& jobs);
// Which invariants are watched. check_names() throws what is wrong with them, once all is parsed.
void add_checks(CLI::App& verb, std::vector<std::string>& checks);
void check_names(const std::vector<std::string>& checks);
void add_color(CLI::App& verb, Color& color);

// "3..17"; throws what is wrong with it.
SeedRange parse_seeds(const std::string& text);
CLI::Option* add_seeds(CLI::App& verb, std::optional<SeedRange>& seeds, const std::string& doc);

}  // namespace windtunnel::cli
