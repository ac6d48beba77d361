#pragma once
// What both pages are made of: tables, tiles, facts, marks.

#include <cstddef>
#include <initializer_list>
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
  void figure(FigureKind kind, const std::string& pointer);
  void with(std::string_view before, FigureKind kind, const std::string& pointer, std::string_view after = {});
  void end();
};

// "90 d", "1 h 30 min", "5 s", "200 ms": to its two greatest units.
std::string duration_words(Duration duration);
// "1 claim", "2 claims"; "2 coverage minima".
std::string plural(std::size_t count, std::string_view noun, std::string_view plural_noun = {});

// ✓, ✕ or ?, with the word for those who do not see it: a mark besides colour.
void put_mark(HtmlWriter& html, const std::string& verdict);

}  // namespace windtunnel::reports
