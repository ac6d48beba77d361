#include "reports/html/html_components.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

#include "base/exact_decimal.h"

namespace windtunnel::reports {

void begin_table(HtmlWriter& html, std::string_view heading, std::initializer_list<Heading> columns,
                 std::string_view attributes) {
  html.open("section", "", attributes)
      .element("h2", heading)
      .open("div", "sheet scroll")
      .open("table")
      .open("thead")
      .open("tr");
  for (const Heading& column : columns) {
    html.element("th", column.name, column.is_number ? "number" : "", "scope=\"col\"");
  }
  html.close("tr").close("thead").open("tbody");
}

void end_table(HtmlWriter& html) { html.close("tbody").close("table").close("div").close("section").line(); }

void put_row_name(HtmlWriter& html, std::string_view name) { html.element("th", name, "", "scope=\"row\""); }

void put_fact(HtmlWriter& html, std::string_view name, std::string_view value, bool is_code) {
  html.open("div").element("dt", name).open("dd");
  html.element(is_code ? "code" : "span", value).close("dd").close("div");
}

void Tile::begin(std::string_view name, bool alarm) {
  html.open("div", alarm ? "tile alarm" : "tile").element("dt", name);
}

void Tile::begin_figure(FigureKind kind) {
  // Words are longer than a number.
  const bool is_words = kind == FigureKind::words || kind == FigureKind::instant;
  html.open("dd", is_words ? "figure words" : "figure");
}

void Tile::end_figure() { html.close("dd").open("dd", "more"); }

void Tile::end() { html.close("dd").close("div"); }

std::string plural(std::size_t count, std::string_view noun, std::string_view plural_noun) {
  const std::string number = with_thousands(static_cast<Int128>(count)) + " ";
  if (count == 1) return number + std::string{noun};
  return number + (plural_noun.empty() ? std::string{noun} + "s" : std::string{plural_noun});
}

void put_mark(HtmlWriter& html, std::string_view verdict) {
  const char* mark = verdict == "pass" ? "✓" : verdict == "fail" ? "✕" : verdict == "nothing_claimed" ? "–" : "?";
  html.element("span", mark, "mark " + std::string(verdict), "aria-hidden=\"true\"");
}

void put_verdict(HtmlWriter& html, const std::string& verdict, const std::string& why) {
  html.open("div", "verdict", "id=\"verdict\"").open("span", "badge " + verdict);
  put_mark(html, verdict);
  html.text(verdict == "nothing_claimed" ? "nothing claimed" : verdict).close("span");
  html.element("span", why, "why").close("div");
}

}  // namespace windtunnel::reports
