#include "cli/verbs/explain_verb.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "reports/text/explanations.h"
#include "runs/unknown_word.h"

namespace windtunnel::cli {
namespace {

using reports::Explanation;

// An exit code is explained by its number and by its word.
std::vector<Explanation> explanations() {
  std::vector<Explanation> all = reports::explanations();
  for (const ExitCodeMeaning& meaning : kExitCodes) {
    const auto entry = std::ranges::find(all, std::to_string(static_cast<int>(meaning.code)), &Explanation::word);
    entry->also = std::string(meaning.word);
  }
  return all;
}

}  // namespace

// One word may mean several things, such as the outcome and the coverage counter cache_hit: all are told.
ExitCode explain(const ExplainArguments& arguments) {
  const std::vector<Explanation> known = explanations();
  std::string text;
  const auto add = [&](const Explanation& one) { text += (text.empty() ? "" : "\n") + reports::explanation_text(one); };
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
    complain(runs::unknown_word("word", word, words) + "; windtunnel explain --all lists them");
    code = ExitCode::usage;
  }
  return print(text) ? code : ExitCode::file_error;
}

}  // namespace windtunnel::cli
