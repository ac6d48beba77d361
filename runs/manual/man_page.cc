#include "runs/manual/man_page.h"

#include <algorithm>

#include "runs/manual/environment.h"

namespace windtunnel::runs {
namespace {

// Text as troff shows it: a dash that can be copied, no macro at the beginning of a line.
std::string escaped(std::string_view text) {
  std::string out;
  bool begins_line = true;
  for (const char c : text) {
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    begins_line = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

// With a full stop; help texts have none.
std::string sentence(std::string_view text) { return escaped(text) + (text.ends_with('.') ? "" : "."); }

std::string bold(std::string_view text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + escaped(text) + "\\fR"; }

std::string page_name(const VerbEntry& program, const std::string& words) {
  std::string name = program.name + (words.empty() ? "" : "-" + words);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

std::string synopsis(const VerbEntry& program, const std::string& words, const VerbEntry& verb) {
  std::string text =
      ".B " + escaped(program.name + (words.empty() ? "" : " " + words)) + "\n[" + italic("OPTIONS") + "]";
  if (!verb.verbs.empty()) text += " " + italic(words.empty() ? "VERB" : "FORMAT") + " ...";
  for (const OptionEntry& option : verb.options) {
    if (!option.flags.empty()) continue;
    const std::string argument = italic(option.argument) + (option.is_repeated ? "..." : "");
    text += " " + (option.is_required ? argument : "[" + argument + "]");
  }
  return text + "\n";
}

std::string option_text(const OptionEntry& option) {
  std::string head;
  for (const std::string& flag : option.flags) head += (head.empty() ? "" : ", ") + bold(flag);
  if (option.flags.empty()) head = italic(option.argument);
  if (!option.value.empty()) head += " " + italic(option.value);
  std::string text = ".TP\n" + head + "\n" + sentence(option.doc) + "\n";
  if (option.is_required && !option.flags.empty()) text += "Required.\n";
  if (!option.default_value.empty()) text += "The default is " + escaped(option.default_value) + ".\n";
  if (!option.environment.empty())
    text += "The environment variable " + bold(option.environment) + " stands in for it.\n";
  return text;
}

// A paragraph of a footer that lists commands keeps its lines; "Examples:" and "Exit codes:" have sections of their
// own.
struct FooterParts {
  std::string description;
  std::string examples;
  std::string exit_status;
};

std::string with_lines(std::string_view paragraph) { return ".PP\n.nf\n" + escaped(paragraph) + "\n.fi\n"; }

FooterParts parts_of(const std::string& footer) {
  FooterParts parts;
  std::string_view rest = footer;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find("\n\n"), rest.size());
    const std::string_view paragraph = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    const std::size_t line_end = std::min(paragraph.find('\n'), paragraph.size());
    const std::string_view first = paragraph.substr(0, line_end);
    if (first == "Examples:" || first == "Example:") {
      parts.examples += with_lines(paragraph.substr(std::min(line_end + 1, paragraph.size())));
    } else if (first.starts_with("Exit codes: ")) {
      parts.exit_status += ".PP\n" + escaped(paragraph.substr(std::string_view("Exit codes: ").size())) + "\n";
    } else if (paragraph.find("\n  ") != std::string_view::npos) {
      parts.description += with_lines(paragraph);
    } else {
      parts.description += ".PP\n" + escaped(paragraph) + "\n";
    }
  }
  return parts;
}

std::string verb_list(const VerbEntry& program, const std::string& words, const VerbEntry& verb) {
  std::string text;
  for (const VerbEntry& below : verb.verbs) {
    text += ".TP\n" + bold(page_name(program, words.empty() ? below.name : words + " " + below.name)) + "(1)\n" +
            sentence(below.doc) + "\n";
  }
  return text;
}

std::string environment_section(bool is_whole, const VerbEntry& verb) {
  std::string text;
  for (const EnvironmentVariable& variable : environment_variables()) {
    const auto stands_in = [&](const OptionEntry& option) { return option.environment == variable.name; };
    if (!is_whole && std::ranges::none_of(verb.options, stands_in)) continue;
    text += ".TP\n" + bold(variable.name) + "\n" + escaped(variable.text) + "\n";
  }
  return text;
}

std::string section(const char* title, const std::string& text) {
  return text.empty() ? "" : std::string(".SH ") + title + "\n" + text;
}

}  // namespace

std::vector<ManPage> man_pages(const VerbEntry& program, std::string_view version) {
  std::vector<ManPage> pages;
  for (const auto& [words, verb] : all_verbs(program)) {
    const std::string name = page_name(program, words);
    const FooterParts footer = parts_of(verb->footer);
    std::string text = ".TH \"" + upper(escaped(name)) + "\" \"1\" \"\" \"" + escaped(program.name) + " " +
                       escaped(version) + "\" \"" + escaped(program.name) + " manual\"\n.ad l\n.nh\n";
    text += section("NAME", escaped(name) + " \\- " + escaped(verb->doc) + "\n");
    text += section("SYNOPSIS", synopsis(program, words, *verb));
    text += section("DESCRIPTION", sentence(verb->doc) + "\n" + footer.description);
    text += section(words.empty() ? "VERBS" : "FORMATS", verb_list(program, words, *verb));
    std::string options;
    for (const OptionEntry& option : verb->options) options += option_text(option);
    text += section("OPTIONS", options);
    text += section("ENVIRONMENT", environment_section(words.empty(), *verb));
    text += section("\"EXIT STATUS\"", footer.exit_status);
    text += section("EXAMPLES", footer.examples);
    if (!words.empty()) text += section("\"SEE ALSO\"", bold(program.name) + "(1)\n");
    pages.push_back({name + ".1", std::move(text)});
  }
  return pages;
}

}  // namespace windtunnel::runs
