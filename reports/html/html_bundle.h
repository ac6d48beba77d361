#pragma once
// The script and the style of report.html, bundled from reports/web by esbuild when windtunnel is built (CMake option
// WINDTUNNEL_HTML). A build without npm has none, and then no page can be made.

#include <string_view>

namespace windtunnel::reports {

struct HtmlBundle {
  std::string_view script;
  std::string_view script_hash;  // "sha256-...", as the page's content security policy names it
  std::string_view style;
  std::string_view style_hash;
  std::string_view licence;  // of the chart library within the script
};

// nullptr: built without.
const HtmlBundle* html_bundle();

// The message for a user who asks a build without the page for it.
inline constexpr std::string_view kNoHtmlBundle =
    "this windtunnel was built without the HTML report. To get it: install npm (Debian: apt-get install npm), then "
    "cmake -B build -DWINDTUNNEL_HTML=ON && cmake --build build";

}  // namespace windtunnel::reports
