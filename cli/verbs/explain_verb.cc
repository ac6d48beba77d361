#include "cli/verbs/explain_verb.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/explanations.h"
#include "cli/words.h"

namespace windtunnel::cli {
namespace {

constexpr std::size_t kWidth = 100;

// Broken between words, each line after two spaces.
std::string paragraph(const std::string& text) {
  std::string out;
  std::string line = " ";
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (line.size() > 1 && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line = " ";
    }
    line += " " + word;
    begin = end + 1;
  }
  return out + line + "\n";
}

std::string entry_text(const Explanation& one) {
  std::string heading = one.word;
  if (!one.also.empty()) heading += " " + one.also;
  return heading + " (" + std::string(one.kind) + ")\n" + paragraph(one.text);
}

}  // namespace

// One word may mean several things, such as the outcome and the coverage counter cache_hit: all are told.
ExitCode explain(const ExplainArguments& arguments) {
  const std::vector<Explanation> known = explanations();
  std::string text;
  const auto add = [&](const Explanation& one) { text += (text.empty() ? "" : "\n") + entry_text(one); };
  if (arguments.all) {
    for (const Explanation& one : known) add(one);
    return print(text) ? ExitCode::pass : ExitCode::file_error;
  }
  ExitCode code = ExitCode::pass;
  for (const std::string& word : arguments.words) {
    bool found = false;
    for (const Explanation& one : known) {
      if (one.word != word && one.also != word) continue;
      add(one);
      found = true;
    }
    if (found) continue;
    std::vector<std::string> words;
    for (const Explanation& one : known) words.push_back(one.word);
    for (const Explanation& one : known) {
      if (!one.also.empty()) words.push_back(one.also);
    }
    std::fprintf(stderr, "windtunnel: %s; windtunnel explain --all lists them\n",
                 unknown_word("word", word, words).c_str());
    code = ExitCode::usage;
  }
  return print(text) ? code : ExitCode::file_error;
}

}  // namespace windtunnel::cli
