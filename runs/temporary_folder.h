#pragma once
// A folder of our own under the system's place for temporary files, which goes with everything in it.

#include <filesystem>

namespace windtunnel::runs {

class TemporaryFolder {
 public:
  // Throws a ProblemError if it cannot be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace windtunnel::runs
