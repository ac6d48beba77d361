#pragma once
// Names that a scenario file accepts, for the names of a log.
//
// A log may hold any text as a name, and a scenario refuses some of it: names over 200 bytes, what
// base::problem_with_name refuses because it would steer a terminal or the log of a CI job or is invisible, and "*",
// which means all providers. Each name of the log gets one valid name, and two names of the log never get the same one,
// because a number is added where they would.
//
// Valid UTF-8 stays valid: a name is cut between two characters.

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace windtunnel::sim {

class FitNames {
 public:
  // Bytes of a name before a number is added.
  static constexpr std::size_t kBytesMax = 180;

  // The valid name of `name`; of the empty one the empty one.
  [[nodiscard]] const std::string& valid(const std::string& name);

  // How many names had to be changed.
  [[nodiscard]] std::size_t changed() const { return changed_; }
  // Each of them with its valid name, in the order of their bytes.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> changes() const;

 private:
  std::map<std::string, std::string> valid_;  // by the log's name
  std::set<std::string> taken_;
  std::size_t changed_ = 0;
};

}  // namespace windtunnel::sim
