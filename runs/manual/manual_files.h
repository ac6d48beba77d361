#pragma once
// Writes what a shell and `man` read about the command line.

#include <optional>
#include <string>
#include <string_view>

#include "runs/manual/option_list.h"
#include "runs/problem.h"

namespace windtunnel::runs {

struct ManualRequest {
  std::string shell;   // bash, zsh or fish: its completion is the text; empty: pages are wanted
  std::string folder;  // of the pages
};

struct ManualDone {
  std::string text;  // for stdout
  std::optional<Problem> problem;
};

[[nodiscard]] ManualDone write_manual(const ManualRequest& request, const VerbEntry& program, std::string_view version);

// Writes FOLDER/NAME, in place of a file that is there; makes the folder.
[[nodiscard]] std::optional<Problem> write_in_folder(const std::string& folder, const std::string& name,
                                                     std::string_view text);

}  // namespace windtunnel::runs
