#pragma once
// A paragraph for every word that a summary, a report or a scenario may leave a reader with.

#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::reports {

struct Explanation {
  std::string_view kind;  // "fault", "outcome", ...
  std::string word;
  std::string also;  // another word for it; empty: none
  std::string text;  // one paragraph
};

// All of them, kind by kind, each kind in the order of its table.
std::vector<Explanation> explanations();
// A heading, and the paragraph in lines of at most 100 characters.
std::string explanation_text(const Explanation& explanation);

}  // namespace windtunnel::reports
