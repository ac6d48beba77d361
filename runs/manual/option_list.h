#pragma once
// The verbs of a command line with their flags, as plain values: what its manual pages and shell completions are made
// of.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::runs {

struct OptionEntry {
  std::vector<std::string> flags;  // with their dashes, the long ones first; empty: an argument without a flag
  std::string argument;            // the name of an argument without a flag: FILE
  std::string value;               // what a flag takes: DIR, or its words with | between; empty: nothing
  std::string doc;
  std::string default_value;  // empty: none that is worth a word
  std::string environment;    // the variable that stands in for the flag; empty: none
  bool is_required = false;
  bool is_repeated = false;  // takes any number of values
};

struct VerbEntry {
  std::string name;
  std::string doc;     // one sentence
  std::string footer;  // paragraphs behind the flags: examples, exit codes
  std::vector<OptionEntry> options;
  std::vector<VerbEntry> verbs;
};

// What a value of an option may be, for completion.
enum class ValueKind : unsigned char { nothing, words, folder, scenario, file, text };
[[nodiscard]] ValueKind value_kind_of(const OptionEntry& option);
// The words that a value may be; empty unless its kind is words.
[[nodiscard]] std::vector<std::string> words_of(const OptionEntry& option);

// Every verb below the program, with the words that lead to it, the program itself first: "", "run", "export csv".
struct VerbPath {
  std::string words;
  const VerbEntry* verb;
};
[[nodiscard]] std::vector<VerbPath> all_verbs(const VerbEntry& program);

// The message about the first word that the chosen verb does not know, because it explains more than what is missing
// because of it. `chosen` are the words that lead to the verb; empty: the program itself.
[[nodiscard]] std::optional<std::string> about_unknown_word(const VerbEntry& verb, std::string_view chosen,
                                                            const std::vector<std::string>& unknown);

}  // namespace windtunnel::runs
