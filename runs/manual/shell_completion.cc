#include "runs/manual/shell_completion.h"

#include <fmt/format.h>

namespace windtunnel::runs {
namespace {

// In single quotes, as every shell reads it.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// The name of a shell function for a verb: _windtunnel_export_csv.
std::string function_of(const VerbEntry& program, const std::string& words) {
  std::string name = "_" + program.name + (words.empty() ? "" : "_" + words);
  for (char& c : name) c = c == ' ' || c == '-' ? '_' : c;
  return name;
}

// --- bash ------------------------------------------------------------------------------------------------------------

std::string bash_values(const std::string& name, const OptionEntry& option) {
  switch (value_kind_of(option)) {
    case ValueKind::words:
      return "__" + name + "_words " + in_quotes(joined(words_of(option)));
    case ValueKind::folder:
      return "__" + name + "_files -d";
    case ValueKind::scenario:
      return "__" + name + "_files -o plusdirs -f -X '!*.json'";
    case ValueKind::file:
      return "__" + name + "_files -f";
    case ValueKind::nothing:
    case ValueKind::text:
      return "COMPREPLY=()";
  }
  return "";
}

std::string bash_case(const std::string& pattern, const std::string& command) {
  return "    " + pattern + ")\n      " + command + "\n      ;;\n";
}

}  // namespace

std::string bash_completion(const VerbEntry& program) {
  const std::vector<VerbPath> verbs = all_verbs(program);
  std::string chosen;
  std::string values;
  std::string rest;
  for (const auto& [words, verb] : verbs) {
    for (const VerbEntry& below : verb->verbs) {
      const std::string way = words.empty() ? below.name : words + " " + below.name;
      chosen += bash_case(in_quotes(words + "/" + below.name), "verb=" + in_quotes(way));
    }
    std::string flags;
    std::string arguments = "COMPREPLY=()";
    for (const OptionEntry& option : verb->options) {
      if (option.flags.empty()) arguments = bash_values(program.name, option);
      for (const std::string& flag : option.flags) flags += (flags.empty() ? "" : " ") + flag;
      if (option.flags.empty() || option.value.empty()) continue;
      std::string pattern;
      for (const std::string& flag : option.flags)
        pattern += (pattern.empty() ? "" : "|") + in_quotes(words + "/" + flag);
      values += bash_case(pattern, bash_values(program.name, option) + "\n      return");
    }
    std::vector<std::string> below;
    for (const VerbEntry& verb_entry : verb->verbs) below.push_back(verb_entry.name);
    if (!below.empty()) arguments = "__" + program.name + "_words " + in_quotes(joined(below));
    rest += bash_case(in_quotes(words), "if [[ $word == -* ]]; then __" + program.name + "_words " + in_quotes(flags) +
                                            "; else " + arguments + "; fi");
  }
  return fmt::format(R"(# bash completion of {0}, made by: {0} generate completion bash
_{0}_complete() {{
  local IFS=$'\n' word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} verb= i
  # --flag=value comes as three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = && COMP_CWORD -ge 2 ]]; then
    before=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  __{0}_words() {{ COMPREPLY=($(IFS=' ' compgen -W "$1" -- "$word")); }}
  __{0}_files() {{
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen "$@" -- "$word"))
  }}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$verb/${{COMP_WORDS[i]}}" in
{1}    esac
  done
  case "$verb/$before" in
{2}  esac
  case "$verb" in
{3}  esac
}}
complete -F _{0}_complete {0}
)",
                     program.name, chosen, values, rest);
}

namespace {

// --- zsh -------------------------------------------------------------------------------------------------------------

// Text inside the brackets or between the colons of _arguments.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_values(const OptionEntry& option) {
  switch (value_kind_of(option)) {
    case ValueKind::words:
      return "(" + joined(words_of(option)) + ")";
    case ValueKind::folder:
      return "_files -/";
    case ValueKind::scenario:
      return "_files -g \"*.json(-.)\"";
    case ValueKind::file:
      return "_files";
    case ValueKind::nothing:
    case ValueKind::text:
      break;
  }
  return " ";
}

