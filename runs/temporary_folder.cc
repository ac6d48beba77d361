#include "runs/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include "runs/problem.h"

namespace windtunnel::runs {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "windtunnel-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    refuse(ProblemKind::file, pattern + ": cannot make a temporary folder: " + std::strerror(errno));
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace windtunnel::runs
