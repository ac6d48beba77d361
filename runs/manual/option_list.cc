#include "runs/manual/option_list.h"

#include <algorithm>

#include "runs/unknown_word.h"

namespace windtunnel::runs {
namespace {

void add_verbs(const std::string& words, const VerbEntry& verb, std::vector<VerbPath>& all) {
  all.push_back({words, &verb});
  for (const VerbEntry& below : verb.verbs)
    add_verbs(words.empty() ? below.name : words + " " + below.name, below, all);
}

bool is_lower_case(std::string_view word) {
  return !word.empty() && std::ranges::none_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::vector<std::string> words_of(const OptionEntry& option) {
  std::vector<std::string> words;
  std::string_view rest = option.value;
  while (!rest.empty()) {
    const std::size_t bar = rest.find('|');
    words.emplace_back(rest.substr(0, bar));
    if (!is_lower_case(words.back())) return {};
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
  }
  return words;
}

ValueKind value_kind_of(const OptionEntry& option) {
  if (!words_of(option).empty()) return ValueKind::words;
  const std::string& name = option.flags.empty() ? option.argument : option.value;
  if (name.empty()) return ValueKind::nothing;
  if (name == "DIR") return ValueKind::folder;
  if (option.flags.empty() && name == "FILE") return ValueKind::scenario;
  const bool is_file = name == "F" || name.starts_with("F.") || name.starts_with("F[") || name == "LOG" ||
                       name == "DIR|FILE" || name == "FILE";
  return is_file ? ValueKind::file : ValueKind::text;
}

std::vector<VerbPath> all_verbs(const VerbEntry& program) {
  std::vector<VerbPath> all;
  add_verbs("", program, all);
  return all;
}

std::optional<std::string> about_unknown_word(const VerbEntry& verb, std::string_view chosen,
                                              const std::vector<std::string>& unknown) {
  if (unknown.empty()) return std::nullopt;
  if (!verb.verbs.empty() && !unknown.front().starts_with('-')) {
    std::vector<std::string> verbs;
    for (const VerbEntry& below : verb.verbs) verbs.push_back(below.name);
    return unknown_word(chosen.empty() ? "verb" : std::string(chosen) + " format", unknown.front(), verbs);
  }
  // Behind "--" stands the command of another program.
  for (const std::string& word : std::vector(unknown.begin(), std::ranges::find(unknown, "--"))) {
    if (!word.starts_with('-')) continue;
    std::vector<std::string> flags;
    for (const OptionEntry& option : verb.options) {
      for (const std::string& flag : option.flags) {
        if (flag.starts_with("--")) flags.push_back(flag);
      }
    }
    const std::string message = unknown_word("flag", word.substr(0, word.find('=')), flags);
    return chosen.empty() ? message : message + " (of " + std::string(chosen) + ")";
  }
  return std::nullopt;
}

}  // namespace windtunnel::runs
