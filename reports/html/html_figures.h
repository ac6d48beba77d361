#pragma once
// The numbers of a document as the page shows them. Each stands in an element that names its place in the document
// (data-path, a JSON pointer) and how it was put into words (data-as), so that a test or a reader can compare the page
// with summary.json.

#include <cstdint>
#include <optional>
#include <string>

#include "base/words/json_pointer.h"
#include "reports/fields/field_places.h"
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
  HtmlFigures(HtmlWriter& html, const FieldPlaces& places) : html_(html), places_(places) {}

  // A field of the document; a dash if it is empty.
  template <class Field>
  void put(FigureKind kind, const Field& field) {
    put_place(kind, places_.at(&field));
  }
  // In a cell of a table.
  template <class Field>
  void cell(FigureKind kind, const Field& field) {
    cell_place(kind, places_.at(&field));
  }
  // A member of an optional struct, whose key is `name`; a dash if the optional is empty.
  template <class Struct, class Member>
  void put_member(FigureKind kind, const std::optional<Struct>& optional, Member Struct::*member,
                  std::string_view name) {
    put_place(kind, optional ? places_.at(&((*optional).*member)) : none(&optional, name));
  }
  template <class Struct, class Member>
  void cell_member(FigureKind kind, const std::optional<Struct>& optional, Member Struct::*member,
                   std::string_view name) {
    cell_place(kind, optional ? places_.at(&((*optional).*member)) : none(&optional, name));
  }

 private:
  void put_place(FigureKind kind, const FieldPlace& place);
  void cell_place(FigureKind kind, const FieldPlace& place);
  [[nodiscard]] FieldPlace none(const void* optional, std::string_view member) const {
    return {places_.at(optional).pointer + pointer_step(member), {}};
  }

  HtmlWriter& html_;
  const FieldPlaces& places_;
};

}  // namespace windtunnel::reports
