#include "reports/html/html_page.h"

// How a page is made.
//
// A page is one file. The C++ side writes everything that a reader needs without scripts: verdict, cards, tables. It
// also writes the figures of the charts as one JSON element. The script (reports/web, bundled at build time with the
// chart library) draws the charts from that element and computes no figure of its own.
//
// Texts of a scenario are untrusted, because reports are passed around and scenarios come from logs. Three rules keep
// them harmless: HtmlWriter escapes every text and attribute; the JSON element escapes '<', so that no text can end it;
// and the content security policy allows only the bundled script and style by their hashes, and no request at all.
//
// The same run gives the same bytes: no time of writing, no random identifier, no order of a hash table.

#include <fmt/format.h>

#include "reports/html/html_writer.h"

namespace windtunnel::reports {
namespace {

// JSON that cannot end the element it stands in.
std::string within_script(const std::string& json) {
  std::string result;
  result.reserve(json.size());
  for (const char symbol : json) {
    if (symbol == '<') {
      result += "\\u003c";
    } else {
      result += symbol;
    }
  }
  return result;
}

}  // namespace

std::string html_page(const HtmlPage& page, const HtmlBundle& bundle) {
  const bool has_charts = !page.figures_id.empty();
  std::string text;
  text.reserve(page.body.size() + page.figures.size() + bundle.script.size() + bundle.style.size() + 8192);
  HtmlWriter html{text};
  html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
  html.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
  if (has_charts) html.raw("script-src '").raw(bundle.script_hash).raw("'; ");
  html.raw("style-src '").raw(bundle.style_hash);
  html.raw("'; base-uri 'none'; form-action 'none'\">\n");
  html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
  html.element("title", page.title).line();
  html.raw("<style>").raw(bundle.style).raw("</style>\n</head>\n<body>\n");
  html.raw(page.body);
  html.open("footer").raw(page.footer);
  if (has_charts) {
    html.open("details").element("summary", "Licence of the chart library (uPlot)");
    html.element("pre", bundle.licence).close("details");
  }
  html.close("footer").line();
  if (!has_charts) {
    html.raw("</body>\n</html>\n");
    return text;
  }
  html.raw(fmt::format("<script type=\"application/json\" id=\"{}\">", page.figures_id));
  html.raw(within_script(page.figures)).raw("</script>\n");
  html.raw("<script>").raw(bundle.script).raw("</script>\n</body>\n</html>\n");
  return text;
}

}  // namespace windtunnel::reports
