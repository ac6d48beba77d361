#include "runs/search/frontier_picture.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"

namespace windtunnel::runs {
namespace {

constexpr int kWide = 480;  // of the plane, in pixels
constexpr int kHigh = 320;
constexpr int kLeft = 110;
constexpr int kTop = 20;

// The legends of a drawing, in text and in colours.
constexpr const char* kLegend = ". holds, # fails, ? shows nothing";
constexpr const char* kColors = "green holds, red fails, grey (?) shows nothing";

char letter_of(PointEnd end) { return end == PointEnd::holds ? '.' : end == PointEnd::fails ? '#' : '?'; }
const char* verb_of(PointEnd end) { return end == PointEnd::inconclusive ? "shows nothing" : name_of(end); }
const char* color_of(PointEnd end) {
  return end == PointEnd::holds ? "#3a9a5c" : end == PointEnd::fails ? "#c8402f" : "#b8b8b8";
}

std::string claim_of(const FrontierDrawing& drawing) {
  return drawing.against.empty() ? "every claim" : drawing.against;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '<')
      result += "&lt;";
    else if (letter == '>')
      result += "&gt;";
    else if (letter == '&')
      result += "&amp;";
    else if (letter == '"')
      result += "&quot;";
    else
      result += letter;
  }
  return result;
}

// The points of one axis in their order.
std::vector<std::pair<std::int64_t, PointEnd>> line_of(const FrontierDrawing& drawing) {
  std::vector<std::pair<std::int64_t, PointEnd>> line;
  for (const auto& [point, end] : drawing.ends) line.emplace_back(point[0], end);
  return line;
}

std::string line_text(const FrontierDrawing& drawing) {
  const FrontierAxis& axis = drawing.axes[0];
  std::string text = "\n  ";
  for (const auto& [value, end] : line_of(drawing)) text += letter_of(end);
  text += fmt::format("\n  {} to {}, {}; each mark is one point that was run\n", axis.text_of(axis.low),
                      axis.text_of(axis.high), kLegend);
  for (const FrontierEdge& edge : drawing.edges) {
    text += fmt::format("  {} up to {} and {} from {} on\n", verb_of(edge.below), axis.text_of(edge.low),
                        verb_of(edge.above), axis.text_of(edge.high));
  }
  return text;
}

std::string plane_text(const FrontierDrawing& drawing) {
  const FrontierAxis& x = drawing.axes[0];
  const FrontierAxis& y = drawing.axes[1];
  std::string text = "\n";
  const std::size_t rows = drawing.rows.size();
  for (std::size_t j = rows; j-- > 0;) {
    const bool is_marked = j == 0 || j + 1 == rows || j == rows / 2;
    const double part = static_cast<double>(j) / static_cast<double>(rows - 1);
    text += fmt::format("{:>12} |", is_marked ? y.text_of(y.value_at(part)) : "");
    for (const PointEnd end : drawing.rows[j]) text += fmt::format(" {}", letter_of(end));
    text += "\n";
  }
  text += fmt::format("{:>12} +{}\n", "", std::string(2 * drawing.rows[0].size(), '-'));
  text += fmt::format("{:>14}{:<{}}{}\n", "", x.text_of(x.low), 2 * drawing.rows[0].size() - 4, x.text_of(x.high));
  text += fmt::format("  across: {}; up: {}; {}\n", x.path, y.path, kLegend);
  return text;
}

std::string label(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, escaped(text));
}

std::string rect(double x, double y, double wide, double high, PointEnd end) {
  std::string svg = fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>\n", x,
                                y, wide, high, color_of(end));
  // A sign of its own, because colours alone are not seen by everyone.
  if (end == PointEnd::inconclusive) svg += label(x + wide / 2, y + high / 2 + 4, "middle", "?");
  return svg;
}

}  // namespace

const char* name_of(PointEnd end) {
  switch (end) {
    case PointEnd::holds:
      return "holds";
    case PointEnd::fails:
      return "fails";
    case PointEnd::inconclusive:
      return "inconclusive";
  }
  return "";
}

