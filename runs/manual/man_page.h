#pragma once
// Manual pages in the man macros of troff: windtunnel(1), and a page for each verb such as windtunnel-run(1).

#include <string>
#include <string_view>
#include <vector>

#include "runs/manual/option_list.h"

namespace windtunnel::runs {

struct ManPage {
  std::string file;  // windtunnel-run.1
  std::string text;
};

// The program's page first. `version` stands in the footer of each page. A page has no date, so that the same program
// always makes the same pages.
[[nodiscard]] std::vector<ManPage> man_pages(const VerbEntry& program, std::string_view version);

}  // namespace windtunnel::runs
