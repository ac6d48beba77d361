#pragma once
// Columns of text for people: the first one (or more) aligned left, the others right, two spaces between. Every
// character counts as one column wide.

#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::reports {

class TextTable {
 public:
  // The first row is the heading. Rows have as many cells as it.
  explicit TextTable(std::vector<std::string> heading, std::size_t left = 1) : left_(left) {
    rows_.push_back(std::move(heading));
  }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // Each row on a line of its own, after `indent` spaces, without spaces at its end.
  [[nodiscard]] std::string text(std::size_t indent) const;

 private:
  std::size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace windtunnel::reports