std::string frontier_text(const FrontierDrawing& drawing) {
  std::string text = fmt::format("Frontier of {} in {}, against {}: {} points, {} runs\n",
                                 drawing.axes[0].path + (drawing.axes.size() > 1 ? " and " + drawing.axes[1].path : ""),
                                 drawing.file, claim_of(drawing), drawing.ends.size(), drawing.runs);
  text += drawing.axes.size() == 1 ? line_text(drawing) : plane_text(drawing);
  const auto count = [&](PointEnd end) {
    return std::ranges::count_if(drawing.ends, [&](const auto& entry) { return entry.second == end; });
  };
  if (count(PointEnd::fails) == 0) text += "No point fails: the boundary lies elsewhere, or nothing is claimed.\n";
  if (count(PointEnd::holds) == 0)
    text += "No point holds: the boundary lies elsewhere, or no claim had enough data.\n";
  if (const auto open = count(PointEnd::inconclusive); open > 0) {
    text += fmt::format(
        "{} of {} points show{} nothing: in most seeds a claim had too little data, or no end had most seeds.\n", open,
        drawing.ends.size(), open == 1 ? "s" : "");
  }
  return text;
}

std::string frontier_json(const FrontierDrawing& drawing) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_frontier").integer(1).key("file").text(drawing.file);
  json.key("against").text_or_null(drawing.against).key("runs").integer(Int128{drawing.runs});
  json.key("axes").begin_array();
  for (const FrontierAxis& axis : drawing.axes) {
    json.begin_object().key("path").text(axis.path).key("low").text(axis.text_of(axis.low));
    json.key("high").text(axis.text_of(axis.high)).end_object();
  }
  json.end_array().key("edges").begin_array();
  for (const FrontierEdge& edge : drawing.edges) {
    json.begin_object().key("below").text(drawing.axes[0].text_of(edge.low)).key("below_end");
    json.text(name_of(edge.below)).key("above").text(drawing.axes[0].text_of(edge.high)).key("above_end");
    json.text(name_of(edge.above)).end_object();
  }
  json.end_array().key("points").begin_array();
  for (const auto& [point, end] : drawing.ends) {
    json.begin_object().key("at").begin_array();
    for (std::size_t i = 0; i < point.size(); ++i) json.text(drawing.axes[i].text_of(point[i]));
    json.end_array().key("end").text(name_of(end)).end_object();
  }
  json.end_array().end_object();
  return text + "\n";
}

std::string frontier_svg(const FrontierDrawing& drawing) {
  const bool is_line = drawing.axes.size() == 1;
  const int high = is_line ? 60 : kHigh;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\">\n",
      kLeft + kWide + 30, kTop + high + 60);
  svg += fmt::format("<title>{} against {}: {}</title>\n", escaped(drawing.file), escaped(claim_of(drawing)), kColors);
  const FrontierAxis& x = drawing.axes[0];
  if (is_line) {
    const auto line = line_of(drawing);
    const double wide = static_cast<double>(kWide) / static_cast<double>(line.size());
    for (std::size_t i = 0; i < line.size(); ++i) {
      svg += rect(kLeft + static_cast<double>(i) * wide, kTop, wide, high, line[i].second);
    }
    for (const FrontierEdge& edge : drawing.edges) {
      const auto place =
          std::ranges::find(line, edge.high, [](const auto& entry) { return entry.first; }) - line.begin();
      svg += label(kLeft + static_cast<double>(place) * wide, kTop - 5, "middle", x.text_of(edge.high));
    }
  } else {
    const double wide = static_cast<double>(kWide) / static_cast<double>(drawing.rows[0].size());
    const double tall = static_cast<double>(high) / static_cast<double>(drawing.rows.size());
    for (std::size_t j = 0; j < drawing.rows.size(); ++j) {
      for (std::size_t i = 0; i < drawing.rows[j].size(); ++i) {
        svg += rect(kLeft + static_cast<double>(i) * wide, kTop + high - static_cast<double>(j + 1) * tall, wide, tall,
                    drawing.rows[j][i]);
      }
    }
    const FrontierAxis& y = drawing.axes[1];
    svg += label(kLeft - 6, kTop + 12, "end", y.text_of(y.high));
    svg += label(kLeft - 6, kTop + high, "end", y.text_of(y.low));
    svg += label(kLeft, kTop + high + 52, "start", "up: " + y.path);
  }
  svg += label(kLeft, kTop + high + 18, "start", x.text_of(x.low));
  svg += label(kLeft + kWide, kTop + high + 18, "end", x.text_of(x.high));
  svg += label(kLeft, kTop + high + 36, "start", "across: " + x.path);
  svg += label(kLeft + kWide, kTop + high + 52, "end", kColors);
  return svg + "</svg>\n";
}

std::string frontier_page(const FrontierDrawing& drawing, const std::string& svg) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Frontier</title></head><body>\n"
      "<h1>{} against {}</h1>\n{}<pre>{}</pre>\n</body></html>\n",
      escaped(drawing.file), escaped(claim_of(drawing)), svg, escaped(frontier_text(drawing)));
}

}  // namespace windtunnel::runs
