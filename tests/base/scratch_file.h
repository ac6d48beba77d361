#pragma once
// A file of this test alone, gone afterwards. It does not exist before the test writes it, and its folder has a name of
// its own, because the same test may run twice on one machine at a time.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace windtunnel::inline base {

class ScratchFile {
 public:
  ScratchFile() : folder_(::testing::TempDir() + "windtunnel-XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr) << folder_;
    path_ = folder_ + "/log.jsonl";
  }
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::ifstream file{path_};
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

 private:
  std::string folder_;
  std::string path_;
};

}  // namespace windtunnel::inline base
