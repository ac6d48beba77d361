#pragma once
// What both pages are made of: tables, tiles, facts, marks.

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "reports/html/html_figures.h"
#include "reports/html/html_writer.h"

namespace windtunnel::reports {

struct Heading {
  std::string_view name;
  bool is_number = true;
};

// A section with one table; the rows come next, then end_table.
void begin_table(HtmlWriter& html, std::string_view heading, std::initializer_list<Heading> columns,
                 std::string_view attributes = {});
void end_table(HtmlWriter& html);
void put_row_name(HtmlWriter& html, std::string_view name);

// <div><dt>name</dt><dd>value</dd></div>
void put_fact(HtmlWriter& html, std::string_view name, std::string_view value, bool is_code = false);

// A large figure, and in small print what belongs to it.
struct Tile {
  HtmlWriter& html;
  HtmlFigures figures;

  void begin(std::string_view name, bool alarm = false);
  template <class Field>
  void figure(FigureKind kind, const Field& field) {
    begin_figure(kind);
    figures.put(kind, field);
    end_figure();
  }
  template <class Field>
  void with(std::string_view before, FigureKind kind, const Field& field, std::string_view after = {}) {
    html.text(before);
    figures.put(kind, field);
    html.text(after);
  }
  // A member of an optional struct.
  template <class Struct, class Member>
  void figure_member(FigureKind kind, const std::optional<Struct>& optional, Member Struct::*member,
                     std::string_view name) {
    begin_figure(kind);
    figures.put_member(kind, optional, member, name);
    end_figure();
  }
  template <class Struct, class Member>
  void with_member(std::string_view before, FigureKind kind, const std::optional<Struct>& optional,
                   Member Struct::*member, std::string_view name) {
    html.text(before);
    figures.put_member(kind, optional, member, name);
  }
  void end();

  void begin_figure(FigureKind kind);
  void end_figure();
};

// "1 claim", "2 claims"; "2 coverage minima".
std::string plural(std::size_t count, std::string_view noun, std::string_view plural_noun = {});

// ✓, ✕ or ?, with the word for those who do not see it: a mark besides colour.
void put_mark(HtmlWriter& html, std::string_view verdict);
// The badge that a page begins with, and what the verdict rests on.
void put_verdict(HtmlWriter& html, const std::string& verdict, const std::string& why);

}  // namespace windtunnel::reports
