#pragma once
// The frame of every page that we write: one file that loads no other. Its content security policy
// allows its own script and style, by their hashes, and nothing else: no request leaves the page, and nothing that a
// scenario's author wrote can run in it.

#include <string>

#include "reports/html/html_bundle.h"

namespace windtunnel::reports {

struct HtmlPage {
  std::string title;
  std::string body;        // HTML: header, main
  std::string figures;     // JSON for the script, in the element `figures_id`
  std::string figures_id;  // empty: the page has no charts, and therefore no script
  std::string footer;      // HTML within the footer
};

std::string html_page(const HtmlPage& page, const HtmlBundle& bundle);

}  // namespace windtunnel::reports