std::string zsh_option(const OptionEntry& option) {
  if (option.flags.empty()) {
    const std::string place = option.is_repeated ? "*:" : option.is_required ? "1:" : "1::";
    return in_quotes(place + zsh_text(option.argument) + ":" + zsh_values(option));
  }
  std::string text;
  for (const std::string& flag : option.flags) {
    const bool is_long = flag.starts_with("--");
    const std::string value = option.value.empty() ? "" : ":" + zsh_text(option.value) + ":" + zsh_values(option);
    const std::string excluded = option.is_repeated        ? "*"
                                 : option.flags.size() > 1 ? "(" + joined(option.flags) + ")"
                                                           : "";
    const std::string assigned = option.value.empty() ? "" : is_long ? "=" : "+";
    text +=
        (text.empty() ? "" : " ") + in_quotes(excluded + flag + assigned + "[" + zsh_text(option.doc) + "]" + value);
  }
  return text;
}

std::string zsh_function(const VerbEntry& program, const std::string& words, const VerbEntry& verb) {
  std::string text = function_of(program, words) + "() {\n";
  if (!verb.verbs.empty()) text += "  local curcontext=\"$curcontext\" state line\n  typeset -A opt_args\n";
  text += "  _arguments -s -S";
  if (!verb.verbs.empty()) text += " -C";
  for (const OptionEntry& option : verb.options) text += " \\\n    " + zsh_option(option);
  if (verb.verbs.empty()) return text + "\n}\n\n";
  text +=
      " \\\n    '1:verb:->verb' \\\n    '*::argument:->argument'\n  case $state in\n    verb)\n      local -a verbs\n  "
      "    verbs=(\n";
  for (const VerbEntry& below : verb.verbs)
    text += "        " + in_quotes(zsh_text(below.name) + ":" + below.doc) + "\n";
  text += "      )\n      _describe verb verbs\n      ;;\n    argument)\n      case $words[1] in\n";
  for (const VerbEntry& below : verb.verbs) {
    const std::string way = words.empty() ? below.name : words + " " + below.name;
    text += "        " + below.name + ") " + function_of(program, way) + " ;;\n";
  }
  return text + "      esac\n      ;;\n  esac\n}\n\n";
}

// --- fish ------------------------------------------------------------------------------------------------------------

std::string fish_values(const OptionEntry& option) {
  switch (value_kind_of(option)) {
    case ValueKind::words:
      return " -x -a " + in_quotes(joined(words_of(option)));
    case ValueKind::folder:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::scenario:
      return " -k -a '(__fish_complete_suffix .json)'";
    case ValueKind::file:
      return " -r -F";
    case ValueKind::text:
      return " -x";
    case ValueKind::nothing:
      break;
  }
  return "";
}

// In single quotes, in which fish reads \\ and \' only.
std::string fish_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// Whether the words so far have chosen this verb and none below it.
std::string fish_condition(const std::string& words, const VerbEntry& verb) {
  std::string below;
  for (const VerbEntry& verb_entry : verb.verbs) below += " " + verb_entry.name;
  if (words.empty()) return "not __fish_seen_subcommand_from" + below;
  std::string condition;
  for (std::size_t begin = 0; begin <= words.size();) {
    const std::size_t end = std::min(words.find(' ', begin), words.size());
    condition +=
        (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + words.substr(begin, end - begin));
    begin = end + 1;
  }
  return below.empty() ? condition : condition + "; and not __fish_seen_subcommand_from" + below;
}

}  // namespace

std::string zsh_completion(const VerbEntry& program) {
  std::string text =
      fmt::format("#compdef {0}\n# zsh completion of {0}, made by: {0} generate completion zsh\n\n", program.name);
  for (const auto& [words, verb] : all_verbs(program)) text += zsh_function(program, words, *verb);
  return text + function_of(program, "") + " \"$@\"\n";
}

std::string fish_completion(const VerbEntry& program) {
  std::string text = fmt::format(
      "# fish completion of {0}, made by: {0} generate completion fish\ncomplete -c {0} -f\n", program.name);
  for (const auto& [words, verb] : all_verbs(program)) {
    const std::string start = "complete -c " + program.name + " -n " + fish_text(fish_condition(words, *verb));
    for (const VerbEntry& below : verb->verbs)
      text += start + " -a " + below.name + " -d " + fish_text(below.doc) + "\n";
    for (const OptionEntry& option : verb->options) {
      if (option.flags.empty()) {
        text += start + fish_values(option) + "\n";
        continue;
      }
      text += start;
      for (const std::string& flag : option.flags)
        text += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
      text += (option.value.empty() ? "" : fish_values(option)) + " -d " + fish_text(option.doc) + "\n";
    }
  }
  return text;
}

}  // namespace windtunnel::runs
