#include "reports/html/html_figures.h"

#include <fmt/format.h>

#include "base/exact_decimal.h"

namespace windtunnel::reports {
namespace {

const char* name_of(FigureKind kind) {
  switch (kind) {
    case FigureKind::count:
      return "count";
    case FigureKind::share:
      return "share";
    case FigureKind::exact_share:
      return "exact share";
    case FigureKind::money:
      return "money";
    case FigureKind::milliseconds:
      return "ms";
    case FigureKind::seconds:
      return "s";
    case FigureKind::quantity:
      return "quantity";
    case FigureKind::decimal:
      return "decimal";
    case FigureKind::words:
      return "words";
    case FigureKind::instant:
      return "instant";
  }
  fail_check("a kind of figure has a name", __FILE__, __LINE__);
}

// With commas between the thousands of its whole part.
std::string grouped(const std::string& decimal) {
  const bool is_negative = decimal.starts_with('-');
  const std::size_t begin = is_negative ? 1 : 0;
  const std::size_t point = std::min(decimal.find('.'), decimal.size());
  std::string result = decimal.substr(0, begin);
  for (std::size_t i = begin; i < point; ++i) {
    if (i > begin && (point - i) % 3 == 0) result += ',';
    result += decimal[i];
  }
  return result + decimal.substr(point);
}

// digits with `shown` decimals, and fewer if the value has at least `fewer_from` units.
std::string rounded(const std::string& digits, int shift, int shown, std::int64_t fewer_from, int fewer) {
  constexpr int kKept = 9;
  const auto value = parse_decimal(digits, kKept + shift);
  if (!value) return digits;
  const Int128 size = *value < 0 ? -Int128{*value} : Int128{*value};
  if (size == 0) return "0";
  const bool is_large = size >= Int128{fewer_from} * 1'000'000'000;
  return grouped(rounded_decimal(*value, kKept, is_large ? fewer : shown));
}

}  // namespace

std::string figure_words(FigureKind kind, const std::string& digits) {
  if (digits.empty()) return "–";
  switch (kind) {
    case FigureKind::count:
      return grouped(digits);
    case FigureKind::share:
      return (digits == "1" ? "100" : rounded(digits, 2, 2, 1, 1)) + " %";
    case FigureKind::exact_share:
      return exact_decimal(parse_decimal(digits, kShareDecimals).value_or(0), kShareDecimals - 2) + " %";
    case FigureKind::money: {
      const std::string words = rounded(digits, 0, 4, 1, 2);
      return words.starts_with('-') ? "-$" + words.substr(1) : "$" + words;
    }
    case FigureKind::milliseconds:
      return rounded(digits, 0, 1, 10, 0) + " ms";
    case FigureKind::seconds:
      return rounded(digits, 0, 1, 100, 0) + " s";
    case FigureKind::quantity:
      return rounded(digits, 0, 1, 100, 0);
    case FigureKind::decimal:
    case FigureKind::words:
      return digits;
    case FigureKind::instant:
      // "2026-01-28T14:05:00Z", or words: "not within horizon".
      return digits.size() > 16 && digits[10] == 'T' ? digits.substr(0, 10) + " " + digits.substr(11, 5) : digits;
  }
  fail_check("a kind of figure has words", __FILE__, __LINE__);
}

void HtmlFigures::put_place(FigureKind kind, const FieldPlace& place) {
  const std::string attributes =
      fmt::format("{} data-as=\"{}\"", HtmlWriter::attribute("data-path", place.pointer), name_of(kind));
  html_.element("span", figure_words(kind, place.digits), place.digits.empty() ? "none" : "", attributes);
}

void HtmlFigures::cell_place(FigureKind kind, const FieldPlace& place) {
  html_.open("td", "number");
  put_place(kind, place);
  html_.close("td");
}

}  // namespace windtunnel::reports
