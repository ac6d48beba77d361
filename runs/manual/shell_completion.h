#pragma once
// Scripts that complete a command line in a shell: its verbs, flags, the words of flags, folders and scenario files.
//
// Each script holds the whole list of options, so that pressing a key starts no program of ours.

#include <optional>
#include <string>
#include <string_view>

#include "runs/manual/option_list.h"

namespace windtunnel::runs {

// For bash 3.2 and later, without the package bash-completion. To be sourced.
[[nodiscard]] std::string bash_completion(const VerbEntry& program);
// For a folder of zsh's fpath, as _windtunnel.
[[nodiscard]] std::string zsh_completion(const VerbEntry& program);
// For fish's vendor_completions.d, as windtunnel.fish.
[[nodiscard]] std::string fish_completion(const VerbEntry& program);

}  // namespace windtunnel::runs
