#pragma once
// Explains words: keys of a scenario file, executors, faults, metrics, columns of reports, environment variables, exit
// codes and what else a report may leave a reader with.

#include <map>
#include <string>
#include <vector>

#include "reports/text/explanations.h"

namespace windtunnel::runs {

struct ExplainJob {
  std::vector<std::string> words;
  bool all = false;
  std::map<std::string, std::string> exit_code_words;  // "13": "inconclusive"
};

struct Explained {
  std::string text;
  std::vector<std::string> unknown;  // a message about each word that nothing explains
};

// A word may mean several things, such as an outcome and a coverage counter: all are explained. A key is named by its
// path or the end of it.
[[nodiscard]] Explained explain(const ExplainJob& job);

// Everything that can be explained, kind by kind.
[[nodiscard]] std::vector<reports::Explanation> everything_explained();

}  // namespace windtunnel::runs
