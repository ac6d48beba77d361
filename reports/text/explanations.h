#pragma once
// A paragraph for every word that a summary, a report or a scenario may leave a reader with, and the facts about it:
// its unit, default, range, an example.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windtunnel::reports {

struct Explanation {
  std::string_view kind;  // "fault", "outcome", ...
  std::string word;
  std::string also;                                                  // another word for it; empty: none
  std::string text;                                                  // one paragraph
  std::vector<std::pair<std::string_view, std::string>> facts = {};  // such as "Unit", "milliseconds"; none is empty
};

// All of them, kind by kind, each kind in the order of its table.
std::vector<Explanation> explanations();
// A heading, the paragraph in lines of at most 100 characters, and a line for each fact.
std::string explanation_text(const Explanation& explanation);

}  // namespace windtunnel::reports
