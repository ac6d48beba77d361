#pragma once
// Writes HTML whose text is always escaped, with its control characters spelled out.
//
//   HtmlWriter html{text};
//   html.open("p", "note").text("a < b").close("p");   // <p class="note">a &lt; b</p>
//
// Attributes are given as they stand in the tag; what comes from a file goes through attribute().

#include <string>
#include <string_view>

#include "base/visible_text.h"

namespace windtunnel::reports {

class HtmlWriter {
 public:
  // Appends to `out`, which must outlive the writer.
  explicit HtmlWriter(std::string& out) : out_(out) {}

  HtmlWriter& open(std::string_view tag, std::string_view css_class = {}, std::string_view attributes = {}) {
    out_.append("<").append(tag);
    if (!css_class.empty()) out_.append(" class=\"").append(css_class).append("\"");
    if (!attributes.empty()) out_.append(" ").append(attributes);
    out_ += '>';
    return *this;
  }
  HtmlWriter& close(std::string_view tag) {
    out_.append("</").append(tag).append(">");
    return *this;
  }
  HtmlWriter& text(std::string_view text) {
    escape(out_, text);
    return *this;
  }
  HtmlWriter& raw(std::string_view html) {
    out_ += html;
    return *this;
  }
  // <tag class="...">text</tag>
  HtmlWriter& element(std::string_view tag, std::string_view content, std::string_view css_class = {},
                      std::string_view attributes = {}) {
    return open(tag, css_class, attributes).text(content).close(tag);
  }
  HtmlWriter& line() { return raw("\n"); }

  // name="value".
  static std::string attribute(std::string_view name, std::string_view value) {
    std::string result{name};
    result += "=\"";
    escape(result, value);
    return result + "\"";
  }

 private:
  static void escape(std::string& out, std::string_view text) {
    for (const char symbol : visible_lines(text)) {
      switch (symbol) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        case '\'':
          out += "&#39;";
          break;
        default:
          out += symbol;
      }
    }
  }

  std::string& out_;
};

}  // namespace windtunnel::reports
