#include "tests/base/scratch_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace windtunnel::inline base::scratch_file_test {
namespace {

// As when a test program runs twice on one machine.
TEST(ScratchFile, of_a_test_is_another_one_each_time) {
  const ScratchFile first;
  const ScratchFile second;
  std::ofstream{first.path()} << "first\n";
  EXPECT_NE(first.path(), second.path());
  EXPECT_TRUE(second.lines().empty());
}

TEST(ScratchFile, does_not_exist_before_it_is_written_and_is_gone_afterwards) {
  std::string path;
  {
    const ScratchFile file;
    path = file.path();
    EXPECT_FALSE(std::filesystem::exists(path));
    std::ofstream{path} << "line\n";
    EXPECT_EQ(file.lines(), std::vector<std::string>{"line"});
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path{path}.parent_path()));
}

}  // namespace
}  // namespace windtunnel::inline base::scratch_file_test
