#pragma once
// Where a job may write: a folder is locked against other commands, and no file that is read, or is of
// another run, is replaced.

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "reports/files/write_lock.h"
#include "runs/problem.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

struct LockedFolder {
  std::optional<Problem> problem;           // it cannot be made, or another command writes there
  std::optional<reports::FolderLock> lock;  // until it goes; nothing: there is no folder
};
// Makes the folder if there is none. Empty: there is no folder.
LockedFolder lock_folder(const std::string& folder);

// A file that is to be written, and the flag that names it or its folder.
struct Output {
  std::string flag;
  std::string path;
};

// Files of these names in the folder that --out names; nothing without a folder.
std::vector<Output> outputs_in(const std::string& folder, std::initializer_list<const char*> names);

// The files that a run, a trial or a forecast leaves in its folder, but for its page, which can be made of them again.
std::vector<std::string> files_of_run(const std::string& folder);

// The files that a scenario is read from: its own and its traces.
std::vector<std::string> inputs_of(const sim::Scenario& scenario, const std::string& file);

// An output that is one of the inputs, by whatever name. Empty paths stand for nothing.
std::optional<Problem> problem_with_outputs(const std::vector<Output>& outputs, const std::vector<std::string>& inputs);

}  // namespace windtunnel::runs
