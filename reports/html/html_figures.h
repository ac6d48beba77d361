#pragma once
// The numbers of a document as the page shows them. Each stands in an element that names where in the document it came
// from (data-path, a JSON pointer) and how it was put into words (data-as), so that anybody can hold the page against
// summary.json.

#include <cstdint>
#include <string>

#include "reports/files/json_tree.h"
#include "reports/html/html_writer.h"

namespace windtunnel::reports {

enum class FigureKind : std::uint8_t {
  count,         // 12,345
  share,         // 12.3 %; below a percent two decimals
  exact_share,   // 80 %, 97.5 %: of what somebody chose
  money,         // $1,234.56; below a dollar four decimals
  milliseconds,  // 1,234 ms; below 10 ms one decimal
  seconds,       // 1,801.4 s
  quantity,      // 1,234; below 100 one decimal: of an estimate of a count
  decimal,       // as it is written
  words,         // likewise, of a text: "< 2.5%"
  instant,       // 2026-01-28 14:05
};

// The words for a number as it is written in the document: ("12345", count) is "12,345". A dash for "".
std::string figure_words(FigureKind kind, const std::string& digits);

class HtmlFigures {
 public:
  // Both must outlive this.
  HtmlFigures(HtmlWriter& html, const JsonTree& document) : html_(html), document_(document) {}

  // The number at this pointer; a dash for null and for what is not there.
  void put(FigureKind kind, const std::string& pointer);
  // In a cell of a table.
  void cell(FigureKind kind, const std::string& pointer);

 private:
  HtmlWriter& html_;
  const JsonTree& document_;
};

}  // namespace windtunnel::reports
